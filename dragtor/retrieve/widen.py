"""After ranking: what a model reads of a hit may be wider than the passage that was found."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from dragtor.interfaces import Library, Retriever
from dragtor.types import Hit, Passage, Query, Ranking, SearchResult, Span


class WideningRetriever:
    """Replaces hits by their parents, or by themselves with their neighbours.

    A hit that is wider says in ``found`` where its passage lies, and keeps that passage's id,
    scores and rank. One that lies within a better one is left out, so that there may be less than
    ``query.k``.
    """

    def __init__(self, retriever: Retriever, library: Library, generation: int) -> None:
        self._retriever = retriever
        self._library = library
        self._generation = generation

    def retrieve(self, query: Query) -> SearchResult:
        """At most ``query.k`` hits; adds the timing widen_s. Raises QueryError."""
        ranking = query.ranking or Ranking()
        found = self._retriever.retrieve(query)
        started = time.perf_counter()
        wider = self._wider(found.hits, ranking)
        if not wider:
            return found
        hits = tuple(self._widened(found.hits, wider))
        timings = {**found.timings, "widen_s": time.perf_counter() - started}
        return replace(found, hits=hits, timings=timings)

    def _wider(self, hits: Sequence[Hit], ranking: Ranking) -> dict[str, Span]:
        if ranking.surrounding:
            wider = {hit.passage.id: self._around(hit, ranking.surrounding) for hit in hits}
        elif ranking.parents:
            wider = {hit.passage.id: hit.passage.parent for hit in hits if hit.passage.parent}
        else:
            wider = {}
        own = {hit.passage.id: Span(hit.passage.start, hit.passage.end) for hit in hits}
        return {id: span for id, span in wider.items() if span != own[id]}

    def _around(self, hit: Hit, count: int) -> Span:
        passages = self._library.passages(self._generation, hit.document.id)
        here = next((i for i, one in enumerate(passages) if one.id == hit.passage.id), None)
        if here is None:  # removed just now
            return Span(hit.passage.start, hit.passage.end)
        near = passages[max(0, here - count) : here + count + 1]
        return Span(min(one.start for one in near), max(one.end for one in near))

    def _widened(self, hits: Sequence[Hit], wider: Mapping[str, Span]) -> Iterator[Hit]:
        resolved = self._library.resolve(self._generation, list(wider), wider)
        taken: list[tuple[str, Span]] = []
        for hit in hits:
            id, passage = hit.passage.id, hit.passage
            if id in resolved:
                one = resolved[id]
                # What its text was hashed by is no longer its text.
                passage = replace(one.passage, input_hash="")
                place = Span(hit.passage.start, hit.passage.end)
                hit = replace(
                    hit, passage=passage, location=one.location, marks=one.marks, found=place
                )
            if not any(_within(hit.document.id, passage, *other) for other in taken):
                taken.append((hit.document.id, Span(passage.start, passage.end)))
                yield replace(hit, rank=len(taken))


def _within(document: str, passage: Passage, other: str, span: Span) -> bool:
    return document == other and span.start <= passage.start and passage.end <= span.end
