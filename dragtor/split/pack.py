"""Units side by side become passages within a budget of tokens."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from dragtor.split.layout import Border, Layout, Unit
from dragtor.split.tokens import stripped
from dragtor.types import Cut, Span

Group = tuple[int, int]
"""Units from the first number up to the second, which is left out."""


class Row:
    """Units side by side, with what splitters ask of them in constant time.

    A passage that does not begin a section begins with the last whole units of the one before, as
    many as fit into ``overlap`` tokens. The last unit reaches to ``end``, by default to that of the
    document.
    """

    def __init__(
        self, layout: Layout, units: Sequence[Unit], overlap: int = 0, end: int | None = None
    ) -> None:
        tokens = layout.tokens
        self._layout = layout
        self._units = units
        self.length = len(units)
        self.starts = [unit.start for unit in units] + [layout.end if end is None else end]
        self.borders = [unit.border for unit in units]
        self.firsts = [bisect_right(tokens.ends, start) for start in self.starts]
        self.lasts = [bisect_left(tokens.starts, start) for start in self.starts]
        self.overlaps = [self._overlapping(unit, overlap) for unit in range(self.length)]

    def part(self, group: Group, overlap: int) -> Row:
        """The units of a group as a row of their own."""
        begin, end = group
        return Row(self._layout, self._units[begin:end], overlap, self.starts[end])

    def furthest(self, begin: int, budget: int) -> int:
        """Where a passage with ``begin`` as its first new unit ends at the latest, after it."""
        most = self.firsts[self.overlaps[begin]] + budget
        return max(begin + 1, bisect_right(self.lasts, most, begin + 1) - 1)

    def span(self, group: Group) -> Span:
        """The stretch of a passage, its overlap included."""
        begin, end = group
        return Span(self.starts[self.overlaps[begin]], self.starts[end])

    def _overlapping(self, begin: int, allowed: int) -> int:
        """The unit with which a passage begins that has ``begin`` as its first new unit."""
        first = begin
        while (
            first > 0
            and self.borders[first] != Border.SECTION
            and self.lasts[begin] - self.firsts[first - 1] <= allowed
        ):
            first -= 1
        return first


def pack(row: Row, budget: int, part: Border | None = None) -> list[Group]:
    """Groups of units, each as long as the budget allows, never across a border like ``part``.

    A group that ends for want of room ends where the text parts most: between paragraphs if there
    is such a border in it, otherwise between items, and so on.
    """
    groups: list[Group] = []
    begin = 0
    while begin < row.length:
        fits = row.furthest(begin, budget)
        end = next((i for i in range(begin + 1, fits) if _parts(row.borders[i], part)), fits)
        if end == fits < row.length and not _parts(row.borders[end], part):
            ends = range(end, begin, -1)
            end = min(ends, key=lambda i: max(row.borders[i], Border.PARAGRAPH))
        groups.append((begin, end))
        begin = end
    return groups


def cuts(layout: Layout, spans: Iterable[Span], parent: Span | None = None) -> list[Cut]:
    """Stretches as cuts, without the white space around them; those of nothing else left out."""
    found = (stripped(layout.text, span.start, span.end) for span in spans)
    return [Cut(span.start, span.end, parent) for span in found if span is not None]


def sentence_cuts(layout: Layout, budget: int) -> list[Cut]:
    """Sentences, each with the heading above it; those beyond the budget in pieces."""
    row = Row(layout, layout.units(budget))
    return cuts(layout, map(row.span, pack(row, budget, Border.SENTENCE)))


def _parts(border: Border, part: Border | None) -> bool:
    return part is not None and border <= part
