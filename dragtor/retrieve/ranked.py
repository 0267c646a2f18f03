"""What all retrievers share: a look at the question, a clock, and the way from scores to hits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from numbers import Integral, Real

from dragtor.errors import QueryError
from dragtor.fusion import Scores, ranking
from dragtor.interfaces import Library
from dragtor.text import require_words
from dragtor.types import MOST, Hit, Query, Ranking, Resolved, Scored, SearchResult

_WHOLE = {"candidates": 1, "rrf_k": 1, "rerank_candidates": 1, "surrounding": 0}
"""Whole numbers of a Ranking with the least that they may be; the most is MOST."""
_SHARES = {"dense_weight": 1, "late_weight": MOST, "rerank_weight": 1}
"""Its other numbers, which are from 0, with the most that they may be."""
_NAMES = ("retriever", "fusion", "reranker")
Among = frozenset[str] | None
"""Ids of the passages that may be found; ``None`` for all."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """Candidates with the scores they are ranked by, and under ``parts`` all that led to these.

    ``complete`` says that a search for more candidates would find no more.
    """

    scores: Scores
    parts: Mapping[str, Scores]
    complete: bool


@dataclass(slots=True)
class Clock:
    """Adds up the seconds of each step."""

    timings: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def time(self, step: str) -> Iterator[None]:
        """Add the time of the block to a step."""
        started = time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - started
            self.timings[step] = self.timings.get(step, 0.0) + spent


def retrieve(
    library: Library,
    generation: int,
    query: Query,
    candidates: int,
    rank: Callable[[int, Among, Clock], Ranked],
) -> SearchResult:
    """Hits of a query, by a function that ranks so many candidates among some passages.

    Whatever the ranking names that the library does not know (any more) is left out; where this
    leaves less than ``query.k`` hits, twice as many candidates are ranked. Raises QueryError.
    """
    check(query)
    clock = Clock()
    with clock.time("total_s"):
        among = library.scope(generation, query.collections, query.filters)
        wanted = max(query.k, candidates)
        ranked = Ranked({}, {}, True) if among == frozenset() else rank(wanted, among, clock)
        found = _best_known(library, generation, ranking(ranked.scores), query.k)
        while len(found) < query.k and not ranked.complete:
            wanted *= 2
            ranked = rank(wanted, among, clock)
            found = _best_known(library, generation, ranking(ranked.scores), query.k)
    return SearchResult(query.text, _hits(found, ranked), clock.timings)


def by_id(scored: Sequence[Scored]) -> dict[str, float]:
    """Scores by passage id."""
    return {one.id: one.score for one in scored}


def check(query: Query) -> None:
    """Raise QueryError if a question has no word or number in it, or cannot be ranked so."""
    require_words(query.text)
    if not _is_whole(query.k, 1):
        raise QueryError(f"{query.k} passages were asked for: ask for 1 to {MOST}")
    if query.ranking is not None:
        _check_ranking(query.ranking)


def _check_ranking(ranking: Ranking) -> None:
    for key in _NAMES:
        name = getattr(ranking, key)
        if not isinstance(name, str):
            raise QueryError(f"{key} cannot be {name!r}: it is a name")
    for key, least in _WHOLE.items():
        number = getattr(ranking, key)
        if not _is_whole(number, least):
            raise QueryError(
                f"{key} cannot be {number!r}: it is a whole number from {least} to {MOST}"
            )
    for key, most in _SHARES.items():
        number = getattr(ranking, key)
        if not (isinstance(number, Real) and 0 <= float(number) <= most):  # false of NaN, too
            raise QueryError(f"{key} cannot be {number!r}: it is a number from 0 to {most}")


def _is_whole(number: object, least: int) -> bool:
    return isinstance(number, Integral) and least <= int(number) <= MOST


def _best_known(library: Library, generation: int, ids: Sequence[str], k: int) -> list[Resolved]:
    found: list[Resolved] = []
    for start in range(0, len(ids), 2 * k):
        batch = ids[start : start + 2 * k]
        known = library.resolve(generation, batch)
        found += [known[id] for id in batch if id in known]
        if len(found) >= k:
            break
    return found[:k]


def _hits(found: Sequence[Resolved], ranked: Ranked) -> tuple[Hit, ...]:
    hits = []
    for rank, one in enumerate(found, start=1):
        id = one.passage.id
        scores = {name: part[id] for name, part in ranked.parts.items() if id in part}
        place = (one.passage, one.document, one.location, one.marks)
        hits.append(Hit(rank, ranked.scores[id], scores, *place))
    return tuple(hits)
