"""Questions back: where nothing says what a pronoun stands for, and what a reply to one makes."""

from __future__ import annotations

import re

from dragtor.answer.ellipsis import of_topic
from dragtor.answer.leaning import asks, bare, leaning_phrase, more, small_talk
from dragtor.answer.mentions import mentions, word_list
from dragtor.answer.pronouns import Slot, put_in, slots

_LEAD = re.compile(
    r"^(?:(?:sorry|oh|ah|well|actually|no|yes|ok|okay|um|hm+)\b[,.!\s]*)*"
    r"(?:(?:(?:i|we) (?:mean|meant|am talking about|was thinking of|have|had)"
    r"|(?:it|that)(?:['’]s| is| was)|they(?:['’]re| are)|about)\s+)?",
    re.IGNORECASE,
)
_REASON = re.compile(r"(?:because|since|so that|if|when|until|as)\b", re.IGNORECASE)
_TIME = re.compile(
    r"\b(?:(?:about |some )?(?:(?:an?|one|two|three|four|five|six|seven|eight|nine|ten|few|several"
    r"|many|\d+)(?: (?:few|couple of))? (?:day|week|month|year|hour)s? ago)"
    r"|(?:last|this) (?:day|week|month|year|summer|winter|night)|yesterday|today)\b.*",
    re.IGNORECASE,
)
_SAID = re.compile(r"\b(?:i|you|he|she|we|they|it|that|which|who)\b", re.IGNORECASE)
"""A reply with one of these is a sentence, and no name of a thing."""
_NAMELESS = re.compile(
    r"(?:(?:and|but|so|ok|okay),? )*(?:(?:what|how) about\b.*|which ones?\b(?! (?:of|in)\b).*"
    r"|(?:and|so) (?:then|now)|(?:what|and) (?:happens )?(?:then|next))\W*",
    re.IGNORECASE | re.DOTALL,
)
"""Goes on from something, whatever it names: "what about grade III?", "which one is better?"."""
_MOST_WORDS = 12
"""A longer text is no name of a thing, but says something of its own."""
_SHORT = 7
"""Words of a question in which "it" is spoken of from the start: "does it need a ring?"."""
_SUBJECT = re.compile(
    r"\s*(?:(?:and|but|so|why|how|when|where|what) )?(?:do|does|did|can|could|will|would|should|is"
    r"|are|was|were|has|have|must|may|might)\s+$",
    re.IGNORECASE,
)
_ALTERNATIVES = re.compile(r"\bor\b|[:;,]\s*\w")
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
    slot = open_slot(question)
    if slot is None:
        if not _topicless(question):
            return None
        asked = question.strip(" ?.!")
        return (
            f"“{asked}”: about what? Say what it is, or ask again with the topic in the question."
        )
    word = question[slot.start : slot.end]
    named = "who" if slot.person else "what"
    they = "they are" if slot.number == "plural" else "that is" if slot.person else "it is"
    return (
        f"What do you mean by “{word}”? Say {named} {they}, "
        "or ask again with its name in the question."
    )


def _topicless(question: str) -> bool:
    if bare(question) or more(question) or leaning_phrase(question):
        return True
    return bool(_NAMELESS.fullmatch(question.strip())) and not _ALTERNATIVES.search(question)


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
    name = _named(reply)
    if name is None:
        return None
    slot = open_slot(question)
    if slot is None:
        leads = more(question) or leaning_phrase(question)
        return of_topic(question, name) if leads else f"{question.rstrip(' ?.!')}: {name}?"
    ending = ("'" if name.endswith("s") else "'s") if slot.possessive else ""
    found = mentions(name)
    many = found[0].plural if found else name.endswith("s")
    return put_in(question, slot, name + ending, many=many)


def _named(reply: str) -> str | None:
    """The thing that a reply names; None where it names none."""
    if asks(reply) or small_talk(reply) or len(word_list(reply)) > _MOST_WORDS:
        return None
    name = _LEAD.sub("", reply.strip()).rstrip(" .!")
    if not name or _REASON.match(name) or small_talk(name):
        return None
    if not (_SAID.search(name) or _TIME.search(name)):
        return name
    found = [one for one in mentions(_TIME.sub("", name)) if not one.leaning]
    if not found:
        return None
    return f"{found[0].article} {found[0].text}".strip()
