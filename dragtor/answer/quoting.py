"""Answers without a language model: the sources' own sentences."""

from __future__ import annotations

from collections.abc import Sequence

from dragtor.answer.citations import citation
from dragtor.types import Citation, Evidence, Sentence, Support


def quote(evidence: Sequence[Evidence], sentences: int) -> tuple[Sentence, ...]:
    """The sentences nearest to the question, in the order they stand; each is its own evidence."""
    chosen = _nearest(evidence, sentences)
    return tuple(
        Sentence(item.text, Support("yes", 1.0), (citation(item.hit, item.span),))
        for item in evidence
        if item in chosen
    )


def nearest(evidence: Sequence[Evidence], sentences: int) -> tuple[Citation, ...]:
    """Where the sources come nearest to the question, nearest first."""
    return tuple(citation(item.hit, item.span) for item in _nearest(evidence, sentences))


def _nearest(evidence: Sequence[Evidence], sentences: int) -> list[Evidence]:
    return sorted(evidence, key=lambda item: -item.relevance)[:sentences]
