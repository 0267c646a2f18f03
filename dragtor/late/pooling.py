"""Fewer token vectors for a long passage: neighbours become one.

Clavié, Chaffin and Adams 2024, "Reducing the Footprint of Multi-Vector Retrieval with Minimal
Performance Impact via Token Pooling", https://arxiv.org/abs/2409.14683; the simplest of its ways,
which pools tokens that stand side by side.
"""

from __future__ import annotations

import numpy as np

from dragtor.types import Vectors

PASSAGE_BYTES = 16 * 1024
"""Most that the packed token vectors of a passage take."""


def pooled(vectors: Vectors, most: int) -> Vectors:
    """Token vectors, shape (tokens, dimension), as at most ``most`` of them, in their order.

    Where there are more, runs of as equal a length as can be are replaced by their means, as long
    as 1. Fewer come back as they are.
    """
    if len(vectors) <= most:
        return vectors
    starts = np.arange(most) * len(vectors) // most
    sums = np.add.reduceat(vectors, starts, axis=0)
    length = np.linalg.norm(sums, axis=1, keepdims=True)
    means: Vectors = (sums / np.maximum(length, np.finfo(np.float32).tiny)).astype(np.float32)
    return means
