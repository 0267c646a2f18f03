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

_HYPERPLANES = 1
_PROJECTED = 64
_REPETITIONS = 10
_SEED = 42
"""1,280 dimensions. Of what fits in those, few clusters with much of each vector kept found most
of the best passages by exact MaxSim, and vectors of length 1 more of them than others
(``benchmarks/LOG.md``): token vectors of one passage are much alike."""
_TINY = 1e-30


class FixedDimensions:
    """Sums up token vectors of so many dimensions in one vector of ``size``."""

    fingerprint = f"muvera1-{_HYPERPLANES}-{_PROJECTED}-{_REPETITIONS}-{_SEED}"

    def __init__(self, dimension: int) -> None:
        self._dimension = dimension

    @property
    def size(self) -> int:
        """Length of a vector."""
        return _REPETITIONS * (1 << _HYPERPLANES) * self._projected

    def passage(self, tokens: Vectors) -> Vectors:
        """The vector of a passage, shape (size,), from those of its tokens, (tokens, dimension).

        It has length 1; one without tokens is of zeros, and like nothing.
        """
        vector: Vectors = np.zeros(self.size, dtype=np.float32)
        if len(tokens):
            vector += self._muvera.process_document(tokens)
            vector /= max(float(np.linalg.norm(vector)), _TINY)
        return vector

    def question(self, tokens: Vectors) -> Vectors:
        """The same of a question; its inner product with a passage's goes with MaxSim."""
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
