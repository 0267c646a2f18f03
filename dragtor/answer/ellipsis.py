"""Questions that leave out what the one before them asked: "and for how long?", "what about X?"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dragtor.answer.english import CARE, FUNCTION_WORDS, singular
from dragtor.answer.leaning import ELLIPTIC, asks, bare, leaning_phrase
from dragtor.answer.mentions import Mention, mentions
from dragtor.types import Turn

END = re.compile(r"[\s?.!…]*$")
_UNDER = re.compile(
    r"(?:and|but|so|what about|how about|and what about)\s+"
    r"((?:after|at|before|during|for|from|in|on|when|while|with|without)\b.{2,}\?)",
    re.IGNORECASE | re.DOTALL,
)
"""The question before, under another condition: "and after a week?"."""
_LEAD_IN = re.compile(r"^(?:And|But|So) ")


def completed(question: str, before: Sequence[Turn]) -> str | None:
    """The question with what the one before it asked; None where it leaves nothing of that out."""
    asked = base(before)
    if asked is None:
        return None
    if bare(question):
        return f"{END.sub('', question)}, {_lowered(asked)}"
    if under := _UNDER.fullmatch(question.strip()):
        return f"{END.sub('', asked)} {under[1]}"
    return _asked_of_another(question, asked)


def of_topic(question: str, topic: str) -> str:
    """A question that leans, with what it is about behind the noun that leans."""
    phrase = leaning_phrase(question)
    if phrase is None:
        rest = END.sub("", question)
        return f"{rest} about {topic}{question[len(rest) :]}"
    link = "from" if phrase.head == "recovery" else "for" if singular(phrase.head) in CARE else "of"
    return f"{question[: phrase.end]} {link} {topic}{question[phrase.end :]}"


def base(before: Sequence[Turn]) -> str | None:
    """The last question that says itself what it asks, in full; None where there is none."""
    for turn in reversed(before):
        if asks(turn.question) and not bare(turn.question) and not _led_in(turn):
            return turn.standalone
    return None


def _led_in(turn: Turn) -> bool:
    return turn.rewritten is None and bool(ELLIPTIC.match(turn.question))


def _asked_of_another(question: str, asked: str) -> str | None:
    """The question before, asked of another thing of the same kind: "what about golfer's elbow?".

    Of the same kind are phrases with the same last word, as nothing else is certain.
    """
    found = ELLIPTIC.match(question)
    own = [mention for mention in mentions(question) if found and mention.start >= found.end()]
    if not found or not own:
        return None
    whole = max(own, key=lambda mention: mention.end - mention.start)
    rest = END.sub("", question[found.end() :]).strip()
    if rest.lower() not in (whole.text.lower(), f"{whole.article} {whole.text}".strip().lower()):
        return None
    same = [mention for mention in mentions(asked) if _of_a_kind(mention, whole)]
    if not same:
        return None
    old = max(same, key=lambda mention: mention.end - mention.start)
    return f"{asked[: old.start]}{whole.text}{asked[old.end :]}"


def _of_a_kind(one: Mention, other: Mention) -> bool:
    return one.stems[-1] == other.stems[-1] and one.stems != other.stems and not one.leaning


def _lowered(question: str) -> str:
    first, _, rest = question.partition(" ")
    asking = first.lower() in FUNCTION_WORDS
    return f"{first.lower()} {rest}" if asking else question
