from __future__ import annotations

import doctest
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragtor import fusion
from dragtor.build.choices import FUSIONS, find
from dragtor.config import Settings
from dragtor.fusion import (
    Lists,
    Scores,
    by_distribution,
    by_log_length,
    by_position,
    min_max,
    named,
    over_maximum,
    ranking,
    reciprocal_rank,
    weighted_sum,
)
from dragtor.types import Ranking

PACKAGED = [name for name, where in FUSIONS.items() if where.startswith(f"{named.__name__}:")]
SETTINGS = Ranking(dense_weight=0.7, rrf_k=60)
TWO = Lists(
    {"keyword": {"a": 8.0, "b": 4.0, "c": 0.0}}, {"dense": {"a": 0.5, "b": 0.9, "c": 0.1}}, 4
)
WORKED = {
    # 0.3 · keyword / 8 + 0.7 · dense
    "convex": {"a": 0.65, "b": 0.78, "c": 0.07},
    # dense min-max: 0.5, 1, 0; keyword min-max: 1, 0.5, 0
    "relative": {"a": 0.3 + 0.35, "b": 0.15 + 0.7, "c": 0.0},
    "norm": {"a": 0.75, "b": 0.75, "c": 0.0},
    # L = log2(4) = 2: (2 · dense + keyword) / 3, of min-max
    "nll": {"a": 2 / 3, "b": 2.5 / 3, "c": 0.0},
    # keyword: mean 4, σ = √(32/3); dense: mean 0.5, σ = √(0.32/3); both sides: ± √1.5 / 6
    "distribution": {
        "a": (1 + 1.5**0.5 / 6) / 2,
        "b": (1 + 1.5**0.5 / 6) / 2,
        "c": (1 - 1.5**0.5 / 3) / 2,
    },
    "rrf": {"a": 1 / 61 + 1 / 62, "b": 1 / 62 + 1 / 61, "c": 2 / 63},
    "mean": {"a": 4.25, "b": 2.45, "c": 0.05},
    "max": {"a": 8.0, "b": 4.0, "c": 0.1},
    # keyword 1, ½, 0; dense ½, 1, 0
    "posnorm": {"a": 0.75, "b": 0.75, "c": 0.0},
    # keyword from 1 to 0; dense from 1 to 0.1, with 0.55 between
    "pos": {"a": 0.775, "b": 0.75, "c": 0.05},
    # (4 · dense + keyword) / 5
    "length": {"a": 2.0, "b": 1.52, "c": 0.08},
    # (2 · dense + keyword) / 3
    "loglength": {"a": 3.0, "b": 5.8 / 3, "c": 0.2 / 3},
}
NORMALISED = {"relative", "norm", "nll", "posnorm"}
"""Results of these lie in [0, 1] whatever the scores are."""

ids = st.sampled_from("abcdefgh")
scores = st.dictionaries(
    ids, st.floats(min_value=-1e6, max_value=1e6, width=32, allow_subnormal=False), max_size=8
)
keywords = st.dictionaries(ids, st.sampled_from([0.0, 0.25, 1.0, 1.5, 3.0, 7.0, 20.0]), max_size=8)
cosines = st.dictionaries(ids, st.sampled_from([-0.5, 0.0, 0.25, 0.5, 0.75, 1.0]), max_size=8)
several = st.builds(
    Lists,
    keyword=st.fixed_dictionaries({"keyword": keywords}),
    dense=st.fixed_dictionaries({"dense": cosines, "late": cosines}),
    words=st.integers(0, 30),
)


def fused(name: str, lists: Lists, settings: Ranking = SETTINGS) -> dict[str, float]:
    merge: fusion.Fusion = find(FUSIONS, name, "fusion")
    return dict(merge(lists, settings))


def of(keyword: Scores, dense: Scores, words: int = 4) -> Lists:
    return Lists({"keyword": keyword}, {"dense": dense}, words)


def test_the_worked_examples_hold() -> None:
    results = doctest.testmod(fusion)
    assert results.attempted >= 15
    assert results.failed == 0


@pytest.mark.parametrize("name", WORKED)
def test_each_fusion_by_hand(name: str) -> None:
    assert fused(name, TWO) == pytest.approx(WORKED[name])


def test_every_packaged_fusion_is_worked_by_hand() -> None:
    assert set(WORKED) >= set(PACKAGED)


def test_loglength_of_a_six_word_question() -> None:
    lists = of({"p": 0.6160323472464577}, {"p": 0.909199}, words=6)
    assert fused("loglength", lists)["p"] == pytest.approx(0.8274222302911647, abs=1e-10)


def test_length_weighs_each_dense_model_by_the_words_and_each_keyword_model_once() -> None:
    lists = Lists({"keyword": {"p": 2.0}}, {"x": {"p": 0.5}, "y": {"p": 0.8}}, words=10)
    assert fused("length", lists)["p"] == pytest.approx((10 * (0.5 + 0.8) + 2.0) / (10 * 2 + 1))


