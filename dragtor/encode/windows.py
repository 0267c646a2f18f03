"""Cuts a text that is too long for an encoder into windows that it reads one after the other."""

from __future__ import annotations

from collections.abc import Sequence

from dragtor.types import Span


def windows(text: str, tokens: Sequence[tuple[int, int]], size: int) -> list[Span]:
    """Cut a text into as few windows of at most ``size`` tokens as it takes, alike in length.

    They follow one another, and together are the whole text. Each ends between words where that
    leaves it half of what it could hold. ``tokens`` are where the tokens of the text lie, in order.

    >>> tokens = [(0, 3), (4, 7), (8, 10), (10, 13), (14, 16)]
    >>> windows("one two three 45", tokens, 3)
    [Span(start=0, end=8), Span(start=8, end=16)]
    """
    starts, first = [0], 0
    while (left := len(tokens) - first) > size:
        parts = -(-left // size)
        wanted = first + -(-left // parts)
        first = _border(text, tokens, (first + wanted) // 2, wanted)
        starts.append(tokens[first][0])
    ends = [*starts[1:], len(text)]
    return [Span(start, end) for start, end in zip(starts, ends, strict=True) if start < end]


def _border(text: str, tokens: Sequence[tuple[int, int]], least: int, most: int) -> int:
    """The last token in (least, most] that begins a word, or else one that begins a character."""
    between_characters = []
    for number in range(most, least, -1):
        start, end_before = tokens[number][0], tokens[number - 1][1]
        if start > end_before or text[start].isspace():
            return number
        if start == end_before:
            between_characters.append(number)
    return between_characters[0] if between_characters else most
