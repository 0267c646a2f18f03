"""Answers without a language model: the sources' own sentences."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dragtor.answer.citations import citation
from dragtor.answer.evidence import heading, neighbours, source_order
from dragtor.answer.topic import strangeness
from dragtor.text import content_stems
from dragtor.types import Citation, Evidence, Sentence, Support

ENOUGH = 0.75
"""Share of the best sentence's relevance from which another is worth quoting."""
FOLLOWING = 0.5
"""The same for the sentence after a definition."""
ALIKE = 0.6
"""Share of the shorter sentence's content words from which two say the same."""
FRAGMENT = 0.1
"""How much less relevant counts what is no statement: a question, a caption."""
UNREADABLE = 1.0
"""The same for a row of a table, which says little without its head."""
REFERENCE = 1.0
"""The same for an entry in a list of references: it names a work, and says nothing."""
_REFERENCES = frozenset(
    """references|bibliography|literature|sources|notes|footnotes|citations|links|works cited
    |further reading|external links|see also""".replace("\n    ", "").split("|")
)
_FEWEST_WORDS = 4
_STATED = re.compile(r"[.!…。！][\s\"'”’)\]]*\Z")
_LEANING = re.compile(
    r"\W*(?:it|its|he|she|his|her|they|their|them|this|these|those|that|such|both|however|but|also"
    r"|thus|therefore|hence|instead|otherwise|in addition|for example|for instance|as a result"
    r"|additionally|furthermore|moreover|similarly|then)\b",
    re.IGNORECASE,
)
_DEFINITION = re.compile(
    r"\W*(?:an?\s|the\s)?(?:[\w'’()-]+\s){1,4}(?:is|are)\s(?:an?|the|one\sof)\s", re.IGNORECASE
)


def quote(evidence: Sequence[Evidence], sentences: int, question: str = "") -> tuple[Sentence, ...]:
    """The sentences that answer best, at most so many, as they stand in the sources.

    Fewer where the others bear much less on the question or say the same again. Where there is
    room, the sentence before one that leans on it ("It heals …") comes along, and the one after a
    definition ("A flapper is …"), which says what to know of it. Each is its own evidence.
    """
    worth = _worths(evidence, question)
    kept = _with_antecedents(evidence, _best(evidence, worth, sentences), sentences)
    kept = _with_next(evidence, worth, kept, sentences)
    return tuple(
        Sentence(item.text, Support("yes", 1.0), (citation(item.hit, item.span),))
        for item in source_order([evidence[index] for index in sorted(kept)])
    )


def nearest(
    evidence: Sequence[Evidence], sentences: int, question: str = ""
) -> tuple[Citation, ...]:
    """Where the sources come nearest to the question, nearest first."""
    worth = _worths(evidence, question)
    best = sorted(range(len(evidence)), key=lambda index: -worth[index])[:sentences]
    return tuple(citation(evidence[index].hit, evidence[index].span) for index in best)


def _best(evidence: Sequence[Evidence], worth: Sequence[float], sentences: int) -> list[int]:
    """Indices of the sentences worth quoting, best first."""
    chosen: list[int] = []
    for index in sorted(range(len(evidence)), key=lambda index: -worth[index]):
        if len(chosen) == sentences or (chosen and worth[index] < ENOUGH * worth[chosen[0]]):
            break
        if not any(_alike(evidence[index].text, evidence[other].text) for other in chosen):
            chosen.append(index)
    return chosen


def _with_antecedents(
    evidence: Sequence[Evidence], chosen: Sequence[int], sentences: int
) -> list[int]:
    before = {second: first for first, second in neighbours(evidence)}
    kept = list(chosen)
    for index in chosen:
        if len(kept) < sentences and _LEANING.match(evidence[index].text) and index in before:
            kept += [before[index]] if before[index] not in kept else []
    return kept


def _with_next(
    evidence: Sequence[Evidence], worth: Sequence[float], chosen: Sequence[int], sentences: int
) -> list[int]:
    after = dict(neighbours(evidence))
    kept = list(chosen)
    for index in chosen:
        follower = after.get(index)
        if (
            _DEFINITION.match(evidence[index].text)
            and follower is not None
            and follower not in kept
            and len(kept) < sentences
            and _says_more(evidence[follower].text)
            and worth[follower] >= FOLLOWING * worth[index]
        ):
            kept.append(follower)
    return kept


def _says_more(text: str) -> bool:
    """Whether a sentence after a definition goes on about what was defined."""
    return not _is_fragment(text) and not _DEFINITION.match(text)


def _worths(evidence: Sequence[Evidence], question: str) -> list[float]:
    strange = strangeness(question, evidence)
    return [_worth(item) - far for item, far in zip(evidence, strange, strict=True)]


def _worth(item: Evidence) -> float:
    loss = FRAGMENT * _is_fragment(item.text) + REFERENCE * _is_reference(item)
    return item.relevance - loss - UNREADABLE * _is_row(item.text)


def _is_reference(item: Evidence) -> bool:
    return heading(item).strip(" .:0123456789").lower() in _REFERENCES


def _is_row(text: str) -> bool:
    """Whether a piece of text is a row of a table, or the rule below its head."""
    return "|" in text


def _is_fragment(text: str) -> bool:
    """Whether a piece of text states nothing."""
    return len(text.split()) < _FEWEST_WORDS or not _STATED.search(text)


def _alike(one: str, other: str) -> bool:
    first, second = set(content_stems(one)), set(content_stems(other))
    return len(first & second) >= ALIKE * min(len(first), len(second))
