"""What splitters read with in tests: real tokens, and vectors that are easy to foresee."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from zlib import crc32

import numpy as np
from tokenizers import Tokenizer

from dragtor.types import Span, Vectors
from tests.tiny import tiny_tokenizer


class WordTokenizer:
    """Words and single signs: what it finds in a part of a text, it finds in the whole as well."""

    def token_spans(self, text: str) -> Sequence[tuple[int, int]]:
        return [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]


class WordPieces:
    """The word pieces of a BERT, as :class:`dragtor.encode.onnx.OnnxEncoder` gives them."""

    def token_spans(self, text: str) -> Sequence[tuple[int, int]]:
        offsets = self._tokenizer.encode(text, add_special_tokens=False).offsets
        return [(start, end) for start, end in offsets if start < end]

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        return tiny_tokenizer()


class BagOfWords(WordPieces):
    """An encoder whose vectors are counts of words, so that texts are near that share words."""

    dimension = 64
    max_tokens = 256

    def __init__(self, fingerprint: str = "bag") -> None:
        self.fingerprint = fingerprint
        self.calls = 0

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        self.calls += 1
        vectors = np.full((len(texts), self.dimension), 1e-3, dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for word in re.findall(r"\w+", text.lower()):
                row[crc32(word.encode()) % self.dimension] += 1
        unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self.encode_passages(texts)

    def encode_spans(
        self, texts: Sequence[str], spans: Sequence[Sequence[Span]]
    ) -> tuple[Vectors, list[Vectors]]:
        cut = [[t[s.start : s.end] for s in some] for t, some in zip(texts, spans, strict=True)]
        return self.encode_passages(texts), [self.encode_passages(some) for some in cut]
