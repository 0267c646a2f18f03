"""Where the tokens of a text lie, and where a text may be cut if it must be."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from dragtor.errors import ConfigError
from dragtor.interfaces import Tokenizer
from dragtor.types import Span

LONGEST_TOKEN = 100
"""Tokens with more characters are no words; each of their characters counts as a token, one that
is made of several (a Hangul syllable, a letter with its accent) as so many."""
MOST_MARKS = 8
"""Combining marks that stay with their letter; more in a row are no writing."""

_JOINER = "\u200d"


class Tokens:
    """The tokens of a text by number; a stretch of the text *touches* some of them."""

    def __init__(self, tokenizer: Tokenizer, text: str) -> None:
        spans: Sequence[tuple[int, int]] = tokenizer.token_spans(text)
        if any(end - start > LONGEST_TOKEN for start, end in spans):
            spans = [piece for span in spans for piece in _taken_apart(text, *span)]
        self.text = text
        self.starts = [start for start, _ in spans]
        self.ends = [end for _, end in spans]

    def range(self, start: int, end: int) -> tuple[int, int]:
        """Numbers of the first token that reaches beyond ``start``, and of that from ``end`` on."""
        return bisect_right(self.ends, start), bisect_left(self.starts, end)

    def count(self, start: int, end: int) -> int:
        """How many tokens a stretch touches."""
        first, last = self.range(start, end)
        return max(0, last - first)

    def joints(self, first: int, last: int) -> Iterator[int]:
        """Tokens from ``first`` to ``last``, both left out, before which a word may be cut.

        Tokens of one character stay together, and so do a letter and its combining marks.
        """
        marks = 0
        for token in range(first + 1, last):
            start = self.starts[token]
            if start == self.starts[token - 1]:
                continue
            marks = marks + 1 if _continues(self.text, start) else 0
            if marks == 0 or marks > MOST_MARKS:
                marks = 0
                yield token


def check_overlap(overlap_tokens: int, budget: int, key: str = "max_tokens") -> None:
    """Raise ConfigError unless the overlap is at most half of the budget, which ``key`` sets."""
    if not 0 <= overlap_tokens <= budget // 2:
        raise ConfigError(
            f"split.overlap_tokens is {overlap_tokens}, and split.{key} is {budget}: "
            f"set the overlap between 0 and {max(0, budget // 2)}, half of a passage."
        )


def stripped(text: str, start: int, end: int) -> Span | None:
    """A stretch without the white space around it; ``None`` if it is nothing else."""
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    end -= len(piece) - len(piece.rstrip())
    return Span(start, end) if start < end else None


def _taken_apart(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    if end - start <= LONGEST_TOKEN:
        yield start, end
        return
    for i in range(start, end):
        for _ in unicodedata.normalize("NFD", text[i]):
            yield i, i + 1


def _continues(text: str, offset: int) -> bool:
    """Whether the character at an offset belongs to the one before it."""
    if unicodedata.category(text[offset]).startswith("M") or text[offset] == _JOINER:
        return True
    return offset > 0 and text[offset - 1] == _JOINER
