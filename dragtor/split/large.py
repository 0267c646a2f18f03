"""Large passages, embedded whole."""

from __future__ import annotations

from dragtor.interfaces import Tokenizer
from dragtor.split.layout import Layout
from dragtor.split.structure import VERSION as STRUCTURE
from dragtor.split.structure import by_structure
from dragtor.split.tokens import check_overlap
from dragtor.types import Cut, Document

VERSION = f"1.{STRUCTURE}"


class LargeSplitter:
    """Cuts by structure, as StructureSplitter does, into passages of at most ``parent_tokens``.

    They overlap by up to ``overlap_tokens``, in whole sentences. An encoder sees as much of one as
    it can read at once, so this is for encoders that read long texts. Raises ConfigError if the
    overlap is more than half of ``parent_tokens``.
    """

    def __init__(
        self, tokenizer: Tokenizer, *, overlap_tokens: int = 0, parent_tokens: int = 600
    ) -> None:
        check_overlap(overlap_tokens, parent_tokens, "parent_tokens")
        self.fingerprint = f"large-{VERSION} max={parent_tokens} overlap={overlap_tokens}"
        self._tokenizer = tokenizer
        self._max = parent_tokens
        self._overlap = overlap_tokens

    def split(self, document: Document) -> list[Cut]:
        """See :class:`dragtor.interfaces.Splitter`."""
        return by_structure(Layout(document, self._tokenizer), self._max, self._overlap)
