"""Whether a question without pronouns still leans on what was said before it."""

from __future__ import annotations

import re

from dragtor.answer.english import GENERIC
from dragtor.answer.mentions import Mention, mentions, word_list

_SENTENCE = re.compile(r"(?<=[.?!])\s+")
_ASKS = re.compile(
    r"(?:and|but|so|what|who|when|where|which|why|how|tell|show|give|describe|explain|list|name"
    r"|compare|any|is|are|was|were|do|does|did|can|could|should|will|would|may|has|have|had|am"
    r"|whose|whom|please)\b",
    re.IGNORECASE,
)
_ELLIPSIS = re.compile(r"(?:and |but |so )?(?:what|how) about\b|and\b", re.IGNORECASE)
_LISTED = re.compile(r"\b(?:first|second|third|last|both|each|two|three|ones?)\b", re.IGNORECASE)
"""Points into a list that an answer gave: a topic would not say which."""
_OPEN = re.compile(
    r"\b(?:any|some|what|which|other|another|many|much|are there|the most)\s+$", re.IGNORECASE
)
_COMPLEMENT = re.compile(r"^\s+(?:of|for|that|which|who|between|in|to|with|on|at|from)\b")
_BARE = frozenset(
    "and but so why how when where who for long often much many what else then ok okay".split()
)
_BARE_ASKS = frozenset("why how when where who".split())


def asks(text: str) -> bool:
    """Whether a text is a question or a request, and not a statement or an answer."""
    last = last_sentence(text)
    return last.endswith("?") or bool(_ASKS.match(last))


def asking_spans(text: str) -> list[tuple[int, int]]:
    """Where the sentences lie that ask; the whole text where none does."""
    found, start = [], 0
    for sentence in _SENTENCE.split(text):
        start = text.index(sentence, start)
        if asks(sentence):
            found.append((start, start + len(sentence)))
        start += len(sentence)
    return found or [(0, len(text))]


def last_sentence(text: str) -> str:
    """The last sentence, where the question mostly is."""
    return _SENTENCE.split(text.strip())[-1]


def bare(question: str) -> bool:
    """Whether a question is a question word alone: "Why?", "And for how long?"."""
    said = {word.lower for word in word_list(question)}
    return said <= _BARE and bool(said & _BARE_ASKS)


def leans(question: str) -> bool:
    """Whether a question without pronouns says too little by itself.

    So it does where it names only what belongs to something ("the symptoms"), what was spoken of
    ("the drawing") or one of many ("any famous foods"); and "what about …?" always does. A name
    in it, or another sentence with something of its own before it, speaks against it.
    """
    last = last_sentence(question)
    if not asks(last) or _LISTED.search(last):
        return False
    before = question[: question.rindex(last)]
    if any(not mention.leaning for mention in mentions(before)):
        return False
    if _ELLIPSIS.match(last):
        return True
    own = [mention for mention in mentions(last) if not mention.compound]
    if any(mention.proper for mention in own):
        return False
    return all(mention.leaning or _points_back(last, mention) for mention in own)


def _points_back(question: str, mention: Mention) -> bool:
    words = [word.lower for word in word_list(question[: mention.start])]
    described = False
    while words and words[-1] in GENERIC:
        described = True
        words.pop()
    if words[-1:] == ["the"]:
        return not _COMPLEMENT.match(question[mention.end :])
    return described or bool(_OPEN.search(" ".join(words) + " "))
