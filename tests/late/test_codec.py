"""Token vectors in a few bits: what is lost, what is not, and that nothing has to be remembered."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragtor.late.codec import _GAINS, _STEPS, TokenCodec
from dragtor.types import Vectors
from tests.contracts.token_encoder import max_sim

SHAPES = {
    (384, 64): (384, 1, 48),
    (128, 64): (128, 4, 64),
    (96, 64): (96, 4, 48),
    (64, 64): (64, 8, 64),
    (768, 64): (512, 1, 64),
    (512, 32): (256, 1, 32),
    (30, 64): (30, 8, 30),
    (12, 1): (8, 1, 1),
}
"""By dimension and bytes that are allowed: components kept, bits of each, bytes used."""


GOLDEN_BITS = [[240], [118], [134]]
GOLDEN_BYTES = [169, 138, 139, 193, 125, 87, 116, 109]


def lopsided(count: int, dimension: int, seed: int = 0) -> Vectors:
    """Unit vectors with most of their weight in a few dimensions, as models give them."""
    rows = np.random.default_rng(seed).normal(size=(count, dimension))
    rows[:, : max(1, dimension // 16)] *= 4
    unit: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


@pytest.mark.parametrize("given", SHAPES)
def test_as_many_bits_as_there_is_room_for(given: tuple[int, int]) -> None:
    codec = TokenCodec(*given)
    codes = codec.encode(lopsided(7, given[0]))
    assert (codec.kept, codec.bits, codec.width) == SHAPES[given]
    assert codes.shape == (7, codec.width)
    assert codes.dtype == np.uint8
    assert codec.decode(codes).shape == (7, codec.kept)


def test_a_passage_of_256_tokens_of_any_model_has_at_most_16_kb() -> None:
    for dimension in (64, 96, 128, 384, 768, 1024, 4096):
        assert 256 * TokenCodec(dimension).width <= 16 * 1024


@pytest.mark.parametrize(
    ("dimension", "token_bytes", "least"),
    [(384, 64, 0.93), (128, 64, 0.99), (96, 64, 0.99), (64, 64, 0.999), (768, 64, 0.85)],
)
def test_cosines_are_nearly_kept_and_neither_shrunk_nor_shifted(
    dimension: int, token_bytes: int, least: float
) -> None:
    codec, rows = TokenCodec(dimension, token_bytes), lopsided(600, dimension)
    asked = lopsided(40, dimension, seed=1)
    cosines = (asked @ rows.T).ravel().astype(float)
    found = (codec.rotate(asked) @ codec.decode(codec.encode(rows)).T).ravel().astype(float)
    assert np.corrcoef(cosines, found)[0, 1] > least
    slope, shift = np.polyfit(cosines, found, 1)
    assert slope == pytest.approx(1, abs=0.03)
    assert shift == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("bits", _GAINS)
def test_the_gain_makes_up_for_rounding(bits: int) -> None:
    """E[x · rounded x] of a normal x, cell by cell: x over [a, b) makes pdf(a) - pdf(b)."""
    half, step = 1 << (bits - 1), _STEPS[bits]

    def density(x: float) -> float:
        return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)

    edges = [-math.inf, *(step * (level - half) for level in range(1, 2 * half)), math.inf]
    mean = sum(
        (level - half + 0.5) * step * (density(low) - density(high))
        for level, (low, high) in enumerate(itertools.pairwise(edges))
    )
    assert _GAINS[bits] == pytest.approx(1 / mean, abs=1e-3)


def test_a_sign_is_a_bit_and_the_first_component_the_highest() -> None:
    codec = TokenCodec(12, 1)
    vector = lopsided(1, 12)
    signs = codec.rotate(vector)[0] >= 0
    assert codec.encode(vector)[0, 0] == int("".join(str(int(one)) for one in signs), 2)


def test_the_same_vectors_have_the_same_codes_in_every_process() -> None:
    """RandomState's stream and the signs of the factor are fixed: these bytes are for good."""
    vectors = np.eye(8, dtype=np.float32)[:3]
    assert TokenCodec(8, 1).encode(vectors).tolist() == GOLDEN_BITS
    assert TokenCodec(8, 8).encode(vectors)[0].tolist() == GOLDEN_BYTES


def test_turning_keeps_lengths_and_so_what_a_token_counts() -> None:
    for dimension in (64, 768):
        vectors = lopsided(5, dimension) * np.array([[1], [0.5], [0], [0.1], [1]], np.float32)
        turned = TokenCodec(dimension).rotate(vectors)
        assert np.linalg.norm(turned, axis=1) == pytest.approx([1, 0.5, 0, 0.1, 1], abs=1e-5)


@settings(max_examples=10, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 700), min_size=1, max_size=6),
    asked=st.integers(1, 5),
    shape=st.sampled_from([(384, 64), (96, 64), (30, 64), (12, 1)]),
)
def test_maxsim_is_the_plain_one_over_what_was_packed(
    lengths: list[int], asked: int, shape: tuple[int, int]
) -> None:
    """Against two loops over question and passage; texts may be longer than a block."""
    codec = TokenCodec(*shape)
    passages = [codec.encode(lopsided(n, shape[0], seed=n)) for n in lengths]
    question = codec.rotate(lopsided(asked, shape[0], seed=99))
    found = codec.max_sim(question, passages)
    wanted = [max_sim(question, codec.decode(one)) for one in passages]
    assert found == pytest.approx(wanted, abs=1e-4)


def test_no_passages_have_no_scores() -> None:
    codec = TokenCodec(64)
    assert codec.max_sim(codec.rotate(lopsided(3, 64)), []).shape == (0,)


def test_what_is_packed_otherwise_has_another_fingerprint() -> None:
    made = {TokenCodec(*shape).fingerprint for shape in SHAPES}
    assert len(made) == len(SHAPES)
    assert TokenCodec(384, 50).fingerprint == TokenCodec(384, 64).fingerprint
