"""What a model is to read: the sentences that bear on the question, with what is around them."""

from __future__ import annotations

from collections.abc import Sequence

from dragtor.types import Evidence, Excerpt, Hit, Span


def whole(hits: Sequence[Hit]) -> tuple[Excerpt, ...]:
    """The passages as they are."""
    return tuple(Excerpt(hit, (Span(0, len(hit.passage.text)),)) for hit in hits)


def select(evidence: Sequence[Evidence], tokens: int) -> tuple[Excerpt, ...]:
    """The sentences that bear on the question, about ``tokens`` tokens of them."""
    hits = list(dict.fromkeys(item.hit.rank for item in evidence))
    by_rank = {item.hit.rank: item.hit for item in evidence}
    return whole([by_rank[rank] for rank in hits])
