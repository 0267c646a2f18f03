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
NEEDS_NO_HELP = 4
"""So many of a question's own hits are found without help: as many as an answer is made from."""


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
    return _in_order(query, own, others, _in_turns([_ids(own), *(_ids(one) for one in others)]))


def supplemented(query: Query, own: SearchResult, others: Sequence[SearchResult]) -> SearchResult:
    """In turn a hit of the question's own search, its best first, and one that others add to it.

    The others take turns among themselves, the first of them first. What is among the first
    :data:`NEEDS_NO_HELP` of the question's own search is not theirs, so that every second place
    brings something new while there is something. Scores are as in :func:`interleaved`.
    """
    known = set(_ids(own)[:NEEDS_NO_HELP])
    added = [id for id in _in_turns([_ids(one) for one in others]) if id not in known]
    return _in_order(query, own, others, _in_turns([_ids(own), added]))


def first(query: Query, own: SearchResult) -> SearchResult:
    """The first ``query.k`` hits of a search that went deeper."""
    return replace(own, hits=own.hits[: query.k])


def _in_turns(rankings: Sequence[Sequence[str]]) -> list[str]:
    """The first of each ranking, then the second of each, and so on, each id once."""
    return list(dict.fromkeys(id for id in chain(*zip_longest(*rankings)) if id is not None))


def _in_order(
    query: Query, own: SearchResult, others: Sequence[SearchResult], order: Sequence[str]
) -> SearchResult:
    return _merged(query, own, others, {id: 1 / rank for rank, id in enumerate(order, start=1)})


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


def _ids(result: SearchResult) -> list[str]:
    return [hit.passage.id for hit in result.hits]


def _scores(result: SearchResult) -> dict[str, float]:
    return {hit.passage.id: hit.score for hit in result.hits}


def _hits(searches: Iterable[SearchResult]) -> Iterable[Hit]:
    return chain.from_iterable(one.hits for one in searches)
