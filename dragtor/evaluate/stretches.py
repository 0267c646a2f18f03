"""Stretches of a document that questions can rest on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dragtor.text import blocks, words
from dragtor.types import Document, Span

_LEAST_WORDS = 3
_LONGEST_QUOTE = 600
"""Characters of what stands under a heading."""
_MARKERS = "|-*+•·"


def sections(document: Document) -> Iterator[tuple[Span, str]]:
    """What stands first under each heading, with the heading; none for an empty section."""
    text = document.text
    marks = [mark for mark in document.marks if mark.heading]
    ends = [*(mark.offset for mark in marks[1:]), len(text)]
    for mark, end in zip(marks, ends[: len(marks)], strict=True):
        below = list(blocks(text, Span(mark.offset, end)))
        if below and str(mark.heading) in text[below[0].start : below[0].end]:
            below = below[1:]
        if below and len(words(text[below[0].start : below[0].end])) >= _LEAST_WORDS:
            yield _together(text, below), str(mark.heading)


def _together(text: str, below: Sequence[Span]) -> Span:
    """The first block, with the rows or items that follow where it is of a table or a list."""
    span, marker = below[0], text[below[0].start]
    for block in below[1:] if marker in _MARKERS else ():
        if text[block.start] != marker or block.end - span.start > _LONGEST_QUOTE:
            break
        span = Span(span.start, block.end)
    return Span(span.start, min(span.end, span.start + _LONGEST_QUOTE))


def stretches(text: str, least: int = 200, most: int = 1200) -> list[Span]:
    """Blocks in text order, short ones together with what follows them, by characters."""
    found: list[Span] = []
    start = end = -1
    for block in blocks(text):
        if start < 0 or block.end - start > most:
            start = block.start
        end = block.end
        if end - start >= least:
            found.append(Span(start, end))
            start = -1
    if start >= 0:
        found.append(Span(start, end))
    return found


def placed(passage: str, offset: int, quote: str) -> Span | None:
    """Where a quote stands in a passage, any white space like any other; None if it does not."""
    tokens = quote.split()
    if len(tokens) < _LEAST_WORDS:
        return None
    found = re.search(r"\s+".join(map(re.escape, tokens)), passage)
    return Span(offset + found.start(), offset + found.end()) if found else None
