from __future__ import annotations

import math

import pytest

from dragtor.answer.support import SupportModel, Thresholds, ceiling, packaged
from dragtor.answer.traits import traits

THRESHOLDS = Thresholds(yes=0.6, partly=0.4)
NOTHING: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("probability", "verdict"),
    [(1.2, "yes"), (0.6, "yes"), (0.59, "partly"), (0.4, "partly"), (0.39, "no"), (-0.1, "no")],
)
def test_the_verdict_follows_from_the_probability(probability: float, verdict: str) -> None:
    support = THRESHOLDS.support(probability)
    assert support.verdict == verdict
    assert 0 <= support.score <= 1


@pytest.mark.parametrize("limits", [Thresholds(0.6, 0.4), Thresholds(0.0, 0.0), Thresholds(1, 1)])
@pytest.mark.parametrize("probability", [0.0, 0.2, 0.5, 0.999, 1.0])
def test_no_verdict_is_above_its_ceiling(limits: Thresholds, probability: float) -> None:
    assert limits.support(probability, "no").verdict == "no"
    assert limits.support(probability, "partly").verdict in ("partly", "no")


def test_the_probability_is_the_logistic_function_of_the_weighted_sum() -> None:
    model = SupportModel(-1.0, {"a": 2.0, "b": -3.0})
    # -1 + 2 x 2 - 3 x 0.5 = 1.5
    assert model.probability({"a": 2.0, "b": 0.5}) == pytest.approx(1 / (1 + math.exp(-1.5)))


@pytest.mark.parametrize("huge", [1e6, -1e6])
def test_no_figure_is_too_large(huge: float) -> None:
    assert 0 < SupportModel(0.0, {"a": 1.0}).probability({"a": huge}) < 1


def test_what_speaks_for_a_sentence_never_counts_against_it() -> None:
    falling = {"rarest_missing", "numbers_missing", "negation_added", "sides_missing", "evidence"}
    for name, coefficient in packaged().coefficients.items():
        assert (coefficient <= 0) if name in falling else (coefficient >= 0), name


@pytest.mark.parametrize(
    ("claim", "said", "most"),
    [
        ("It heals in 6 weeks", "It heals in six weeks", "yes"),
        ("It heals in six weeks", "It heals in 6 weeks", "yes"),
        ("It heals in 6 weeks", "It heals in 8 weeks", "no"),
        ("It heals in six weeks", "It heals in eight weeks", "partly"),
        ("Grade III heals", "Grade II heals", "partly"),
        ("Climbers need surgery", "Climbers do not need surgery", "partly"),
        ("Climbers never need surgery", "Climbers need surgery", "partly"),
        ("Rest increases the pain", "Rest reduces the pain", "partly"),
        ("Stretch before you climb", "Stretch after you climb", "partly"),
        ("It takes more than rest", "It takes less than rest", "partly"),
        ("Rest reduces the pain", "Rest reduces pain and increases strength", "yes"),
    ],
)
def test_numbers_nots_and_opposites_hold_down_what_can_be_said(
    claim: str, said: str, most: str
) -> None:
    assert ceiling(traits(claim), [traits(said)], NOTHING) == most


def test_a_number_of_another_sentence_is_partly_borne_out() -> None:
    claim, said = traits("It heals in 6 weeks"), traits("It heals in weeks")
    assert ceiling(claim, [said], frozenset({"6"})) == "partly"
    assert ceiling(claim, [said, traits("6 weeks")], NOTHING) == "yes"
