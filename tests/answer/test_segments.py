from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragtor.answer.segments import cuts


def test_a_text_is_cut_where_its_words_change() -> None:
    hand = [["pulley", "finger"], ["finger", "ring"], ["pulley", "ring"]] * 3
    foot = [["ankle", "boot"], ["boot", "sprain"], ["ankle", "sprain"]] * 3
    units = hand + foot
    assert cuts(units, [1] * len(units), 1, 100) == [0, 9]
    assert cuts(hand, [1] * len(hand), 1, 100) == [0]


def test_the_cost_is_that_of_the_formula() -> None:
    # Words a a | b b, k = 2, N = 4. In one stretch: 4 log 6 - 2 (2 log 3) + p log 4 = 2.773 +
    # 1.386 p. In two: 2 (2 log 4 - 2 log 3 + p log 4) = 1.151 + 2.773 p. They are equal at 1.170.
    border = (4 * math.log(6) - 4 * math.log(3) - 4 * math.log(4) + 4 * math.log(3)) / math.log(4)
    assert border == pytest.approx(1.170, abs=0.001)
    units = [["a", "a"], ["b", "b"]]
    assert cuts(units, [1, 1], 1, 9, prior=border - 0.01) == [0, 1]
    assert cuts(units, [1, 1], 1, 9, prior=border + 0.01) == [0]


def test_no_text_has_no_stretch() -> None:
    assert cuts([], [], 1, 10) == []
    assert cuts([[]], [5], 1, 10) == [0]


@given(
    st.lists(st.tuples(st.lists(st.sampled_from("abcd"), max_size=4), st.integers(1, 9))),
    st.integers(1, 12),
    st.integers(0, 20),
)
def test_stretches_keep_to_their_lengths(
    items: list[tuple[list[str], int]], least: int, more: int
) -> None:
    units, sizes = [words for words, _ in items], [size for _, size in items]
    most = 2 * least + 9 + more  # so that no border has to break a rule
    starts = cuts(units, sizes, least, most)
    assert starts == sorted(set(starts))
    assert starts[:1] == [0][: len(units)]
    lengths = [sum(sizes[start:end]) for start, end in pairwise([*starts, len(units)])]
    assert sum(lengths) == sum(sizes)
    assert max(lengths, default=0) <= most
    assert sum(sizes) < least or all(length >= least for length in lengths)
