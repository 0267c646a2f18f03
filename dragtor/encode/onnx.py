"""Texts to vectors with a transformer encoder on ONNX Runtime."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from dragtor.encode.files import checksum, graph_file
from dragtor.encode.quantize import fingerprint as int8_fingerprint
from dragtor.encode.session import Output, Precision, TokenModel, Tokens, open_tokenizer
from dragtor.errors import ModelError
from dragtor.types import Encoded, Span, Vectors

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Pooling = Literal["mean", "cls"]

_QUESTIONS = 16
"""Questions whose vectors are remembered."""
_VERSION = "1"
"""Rises when the same weights and settings come to give other vectors."""


class OnnxEncoder:
    """Encodes with the ONNX graph of a folder, and tells where the tokens of a text lie.

    The folder holds ``tokenizer.json`` and ``model.onnx`` (or ``onnx/model.onnx``, or
    ``model.safetensors`` and ``config.json`` of a BERT, which are converted). It is read at the
    first use, so the first use raises ModelError. ``max_tokens`` counts special tokens;
    ``threads`` 0 is all physical cores; ``batch_tokens`` bounds the tokens, padding included,
    that are computed together. Safe to use from several threads.
    """

    def __init__(
        self,
        folder: Path,
        *,
        max_tokens: int,
        pooling: Pooling = "mean",
        query_prefix: str = "",
        passage_prefix: str = "",
        precision: Precision = "fp32",
        threads: int = 0,
        batch_tokens: int = 256,
        name: str = "",
    ) -> None:
        self.name = name or folder.name
        self.max_tokens = max_tokens
        self._folder = folder
        self._precision = precision
        self._pooling = pooling
        self._query_prefix = query_prefix
        self._passage_prefix = passage_prefix
        self._model = TokenModel(
            folder,
            max_tokens=max_tokens,
            threads=threads,
            # Numbers are rounded by the largest of a batch: alone, a text is rounded alike always.
            batch_tokens=1 if precision == "int8" else batch_tokens,
            precision=precision,
        )
        self._question = lru_cache(_QUESTIONS)(self._read_question)

    @cached_property
    def fingerprint(self) -> str:
        """Depends on the bytes of the graph and of the tokenizer, and on all that is set."""
        graph = graph_file(self._folder)
        made_of = (
            _VERSION,
            int8_fingerprint(graph) if self._precision == "int8" else checksum(graph),
            _digest(self._folder / "tokenizer.json"),
            self._pooling,
            self._query_prefix,
            self._passage_prefix,
            str(self.max_tokens),
        )
        return hashlib.sha256("\0".join(made_of).encode()).hexdigest()[:32]

    @cached_property
    def dimension(self) -> int:
        """Length of a vector."""
        size = self._model.config.get("hidden_size")
        return int(size or self._model.session.get_outputs()[0].shape[-1])

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors of shape (len(texts), dimension), in the order of the texts.

        It is fastest with many texts at once: those of like length are computed together.
        Raises ModelError or EngineError.
        """
        return self._encode([self._passage_prefix + text for text in texts])

    def encode_spans(
        self, texts: Sequence[str], spans: Sequence[Sequence[Span]]
    ) -> tuple[Vectors, list[Vectors]]:
        """Vectors of passages as :meth:`encode_passages` gives them, and of spans of each.

        A span's vector is the mean of its tokens' vectors, which have seen the whole passage
        ("late chunking", Günther et al. 2024, https://arxiv.org/abs/2409.04701), so it costs no
        second run. One without a token of its own (beyond ``max_tokens``, say) has its passage's.
        """
        encoded = self._read(texts, spans, keep_tokens=False)
        return encoded.vectors, encoded.spans

    def read(self, texts: Sequence[str], spans: Sequence[Sequence[Span]]) -> Encoded:
        """See :class:`dragtor.interfaces.TokenReader`."""
        return self._read(texts, spans, keep_tokens=True)

    def read_question(self, text: str, spans: Sequence[Span]) -> Vectors:
        """See :class:`dragtor.interfaces.TokenReader`."""
        (vector,), tokens, places = self._question(text)
        return _mean(tokens, places, spans, vector)

    def _read(
        self, texts: Sequence[str], spans: Sequence[Sequence[Span]], *, keep_tokens: bool
    ) -> Encoded:
        shift = len(self._passage_prefix)
        inputs, places = self._model.tokenize_placed([self._passage_prefix + t for t in texts])
        vectors: Vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        pooled: list[Vectors] = [vectors[:0]] * len(texts)
        kept: list[Vectors] = [vectors[:0]] * len(texts)
        for rows, hidden, mask in self._model.run(inputs) if texts else ():
            vectors[rows] = self._pool(hidden, mask)
            for row, tokens in zip(rows, hidden, strict=True):
                pooled[row] = _mean(tokens, places[row] - shift, spans[row], vectors[row])
                if keep_tokens:
                    kept[row] = _unit(tokens[: len(places[row])])
        return Encoded(vectors, pooled, kept)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """The same for questions. One alone is remembered a while: several stages ask for it."""
        if len(texts) == 1:
            return self._question(texts[0])[0]
        return self._encode([self._query_prefix + text for text in texts])

    def token_spans(self, text: str) -> Sequence[tuple[int, int]]:
        """(start, end) of each token in code points, in order, special tokens left out.

        Characters that no token stands for (white space, control characters) are in no span.
        Tokens that share a character (a Hangul syllable, taken apart) have the same span: so
        there are as many spans as the encoder has tokens to read.
        """
        offsets = self._whole_texts.encode(text, add_special_tokens=False).offsets
        return [(start, end) for start, end in offsets if start < end]

    @cached_property
    def _whole_texts(self) -> Tokenizer:
        """A tokenizer that does not cut off."""
        return open_tokenizer(self._folder)

    def _read_question(self, text: str) -> tuple[Vectors, Output, Tokens]:
        """A question's vector, shape (1, dimension), those of its tokens, and where they lie."""
        vectors: Vectors = np.empty((1, self.dimension), dtype=np.float32)
        inputs, (places,) = self._model.tokenize_placed([self._query_prefix + text])
        ((_, hidden, mask),) = self._model.run(inputs)
        vectors[:] = self._pool(hidden, mask)
        vectors.flags.writeable = False
        return vectors, hidden[0], places - len(self._query_prefix)

    def _encode(self, texts: Sequence[str]) -> Vectors:
        vectors: Vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        if texts:
            for rows, hidden, mask in self._model.run(self._model.tokenize(texts)):
                vectors[rows] = self._pool(hidden, mask)
        return vectors

    def _pool(self, hidden: Output, mask: Tokens) -> Vectors:
        """Vectors of length 1 from token vectors of shape (texts, tokens, dimension)."""
        if hidden.ndim != 3 or hidden.shape[2] != self.dimension:
            raise ModelError(f"{self.name} gives {hidden.shape}, not (texts, tokens, dimension)")
        if self._pooling == "cls":
            pooled = hidden[:, 0]
        else:
            # The mean's divisor does not matter: the length becomes 1 anyway.
            pooled = np.einsum("btd,bt->bd", hidden, mask.astype(np.float32))
        return _unit(pooled)


def _mean(tokens: Output, places: Tokens, spans: Sequence[Span], whole: Vectors) -> Vectors:
    """Vectors of spans from those of a text's tokens, which lie at ``places``, shape (n, 2)."""
    starts, ends = places[:, 0], places[:, 1]
    vectors: Vectors = np.empty((len(spans), len(whole)), dtype=np.float32)
    for row, span in zip(vectors, spans, strict=True):
        inside = (starts < span.end) & (ends > span.start) & (starts < ends)
        row[:] = tokens[: len(places)][inside].mean(axis=0) if inside.any() else whole
    return _unit(vectors)


def _unit(rows: Vectors) -> Vectors:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Vectors = rows / np.maximum(length, np.finfo(np.float32).tiny)
    return unit


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ModelError(f"cannot read {path} ({error}); pull the model again") from None
