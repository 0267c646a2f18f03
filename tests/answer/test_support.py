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
        ("Total rest is necessary", "Total rest is unnecessary", "partly"),
        ("Tape a healing finger", "Tape a healing finger, not a healthy one", "yes"),
        (
            "Tape a healthy finger, not a healing one",
            "Tape a healing finger, not a healthy one",
            "partly",
        ),
        ("Coaches recommend boards", "Coaches advise against boards", "partly"),
        ("Rest reduces the pain", "Rest reduces pain and increases strength", "yes"),
    ],
)
def test_numbers_nots_and_opposites_hold_down_what_can_be_said(
    claim: str, said: str, most: str
) -> None:
    assert ceiling(traits(claim), [traits(said)], NOTHING) == most


@pytest.mark.parametrize(
    ("claim", "said", "most"),
    [
        ("Rest 7 to 10 weeks", "Rest 7 to 10 days", "partly"),
        ("Rest 7 or 10 days", "Rest 7 to 10 days", "yes"),
        ("Take 40 g 10 minutes before", "Take 10 g, 40 minutes before", "partly"),
        ("A fall (40 percent), a step (17 percent)", "A step (40%), a fall (17%)", "partly"),
        ("A step in 40 percent, a fall in 17", "A step (40%), a fall (17%)", "yes"),
        ("The palm hurts, the wrist swells", "The wrist hurts, the palm swells", "partly"),
        ("The wrist swells and the palm hurts", "The palm hurts, the wrist swells", "yes"),
        ("Rest helps more than load", "Load helps more than rest", "partly"),
        ("A complete tear of A2", "A complete tear of A4 or a partial tear of A2", "partly"),
        ("A partial tear of A2", "A complete tear of A4 or a partial tear of A2", "yes"),
        ("An acute tear of A2", "An acute tear of A2; a chronic strain of A4", "yes"),
    ],
)
def test_words_and_numbers_keep_their_company(claim: str, said: str, most: str) -> None:
    assert ceiling(traits(claim), [traits(said)], NOTHING) == most


def test_a_not_of_a_further_sentence_holds_down_what_can_be_said() -> None:
    cited = [traits("Close it with ointment"), traits("Glue does not belong there")]
    assert ceiling(traits("Close it with glue"), cited, NOTHING) == "partly"


def test_long_sentences_are_compared_in_bounded_time() -> None:
    claim = traits(" ".join(f"word{n} and" for n in range(5000)))
    said = traits(" ".join(f"word{n}," for n in range(5000, 0, -1)))
    assert ceiling(claim, [said], NOTHING) in ("yes", "partly")


def test_a_number_of_another_sentence_is_partly_borne_out() -> None:
    claim, said = traits("It heals in 6 weeks"), traits("It heals in weeks")
    assert ceiling(claim, [said], frozenset({"6"})) == "partly"
    assert ceiling(claim, [said, traits("6 weeks")], NOTHING) == "yes"
