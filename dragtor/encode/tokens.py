"""One vector per token, from an encoder that was made for one vector per text."""

from __future__ import annotations

from collections.abc import Sequence

from dragtor.interfaces import TokenReader
from dragtor.text import telling_spans
from dragtor.types import Span, Vectors


class EncoderTokens:
    """A :class:`dragtor.interfaces.TokenEncoder` of another encoder's token vectors."""

    def __init__(self, encoder: TokenReader) -> None:
        self._encoder = encoder

    @property
    def fingerprint(self) -> str:
        """That of the encoder."""
        return self._encoder.fingerprint

    @property
    def dimension(self) -> int:
        """That of the encoder."""
        return self._encoder.dimension

    def encode_passage_tokens(self, texts: Sequence[str]) -> list[Vectors]:
        """See :class:`dragtor.interfaces.TokenEncoder`."""
        return self._encoder.read(texts, [[] for _ in texts]).tokens

    def encode_question_tokens(self, text: str) -> Vectors:
        """See :class:`dragtor.interfaces.TokenEncoder`: tokens of its telling words alone.

        A model that was not trained for late interaction finds the like of a stop word, of a comma
        and of a special token in any passage, nearer or farther for no good reason: without them
        MaxSim ranks better on every set (``benchmarks/LOG.md``). Where there are no others, all
        tokens count; a question without tokens has one of its own.
        """
        telling = {offset for one in telling_spans(text) for offset in range(one.start, one.end)}
        seen = self._encoder.token_spans(text)[: self._encoder.max_tokens]
        spans = [Span(*token) for token in dict.fromkeys(seen)]
        counted = [span for span in spans if span.start in telling] or spans
        if not counted:
            return self._encoder.encode_queries([text])
        return self._encoder.read_question(text, counted)
