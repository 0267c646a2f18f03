"""An encoder as it is used: long texts are read to their end, and vectors may be shorter.

Engines read at most ``max_tokens`` of a text. What is done about that, and about dimensions that
nobody wants to keep, is the same for all of them, so it is done here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, cast

import numpy as np

from dragtor.encode.vectors import cut, unit
from dragtor.encode.windows import windows
from dragtor.interfaces import Encoder, Tokenizer, TokenReader
from dragtor.types import Encoded, Span, Vectors

_SPECIAL = 2
"""Special tokens that an encoder puts around a text."""
_SPARE = 2
"""Tokens that a window leaves free: cut out of its text, it may have more than it had there."""


class Engine(Encoder, Tokenizer, Protocol):
    """An encoder that knows its own tokens."""


def fitted(
    engine: Engine, dimensions: int = 0, *, passage_prefix: str = "", layer_norm: bool = False
) -> FittedEncoder:
    """Fit an engine for use; one that gives token vectors goes on giving them.

    ``dimensions`` 0 keeps all, and then ``layer_norm`` has no effect (see
    :func:`dragtor.encode.vectors.cut`). ``passage_prefix`` is what the engine puts before passages.
    """
    reads_tokens = hasattr(engine, "read") and hasattr(engine, "read_question")
    make = FittedTokenReader if reads_tokens else FittedEncoder
    return make(engine, dimensions, passage_prefix=passage_prefix, layer_norm=layer_norm)


@dataclass(frozen=True, slots=True)
class _Window:
    """A piece of the text number ``text``, and where the tokens in it start."""

    text: int
    span: Span
    starts: Sequence[int] = ()

    def weight(self, span: Span) -> float:
        """Number of tokens that start in a span of the text, and hardly anything for none."""
        first, last = np.searchsorted(self.starts, [span.start, span.end])
        return float(last - first) or 1e-6

    def overlap(self, span: Span) -> Span | None:
        """What the window holds of a span of the text, if anything."""
        start, end = max(span.start, self.span.start), min(span.end, self.span.end)
        return Span(start, end) if start < end else None


class FittedEncoder:
    """Reads a passage of more than ``max_tokens`` in windows; its vector is their mean.

    The mean is weighted with the tokens of each window, and is that of all token vectors where
    these are what an engine pools. A shorter passage has exactly the vector that the engine gives.
    Questions beyond ``max_tokens`` are cut off.
    """

    def __init__(
        self,
        engine: Engine,
        dimensions: int = 0,
        *,
        passage_prefix: str = "",
        layer_norm: bool = False,
    ) -> None:
        self._engine = engine
        self._dimensions = dimensions
        self._prefix = passage_prefix
        self._layer_norm = layer_norm

    @property
    def name(self) -> str:
        """Name of the model."""
        return str(getattr(self._engine, "name", ""))

    @cached_property
    def fingerprint(self) -> str:
        """That of the engine, and what is kept of its vectors."""
        kept = f"-{self._dimensions}" if self._dimensions else ""
        return f"{self._engine.fingerprint}{kept}{'n' if kept and self._layer_norm else ''}"

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._dimensions or self._engine.dimension

    @property
    def max_tokens(self) -> int:
        """Longest text that is read at once, special tokens included."""
        return self._engine.max_tokens

    @cached_property
    def window_tokens(self) -> int:
        """Tokens of a passage that are read at once, in any case."""
        return max(1, self._whole_tokens - _SPARE)

    @cached_property
    def _whole_tokens(self) -> int:
        prefix = len(self._engine.token_spans(self._prefix)) if self._prefix else 0
        return self._engine.max_tokens - _SPECIAL - prefix

    def token_spans(self, text: str) -> Sequence[tuple[int, int]]:
        """See :class:`dragtor.interfaces.Tokenizer`."""
        return self._engine.token_spans(text)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """See :class:`dragtor.interfaces.Encoder`."""
        pieces = self._windows(texts)
        if len(pieces) == len(texts):
            return self._cut(self._engine.encode_passages(texts))
        return self._cut(
            _whole(len(texts), pieces, self._engine.encode_passages(_read(texts, pieces)))
        )

    def encode_spans(
        self, texts: Sequence[str], spans: Sequence[Sequence[Span]]
    ) -> tuple[Vectors, list[Vectors]]:
        """See :class:`dragtor.interfaces.Encoder`."""
        pieces = self._windows(texts)
        if len(pieces) == len(texts):
            vectors, pooled = self._engine.encode_spans(texts, spans)
        else:
            inside = [_inside(piece, spans[piece.text]) for piece in pieces]
            vectors, pooled = self._engine.encode_spans(_read(texts, pieces), inside)
            vectors, pooled = _joined(pieces, spans, vectors, pooled)
        return self._cut(vectors), [self._cut(rows) for rows in pooled]

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """See :class:`dragtor.interfaces.Encoder`."""
        return self._cut(self._engine.encode_queries(texts))

    def close(self) -> None:
        """End what the engine has started."""
        if close := getattr(self._engine, "close", None):
            close()

    def _cut(self, rows: Vectors) -> Vectors:
        if not self._dimensions:
            return rows
        return cut(rows, self._dimensions, layer_norm=self._layer_norm)

    def _windows(self, texts: Sequence[str]) -> list[_Window]:
        """What is read of each text: one window that is all of it, or several."""
        pieces: list[_Window] = []
        for number, text in enumerate(texts):
            # A token stands for a byte at least, mostly for several.
            long = len(text.encode("utf-8", "replace")) > self._whole_tokens
            tokens = self._engine.token_spans(text) if long else ()
            if len(tokens) <= self._whole_tokens:
                pieces.append(_Window(number, Span(0, len(text))))
                continue
            starts = [start for start, _ in tokens]
            spans = windows(text, tokens, self.window_tokens)
            pieces += [_Window(number, span, starts) for span in spans]
        return pieces


class FittedTokenReader(FittedEncoder):
    """The same for an engine that gives token vectors."""

    def read(self, texts: Sequence[str], spans: Sequence[Sequence[Span]]) -> Encoded:
        """See :class:`dragtor.interfaces.TokenReader`."""
        pieces = self._windows(texts)
        if len(pieces) == len(texts):
            encoded = self._reader.read(texts, spans)
        else:
            inside = [_inside(piece, spans[piece.text]) for piece in pieces]
            read = self._reader.read(_read(texts, pieces), inside)
            tokens: list[list[Vectors]] = [[] for _ in texts]
            for piece, rows in zip(pieces, read.tokens, strict=True):
                tokens[piece.text].append(rows)
            vectors, pooled = _joined(pieces, spans, read.vectors, read.spans)
            encoded = Encoded(vectors, pooled, [np.concatenate(rows) for rows in tokens])
        return Encoded(
            self._cut(encoded.vectors),
            [self._cut(rows) for rows in encoded.spans],
            [self._cut(rows) for rows in encoded.tokens],
        )

    def read_question(self, text: str, spans: Sequence[Span]) -> Vectors:
        """See :class:`dragtor.interfaces.TokenReader`."""
        return self._cut(self._reader.read_question(text, spans))

    @property
    def _reader(self) -> TokenReader:
        return cast(TokenReader, self._engine)


def _read(texts: Sequence[str], pieces: Sequence[_Window]) -> list[str]:
    return [texts[piece.text][piece.span.start : piece.span.end] for piece in pieces]


def _inside(piece: _Window, spans: Sequence[Span]) -> list[Span]:
    """What a window holds of spans, counted from its own start; the others are left out."""
    held = [span for span in map(piece.overlap, spans) if span]
    return [Span(span.start - piece.span.start, span.end - piece.span.start) for span in held]


def _whole(count: int, pieces: Sequence[_Window], vectors: Vectors) -> Vectors:
    """Vectors of ``count`` texts from those of their windows."""
    sums: Vectors = np.zeros((count, vectors.shape[1]), dtype=np.float32)
    weights = np.array([piece.weight(piece.span) for piece in pieces], dtype=np.float32)
    np.add.at(sums, [piece.text for piece in pieces], vectors * weights[:, None])
    means = unit(sums)
    for piece, vector in zip(pieces, vectors, strict=True):
        if not len(piece.starts):
            means[piece.text] = vector
    return means


def _joined(
    pieces: Sequence[_Window],
    spans: Sequence[Sequence[Span]],
    vectors: Vectors,
    pooled: Sequence[Vectors],
) -> tuple[Vectors, list[Vectors]]:
    """Vectors of texts and of their spans, from those of windows and of what these hold."""
    sums: list[Vectors] = [
        np.zeros((len(asked), vectors.shape[1]), dtype=np.float32) for asked in spans
    ]
    for piece, rows in zip(pieces, pooled, strict=True):
        held = [
            (at, part) for at, span in enumerate(spans[piece.text]) if (part := piece.overlap(span))
        ]
        for (at, part), row in zip(held, rows, strict=True):
            sums[piece.text][at] += row * (piece.weight(part) if len(piece.starts) else 1.0)
    return _whole(len(spans), pieces, vectors), [unit(rows) for rows in sums]
