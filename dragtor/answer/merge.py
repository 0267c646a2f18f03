"""Several searches for one question made into one result."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain, zip_longest

from dragtor.fusion import ranking, reciprocal_rank
from dragtor.types import Hit, Query, SearchResult

MERGED = "merged"
"""Name of the score that merged hits are ranked by."""


def fused(query: Query, own: SearchResult, others: Sequence[SearchResult]) -> SearchResult:
    """The best ``query.k`` hits of all searches by reciprocal ranks (Cormack et al. 2009).

    ``own`` is the search for the question itself: a hit keeps the scores it has there, and has none
    but its rank's if only another search found it, as those would be of another question.
    """
    lists = [{hit.passage.id: -float(hit.rank) for hit in one.hits} for one in (own, *others)]
    return _merged(query, own, others, reciprocal_rank(lists))


def interleaved(query: Query, own: SearchResult, others: Sequence[SearchResult]) -> SearchResult:
    """The first hit of each search, then the second of each, until there are ``query.k``.

    Scores are as in :func:`fused`; what a hit is ranked by is 1 / rank.
    """
    turns = zip_longest(own.hits, *(one.hits for one in others))
    order = dict.fromkeys(hit.passage.id for hit in chain(*turns) if hit is not None)
    return _merged(query, own, others, {id: 1 / rank for rank, id in enumerate(order, start=1)})


def first(query: Query, own: SearchResult) -> SearchResult:
    """The first ``query.k`` hits of a search that went deeper."""
    return replace(own, hits=own.hits[: query.k])


def _merged(
    query: Query, own: SearchResult, others: Sequence[SearchResult], scores: dict[str, float]
) -> SearchResult:
    searches = (own, *others)
    known = {hit.passage.id: hit for hit in _hits(reversed(searches))}
    asked = {hit.passage.id: hit.scores for hit in own.hits}
    hits = [
        replace(
            known[id],
            rank=rank,
            score=scores[id],
            scores={**asked.get(id, {}), MERGED: scores[id]},
        )
        for rank, id in enumerate(ranking(scores)[: query.k], start=1)
    ]
    timings: dict[str, float] = {}
    for name, seconds in chain(*(one.timings.items() for one in searches)):
        timings[name] = timings.get(name, 0.0) + seconds
    notices = tuple(dict.fromkeys(chain(*(one.notices for one in searches))))
    return SearchResult(query.text, tuple(hits), timings, notices)


def _hits(searches: Iterable[SearchResult]) -> Iterable[Hit]:
    return chain.from_iterable(one.hits for one in searches)
