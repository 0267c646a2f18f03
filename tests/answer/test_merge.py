from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragtor.answer.merge import OWN_WEIGHT, first, fused, interleaved, supplemented
from dragtor.types import Hit, Notice, Query, SearchResult
from tests.answer.conftest import hit

QUERY = Query("Why?", k=3)
rankings = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8)


def found(names: Sequence[str], scores: Sequence[float] = (), seconds: float = 1.0) -> SearchResult:
    """Hits of these names, with falling scores unless they are given."""
    scores = scores or [1 / rank for rank in range(1, len(names) + 1)]
    hits = [
        replace(hit(name, document=name), rank=rank, score=score, scores={"words": score})
        for rank, (name, score) in enumerate(zip(names, scores, strict=True), start=1)
    ]
    return SearchResult("Why?", tuple(hits), {"total_s": seconds})


def names(hits: Sequence[Hit]) -> str:
    return "".join(one.document.id for one in hits)


def test_fusion_is_the_weighted_mean_of_scores_from_0_to_1() -> None:
    own = found("abc", [9.0, 6.0, 5.0])  # 1, 0.25 and 0 when stretched from 0 to 1
    other = found("cb", [0.9, 0.1])  # 1 and 0
    merged = fused(QUERY, own, [other])
    assert OWN_WEIGHT == 0.8
    expected = {"a": 0.8 * 1, "b": 0.8 * 0.25 + 0.2 * 0, "c": 0.8 * 0 + 0.2 * 1}
    assert {one.document.id: one.score for one in merged.hits} == pytest.approx(expected)


def test_all_other_searches_together_count_less_than_the_question() -> None:
    own, others = found("a", [2.0]), [found("z", [9.0]) for _ in range(3)]
    merged = fused(QUERY, own, others)
    assert [round(one.score, 6) for one in merged.hits] == [0.8, 0.2]


def test_each_search_is_represented_in_turn() -> None:
    merged = interleaved(replace(QUERY, k=5), found("abcd"), [found("xay"), found("q")])
    assert names(merged.hits) == "axqbc"


def test_every_second_place_is_for_what_the_question_alone_does_not_find() -> None:
    own, others = found("abcde"), [found("bdx"), found("ye")]
    # b and d are found anyway; the first of each is due before the second of any
    assert names(supplemented(replace(QUERY, k=9), own, others).hits) == "aybecxd"
    assert names(supplemented(replace(QUERY, k=4), own, others).hits) == "aybe"


def test_a_hit_has_only_the_scores_it_got_for_the_question_itself() -> None:
    merged = interleaved(QUERY, found("a", [0.5]), [found("ba", [0.9, 0.8])])
    assert [dict(one.scores) for one in merged.hits] == [
        {"words": 0.5, "merged": 1.0},
        {"merged": 0.5},
    ]


def test_times_are_added_and_what_is_said_twice_is_said_once() -> None:
    said = (Notice("pending", "1 document is loaded but not indexed"),)
    one, other = (replace(found("a", seconds=s), notices=said) for s in (0.25, 0.5))
    merged = fused(QUERY, one, [other])
    assert merged.timings == {"total_s": 0.75}
    assert merged.notices == said


@settings(deadline=None)
@given(rankings, st.lists(rankings, max_size=3), st.integers(min_value=1, max_value=9))
def test_merged_hits_are_ranked_by_falling_score_and_come_once(
    own: list[str], others: list[list[str]], k: int
) -> None:
    for merge in (fused, interleaved, supplemented):
        query = replace(QUERY, k=k)
        hits = merge(query, found(own), [found(one) for one in others]).hits
        assert len(hits) == min(k, len({*own, *(name for one in others for name in one)}))
        assert [one.rank for one in hits] == list(range(1, len(hits) + 1))
        assert [one.score for one in hits] == sorted((h.score for h in hits), reverse=True)
        assert len(set(names(hits))) == len(hits)


@given(rankings, st.integers(min_value=1, max_value=9))
def test_nothing_merged_with_a_search_leaves_its_order(own: list[str], k: int) -> None:
    query = replace(QUERY, k=k)
    expected = names(first(query, found(own)).hits)
    assert names(fused(query, found(own), []).hits) == expected
    assert names(interleaved(query, found(own), []).hits) == expected
