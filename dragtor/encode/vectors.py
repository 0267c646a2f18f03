"""What all encoders do to rows of vectors."""

from __future__ import annotations

import numpy as np

from dragtor.types import Vectors


def unit(rows: Vectors) -> Vectors:
    """Give each row length 1; one of zeros stays as it is."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    made: Vectors = rows / np.maximum(length, np.finfo(np.float32).tiny)
    return made


def cut(rows: Vectors, dimensions: int, *, layer_norm: bool = False) -> Vectors:
    """Keep the first ``dimensions`` components, and give each row length 1 again.

    With ``layer_norm`` each row is first brought to mean 0 and variance 1, as some models were
    trained (Matryoshka representation learning, Kusupati et al. 2022,
    https://arxiv.org/abs/2205.13147).
    """
    if layer_norm:
        rows = rows - rows.mean(axis=1, keepdims=True)
    return unit(rows[:, :dimensions])
