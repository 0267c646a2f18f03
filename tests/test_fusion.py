from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragtor import fusion
from dragtor.fusion import min_max, over_maximum, ranking, reciprocal_rank, weighted_sum

scores = st.dictionaries(
    st.sampled_from("abcdefgh"), st.floats(min_value=-1e6, max_value=1e6, width=32), max_size=8
)


def test_the_worked_examples_hold() -> None:
    results = doctest.testmod(fusion)
    assert results.attempted >= 5
    assert results.failed == 0


def test_nothing_is_fused_from_nothing() -> None:
    assert min_max({}) == over_maximum({}) == weighted_sum([]) == reciprocal_rank([]) == {}


def test_equal_scores_are_all_best() -> None:
    assert min_max({"a": -3.0, "b": -3.0}) == {"a": 1.0, "b": 1.0}


def test_scores_that_are_not_above_zero_have_no_maximum_to_divide_by() -> None:
    assert over_maximum({"a": 0.0, "b": -1.0}) == {"a": 0.0, "b": 0.0}


def test_reciprocal_rank_by_hand() -> None:
    # 1/(60+1) + 1/(60+3), as in the example of the paper's formula
    lists = [{"a": 3.0, "b": 2.0, "c": 1.0}, {"c": 3.0, "b": 2.0, "a": 1.0}]
    assert reciprocal_rank(lists)["a"] == pytest.approx(1 / 61 + 1 / 63)
    assert reciprocal_rank(lists)["b"] == pytest.approx(2 / 62)


@given(scores)
def test_normalising_keeps_the_order(given: dict[str, float]) -> None:
    normal = min_max(given)
    for one in given:
        for other in given:
            assert not (given[one] > given[other] and normal[one] < normal[other])
    assert all(0 <= score <= 1 for score in normal.values())


@given(scores)
def test_a_list_fused_with_itself_keeps_its_order(given: dict[str, float]) -> None:
    assert ranking(reciprocal_rank([given, given])) == ranking(given)
