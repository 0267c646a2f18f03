"""One vector per token, for late interaction."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from dragtor.interfaces import TokenReader
from dragtor.types import Vectors


class EncoderTokens:
    """The token vectors of an encoder that was made for one vector per text."""

    def __init__(self, encoder: TokenReader, dimensions: int) -> None:
        self._encoder = encoder
        self.dimension = min(dimensions, encoder.dimension)

    @cached_property
    def fingerprint(self) -> str:
        """Depends on the encoder and on what is kept of its vectors."""
        return f"{self._encoder.fingerprint}-{self.dimension}"

    def encode_passage_tokens(self, texts: Sequence[str]) -> list[Vectors]:
        """See :class:`dragtor.interfaces.TokenEncoder`."""
        return self.reduce(self._encoder.read(texts, [[] for _ in texts]).tokens)

    def encode_question_tokens(self, text: str) -> Vectors:
        """See :class:`dragtor.interfaces.TokenEncoder`."""
        (reduced,) = self.reduce([self._encoder.read_question(text)])
        return reduced

    def reduce(self, tokens: Sequence[Vectors]) -> list[Vectors]:
        """What is kept of token vectors of the encoder."""
        return [rows[:, : self.dimension] for rows in tokens]
