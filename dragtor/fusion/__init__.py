"""Ways to merge scored lists into one. All are pure functions of scores by passage id.

What holds for all of them: the result has every id that a list has, and scores 0 where a list lacks
an id; the order of the lists says nothing, and neither do ids. Equal scores share a position.
Without lists, or with empty ones alone, there is no result.

Bruch, Gai and Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval" (2023), compare some;
``docs/retrieval.md`` says in a table what each name means, and ``benchmarks/LOG.md`` what it gave.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from dragtor.types import Ranking

_LATE = "late"
"""The part that compares token by token; :data:`dragtor.spaces.LATE`."""
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

    def all(self) -> list[Scores]:
        """Those of every part."""
        return [*self.keyword.values(), *self.dense.values()]

    def each(self, change: Callable[[Scores], Scores]) -> Lists:
        """The same with the scores of each part changed."""
        keyword = {name: change(scores) for name, scores in self.keyword.items()}
        dense = {name: change(scores) for name, scores in self.dense.items()}
        return Lists(keyword, dense, self.words)


def ranking(scores: Scores) -> list[str]:
    """Ids, best first; equal scores in the order of their ids.

    >>> ranking({"b": 1.0, "a": 1.0, "c": 2.0})
    ['c', 'a', 'b']
    """
    return sorted(scores, key=lambda id: (-scores[id], id))


# --- one list on another scale -----------------------------------------------------------


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


def by_distribution(scores: Scores) -> dict[str, float]:
    """Scores moved and stretched so that mean - 3σ is 0 and mean + 3σ is 1; 0.5 if all are equal.

    σ is that of all scores, not of a sample. What lies further out than 3σ stays further out.

    >>> by_distribution({"a": 5.0, "b": 3.0, "c": 1.0, "d": 3.0})["b"]
    0.5
    """
    if not scores:
        return {}
    mean = math.fsum(scores.values()) / len(scores)
    spread = math.sqrt(math.fsum((score - mean) ** 2 for score in scores.values()) / len(scores))
    if spread == 0.0 or min(scores.values()) == max(scores.values()):
        return dict.fromkeys(scores, 0.5)
    return {id: 0.5 + (score - mean) / (6 * spread) for id, score in scores.items()}


def by_position(scores: Scores, last: float = 0.0) -> dict[str, float]:
    """From 1 for the best score to ``last`` for the worst, in equal steps from score to score.

    Equal scores are one step, so that their number changes nothing; 1 if all are equal.

    >>> by_position({"a": 9.0, "b": 2.0, "c": 2.0, "d": 1.0})
    {'a': 1.0, 'b': 0.5, 'c': 0.5, 'd': 0.0}
    """
    steps = sorted(set(scores.values()), reverse=True)
    most = max(1, len(steps) - 1)
    values = {score: (most - step) / most + last * step / most for step, score in enumerate(steps)}
    return {id: values[score] for id, score in scores.items()}


def by_position_to_minimum(scores: Scores) -> dict[str, float]:
    """:func:`by_position` from 1 to the least score; to 1 where that is above 1.

    >>> by_position_to_minimum({"a": 0.9, "b": 0.8, "c": 0.25})
    {'a': 1.0, 'b': 0.625, 'c': 0.25}
    """
    return by_position(scores, min(1.0, min(scores.values(), default=0.0)))


def by_reciprocal_rank(scores: Scores, k: int = 60) -> dict[str, float]:
    """1 / (k + rank), where rank is 1 and one more for each id with a higher score.

    >>> by_reciprocal_rank({"a": 9.0, "b": 2.0, "c": 2.0, "d": 1.0}, k=1)
    {'a': 0.5, 'b': 0.3333333333333333, 'c': 0.3333333333333333, 'd': 0.2}
    """
    best = ranking(scores)
    ranks = {best[0]: 1} if best else {}
    for rank, (above, id) in enumerate(pairwise(best), start=2):
        ranks[id] = ranks[above] if scores[above] == scores[id] else rank
    return {id: 1 / (k + rank) for id, rank in ranks.items()}


# --- several lists into one --------------------------------------------------------------


def weighted_sum(lists: Iterable[tuple[float, Scores]]) -> dict[str, float]:
    """The sum of weight times score over all lists; an id that a list lacks scores 0 there.

    >>> weighted_sum([(0.25, {"a": 1.0, "b": 0.5}), (0.75, {"b": 1.0})])
    {'a': 0.25, 'b': 0.875}
    """
    terms: dict[str, list[float]] = {}
    for weight, scores in lists:
        for id, score in scores.items():
            terms.setdefault(id, []).append(weight * score)
    return {id: math.fsum(summands) for id, summands in terms.items()}


def mean(lists: Sequence[Scores]) -> dict[str, float]:
    """The mean over all lists; an id that a list lacks scores 0 there.

    >>> mean([{"a": 1.0, "b": 0.5}, {"b": 1.0}])
    {'a': 0.5, 'b': 0.75}
    """
    return weighted_sum((1 / len(lists), scores) for scores in lists)


def maximum(lists: Sequence[Scores]) -> dict[str, float]:
    """The highest score in any list; an id that a list lacks scores 0 there.

    >>> maximum([{"a": -0.5, "b": -0.5}, {"b": -0.25, "c": 2.0}])
    {'a': 0.0, 'b': -0.25, 'c': 2.0}
    """
    ids = dict.fromkeys(id for scores in lists for id in scores)
    return {id: max(scores.get(id, 0.0) for scores in lists) for id in ids}


def reciprocal_rank(lists: Sequence[Scores], k: int = 60) -> dict[str, float]:
    """The sum of :func:`by_reciprocal_rank` over all lists.

    Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion Outperforms Condorcet and Individual Rank
    Learning Methods" (2009), from where the 60 comes.

    >>> reciprocal_rank([{"a": 8.0, "b": 7.0}, {"b": 0.9}], k=1)
    {'a': 0.5, 'b': 0.8333333333333333}
    """
    return weighted_sum((1.0, by_reciprocal_rank(scores, k)) for scores in lists)


def by_length(lists: Lists, length: float) -> dict[str, float]:
    """(L·Σ dense + Σ keyword) / (L·n_dense + n_keyword), L the length of the question.

    The longer a question, the more does its meaning count against its words. L is 1 at least.

    >>> by_length(Lists({"keyword": {"a": 0.5}}, {"dense": {"a": 1.0, "b": 0.75}}, 3), length=3)
    {'a': 0.875, 'b': 0.5625}
    """
    length = max(1.0, length)
    total = length * len(lists.dense) + len(lists.keyword)
    return weighted_sum(
        [
            *((1 / total, scores) for scores in lists.keyword.values()),
            *((length / total, scores) for scores in lists.dense.values()),
        ]
    )


def by_log_length(lists: Lists) -> dict[str, float]:
    """:func:`by_length` with L = log2(max(2, words of the question)).

    >>> worked = Lists({"keyword": {"a": 0.6160323472464577}}, {"dense": {"a": 0.909199}}, words=6)
    >>> f"{by_log_length(worked)['a']:.10f}"
    '0.8274222303'
    """
    return by_length(lists, math.log2(max(2, lists.words)))


def shared(lists: Lists, dense_weight: float, late_weight: float = 1.0) -> dict[str, float]:
    """A weighted mean of the means of dense and of keyword parts.

    ``dense_weight`` is the share of a single dense part. What is left for words is divided by the
    number of dense parts: meaning that two ways of reading see is to be trusted more. Among dense
    parts, late interaction counts ``late_weight`` times as much as another. Where there are only
    parts of one kind, theirs is all the weight.

    >>> shared(Lists({"keyword": {"a": 1.0}}, {"x": {"a": 0.5}, "y": {"b": 0.5}}, 3), 0.5)
    {'a': 0.4375, 'b': 0.1875}
    >>> shared(Lists({}, {"dense": {"a": 0.5}, "late": {"b": 0.5}}, 3), 0.5, late_weight=3)
    {'a': 0.125, 'b': 0.375}
    """
    words = (1 - dense_weight) / max(1, len(lists.dense)) if lists.keyword else 0.0
    share = 1 - words if lists.dense else 0.0
    counts = {name: late_weight if name == _LATE else 1.0 for name in lists.dense}
    total = math.fsum(counts.values()) or 1.0
    return weighted_sum(
        [
            *(((1 - share) / len(lists.keyword), scores) for scores in lists.keyword.values()),
            *((share * counts[name] / total, scores) for name, scores in lists.dense.items()),
        ]
    )


def convex(keyword: Scores, dense: Scores, dense_weight: float) -> dict[str, float]:
    """A weighted mean of keyword scores over their maximum and of cosines as they are.

    Both lie between 0 and 1 where it matters, and the cosine of an unrelated passage is low for
    every query: a query that finds nothing by meaning is decided by its words.

    >>> convex({"a": 8.0, "b": 4.0}, {"a": 0.5, "c": 0.75}, dense_weight=0.5)
    {'a': 0.75, 'b': 0.25, 'c': 0.375}
    """
    return weighted_sum([(1 - dense_weight, over_maximum(keyword)), (dense_weight, dense)])


Fusion = Callable[[Lists, Ranking], dict[str, float]]
"""A way to merge that has a name in settings and queries: see :mod:`dragtor.fusion.named`."""
