"""Several searches for one question made into one result."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain, zip_longest

from dragtor.fusion import min_max, ranking, weighted_sum
from dragtor.types import Hit, Query, SearchResult

MERGED = "merged"
"""Name of the score that merged hits are ranked by."""
OWN_WEIGHT = 0.8
"""What a question counts beside all that a model made of it: at 0.7, a small model does harm."""


def fused(query: Query, own: SearchResult, others: Sequence[SearchResult]) -> SearchResult:
    """The best ``query.k`` hits by a weighted mean of the searches' scores, each from 0 to 1.

    ``own`` is the search for the question itself, and weighs :data:`OWN_WEIGHT`; the ``others``
    share the rest. A hit keeps the scores of the question's own search, and has none but that of
    this merger if only another search found it, as those would be of another question.
    """
    rest = (1 - OWN_WEIGHT) / len(others) if others else 0.0
    searches = [(OWN_WEIGHT, own), *((rest, one) for one in others)]
    scored = [(weight, min_max(_scores(one))) for weight, one in searches]
    return _merged(query, own, others, weighted_sum(scored))


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


def _scores(result: SearchResult) -> dict[str, float]:
    return {hit.passage.id: hit.score for hit in result.hits}


def _hits(searches: Iterable[SearchResult]) -> Iterable[Hit]:
    return chain.from_iterable(one.hits for one in searches)
