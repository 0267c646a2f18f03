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

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from dragtor.errors import ConfigError
from dragtor.interfaces import Tokenizer
from dragtor.text import blocks, sentences
from dragtor.types import Document, Mark, Span

HEADING, PARAGRAPH, SENTENCE, INSIDE, BELOW_HEADING = 0.0, 0.1, 0.2, 1.0, 4.0
"""Costs of beginning a passage at a border, by what begins there."""
STRADDLE = 0.3
"""Cost of each heading inside a passage, other than at its beginning."""
LONGEST_TOKEN = 100
"""Tokens with more characters are no words; each of their characters counts as a token."""

VERSION = 1


@dataclass(frozen=True, slots=True)
class _Unit:
    """A unit begins at ``start`` and reaches to the next one; ``cost`` is that of its border."""

    start: int
    cost: float


class StructureSplitter:
    """Cuts a document into passages of at most ``max_tokens``, by its structure.

    A passage that continues a section begins with the last whole sentences of the passage before,
    as many as fit into ``overlap_tokens``. Passages never begin below their own heading line.
    A document that fits the budget is one passage. Every character that is not white space is in
    at least one passage. Raises ConfigError if the overlap is more than half of the budget.

    ``fingerprint`` leaves out the tokenizer: it is the encoder's, which has its own.
    """

    def __init__(self, tokenizer: Tokenizer, max_tokens: int, overlap_tokens: int = 0) -> None:
        if not 0 <= overlap_tokens <= max_tokens // 2:
            raise ConfigError(
                f"split.overlap_tokens is {overlap_tokens}, and split.max_tokens is {max_tokens}: "
                f"set the overlap between 0 and {max(0, max_tokens // 2)}, half of a passage."
            )
        self.fingerprint = f"structure-{VERSION} max={max_tokens} overlap={overlap_tokens}"
        self._tokenizer = tokenizer
        self._max = max_tokens
        self._overlap = overlap_tokens

    def split(self, document: Document) -> list[Span]:
        """Spans in text order; each is stripped of white space, and only overlaps repeat text."""
        whole = _stripped(document.text, 0, len(document.text))
        if whole is None:
            return []
        tokens = _Tokens(self._tokenizer.token_spans(document.text))
        if tokens.count(whole.start, whole.end) <= self._max:
            return [whole]
        units = list(self._units(document, whole, tokens))
        cuts = self._cheapest_cuts(_Row(units, whole.end, tokens, self._overlap))
        spans = (_stripped(document.text, start, end) for start, end in cuts)
        return [span for span in spans if span is not None]

    def _units(self, document: Document, whole: Span, tokens: _Tokens) -> Iterator[_Unit]:
        for section, heading_end in _sections(document, whole):
            cost = HEADING
            for block in blocks(document.text, section):
                for sentence in sentences(document.text, block):
                    yield _Unit(sentence.start, cost)
                    yield from self._pieces(document.text, sentence, tokens)
                    cost = BELOW_HEADING if sentence.end <= heading_end else SENTENCE
                cost = max(cost, PARAGRAPH) if block.end <= heading_end else PARAGRAPH

    def _pieces(self, text: str, sentence: Span, tokens: _Tokens) -> Iterator[_Unit]:
        """Places where a sentence too long for a passage may be cut, best before a word."""
        first, last = tokens.range(sentence.start, sentence.end)
        if last - first <= self._max - self._overlap:
            return
        grain = max(1, (self._max - self._overlap) // 8)
        here = first
        while here + grain < last:
            latest = here + grain
            fits = range(latest, max(here, latest - grain // 2), -1)
            here = next((i for i in fits if _begins_word(text, tokens.starts[i])), latest)
            if tokens.starts[here] > tokens.starts[here - 1]:
                yield _Unit(tokens.starts[here], INSIDE)

    def _cheapest_cuts(self, row: _Row) -> list[tuple[int, int]]:
        """(start, end) of each passage, overlap included, so that the sum of costs is least."""
        best = [0.0] + [float("inf")] * row.length
        previous = [0] * (row.length + 1)
        for end in range(1, row.length + 1):
            for begin in range(end - 1, -1, -1):
                size = row.tokens_between(begin, end)
                if size > self._max and begin < end - 1:
                    break
                cost = best[begin] + row.cost(begin, end) + (1 - min(1.0, size / self._max)) ** 2
                if cost < best[end]:
                    best[end], previous[end] = cost, begin
        cuts: list[tuple[int, int]] = []
        end = row.length
        while end > 0:
            begin = previous[end]
            cuts.append((row.starts[row.overlap[begin]], row.starts[end]))
            end = begin
        return cuts[::-1]


class _Tokens:
    """Where tokens begin and end; a stretch touches ``count`` of them."""

    def __init__(self, spans: Sequence[tuple[int, int]]) -> None:
        if any(end - start > LONGEST_TOKEN for start, end in spans):
            spans = [piece for span in spans for piece in _taken_apart(*span)]
        self.starts = [start for start, _ in spans]
        self.ends = [end for _, end in spans]

    def range(self, start: int, end: int) -> tuple[int, int]:
        """Numbers of the first token that reaches beyond ``start``, and of that from ``end`` on."""
        return bisect_right(self.ends, start), bisect_left(self.starts, end)

    def count(self, start: int, end: int) -> int:
        first, last = self.range(start, end)
        return last - first


class _Row:
    """Units side by side, with what dynamic programming asks of them in constant time."""

    def __init__(self, units: Sequence[_Unit], end: int, tokens: _Tokens, overlap: int) -> None:
        self.length = len(units)
        self.starts = [unit.start for unit in units] + [end]
        self._border = [unit.cost for unit in units]
        self._first = [bisect_right(tokens.ends, start) for start in self.starts]
        self._last = [bisect_left(tokens.starts, start) for start in self.starts]
        self._headings = [0]
        for unit in units:
            self._headings.append(self._headings[-1] + (unit.cost == HEADING))
        self.overlap = [self._overlapping(unit, overlap) for unit in range(self.length)]

    def tokens_between(self, begin: int, end: int) -> int:
        """Tokens of the passage of units ``begin`` to ``end``, its overlap included."""
        return self._last[end] - self._first[self.overlap[begin]]

    def cost(self, begin: int, end: int) -> float:
        """Cost of the border before ``begin`` and of headings after it."""
        inside = self._headings[end] - self._headings[begin + 1]
        return self._border[begin] + STRADDLE * inside

    def _overlapping(self, begin: int, allowed: int) -> int:
        """The unit with which a passage begins that has ``begin`` as its first new unit."""
        first = begin
        while (
            first > 0
            and self._border[first] != HEADING
            and self._last[begin] - self._first[first - 1] <= allowed
        ):
            first -= 1
        return first


def _sections(document: Document, whole: Span) -> Iterator[tuple[Span, int]]:
    """Stretches from heading to heading, each with the end of its heading lines.

    A heading directly above another one begins a section together with it.
    """
    borders: list[tuple[int, int]] = []
    for mark in document.marks:
        if mark.heading is None or mark.offset >= whole.end:
            continue
        start, end = max(whole.start, mark.offset), _heading_end(document.text, mark)
        if borders and not document.text[borders[-1][1] : start].strip():
            borders[-1] = (borders[-1][0], max(start, end))
        else:
            borders.append((start, max(start, end)))
    if not borders or borders[0][0] > whole.start:
        borders.insert(0, (whole.start, whole.start))
    for (start, heading_end), (end, _) in pairwise([*borders, (whole.end, whole.end)]):
        yield Span(start, end), heading_end


def _heading_end(text: str, mark: Mark) -> int:
    """Where the line of a heading ends; its own offset if the text does not show the heading."""
    end = text.find("\n", mark.offset)
    end = len(text) if end < 0 else end
    return end if (mark.heading or "") in text[mark.offset : end] else mark.offset


def _begins_word(text: str, offset: int) -> bool:
    return offset > 0 and text[offset - 1].isspace()


def _taken_apart(start: int, end: int) -> Iterator[tuple[int, int]]:
    if end - start <= LONGEST_TOKEN:
        yield start, end
    else:
        yield from ((i, i + 1) for i in range(start, end))


def _stripped(text: str, start: int, end: int) -> Span | None:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    end -= len(piece) - len(piece.rstrip())
    return Span(start, end) if start < end else None
