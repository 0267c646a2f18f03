from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragtor.evaluate.significance import EXACT, holm, paired_randomisation


def test_alike_systems_differ_by_luck_alone() -> None:
    assert paired_randomisation([0.2, 0.7], [0.2, 0.7]) == 1.0
    assert paired_randomisation([], []) == 1.0


def test_few_queries_are_counted_exactly() -> None:
    # Five differences of one sign: of 2**5 sign patterns, 2 reach the sum.
    assert paired_randomisation([0.6] * 5, [0.5] * 5) == pytest.approx(2 / 32)
    # Differences 3, 1, -1: sums of +-3 +-1 +-1 that reach 3 in size: all but 3-1-1 and -3+1+1.
    assert paired_randomisation([3, 1, 0], [0, 0, 1]) == pytest.approx(6 / 8)


def test_queries_without_a_difference_change_nothing() -> None:
    assert paired_randomisation([0.6] * 5 + [0.1] * 90, [0.5] * 5 + [0.1] * 90) == 2 / 32


def test_many_queries_are_sampled_close_to_the_exact_value() -> None:
    # All 20 differences are 1 but two are -1: |sum| >= 16 needs at most 2 of the minority sign,
    # which is 2 * (C(20,0) + C(20,1) + C(20,2)) = 422 of 2**20 patterns.
    ours = [1.0] * 18 + [0.0] * 2
    theirs = [0.0] * 18 + [1.0] * 2
    assert len(ours) > EXACT
    assert paired_randomisation(ours, theirs) == pytest.approx(422 / 2**20, abs=1.5e-4)


def test_it_is_symmetric_and_repeatable() -> None:
    random = np.random.default_rng(3)
    ours, theirs = random.random(100).tolist(), random.random(100).tolist()
    value = paired_randomisation(ours, theirs, rounds=2_000)
    assert value == paired_randomisation(ours, theirs, rounds=2_000)
    assert value == paired_randomisation(theirs, ours, rounds=2_000)
    assert 0.05 < value <= 1.0


def test_a_clear_difference_over_many_queries_is_found() -> None:
    random = np.random.default_rng(3)
    theirs = random.random(200)
    ours = theirs + random.normal(0.05, 0.1, 200)
    assert paired_randomisation(ours.tolist(), theirs.tolist(), rounds=2_000) < 0.001


def test_scores_that_do_not_pair_up_are_refused() -> None:
    with pytest.raises(ValueError, match="3 scores do not pair up with 2"):
        paired_randomisation([1, 2, 3], [1, 2])


def test_holm_by_hand() -> None:
    # In order: 0.01 * 4; 0.02 * 3; 0.03 * 2, not less than the one before; 0.8 * 1.
    assert holm([0.03, 0.01, 0.8, 0.02]) == pytest.approx([0.06, 0.04, 0.8, 0.06])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_is_never_harsher_than_bonferroni_and_keeps_the_order(
    values: list[float],
) -> None:
    adjusted = holm(values)
    pairs = sorted(zip(values, adjusted, strict=True))
    assert [p for _, p in pairs] == sorted(adjusted)
    for p, corrected in zip(values, adjusted, strict=True):
        assert p <= corrected <= min(1.0, p * len(values)) + 1e-12
