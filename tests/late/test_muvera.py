from __future__ import annotations

import numpy as np
import pytest

from dragtor.late.muvera import FixedDimensions
from dragtor.types import Vectors
from tests.contracts.token_encoder import max_sim


def tokens(seed: int, count: int = 12) -> Vectors:
    """Unit vectors about a direction of their own, as those of a text are."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(count, 96)) + 1.5 * rng.normal(size=96)
    unit: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


def test_one_vector_of_1280_dimensions_and_length_one() -> None:
    for dimension in (96, 128, 384, 512):
        fixed = FixedDimensions(dimension)
        vector = fixed.passage(np.eye(dimension, dtype=np.float32)[:9])
        assert vector.shape == (fixed.size,) == (1280,)
        assert vector.dtype == np.float32
        assert np.linalg.norm(vector) == pytest.approx(1)


def test_vectors_of_few_dimensions_are_not_projected() -> None:
    fixed = FixedDimensions(16)
    assert fixed.passage(np.eye(16, dtype=np.float32)).shape == (fixed.size,)
    assert fixed.size < 1280


def test_the_best_by_inner_product_hold_the_best_by_maxsim() -> None:
    fixed = FixedDimensions(96)
    passages = [tokens(seed) for seed in range(80)]
    vectors = np.stack([fixed.passage(one) for one in passages])
    for seed in range(0, 80, 8):
        question = passages[seed][:4] + tokens(seed + 1000, 4) / 2
        exact = [max_sim(question, one) for one in passages]
        nearest = np.argsort(-(vectors @ fixed.question(question)))[:8]
        assert int(np.argmax(exact)) in nearest


def test_it_is_the_same_every_time() -> None:
    one, other = FixedDimensions(96), FixedDimensions(96)
    assert np.array_equal(one.passage(tokens(1)), other.passage(tokens(1)))
    assert np.array_equal(one.question(tokens(1)), other.question(tokens(1)))


def test_a_passage_without_tokens_is_like_nothing() -> None:
    assert not FixedDimensions(96).passage(np.empty((0, 96), dtype=np.float32)).any()
