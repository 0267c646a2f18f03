"""Which sentences of the passages bear on the question, and how far."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence

from dragtor.passages import sentence_spans
from dragtor.text import content_stems
from dragtor.types import Evidence, Hit, Span, Vectors

SentenceVectors = Callable[[Sequence[Hit]], Sequence[Vectors]]
"""For each hit the vectors of its passage's sentences (see passages.sentence_spans), in order."""

COVERAGE = 0.3
"""What a question's words count beside the meaning of a sentence."""


class SentenceFinder:
    """Fits :class:`dragtor.interfaces.EvidenceFinder`."""

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
        found: list[tuple[Hit, Span, float]] = []
        seen: set[tuple[str, int, int]] = set()
        for hit, vectors in zip(hits, self._sentence_vectors(hits), strict=True):
            cosines = vectors @ vector
            for span, cosine in zip(sentence_spans(hit.passage.text), cosines, strict=True):
                place = (hit.document.id, hit.passage.start + span.start, span.end - span.start)
                if place not in seen and not is_heading(hit, span):
                    seen.add(place)
                    found.append((hit, span, float(cosine)))
        texts = [hit.passage.text[span.start : span.end] for hit, span, _ in found]
        return tuple(
            Evidence(hit, span, cosine, covered, (1 - COVERAGE) * cosine + COVERAGE * covered)
            for (hit, span, cosine), covered in zip(found, coverages(question, texts), strict=True)
        )


def is_heading(hit: Hit, span: Span) -> bool:
    """Whether a piece of a passage is a heading: it names what follows and says nothing."""
    headings = {hit.location.heading or "", *(mark.heading for mark in hit.marks)}
    return hit.passage.text[span.start : span.end].lstrip("# ") in headings


def coverages(question: str, texts: Sequence[str]) -> list[float]:
    """Of each text the share of the question's content words it holds, weighted by rarity.

    A word that k of the n texts hold weighs log(1 + n / k).
    """
    asked = set(content_stems(question))
    held = [asked.intersection(content_stems(text)) for text in texts]
    holders = Counter(stem for stems in held for stem in stems)
    weights = {stem: math.log(1 + len(texts) / (holders[stem] or 0.5)) for stem in sorted(asked)}
    total = sum(weights.values())
    return [sum(weights[stem] for stem in sorted(s)) / total if total else 0.0 for s in held]
