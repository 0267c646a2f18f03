"""Answers without a language model: the sources' own sentences."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dragtor.answer.citations import citation
from dragtor.answer.evidence import neighbours, source_order
from dragtor.text import content_stems, locate
from dragtor.types import Citation, Evidence, Sentence, Support

ENOUGH = 0.75
"""Share of the best sentence's relevance from which another is worth quoting."""
ALIKE = 0.6
"""Share of the shorter sentence's content words from which two say the same."""
FRAGMENT = 0.1
"""How much less relevant counts what is no statement: a question, a caption, a row of a table."""
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


def quote(evidence: Sequence[Evidence], sentences: int) -> tuple[Sentence, ...]:
    """The sentences that answer best, at most so many, as they stand in the sources.

    Fewer where the others bear much less on the question or say the same again; the sentence before
    one that leans on it ("It heals …") comes along where there is room. Each is its own evidence.
    """
    return tuple(
        Sentence(item.text, Support("yes", 1.0), (citation(item.hit, item.span),))
        for item in source_order(_with_antecedents(evidence, _best(evidence, sentences), sentences))
    )


def nearest(evidence: Sequence[Evidence], sentences: int) -> tuple[Citation, ...]:
    """Where the sources come nearest to the question, nearest first."""
    best = sorted(evidence, key=lambda item: -_worth(item))[:sentences]
    return tuple(citation(item.hit, item.span) for item in best)


def _best(evidence: Sequence[Evidence], sentences: int) -> list[int]:
    """Indices of the sentences worth quoting, best first."""
    worth = [_worth(item) for item in evidence]
    chosen: list[int] = []
    for index in sorted(range(len(evidence)), key=lambda index: -worth[index]):
        if len(chosen) == sentences or (chosen and worth[index] < ENOUGH * worth[chosen[0]]):
            break
        if not any(_alike(evidence[index].text, evidence[other].text) for other in chosen):
            chosen.append(index)
    return chosen


def _with_antecedents(
    evidence: Sequence[Evidence], chosen: Sequence[int], sentences: int
) -> list[Evidence]:
    before = {second: first for first, second in neighbours(evidence)}
    kept = list(chosen)
    for index in chosen:
        if len(kept) < sentences and _LEANING.match(evidence[index].text) and index in before:
            kept += [before[index]] if before[index] not in kept else []
    return [evidence[index] for index in sorted(kept)]


def _worth(item: Evidence) -> float:
    loss = FRAGMENT * _is_fragment(item.text) + REFERENCE * _is_reference(item)
    return item.relevance - loss


def _is_reference(item: Evidence) -> bool:
    start = item.hit.passage.start + item.span.start
    heading = locate(item.hit.marks, start, item.hit.location).heading or ""
    return heading.strip(" .:0123456789").lower() in _REFERENCES


def _is_fragment(text: str) -> bool:
    """Whether a piece of text states nothing."""
    return len(text.split()) < _FEWEST_WORDS or "|" in text or not _STATED.search(text)


def _alike(one: str, other: str) -> bool:
    first, second = set(content_stems(one)), set(content_stems(other))
    return len(first & second) >= ALIKE * min(len(first), len(second))
