"""Questions back: where nothing says what a pronoun stands for, and what a reply to one makes."""

from __future__ import annotations

import re

from dragtor.answer.leaning import asks, bare
from dragtor.answer.mentions import mentions, word_list
from dragtor.answer.pronouns import Slot, slots

_LEAD = re.compile(
    r"^(?:(?:i|we) (?:mean|meant|am talking about|was thinking of)|it(?:['’]s| is| was)|my)\s+",
    re.IGNORECASE,
)
_MOST_WORDS = 12
"""A longer text is no name of a thing, but says something of its own."""
_SHORT = 7
"""Words of a question in which "it" is spoken of from the start: "does it need a ring?"."""
_SUBJECT = re.compile(
    r"\s*(?:(?:and|but|so|why|how|when|where|what) )?(?:do|does|did|can|could|will|would|should|is"
    r"|are|was|were|has|have|must|may|might)\s+$",
    re.IGNORECASE,
)
_LATER = re.compile(
    r"\b(?:when|if|that|because|while|after|before|since|until|than)\b|[:;,.!?]\s*\w", re.IGNORECASE
)


def question_back(question: str) -> str | None:
    """What to ask back where a first question cannot be understood; None where it can.

    >>> question_back("Does it need surgery?")
    'What do you mean by “it”? Say what it is, or ask again with its name in the question.'
    >>> question_back("Is it safe to climb with a sprained finger?") is None
    True
    """
    if bare(question):
        asked = question.strip(" ?.!")
        return f"“{asked}” about what? Ask again with the topic in the question."
    slot = open_slot(question)
    if slot is None:
        return None
    word = question[slot.start : slot.end]
    named = "who" if slot.person else "what"
    they = "they are" if slot.number == "plural" else "that is" if slot.person else "it is"
    return (
        f"What do you mean by “{word}”? Say {named} {they}, "
        "or ask again with its name in the question."
    )


def open_slot(question: str) -> Slot | None:
    """The first pronoun of a question that names nothing that it could stand for."""
    if not asks(question):
        return None
    found = [slot for slot in slots(question) if slot.kind == "pronoun"]
    if not found:
        return None
    slot = found[0]
    if _LATER.search(question, slot.end):
        return None
    people = question[: slot.end].lower().endswith("do they")  # "where do they grow tea?"
    if len(word_list(question)) <= _SHORT and _SUBJECT.match(question[: slot.start]) and not people:
        return slot
    return None if any(not one.leaning for one in mentions(question)) else slot


def combined(question: str, reply: str) -> str | None:
    """The question with what a reply says its pronoun stands for; None for another question.

    >>> combined("Does it need surgery?", "A2 pulley rupture")
    'Does A2 pulley rupture need surgery?'
    """
    if asks(reply) or len(word_list(reply)) > _MOST_WORDS:
        return None
    name = _LEAD.sub("", reply.strip().rstrip(".!"))
    slot = open_slot(question)
    if slot is None:
        return f"{question.rstrip(' ?.!')}: {name}?"
    ending = ("'" if name.endswith("s") else "'s") if slot.possessive else ""
    return f"{question[: slot.start]}{name}{ending}{question[slot.end :]}"
