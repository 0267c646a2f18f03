import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragtor.evaluate.refusal import (
    Refusals,
    area,
    at_threshold,
    at_wrong,
    risk_at,
    risk_coverage,
)

SCORES = st.lists(st.sampled_from([0.0, 0.1, 0.2, 0.3, 0.5, 0.9, 1.0]), min_size=1, max_size=20)


@settings(deadline=None)
@given(SCORES, SCORES)
def test_the_area_is_the_share_of_pairs_in_the_right_order(
    answerable: list[float], unanswerable: list[float]
) -> None:
    pairs = [(yes > no) + (yes == no) / 2 for yes in answerable for no in unanswerable]
    assert area(answerable, unanswerable) == pytest.approx(sum(pairs) / len(pairs))


def test_an_area_needs_both_kinds() -> None:
    with pytest.raises(ValueError, match="both kinds"):
        area([0.5], [])


def test_what_a_threshold_does() -> None:
    # below 0.5: one of four answerable, two of three unanswerable
    refusals = at_threshold([0.4, 0.6, 0.7, 0.8], [0.1, 0.3, 0.9], 0.5)
    assert refusals == Refusals(0.5, precision=2 / 3, recall=2 / 3, wrong=1 / 4)
    assert at_threshold([0.4], [0.1], 0.0) == Refusals(0.0, precision=1.0, recall=0.0, wrong=0.0)


@settings(deadline=None)
@given(SCORES, SCORES, st.sampled_from([0.0, 0.05, 0.1, 0.5, 1.0]))
def test_the_bound_of_wrong_refusals_holds_and_no_higher_threshold_keeps_it(
    answerable: list[float], unanswerable: list[float], bound: float
) -> None:
    refusals = at_wrong(answerable, unanswerable, bound)
    assert refusals.wrong <= bound + 1e-9
    for higher in (score for score in [*answerable, 2.0] if score > refusals.threshold):
        assert at_threshold(answerable, unanswerable, higher).wrong > bound


def test_a_perfect_score_takes_risks_only_after_the_answerable_questions() -> None:
    curve = risk_coverage([0.9, 0.8], [0.2, 0.1])
    assert curve == [(0.25, 0.0), (0.5, 0.0), (0.75, 1 / 3), (1.0, 0.5)]
    assert (risk_at(curve, 0.5), risk_at(curve, 0.6)) == (0.0, 1 / 3)


@settings(deadline=None)
@given(SCORES, SCORES)
def test_a_curve_ends_with_everything_answered(
    answerable: list[float], unanswerable: list[float]
) -> None:
    shuffled = random.Random(0).sample(answerable, len(answerable))
    curve = risk_coverage(answerable, unanswerable)
    assert curve == risk_coverage(shuffled, unanswerable)
    total = len(answerable) + len(unanswerable)
    assert curve[-1] == (1.0, len(unanswerable) / total)
    assert len(curve) == len({*answerable, *unanswerable})
