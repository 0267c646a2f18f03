"""Paragraphs, as many as fit together; longer ones are cut between sentences."""

from __future__ import annotations

from dragtor.interfaces import Tokenizer
from dragtor.split.layout import Layout
from dragtor.split.pack import Row, cuts, pack
from dragtor.split.tokens import check_overlap
from dragtor.types import Cut, Document

VERSION = 1


class ParagraphSplitter:
    """Packs paragraphs, which blank lines part, into passages of at most ``max_tokens``.

    A passage takes paragraphs as long as they fit. One that is too long by itself is cut between
    its items or sentences, and its end may share a passage with what follows. A passage that does
    not begin under a heading begins with the last whole sentences of the one before, as many as fit
    into ``overlap_tokens``. Raises ConfigError if the overlap is more than half of the budget.
    """

    def __init__(self, tokenizer: Tokenizer, max_tokens: int, overlap_tokens: int = 0) -> None:
        check_overlap(overlap_tokens, max_tokens)
        self.fingerprint = f"paragraph-{VERSION} max={max_tokens} overlap={overlap_tokens}"
        self._tokenizer = tokenizer
        self._max = max_tokens
        self._overlap = overlap_tokens

    def split(self, document: Document) -> list[Cut]:
        """See :class:`dragtor.interfaces.Splitter`."""
        layout = Layout(document, self._tokenizer)
        row = Row(layout, layout.units(self._max - self._overlap), self._overlap)
        return cuts(layout, map(row.span, pack(row, self._max)))
