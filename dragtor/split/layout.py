"""A document as splitters see it: a row of units, with how strongly the text parts between them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

from dragtor.interfaces import Tokenizer
from dragtor.split.tokens import Tokens, stripped
from dragtor.text import blocks, sentences
from dragtor.types import Document, Mark, Span


class Border(IntEnum):
    """What begins at a border; the lower, the more the text parts there."""

    SECTION = 0
    PARAGRAPH = 1
    ITEM = 2
    """An item of a list, or a row of a table."""
    SENTENCE = 3
    INSIDE = 4
    """A piece of a sentence that is too long."""
    BELOW_HEADING = 5
    """What a heading stands above."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit begins at ``start``, at such a border, and reaches to the next one."""

    start: int
    border: Border


class Layout:
    """Text, tokens and headings of a document; ``whole`` is ``None`` if there is no text in it."""

    def __init__(self, document: Document, tokenizer: Tokenizer) -> None:
        self.text = document.text
        self.tokens = Tokens(tokenizer, document.text)
        self.whole = stripped(document.text, 0, len(document.text))
        self.end = self.whole.end if self.whole else 0
        self._marks = document.marks

    def units(self, longest: int) -> list[Unit]:
        """Sentences, in text order, those of more than ``longest`` tokens in pieces."""
        if self.whole is None:
            return []
        return list(self._units(self.whole, longest))

    def _units(self, whole: Span, longest: int) -> Iterator[Unit]:
        for section, heading_end in self._sections(whole):
            border, before = Border.SECTION, section.start
            for block in blocks(self.text, section):
                if border is Border.PARAGRAPH and self.text.count("\n", before, block.start) < 2:
                    border = Border.ITEM
                for sentence in sentences(self.text, block):
                    yield Unit(sentence.start, border)
                    yield from self._pieces(sentence, longest)
                    heading = sentence.end <= heading_end
                    border = Border.BELOW_HEADING if heading else Border.SENTENCE
                if block.end > heading_end:
                    border = Border.PARAGRAPH
                before = block.end

    def _pieces(self, sentence: Span, longest: int) -> Iterator[Unit]:
        """Places where a long sentence may be cut, an eighth apart, best before a word."""
        starts = self.tokens.starts
        first, last = self.tokens.range(sentence.start, sentence.end)
        if last - first <= longest:
            return
        grain = max(1, longest // 8)
        joints = list(self.tokens.joints(first, last))
        here = 0
        while here < len(joints) and first + grain < last:
            reach = bisect_right(joints, first + grain, here)
            near = range(reach - 1, bisect_right(joints, first + grain - grain // 2, here) - 1, -1)
            begins_word = (i for i in near if self.text[starts[joints[i]] - 1].isspace())
            chosen = next(begins_word, max(here, reach - 1))
            first = joints[chosen]
            yield Unit(starts[first], Border.INSIDE)
            here = chosen + 1

    def _sections(self, whole: Span) -> Iterator[tuple[Span, int]]:
        """Stretches from heading to heading, each with the end of its heading lines.

        A heading directly above another one begins a section together with it.
        """
        borders: list[tuple[int, int]] = []
        for mark in self._marks:
            if mark.heading is None or mark.offset >= whole.end:
                continue
            start, end = max(whole.start, mark.offset), _heading_end(self.text, mark)
            if borders and not self.text[borders[-1][1] : start].strip():
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