@pytest.mark.parametrize("words", [0, 1, 2])
def test_a_question_of_two_words_or_less_has_the_log_length_1(words: int) -> None:
    assert by_log_length(of({"p": 0.5}, {"p": 1.0}, words)) == {"p": 0.75}


def test_a_question_without_words_is_as_long_as_one_word() -> None:
    assert fused("length", of({"p": 0.5}, {"p": 1.0}, words=0)) == {"p": 0.75}


def test_the_weight_is_the_share_of_meaning_against_words() -> None:
    for name in ("convex", "relative"):
        by_words = fused(name, TWO, replace(SETTINGS, dense_weight=0.0))
        by_meaning = fused(name, TWO, replace(SETTINGS, dense_weight=1.0))
        assert ranking(by_words) == ["a", "b", "c"]
        assert ranking(by_meaning) == ["b", "a", "c"]


def test_late_interaction_counts_as_often_among_meaning_as_is_set() -> None:
    three = Lists({"keyword": {"a": 8.0}}, {"dense": {"b": 0.6}, "late": {"c": 0.6}}, 4)
    once = fused("convex", three, replace(SETTINGS, late_weight=1.0))
    assert once == pytest.approx({"a": 0.15, "b": 0.6 * 0.425, "c": 0.6 * 0.425})
    twice = fused("convex", three, replace(SETTINGS, late_weight=2.0))
    assert twice == pytest.approx({"a": 0.15, "b": 0.6 * 0.85 / 3, "c": 0.6 * 1.7 / 3})
    never = fused("convex", three, replace(SETTINGS, late_weight=0.0))
    assert never == pytest.approx({"a": 0.15, "b": 0.6 * 0.85, "c": 0.0})


def test_the_constant_of_reciprocal_rank_is_configurable() -> None:
    only = of({"p": 5.0}, {"p": 0.5})
    assert fused("rrf", only, replace(SETTINGS, rrf_k=1)) == {"p": 1.0}
    assert fused("rrf", only)["p"] == pytest.approx(2 / 61)


@pytest.mark.parametrize("name", FUSIONS)
def test_models_of_one_kind_need_no_other(name: str) -> None:
    dense = {"x": {"a": 0.9, "b": 0.1}, "y": {"a": 0.8, "b": 0.2}}
    assert ranking(fused(name, Lists({}, dense, 4))) == ["a", "b"]
    assert ranking(fused(name, Lists({"keyword": {"a": 9.0, "b": 1.0}}, {}, 4))) == ["a", "b"]


# --- edges -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FUSIONS)
def test_nothing_is_fused_from_nothing(name: str) -> None:
    assert fused(name, of({}, {})) == {}
    assert fused(name, Lists({}, {}, 4)) == {}


@pytest.mark.parametrize("name", FUSIONS)
def test_one_candidate_is_ranked(name: str) -> None:
    assert list(fused(name, of({"p": 7.0}, {"p": 0.5}))) == ["p"]
    if name in NORMALISED:
        assert fused(name, of({"p": 7.0}, {"p": 0.5})) == {"p": 1.0}


@pytest.mark.parametrize("name", FUSIONS)
def test_equal_scores_stay_equal(name: str) -> None:
    result = fused(name, of({"a": 3.0, "b": 3.0, "c": 3.0}, {"a": 0.5, "b": 0.5, "c": 0.5}))
    assert len(set(result.values())) == 1


@pytest.mark.parametrize("name", FUSIONS)
def test_ties_in_one_list_are_decided_by_the_other_and_not_by_ids(name: str) -> None:
    result = fused(name, of({"a": 0.0, "b": 0.0, "c": 0.0}, {"a": 0.2, "b": 0.5, "c": 0.3}))
    assert ranking(result) == ["b", "c", "a"]


@pytest.mark.parametrize("name", FUSIONS)
def test_a_model_that_found_nothing_changes_no_order(name: str) -> None:
    dense = {"a": 0.2, "b": 0.5, "c": 0.3}
    assert ranking(fused(name, of({}, dense))) == ["b", "c", "a"]


@pytest.mark.parametrize("name", FUSIONS)
def test_an_id_that_a_list_lacks_scores_0_there(name: str) -> None:
    if name in ("mean", "max", "length", "loglength"):
        full = of({"a": 2.0, "b": 0.0}, {"a": 0.5, "b": 0.25})
        assert fused(name, of({"a": 2.0}, {"a": 0.5, "b": 0.25})) == fused(name, full)
    dense = {"a": 0.5, "b": 0.75, "c": 0.25}
    lacking = fused(name, of({"a": 2.0, "c": 1.0}, dense))
    found = fused(name, of({"a": 2.0, "b": 3.0, "c": 1.0}, dense))
    assert set(lacking) == set(found)
    assert lacking["b"] < found["b"]


def test_equal_scores_are_all_best_after_min_max() -> None:
    assert min_max({"a": -3.0, "b": -3.0}) == {"a": 1.0, "b": 1.0}


def test_equal_scores_lie_in_the_middle_of_their_distribution() -> None:
    assert by_distribution({"a": 0.1, "b": 0.1, "c": 0.1}) == {"a": 0.5, "b": 0.5, "c": 0.5}


