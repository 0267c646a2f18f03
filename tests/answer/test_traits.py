from __future__ import annotations

import math

import pytest

from dragtor.answer.traits import traits, weight


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1,000 climbers in 2,5 weeks", {"1000", "2.5"}),
        ("2.50 kg at -5.0 °C for 007", {"2.5", "5", "7"}),
        ("1. Rest 3 days", {"3"}),
        ("- 2-3 weeks of 4x4s in the 1990s", {"2", "3", "4", "1990"}),
        ("The A2 pulley, the C3, COVID-19 and omega-3", set()),
        ("1,234,567.80 at 0.0 and 0", {"1234567.8", "0"}),
        ("Ends with 6.", {"6"}),
        ("As [2] says, and [17]", set()),
    ],
)
def test_numbers_are_read_in_one_way_of_writing(text: str, numbers: set[str]) -> None:
    assert traits(text).numbers == numbers


def test_numbers_in_words_count_but_for_one() -> None:
    read = traits("One to two weeks, or 6, with a grade III injury")
    assert read.numbers == {"6"}
    assert read.stated == {"1", "2", "3", "6"}
    assert read.counted == {"2", "3", "6"}


@pytest.mark.parametrize("text", ["It doesn’t heal", "It can't heal", "Never rest", "No rest"])
def test_a_not_is_seen_however_it_is_written(text: str) -> None:
    assert traits(text).negated


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Rest increases pain", "Rest reduces pain"),
        ("Stretch before climbing", "Stretch after climbing"),
        ("More load", "Less load"),
        ("The upper arm", "The lower arm"),
    ],
)
def test_opposites_exclude_each_other(one: str, other: str) -> None:
    sides = traits(other).sides
    assert any(side ^ 1 in sides for side in traits(one).sides)


def test_a_marker_says_nothing_whatever_follows_it() -> None:
    for marker in ("2.", "**2.**", "2) ", "- "):
        assert not traits(marker).stems


def test_words_weigh_by_the_logarithm_of_their_rank() -> None:
    # "also" is first of 2,000 stems, "use" second.
    assert weight("also") == pytest.approx(math.log(4) / math.log(2004))
    assert weight("use") == pytest.approx(math.log(5) / math.log(2004))
    assert weight("pulley") == 1.0
    assert weight("3.5") == 1.0
