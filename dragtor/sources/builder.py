"""Builds a text block by block, with marks whose offsets are exact by construction."""

from __future__ import annotations

from dataclasses import replace

from dragtor.text import clean
from dragtor.types import Mark


class TextBuilder:
    """Grows clean text out of blocks; a mark lies at the first character of the next block."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._marks: list[Mark] = []
        self._pending: list[Mark] = []

    def block(self, text: str, *, after: str = "\n\n") -> None:
        """Append a paragraph; ``after`` is what stands between it and the block before.

        Empty lines around the text are left out, and nothing happens if nothing else is there.
        """
        text = clean(text).strip("\n").rstrip()
        if not text.strip():
            return
        if self._parts:
            self._append(after)
        self._place_marks()
        self._append(text)

    def heading(self, title: str, level: int) -> None:
        """Append a heading as a block of its own, and mark it; levels are clipped to 1 to 6."""
        title = " ".join(clean(title).split())
        if title:
            self.mark(Mark(0, heading=title, level=min(max(level, 1), 6)))
            self.block(title)

    def mark(self, mark: Mark) -> None:
        """Let the next block begin with this mark; the mark's own offset does not matter."""
        self._pending.append(mark)

    def build(self) -> tuple[str, tuple[Mark, ...]]:
        """The text and its marks in offset order."""
        self._place_marks()
        return "".join(self._parts), tuple(self._marks)

    def _place_marks(self) -> None:
        self._marks.extend(replace(mark, offset=self._length) for mark in self._pending)
        self._pending.clear()

    def _append(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)
