"""Files and folders on this machine as sources."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote_from_bytes

from dragtor.errors import SourceError
from dragtor.sources.address import path_of
from dragtor.types import Found, Original

MEDIA_TYPES = {
    ".txt": "text/plain",
    ".text": "text/plain",
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".html": "text/html",
    ".htm": "text/html",
    ".xhtml": "text/html",
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".epub": "application/epub+zip",
    ".jsonl": "application/jsonl",
    ".ndjson": "application/jsonl",
}
"""File endings that can be read, and the media type that chooses their extractor."""


class FileSource:
    """One file, named by its path or ``file://`` URI."""

    def __init__(self, path: str, *, min_words: int = 0, unique: bool = False) -> None:
        self._path = path_of(path)
        self.uri = self._path.as_uri()
        self.min_words = min_words
        self.unique = unique
        self.complete = True

    def discover(self) -> Iterator[Found]:
        """Name the file. Raises SourceError if it is not there or of an unknown type."""
        status = _stat(self._path)
        if media_type(self._path.name) is None:
            known = " ".join(MEDIA_TYPES)
            raise SourceError(f"{self._path} is of an unknown type: dragtor reads {known}")
        yield Found(self.uri, _validator(status))

    def fetch(self, uri: str, validator: str | None) -> Original | None:
        """Read the file; ``None`` if its size and time are as before."""
        return _fetch(uri, validator)


class FolderSource:
    """All files below a folder. Hidden ones are left out without a word, unknown ones with one."""

    def __init__(self, path: str, *, min_words: int = 0, unique: bool = False) -> None:
        self._path = path_of(path)
        self.uri = self._path.as_uri()
        self.min_words = min_words
        self.unique = unique
        self.complete = True

    def discover(self) -> Iterator[Found]:
        """Name every file, in order of its path. Raises SourceError if there is no such folder."""
        try:
            entries = _entries(self._path)
        except OSError as error:
            raise SourceError(f"cannot list the folder {self._path}: {error.strerror}") from error
        status = _stat(self._path)
        yield from self._walk(entries, self.uri.rstrip("/"), {(status.st_dev, status.st_ino)})

    def fetch(self, uri: str, validator: str | None) -> Original | None:
        """Read one of the files; ``None`` if its size and time are as before."""
        return _fetch(uri, validator)

    def _walk(
        self, entries: list[os.DirEntry[str]], base: str, above: set[tuple[int, int]]
    ) -> Iterator[Found]:
        for entry in entries:
            # Quoting the name alone: building a Path for every file costs more than all the rest.
            uri = f"{base}/{quote_from_bytes(os.fsencode(entry.name))}"
            try:
                if entry.is_dir():
                    yield from self._enter(entry, uri, above)
                else:
                    yield _found(entry, uri)
            except OSError as error:
                self.complete = False
                yield Found(uri, skipped=f"cannot be read: {error.strerror}")

    def _enter(
        self, entry: os.DirEntry[str], uri: str, above: set[tuple[int, int]]
    ) -> Iterator[Found]:
        status = entry.stat()
        here = (status.st_dev, status.st_ino)
        if here not in above:  # otherwise a symbolic link leads back up
            yield from self._walk(_entries(Path(entry.path)), uri, above | {here})


def media_type(name: str) -> str | None:
    """The media type of a file by its ending, ``None`` if dragtor cannot read it.

    >>> media_type("Report.PDF")
    'application/pdf'
    """
    return MEDIA_TYPES.get(os.path.splitext(name)[1].lower())


def _entries(path: Path) -> list[os.DirEntry[str]]:
    with os.scandir(path) as listing:
        visible = [entry for entry in listing if not entry.name.startswith((".", "~$"))]
    return sorted(visible, key=lambda entry: entry.name)


def _found(entry: os.DirEntry[str], uri: str) -> Found:
    if media_type(entry.name) is None:
        ending = os.path.splitext(entry.name)[1]
        return Found(uri, skipped=f"unknown type {ending}" if ending else "no file ending")
    status = entry.stat()
    if not stat.S_ISREG(status.st_mode):
        return Found(uri, skipped="not a regular file")
    return Found(uri, _validator(status))


def _fetch(uri: str, validator: str | None) -> Original | None:
    path = path_of(uri)
    # Before reading: a file that changes in between is then read again next time.
    now = _validator(_stat(path))
    if now == validator:
        return None
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}") from error
    return Original(uri, media_type(path.name) or "application/octet-stream", data, now)


def _stat(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except FileNotFoundError as error:
        raise SourceError(f"there is no file or folder {path}: check the path") from error
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}") from error


def _validator(status: os.stat_result) -> str:
    return f"{status.st_size}:{status.st_mtime_ns}"
