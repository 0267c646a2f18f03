from __future__ import annotations

import numpy as np
import pytest

from dragtor.late.pooling import PASSAGE_BYTES, pooled
from tests.late.test_codec import lopsided


def test_few_vectors_stay_as_they_are() -> None:
    vectors = lopsided(7, 16)
    assert pooled(vectors, 7) is vectors
    assert pooled(vectors[:0], 7).shape == (0, 16)


def test_runs_of_neighbours_become_their_mean_of_length_one() -> None:
    vectors = np.eye(4, dtype=np.float32)[[0, 0, 1, 2, 3, 3]]
    half = np.sqrt(0.5)
    wanted = [[1, 0, 0, 0], [0, half, half, 0], [0, 0, 0, 1]]
    assert pooled(vectors, 3) == pytest.approx(np.array(wanted))


@pytest.mark.parametrize("count", [257, 400, 512, 1000, 8192])
def test_there_are_as_many_as_may_be_of_nearly_as_many_tokens_each(count: int) -> None:
    """Token i is the i-th unit vector of a circle, so that the mean's angle tells its run."""
    angle = np.arange(count) / count
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    found = pooled(circle, 256)
    assert found.shape == (256, 2)
    assert found.dtype == np.float32
    assert np.linalg.norm(found, axis=1) == pytest.approx(1, abs=1e-6)
    steps = np.diff(np.arctan2(found[:, 1], found[:, 0])) * count
    assert count // 256 - 0.5 < steps.min() <= steps.max() < -(-count // 256) + 0.5


def test_sixteen_kilobytes() -> None:
    assert PASSAGE_BYTES == 16_384