def test_scores_that_are_not_above_zero_have_no_maximum_to_divide_by() -> None:
    assert over_maximum({"a": 0.0, "b": -1.0}) == {"a": 0.0, "b": 0.0}


def test_many_equal_scores_take_one_position() -> None:
    many = {f"p{number}": 0.0 for number in range(50)}
    assert by_position({"a": 2.0, "b": 1.0, **many})["b"] == 0.5


def test_a_minimum_above_1_leaves_positions_without_a_say() -> None:
    lists = of({"a": 9.0, "b": 3.0}, {"a": 0.4, "b": 0.6})
    assert fused("pos", lists) == pytest.approx({"a": 0.7, "b": 1.0})


def test_reciprocal_rank_by_hand() -> None:
    # 1/(60+1) + 1/(60+3), as in the example of the paper's formula
    lists = [{"a": 3.0, "b": 2.0, "c": 1.0}, {"c": 3.0, "b": 2.0, "a": 1.0}]
    assert reciprocal_rank(lists)["a"] == pytest.approx(1 / 61 + 1 / 63)
    assert reciprocal_rank(lists)["b"] == pytest.approx(2 / 62)


# --- properties --------------------------------------------------------------------------


@settings(max_examples=25)
@given(scores)
def test_normalising_keeps_the_order(given: dict[str, float]) -> None:
    for change in (min_max, by_position, by_distribution, fusion.by_reciprocal_rank):
        changed = change(given)
        for one in given:
            for other in given:
                assert not (given[one] > given[other] and changed[one] < changed[other])


@settings(max_examples=25)
@given(scores)
def test_normalised_scores_lie_between_0_and_1(given: dict[str, float]) -> None:
    for change in (min_max, by_position, fusion.by_reciprocal_rank):
        assert all(0 <= score <= 1 for score in change(given).values())


@settings(max_examples=25)
@given(scores)
def test_a_list_fused_with_itself_keeps_its_order(given: dict[str, float]) -> None:
    assert ranking(reciprocal_rank([given, given])) == ranking(given)


@settings(max_examples=20)
@given(several)
def test_results_have_all_ids_and_keep_their_bounds(lists: Lists) -> None:
    for name in FUSIONS:
        result = fused(name, lists)
        assert set(result) == {id for scores in lists.all() for id in scores}
        if name in NORMALISED:
            assert all(0 <= score <= 1 + 1e-12 for score in result.values())
        if name == "convex":
            assert all(-1 <= score <= 1 + 1e-12 for score in result.values())


@settings(max_examples=20)
@given(several)
def test_the_order_of_lists_and_of_ids_says_nothing(lists: Lists) -> None:
    def turned(kind: dict[str, Scores]) -> dict[str, Scores]:
        return {name: dict(reversed(list(kind[name].items()))) for name in reversed(list(kind))}

    other = Lists(turned(dict(lists.keyword)), turned(dict(lists.dense)), lists.words)
    for name in FUSIONS:
        assert fused(name, lists) == fused(name, other)


@settings(max_examples=20)
@given(several, st.sampled_from(["keyword", "dense"]), ids, st.sampled_from([0.25, 1.0, 5.0]))
def test_a_higher_score_never_ranks_lower(lists: Lists, part: str, id: str, more: float) -> None:
    kinds = {"keyword": dict(lists.keyword), "dense": dict(lists.dense)}
    given = kinds[part][part]
    if id not in given:
        return
    kinds[part][part] = {**given, id: given[id] + more}
    higher = Lists(kinds["keyword"], kinds["dense"], lists.words)
    for name in FUSIONS:
        before, after = fused(name, lists), fused(name, higher)
        assert after[id] >= before[id] - 1e-9, name


@settings(max_examples=25)
@given(scores)
def test_weights_of_a_sum_scale_it(given: dict[str, float]) -> None:
    assert weighted_sum([(0.25, given), (0.25, given)]) == weighted_sum([(0.5, given)])


def test_each_further_dense_part_takes_from_the_share_of_words() -> None:
    # 0.3 for words beside one dense part, 0.15 beside two: 0.15 + 0.85 * (0.6 + 0.4) / 2.
    lists = Lists({"keyword": {"a": 2.0}}, {"dense": {"a": 0.6}, "other": {"a": 0.4}}, 3)
    assert fused("convex", lists, Ranking())["a"] == pytest.approx(0.575)
    one = Lists({"keyword": {"a": 2.0}}, {"dense": {"a": 0.6}}, 3)
    assert fused("convex", one, Ranking())["a"] == pytest.approx(0.72)


PAGE = Path(__file__).parents[1] / "docs" / "retrieval.md"


def test_the_examples_of_the_page_hold() -> None:
    results = doctest.testfile(str(PAGE), module_relative=False)
    assert (results.attempted >= 6, results.failed) == (True, 0)


def test_the_page_says_what_each_fusion_and_each_setting_is() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [*Settings().retrieve.model_dump(), *PACKAGED]
