"""One vector for many: fixed dimensional encodings, whose inner product is near to MaxSim.

Dhulipala et al. 2024, "MUVERA: Multi-Vector Retrieval via Fixed Dimensional Encodings",
https://arxiv.org/abs/2405.19504, as fastembed computes them.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from dragtor.types import Vectors

if TYPE_CHECKING:
    from fastembed.postprocess import Muvera

_HYPERPLANES = 4
_PROJECTED = 16
_REPETITIONS = 5
_SEED = 42


class FixedDimensions:
    """Sums up token vectors of so many dimensions in one vector of ``size``."""

    fingerprint = f"muvera-{_HYPERPLANES}-{_PROJECTED}-{_REPETITIONS}-{_SEED}"

    def __init__(self, dimension: int) -> None:
        self._dimension = dimension

    @property
    def size(self) -> int:
        """Length of a vector."""
        return _REPETITIONS * (1 << _HYPERPLANES) * self._projected

    def passage(self, tokens: Vectors) -> Vectors:
        """The vector of a passage, shape (size,), from those of its tokens, (tokens, dimension)."""
        vector: Vectors = self._muvera.process_document(tokens).astype(np.float32)
        return vector

    def question(self, tokens: Vectors) -> Vectors:
        """The same of a question; its inner product with a passage's is near to MaxSim."""
        vector: Vectors = self._muvera.process_query(tokens).astype(np.float32)
        return vector

    @property
    def _projected(self) -> int:
        return min(_PROJECTED, self._dimension)

    @cached_property
    def _muvera(self) -> Muvera:
        from fastembed.postprocess import Muvera

        return Muvera(
            self._dimension,
            k_sim=_HYPERPLANES,
            dim_proj=self._projected,
            r_reps=_REPETITIONS,
            random_seed=_SEED,
        )
