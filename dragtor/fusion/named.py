"""The ways to merge that have a name in settings and queries, each a :data:`dragtor.fusion.Fusion`.

``dragtor/build/choices.py`` says which name is whose; ``docs/retrieval.md`` says what each means.
"""

from __future__ import annotations

from dragtor import fusion
from dragtor.fusion import Lists
from dragtor.types import Ranking


def convex(lists: Lists, ranking: Ranking) -> dict[str, float]:
    """:func:`dragtor.fusion.convex`, of the means of the parts of each kind."""
    keyword = {name: fusion.over_maximum(scores) for name, scores in lists.keyword.items()}
    return _shared(Lists(keyword, lists.dense, lists.words), ranking)


def relative(lists: Lists, ranking: Ranking) -> dict[str, float]:
    """The same weighted mean, of each list by min-max."""
    return _shared(lists.each(fusion.min_max), ranking)


def distribution(lists: Lists, _: Ranking) -> dict[str, float]:
    """Mazzeschi, "Distribution-Based Score Fusion (DBSF)" (2023)."""
    return fusion.mean(lists.each(fusion.by_distribution).all())


def rrf(lists: Lists, ranking: Ranking) -> dict[str, float]:
    """:func:`dragtor.fusion.reciprocal_rank`."""
    return fusion.reciprocal_rank(lists.all(), ranking.rrf_k)


def mean(lists: Lists, _: Ranking) -> dict[str, float]:
    """The mean of the scores as they are."""
    return fusion.mean(lists.all())


def maximum(lists: Lists, _: Ranking) -> dict[str, float]:
    """The highest of the scores as they are."""
    return fusion.maximum(lists.all())


def posnorm(lists: Lists, _: Ranking) -> dict[str, float]:
    """The mean of positions."""
    return fusion.mean(lists.each(fusion.by_position).all())


def pos(lists: Lists, _: Ranking) -> dict[str, float]:
    """The mean of positions down to the least score of each list."""
    return fusion.mean(lists.each(fusion.by_position_to_minimum).all())


def length(lists: Lists, _: Ranking) -> dict[str, float]:
    """:func:`dragtor.fusion.by_length`, of the number of words."""
    return fusion.by_length(lists, lists.words)


def loglength(lists: Lists, _: Ranking) -> dict[str, float]:
    """:func:`dragtor.fusion.by_log_length`."""
    return fusion.by_log_length(lists)


def norm(lists: Lists, _: Ranking) -> dict[str, float]:
    """The mean of each list by min-max."""
    return fusion.mean(lists.each(fusion.min_max).all())


def nll(lists: Lists, _: Ranking) -> dict[str, float]:
    """:func:`dragtor.fusion.by_log_length`, of each list by min-max."""
    return fusion.by_log_length(lists.each(fusion.min_max))


def _shared(lists: Lists, ranking: Ranking) -> dict[str, float]:
    return fusion.shared(lists, ranking.dense_weight, ranking.late_weight)
