"""Cutting at headings and paragraphs first, then between sentences, up to a token budget.

A text is a row of *units* (sentences, or pieces of very long ones) that lie side by side. Which
unit borders become passage borders is chosen for the whole document at once, as a typesetter
chooses line breaks (Knuth and Plass, "Breaking paragraphs into lines", 1981): every way of cutting
has a cost, and dynamic programming finds the cheapest. A passage costs the square of the share of
the budget it leaves empty, plus ``STRADDLE`` for each heading inside it, plus what its first border
costs. So small neighbouring sections share a passage, larger ones stand alone, and a sentence is
cut only if nothing else fits.
"""

from __future__ import annotations

from dragtor.interfaces import Tokenizer
from dragtor.split.layout import Border, Layout
from dragtor.split.pack import Group, Row, cuts
from dragtor.split.tokens import check_overlap
from dragtor.types import Cut, Document

COSTS = {
    Border.SECTION: 0.0,
    Border.PARAGRAPH: 0.1,
    Border.ITEM: 0.1,
    Border.SENTENCE: 0.2,
    Border.INSIDE: 1.0,
    Border.BELOW_HEADING: 4.0,
}
"""Costs of beginning a passage at a border."""
STRADDLE = 0.3
"""Cost of each heading inside a passage, other than at its beginning."""

VERSION = 1


class StructureSplitter:
    """Cuts a document into passages of at most ``max_tokens``, by its structure.

    A passage that continues a section begins with the last whole sentences of the passage before,
    as many as fit into ``overlap_tokens``. Passages never begin below their own heading line.
    A document that fits the budget is one passage. Every character that is not white space is in
    at least one passage. Raises ConfigError if the overlap is more than half of the budget.

    ``fingerprint`` leaves out the tokenizer: it is the encoder's, which has its own.
    """

    def __init__(self, tokenizer: Tokenizer, max_tokens: int, overlap_tokens: int = 0) -> None:
        check_overlap(overlap_tokens, max_tokens)
        self.fingerprint = f"structure-{VERSION} max={max_tokens} overlap={overlap_tokens}"
        self._tokenizer = tokenizer
        self._max = max_tokens
        self._overlap = overlap_tokens

    def split(self, document: Document) -> list[Cut]:
        """Cuts in text order; each is stripped of white space, and only overlaps repeat text."""
        layout = Layout(document, self._tokenizer)
        return by_structure(layout, self._max, self._overlap)


def by_structure(layout: Layout, max_tokens: int, overlap_tokens: int) -> list[Cut]:
    """Cut a document as :class:`StructureSplitter` does."""
    whole = layout.whole
    if whole is None:
        return []
    if layout.tokens.count(whole.start, whole.end) <= max_tokens:
        return [Cut(whole.start, whole.end)]
    row = Row(layout, layout.units(max_tokens - overlap_tokens), overlap_tokens)
    return cuts(layout, map(row.span, cheapest(row, max_tokens)))


def cheapest(row: Row, budget: int) -> list[Group]:
    """Groups of units that fit the budget, so that the sum of their costs is least."""
    borders = [COSTS[border] for border in row.borders]
    headings = [0]
    for border in row.borders:
        headings.append(headings[-1] + (border == Border.SECTION))
    taken = [row.firsts[first] for first in row.overlaps]
    best, previous = [0.0], [0]
    for end in range(1, row.length + 1):
        least, chosen = float("inf"), end - 1
        for begin in range(end - 1, -1, -1):
            size = row.lasts[end] - taken[begin]
            if size > budget and begin < end - 1:
                break
            straddled = headings[end] - headings[begin + 1]
            empty = 1.0 - size / budget if size < budget else 0.0
            cost = best[begin] + borders[begin] + STRADDLE * straddled + empty * empty
            if cost < least:
                least, chosen = cost, begin
        best.append(least)
        previous.append(chosen)
    groups: list[Group] = []
    end = row.length
    while end > 0:
        groups.append((previous[end], end))
        end = previous[end]
    return groups[::-1]
