"""Chooses the extractor for an original by its media type."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from dragtor.errors import NothingToRead, SourceError
from dragtor.sources.address import shown
from dragtor.sources.dates import with_iso_date
from dragtor.sources.guard import reading
from dragtor.types import Content, Original


class Format(Protocol):
    """Reads one kind of original."""

    version: str
    """Changes when the same bytes would give another text; names the library that decides it."""

    def extract(self, original: Original) -> Iterator[Content]:
        """Read an original. Raises SourceError (broken, encrypted) or NothingToRead (empty)."""
        ...


class Extractors:
    """One format for each media type, made at its first use, so that what is not used is light.

    ``by_type`` gives for each media type a function that makes its format.
    """

    def __init__(self, by_type: Mapping[str, Callable[[], Format]]) -> None:
        self._make = by_type
        self._made: dict[str, Format] = {}

    def extract(self, original: Original) -> Iterator[Content]:
        """Read an original. Raises SourceError (broken, encrypted) or NothingToRead (empty)."""
        if not original.data.strip():
            raise NothingToRead(f"{shown(original.uri)} is empty")
        form = self._of(original.media_type, original.uri)
        with reading(original.uri, f"file of the type {original.media_type}"):
            contents = list(form.extract(original))
        if not any(content.text.strip() for content in contents):
            raise NothingToRead(f"{shown(original.uri)} has no text in it")
        yield from map(with_iso_date, contents)

    def version(self, media_type: str) -> str:
        """A name that changes when the same bytes of this type would give another text.

        Raises SourceError if nothing reads this type.
        """
        return self._of(media_type, media_type).version

    def _of(self, media_type: str, uri: str) -> Format:
        if media_type not in self._made:
            if media_type not in self._make:
                known = ", ".join(sorted(self._make))
                raise SourceError(
                    f"{shown(uri)}: cannot read the type {media_type}; known are {known}"
                )
            self._made[media_type] = self._make[media_type]()
        return self._made[media_type]
