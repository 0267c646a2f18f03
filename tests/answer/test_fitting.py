import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragtor.answer.answerability import Calibration, Coefficient, log_odds, sigmoid
from dragtor.answer.fitting import Example, adjust, held_out, regression, threshold

PACKAGED = Calibration({"x": Coefficient(0.0, 1.0, 1.0)}, 0.0, 0.2, {})


def examples(count: int, *, apart: float, moved: float = 0.0, seed: int = 0) -> list[Example]:
    """Figures x, of answerable questions ``apart`` higher than of others; half of each kind."""
    chance = random.Random(seed)
    return [
        Example({"x": chance.gauss(apart / 2 if at % 2 else -apart / 2, 1.0) + moved}, bool(at % 2))
        for at in range(count)
    ]


def test_a_regression_finds_what_tells_questions_apart() -> None:
    chance = random.Random(1)
    given = [
        Example({**one.figures, "noise": chance.random()}, one.answerable)
        for one in examples(400, apart=3.0)
    ]
    coefficients, intercept = regression(given, ["x", "noise"])
    assert coefficients["x"].weight > 1.0 > abs(coefficients["noise"].weight) * 5
    fitted = Calibration(coefficients, intercept, 0.5, {})
    right = sum((fitted.probability(one.figures) > 0.5) is one.answerable for one in given)
    # the best possible: the share of a normal distribution below 1.5 deviations, 93 %
    assert right / len(given) > 0.9


def test_a_figure_that_is_missing_counts_as_the_mean() -> None:
    given = examples(200, apart=2.0)
    coefficients, intercept = regression([*given, Example({}, True)], ["x"])
    fitted = Calibration(coefficients, intercept, 0.5, {})
    mean = sum(one.figures["x"] for one in given) / len(given)
    assert fitted.logit({}) == pytest.approx(fitted.logit({"x": mean}), abs=1e-3)


@settings(deadline=None)
@given(st.lists(st.floats(0.01, 0.99), min_size=1), st.sampled_from([0.0, 0.05, 0.1, 0.5]))
def test_a_threshold_refuses_no_more_than_it_may(probabilities: list[float], wrong: float) -> None:
    limit = threshold(probabilities, wrong)
    assert sum(p < limit for p in probabilities) <= wrong * len(probabilities) + 1e-9


def test_few_questions_hardly_move_the_packaged_calibration() -> None:
    few = adjust(PACKAGED, examples(4, apart=2.0, moved=3.0), 0.05)
    many = adjust(PACKAGED, examples(400, apart=2.0, moved=3.0), 0.05)
    assert abs(few.shift) < abs(many.shift)
    assert few.shift < 0 > many.shift
    assert abs(few.slope - 1) < 0.3
    assert abs(log_odds(few.threshold) - log_odds(0.2)) < 0.5


def test_many_questions_bring_a_library_of_another_scale_back_to_probabilities() -> None:
    given = examples(1000, apart=3.0, moved=2.0)
    fitted = adjust(PACKAGED, given, 0.05)
    # two normals 3 apart: the log odds are 3 (x - 2), so the slope is 3 and the shift -6
    assert fitted.slope > 2.0
    assert fitted.probability({"x": 2.0}) == pytest.approx(0.5, abs=0.1)
    refused = [
        fitted.probability(one.figures) < fitted.threshold for one in given if one.answerable
    ]
    assert 0.02 < sum(refused) / len(refused) < 0.08


def test_with_questions_of_one_kind_nothing_changes() -> None:
    assert adjust(PACKAGED, [Example({"x": 3.0}, True)] * 20, 0.05) == PACKAGED
    assert adjust(PACKAGED, [], 0.05) == PACKAGED


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(-50, 50), st.booleans()), max_size=30))
def test_any_questions_give_a_calibration_that_keeps_their_order(
    given: list[tuple[float, bool]],
) -> None:
    fitted = adjust(PACKAGED, [Example({"x": x}, answerable) for x, answerable in given], 0.05)
    assert fitted.slope > 0
    assert 0 < fitted.threshold < 1
    assert fitted.probability({"x": -1.0}) <= fitted.probability({"x": 1.0})


def test_each_question_is_judged_by_a_fit_that_has_not_seen_it() -> None:
    given = examples(10, apart=2.0)
    seen: list[list[Example]] = []

    def fit(others: list[Example]) -> Calibration:
        seen.append(others)
        return replace(PACKAGED, threshold=sigmoid(0.0))

    outcomes = held_out(given, fit)  # type: ignore[arg-type]
    assert [len(others) for others in seen] == [8] * 5
    assert all(one not in others for fold, others in enumerate(seen) for one in given[fold::5])
    assert [refused for _, refused in outcomes] == [one.figures["x"] < 0 for one in given]
