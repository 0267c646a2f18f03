"""After ranking: what a model reads of a hit may be wider than the passage that was found."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from dragtor.interfaces import Library, Retriever
from dragtor.types import MOST, Hit, Passage, Query, Ranking, Resolved, SearchResult, Span

_MORE = 3
"""Hits that are looked at for each one wanted, as what another one holds is left out."""
Chosen = tuple[Hit, Span]
"""A hit, and what is to be read of its document."""


class WideningRetriever:
    """Replaces hits by their parents, or by themselves with their neighbours.

    A hit keeps the id, scores and order of the passage that was found; ``found`` says where that
    lies, if something else is to be read. No text is read twice: a hit is read up to where a
    better one of the same document is, and left out if that one holds it.

    ``parents`` says that passages here have such. Where one does that was not said to, it is read
    as well, only that a search may then be made again, deeper.
    """

    def __init__(
        self, retriever: Retriever, library: Library, generation: int, *, parents: bool = False
    ) -> None:
        self._retriever = retriever
        self._library = library
        self._generation = generation
        self._parents = parents

    def retrieve(self, query: Query) -> SearchResult:
        """At most ``query.k`` hits; adds the timing widen_s if any is wider. Raises QueryError."""
        ranking = query.ranking or Ranking()
        many = ranking.surrounding or (ranking.parents and self._parents)
        wanted = min(MOST, query.k * _MORE) if many else query.k
        while True:
            found = self._retriever.retrieve(replace(query, k=wanted))
            started = time.perf_counter()
            wider = self._wider(found.hits, ranking)
            chosen = list(_chosen(found.hits, wider))[: query.k] if wider else []
            if not wider or len(chosen) == query.k or len(found.hits) < wanted or wanted == MOST:
                break
            wanted = min(MOST, wanted * _MORE)
        if not wider:
            return replace(found, hits=found.hits[: query.k])
        hits = self._read(chosen)
        spent = time.perf_counter() - started
        total = found.timings.get("total_s", 0.0) + spent
        return replace(
            found, hits=hits, timings={**found.timings, "widen_s": spent, "total_s": total}
        )

    def _wider(self, hits: Sequence[Hit], ranking: Ranking) -> dict[str, Span]:
        """By passage id, what to read in the place of passages, where that is not just them."""
        if ranking.surrounding:
            spans = self._neighbourhoods(hits, ranking.surrounding)
        elif ranking.parents:
            spans = {hit.passage.id: hit.passage.parent or _own(hit) for hit in hits}
        else:
            spans = {}
        own = {hit.passage.id: _own(hit) for hit in hits}
        return {id: span for id, span in spans.items() if span != own[id]}

    def _neighbourhoods(self, hits: Sequence[Hit], count: int) -> dict[str, Span]:
        documents: dict[str, list[Passage]] = {}
        spans = {}
        for hit in hits:
            if hit.document.id not in documents:
                found = self._library.passages(self._generation, hit.document.id)
                documents[hit.document.id] = found
            passages = documents[hit.document.id]
            here = next((i for i, one in enumerate(passages) if one.id == hit.passage.id), None)
            if here is not None:  # else it was removed just now
                near = passages[max(0, here - count) : here + count + 1]
                spans[hit.passage.id] = Span(
                    min(one.start for one in near), max(one.end for one in near)
                )
        return spans

    def _read(self, chosen: Sequence[Chosen]) -> tuple[Hit, ...]:
        """Hits with the text of what was chosen, without white space around it."""
        resolved = self._resolve(chosen)
        trimmed = [(hit, _trimmed(span, resolved.get(hit.passage.id))) for hit, span in chosen]
        if trimmed != chosen:
            chosen = [(hit, span) for hit, span in trimmed if span.start < span.end]
            resolved = self._resolve(chosen)
        return tuple(
            replace(_widened(hit, resolved.get(hit.passage.id)), rank=rank)
            for rank, (hit, _) in enumerate(chosen, start=1)
        )

    def _resolve(self, chosen: Sequence[Chosen]) -> dict[str, Resolved]:
        wider = {hit.passage.id: span for hit, span in chosen if span != _own(hit)}
        return self._library.resolve(self._generation, list(wider), wider) if wider else {}


def _own(hit: Hit) -> Span:
    return Span(hit.passage.start, hit.passage.end)


def _chosen(hits: Iterable[Hit], wider: Mapping[str, Span]) -> Iterator[Chosen]:
    """What to read of each hit: nothing twice, and none that a better one holds."""
    taken: dict[str, list[Span]] = defaultdict(list)
    for hit in hits:
        own = _own(hit)
        span = free(wider.get(hit.passage.id, own), own, taken[hit.document.id])
        if span is not None:
            taken[hit.document.id].append(span)
            yield hit, span


def free(span: Span, own: Span, taken: Iterable[Span]) -> Span | None:
    """What of a span is not taken, around most of what is left of ``own``, which lies in it.

    ``None`` if all of ``own`` is taken.

    >>> free(Span(10, 90), Span(40, 60), [Span(0, 30), Span(55, 70)])
    Span(start=30, end=55)
    """
    pieces = [span]
    for other in taken:
        pieces = [piece for one in pieces for piece in _without(one, other)]
    best = max(pieces, key=lambda piece: _shared(piece, own), default=None)
    return best if best is not None and _shared(best, own) else None


def _without(span: Span, other: Span) -> list[Span]:
    if not _shared(span, other):
        return [span]
    before, after = (span.start, other.start), (other.end, span.end)
    return [Span(start, end) for start, end in (before, after) if start < end]


def _shared(one: Span, other: Span) -> int:
    """How many characters both have."""
    return max(0, min(one.end, other.end) - max(one.start, other.start))


def _trimmed(span: Span, resolved: Resolved | None) -> Span:
    """A span without the white space around its text; ``start == end`` if it has no other."""
    if resolved is None:
        return span
    text = resolved.passage.text
    start = span.start + len(text) - len(text.lstrip())
    return Span(start, max(start, span.end - len(text) + len(text.rstrip())))


def _widened(hit: Hit, resolved: Resolved | None) -> Hit:
    """The hit with what is to be read of it; as it is, if its document has changed meanwhile."""
    if resolved is None or not _holds(resolved.passage, hit.passage):
        return hit
    return replace(
        hit,
        # What its text was hashed by is no longer its text.
        passage=replace(resolved.passage, input_hash=""),
        location=resolved.location,
        marks=resolved.marks,
        found=_own(hit),
    )


def _holds(wide: Passage, passage: Passage) -> bool:
    """Whether a passage has, where both are, the text of another."""
    start, end = max(wide.start, passage.start), min(wide.end, passage.end)
    here = wide.text[start - wide.start : end - wide.start]
    return bool(here) and here == passage.text[start - passage.start : end - passage.start]
