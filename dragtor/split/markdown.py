"""A section for each heading."""

from __future__ import annotations

from dragtor.interfaces import Tokenizer
from dragtor.split.layout import Border, Layout
from dragtor.split.pack import Row, cuts, pack
from dragtor.split.tokens import check_overlap
from dragtor.types import Cut, Document

VERSION = 1


class MarkdownSplitter:
    """Makes each section a passage, from its heading to the next heading of any level.

    A section of more than ``max_tokens`` is cut between paragraphs, or else between sentences; what
    continues it begins with the last whole sentences before, up to ``overlap_tokens``. Sections
    never share a passage, however small they are; with ``split.context: headings`` each is read
    with the path of headings above it. A heading with nothing below it belongs to the next one.
    It goes by the headings that the extractor found, so HTML and Word documents are cut as well.
    Raises ConfigError if the overlap is more than half of the budget.
    """

    def __init__(self, tokenizer: Tokenizer, max_tokens: int, overlap_tokens: int = 0) -> None:
        check_overlap(overlap_tokens, max_tokens)
        self.fingerprint = f"markdown-{VERSION} max={max_tokens} overlap={overlap_tokens}"
        self._tokenizer = tokenizer
        self._max = max_tokens
        self._overlap = overlap_tokens

    def split(self, document: Document) -> list[Cut]:
        """See :class:`dragtor.interfaces.Splitter`."""
        layout = Layout(document, self._tokenizer)
        row = Row(layout, layout.units(self._max - self._overlap), self._overlap)
        return cuts(layout, map(row.span, pack(row, self._max, Border.SECTION)))
