"""Which sentences of the passages bear on the question, and how far."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from dragtor.passages import sentence_spans
from dragtor.text import content_stems, locate
from dragtor.types import Evidence, Hit, Span, Vectors

SentenceVectors = Callable[[Sequence[Hit]], Sequence[Vectors]]
"""For each hit the vectors of its passage's sentences (see passages.sentence_spans), in order."""

COVERAGE = 0.2
"""What a question's words count beside the meaning of a sentence."""
RANK = 0.08
"""What is taken off each time the rank of the passage doubles."""
TIE = 0.1
"""Share of the span of the hits' scores that a passage must be better by to rank before another."""
_ACRONYM = re.compile(r"\b[A-Z]{3,6}\b")
_GAP = 3
"""Most characters between neighbours: a blank line, and one more."""


class SentenceFinder:
    """Fits :class:`dragtor.interfaces.EvidenceFinder`.

    A sentence is judged by itself and by its passage, for what finds passages sees more than a
    sentence shows::

        relevance = (1 - COVERAGE) x cosine + COVERAGE x coverage - RANK x log2(rank)

    ``rank`` is that of the passage's score among the hits: passages of nearly equal score share it
    (see ``TIE``), for which of them comes first is chance. The constants
    were chosen on CLAPNQ and BioASQ, where anything near them does as well.
    """

    def __init__(
        self, encode_question: Callable[[str], Vectors], sentence_vectors: SentenceVectors
    ) -> None:
        self._encode_question = encode_question
        self._sentence_vectors = sentence_vectors

    def find(self, question: str, hits: Sequence[Hit]) -> tuple[Evidence, ...]:
        """See EvidenceFinder."""
        if not hits:
            return ()
        vector = self._encode_question(question)
        ranks = _ranks(hits)
        found: list[_Found] = []
        seen: set[tuple[str, int, int]] = set()
        for hit, vectors in zip(hits, self._sentence_vectors(hits), strict=True):
            for one in _below_headings(hit, (vectors @ vector).tolist()):
                place = (hit.document.id, hit.passage.start + one.span.start, len(one.text))
                if place not in seen:
                    seen.add(place)
                    found.append(one)
        covered = coverages(question, [one.text for one in found])
        return tuple(
            Evidence(
                one.hit,
                one.span,
                one.cosine,
                share,
                (1 - COVERAGE) * one.cosine
                + COVERAGE * share
                - RANK * math.log2(ranks[one.hit.passage.id]),
                one.heading_cosine,
            )
            for one, share in zip(found, covered, strict=True)
        )


class _Found(NamedTuple):
    hit: Hit
    span: Span
    cosine: float
    heading_cosine: float | None

    @property
    def text(self) -> str:
        return self.hit.passage.text[self.span.start : self.span.end]


def _below_headings(hit: Hit, cosines: Sequence[float]) -> Iterator[_Found]:
    """The sentences of a hit but its headings, each with the cosine of the one above it."""
    above = None
    for span, cosine in zip(sentence_spans(hit.passage.text), cosines, strict=True):
        if is_heading(hit, span):
            above = cosine
        else:
            yield _Found(hit, span, cosine, above)


def _ranks(hits: Sequence[Hit]) -> dict[str, int]:
    """Rank of each passage by its score, from 1."""
    scores = {hit.score for hit in hits}
    tie = TIE * (max(scores) - min(scores))
    return {hit.passage.id: 1 + sum(score > hit.score + tie for score in scores) for hit in hits}


def source_order(evidence: Sequence[Evidence]) -> list[Evidence]:
    """Sentences as they stand in their documents, documents in the order of the evidence."""
    first: dict[str, int] = {}
    for item in evidence:
        first.setdefault(item.hit.document.id, len(first))
    return sorted(
        evidence,
        key=lambda item: (
            first[item.hit.document.id],
            item.hit.passage.start,
            item.hit.passage.id,
            item.span.start,
        ),
    )


def neighbours(evidence: Sequence[Evidence]) -> Iterator[tuple[int, int]]:
    """Indices of sentences of which the second follows upon the first in their document."""
    ends: dict[tuple[str, int], int] = {}
    for index, item in enumerate(evidence):
        ends[item.hit.document.id, item.hit.passage.start + item.span.end] = index
    for index, item in enumerate(evidence):
        start = item.hit.passage.start + item.span.start
        for gap in range(_GAP + 1):
            before = ends.get((item.hit.document.id, start - gap))
            if before is not None:
                yield before, index
                break


def heading(item: Evidence) -> str:
    """The heading a sentence stands under; empty if there is none."""
    start = item.hit.passage.start + item.span.start
    return locate(item.hit.marks, start, item.hit.location).heading or ""


def is_heading(hit: Hit, span: Span) -> bool:
    """Whether a piece of a passage is a heading: it names what follows and says nothing."""
    headings = {hit.location.heading or "", *(mark.heading for mark in hit.marks)}
    return hit.passage.text[span.start : span.end].strip("# ") in headings


def coverages(question: str, texts: Sequence[str]) -> list[float]:
    """Of each text the share of the question's content words it holds, weighted by rarity.

    A word that k of the n texts hold weighs log(1 + n / k). An acronym is held where it is spelled
    out.
    """
    asked = set(content_stems(question))
    held = [
        asked.intersection([*content_stems(text), *spelled_out(question, text)]) for text in texts
    ]
    holders = Counter(stem for stems in held for stem in stems)
    weights = {stem: math.log(1 + len(texts) / (holders[stem] or 0.5)) for stem in sorted(asked)}
    total = sum(weights.values())
    return [sum(weights[stem] for stem in sorted(s)) / total if total else 0.0 for s in held]


def spelled_out(question: str, text: str) -> list[str]:
    """Stems of the question's acronyms that the text spells out.

    >>> spelled_out("Is the ACL torn?", "The anterior cruciate ligament is torn.")
    ['acl']
    """
    found = []
    for acronym in _ACRONYM.findall(question):
        words = r"[\s-]+".join(rf"{letter}\w+" for letter in acronym)
        if re.search(rf"\b{words}\b", text, re.IGNORECASE):
            found += content_stems(acronym)
    return found
