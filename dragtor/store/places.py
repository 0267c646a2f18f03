"""Texts with their marks, ready to say quickly what holds at an offset."""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence

from dragtor.types import Location, Mark

_MOST_CHARACTERS = 16_000_000


class PlacedText:
    """A text whose marks are summed up once, so that each look-up is a binary search."""

    def __init__(self, text: str, marks: Sequence[Mark]) -> None:
        self.text = text
        self._marks = tuple(marks)
        self._offsets: list[int] = []
        self._locations: list[Location] = []
        here = Location()
        for mark in marks:
            here = Location(
                here.page if mark.page is None else mark.page,
                here.heading if mark.heading is None else mark.heading,
                here.seconds if mark.seconds is None else mark.seconds,
                here.speaker if mark.speaker is None else mark.speaker,
            )
            self._offsets.append(mark.offset)
            self._locations.append(here)

    def location(self, offset: int) -> Location:
        """The same as :func:`dragtor.text.locate`."""
        index = bisect_right(self._offsets, offset) - 1
        return self._locations[index] if index >= 0 else Location()

    def within(self, start: int, end: int) -> tuple[Mark, ...]:
        """Marks after ``start`` and before ``end``."""
        first, last = bisect_right(self._offsets, start), bisect_left(self._offsets, end)
        return self._marks[first:last]


class TextCache:
    """The texts used last, by digest, up to a number of characters; for many threads."""

    def __init__(self, characters: int = _MOST_CHARACTERS) -> None:
        self._room = characters
        self._texts: OrderedDict[str, PlacedText] = OrderedDict()
        self._guard = threading.Lock()

    def get(self, digests: Iterable[str]) -> dict[str, PlacedText]:
        """Texts that are held, by digest."""
        with self._guard:
            held = [digest for digest in digests if digest in self._texts]
            for digest in held:
                self._texts.move_to_end(digest)
            return {digest: self._texts[digest] for digest in held}

    def put(self, texts: Mapping[str, PlacedText]) -> None:
        """Hold texts, and let those go that were not used for the longest time."""
        with self._guard:
            for digest, text in texts.items():
                if digest not in self._texts:
                    self._room -= len(text.text)
                self._texts[digest] = text
            while self._room < 0 and self._texts:
                _, gone = self._texts.popitem(last=False)
                self._room += len(gone.text)
