"""Token vectors in a few bits: turned by a fixed rotation, rounded, compared where they are packed.

After a random rotation the components of a vector of length 1 are all alike, near to normal with
a variance of 1/dimension, whatever the model's own were like. So one step fits them all, and
nothing is fitted to a library, stored beside the codes, or made anew when documents come and go.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from dragtor.types import Codes, Vectors

_STEPS = {1: 1.596, 2: 0.9957, 4: 0.3352, 8: 0.0308}
"""Best step of a uniform quantizer of a normal variable, by bits (Max 1960, table II)."""
_GAINS = {1: 1.5708, 2: 1.1349, 4: 1.0117, 8: 1.0001}
"""What makes up for rounding, which draws towards 0: one over the mean of x · rounded x."""
_BLOCK = 512
"""Vectors unpacked at a time: what they become stays in the cache of a core."""


@dataclass(frozen=True)
class TokenCodec:
    """Packs vectors of length 1 into at most ``token_bytes`` each.

    It keeps all components of a vector, in as many bits (1, 2, 4 or 8) as there is room for; of a
    vector that is too long for one bit each, as many of its rotated components as have room.
    """

    dimension: int
    token_bytes: int = 64

    @property
    def kept(self) -> int:
        """Components that are kept."""
        return min(self.dimension, 8 * self.token_bytes)

    @property
    def bits(self) -> int:
        """Bits for each of them."""
        return max(bits for bits in _STEPS if bits * self.kept <= 8 * self.token_bytes or bits == 1)

    @property
    def width(self) -> int:
        """Bytes of a packed vector."""
        return -(-self.kept * self.bits // 8)

    @property
    def fingerprint(self) -> str:
        """Changes when the same vector would be packed otherwise."""
        return f"r1-{self.dimension}-{self.kept}x{self.bits}"

    def encode(self, vectors: Vectors) -> Codes:
        """Pack vectors of shape (n, dimension) and length 1; shape (n, width)."""
        turned = vectors @ self._rotation
        if self.bits == 1:
            signs: Codes = np.packbits(turned >= 0, axis=1)
            return signs
        each, half = 8 // self.bits, 1 << (self.bits - 1)
        scaled = _unit(turned) * (math.sqrt(self.kept) / _STEPS[self.bits])
        levels = np.clip(np.floor(scaled) + half, 0, 2 * half - 1).astype(np.uint8)
        padded = np.zeros((len(vectors), self.width * each), dtype=np.uint8)
        padded[:, : self.kept] = levels
        shifted = padded.reshape(len(vectors), self.width, each) << self._shifts
        packed: Codes = np.bitwise_or.reduce(shifted, axis=2)
        return packed

    def decode(self, codes: Codes) -> Vectors:
        """The rotated vectors, nearly, shape (n, kept)."""
        unpacked: Vectors = np.take(self._table, codes, axis=0).reshape(len(codes), -1)
        return unpacked[:, : self.kept]

    def rotate(self, vectors: Vectors) -> Vectors:
        """Vectors as they are to be compared with decoded ones, each as long as it was."""
        turned = vectors @ self._rotation
        length = np.linalg.norm(vectors, axis=1, keepdims=True)
        rotated: Vectors = (length * _unit(turned)).astype(np.float32)
        return rotated

    def max_sim(self, question: Vectors, passages: list[Codes]) -> Vectors:
        """Score packed passages against a rotated question; one score each, near [-1, 1].

        Each token of the question is compared with its nearest one of the passage, and the mean
        over the question's tokens is taken (Khattab and Zaharia 2020,
        https://arxiv.org/abs/2004.12832). No passage is empty.
        """
        if not passages:
            return np.empty(0, dtype=np.float32)
        codes = np.concatenate(passages)
        asked = np.zeros((self.width * 8 // self.bits, len(question)), dtype=np.float32)
        asked[: self.kept] = question.T
        cosines = np.empty((len(codes), len(question)), dtype=np.float32)
        for start in range(0, len(codes), _BLOCK):
            block = np.take(self._table, codes[start : start + _BLOCK], axis=0)
            cosines[start : start + _BLOCK] = block.reshape(len(block), -1) @ asked
        starts = np.cumsum([0, *(len(one) for one in passages[:-1])])
        scores: Vectors = np.maximum.reduceat(cosines, starts, axis=0).mean(axis=1)
        return scores

    @property
    def _rotation(self) -> Vectors:
        return _rotation(self.dimension, self.kept)

    @cached_property
    def _table(self) -> Vectors:
        """Components by the value of a byte, shape (256, components in a byte)."""
        half = 1 << (self.bits - 1)
        step = _GAINS[self.bits] * _STEPS[self.bits] / np.sqrt(self.kept)
        levels = (np.arange(256)[:, None] >> self._shifts) & (2 * half - 1)
        table: Vectors = ((levels - half + 0.5) * step).astype(np.float32)
        return table

    @property
    def _shifts(self) -> Codes:
        """How far each component of a byte is shifted, the first one farthest."""
        shifts: Codes = np.arange(8 - self.bits, -1, -self.bits, dtype=np.uint8)
        return shifts


@lru_cache(maxsize=8)
def _rotation(dimension: int, kept: int) -> Vectors:
    """The first columns of a fixed orthogonal matrix, shape (dimension, kept); not to be changed.

    Many codecs of one dimension share it: for 1024 dimensions it takes a fifth of a second.
    """
    # The stream of RandomState is frozen for good, that of default_rng is not; the signs make the
    # factor unique.
    square = np.random.RandomState(0).standard_normal((dimension, dimension))
    q, r = np.linalg.qr(square)
    rotation: Vectors = (q * np.sign(np.diag(r)))[:, :kept].astype(np.float32)
    rotation.flags.writeable = False
    return rotation


def _unit(rows: Vectors) -> Vectors:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Vectors = rows / np.maximum(length, np.finfo(np.float32).tiny)
    return unit
