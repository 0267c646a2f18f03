"""The encoder as splitters use it: no document is read twice to be cut."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from dragtor.interfaces import Encoder, Tokenizer, VectorCache
from dragtor.passages import text_hash
from dragtor.types import Vectors


class Reader(Encoder, Tokenizer, Protocol):
    """An encoder that tells where the tokens of a text lie."""


class CachedReader:
    """Tokens and vectors of an encoder; the vectors of texts read together are kept together.

    They come in half precision, from the cache or not, so that a document is cut the same way
    whenever it is cut.
    """

    def __init__(self, encoder: Reader, cache: VectorCache) -> None:
        self._encoder = encoder
        self._cache = cache

    @property
    def fingerprint(self) -> str:
        """That of the encoder."""
        return self._encoder.fingerprint

    def token_spans(self, text: str) -> Sequence[tuple[int, int]]:
        """See :class:`dragtor.interfaces.Tokenizer`."""
        return self._encoder.token_spans(text)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """See :class:`dragtor.interfaces.Encoder`; components are off by less than 0.0005."""
        key = f"read together {text_hash(chr(0).join(texts))}"
        kept = self._cache.get_spans(self.fingerprint, [key])
        if key in kept:
            return kept[key]
        vectors = self._encoder.encode_passages(texts)
        self._cache.put_spans(self.fingerprint, [key], [vectors])
        rounded: Vectors = vectors.astype(np.float16).astype(np.float32)
        return rounded
