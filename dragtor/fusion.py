"""Ways to merge scored lists into one. All are pure functions of scores by passage id.

Bruch, Gai and Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval" (2023), compare them;
what they give here is in ``benchmarks/LOG.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from dragtor.types import Ranking

Scores = Mapping[str, float]
"""Scores by passage id, higher is better, on a scale of the giver's own."""


@dataclass(frozen=True, slots=True)
class Lists:
    """What each part of retrieval gave a question of so many words, by the part's name.

    Scores under ``dense`` are like cosines; those under ``keyword`` are not negative, and have no
    upper bound.
    """

    keyword: Mapping[str, Scores]
    dense: Mapping[str, Scores]
    words: int


def ranking(scores: Scores) -> list[str]:
    """Ids, best first; equal scores in the order of their ids.

    >>> ranking({"b": 1.0, "a": 1.0, "c": 2.0})
    ['c', 'a', 'b']
    """
    return sorted(scores, key=lambda id: (-scores[id], id))


def min_max(scores: Scores) -> dict[str, float]:
    """Scores moved and stretched so that the worst is 0 and the best is 1; all 1 if all are equal.

    >>> min_max({"a": 9.0, "b": 6.0, "c": 5.0})
    {'a': 1.0, 'b': 0.25, 'c': 0.0}
    """
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    if low == high:
        return dict.fromkeys(scores, 1.0)
    return {id: (score - low) / (high - low) for id, score in scores.items()}


def over_maximum(scores: Scores) -> dict[str, float]:
    """Scores divided by the best one, for scales that begin at 0; all 0 if none is above 0.

    >>> over_maximum({"a": 8.0, "b": 6.0})
    {'a': 1.0, 'b': 0.75}
    """
    high = max(scores.values(), default=0.0)
    if high <= 0.0:
        return dict.fromkeys(scores, 0.0)
    return {id: score / high for id, score in scores.items()}


def weighted_sum(lists: Sequence[tuple[float, Scores]]) -> dict[str, float]:
    """The sum of weight times score over all lists; an id that a list lacks scores 0 there.

    >>> weighted_sum([(0.25, {"a": 1.0, "b": 0.5}), (0.75, {"b": 1.0})])
    {'a': 0.25, 'b': 0.875}
    """
    fused: dict[str, float] = {}
    for weight, scores in lists:
        for id, score in scores.items():
            fused[id] = fused.get(id, 0.0) + weight * score
    return fused


def convex(keyword: Scores, dense: Scores, dense_weight: float) -> dict[str, float]:
    """A weighted mean of keyword scores over their maximum and of cosines as they are.

    Both lie between 0 and 1 where it matters, and the cosine of an unrelated passage is low for
    every query: a query that finds nothing by meaning is decided by its words. An id that a half
    lacks scores 0 there.

    >>> convex({"a": 8.0, "b": 4.0}, {"a": 0.5, "c": 0.75}, dense_weight=0.5)
    {'a': 0.75, 'b': 0.25, 'c': 0.375}
    """
    return weighted_sum([(1 - dense_weight, over_maximum(keyword)), (dense_weight, dense)])


def reciprocal_rank(lists: Sequence[Scores], k: int = 60) -> dict[str, float]:
    """The sum of 1 / (k + rank) over all lists, ranks from 1; a list adds nothing to what it lacks.

    Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion Outperforms Condorcet and Individual Rank
    Learning Methods" (2009), from where the 60 comes.

    >>> reciprocal_rank([{"a": 8.0, "b": 7.0}, {"b": 0.9}], k=1)
    {'a': 0.5, 'b': 0.8333333333333333}
    """
    fused: dict[str, float] = {}
    for scores in lists:
        for rank, id in enumerate(ranking(scores), start=1):
            fused[id] = fused.get(id, 0.0) + 1 / (k + rank)
    return fused


def _convex(lists: Lists, ranking: Ranking) -> dict[str, float]:
    """:func:`convex` of the means of the parts of each kind."""
    keyword = [over_maximum(scores) for scores in lists.keyword.values()]
    share = ranking.dense_weight if keyword else 1.0
    return weighted_sum(
        [
            *(((1 - share) / len(keyword), scores) for scores in keyword),
            *((share / len(lists.dense), scores) for scores in lists.dense.values()),
        ]
    )


def _reciprocal_rank(lists: Lists, ranking: Ranking) -> dict[str, float]:
    return reciprocal_rank([*lists.keyword.values(), *lists.dense.values()], ranking.rrf_k)


Fusion = Callable[[Lists, Ranking], dict[str, float]]
FUSIONS: Mapping[str, Fusion] = {"convex": _convex, "rrf": _reciprocal_rank}
"""The ways to merge, by the name they have in settings and queries."""
