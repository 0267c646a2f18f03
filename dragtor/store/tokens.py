"""The token store: packed token vectors in files that are mapped, and an index of them in SQLite.

Vectors are only ever appended to a file, and count once the index says so, in one transaction. So
readers, in any thread or process, see all that was committed with their next look, and need no
lock; and a process that is killed leaves at most a tail that the next write overwrites. A file of
which most is no longer needed is written anew under another name; whoever reads the old one keeps
it, mapped, until done.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection, Sequence
from pathlib import Path
from uuid import uuid4

import numpy as np

from dragtor.errors import StoreError
from dragtor.store import token_index
from dragtor.store.token_index import Place, TokenFile, TokenIndex
from dragtor.types import Codes

_SUFFIX = ".codes"
_LARGEST_SHARE = 0.5
"""Of a file that nothing needs any more; above it, the file is written anew."""


class FileTokenStore:
    """A :class:`dragtor.interfaces.TokenStore` in a folder, made by the first write.

    Many processes may read; only the one that holds the library's lock may write.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._index = TokenIndex(folder / "tokens.db")
        self._mapped: dict[str, tuple[str, Codes]] = {}

    def create(self, space: str, width: int) -> None:
        """See TokenStore."""
        with self._index.writing() as connection:
            token_index.create(connection, space, width, _new_name())

    def add(self, space: str, keys: Sequence[str], codes: Sequence[Codes]) -> None:
        """See TokenStore."""
        with self._index.writing() as connection:
            file = self._mended(connection, space)
            for one in codes:
                if one.ndim != 2 or one.shape[1] != file.width:
                    raise StoreError(
                        f"token vectors of shape {one.shape} do not fit the {file.width} bytes of "
                        f"{space}: run `dragtor index --rebuild`"
                    )
            places: list[Place] = []
            end = file.rows
            for key, one in zip(keys, codes, strict=True):
                places.append((key, end, len(one)))
                end += len(one)
            self._append(file, codes)
            token_index.add(connection, file, places)

    def get(self, space: str, keys: Sequence[str]) -> dict[str, Codes]:
        """See TokenStore."""
        while (found := self._index.find(space, keys)) is not None:
            file, places = found
            try:
                rows = self._rows(file)
            except FileNotFoundError:
                if self._replaced(file):
                    continue
                break
            except OSError as error:
                raise StoreError(f"{self._folder / file.file}: {error.strerror}") from error
            return {
                key: rows[start : start + count]
                for key, start, count in places
                if start + count <= len(rows)
            }
        return {}

    def missing(self, space: str, keys: Collection[str]) -> set[str]:
        """See TokenStore; what lies in a file that was deleted or cut off is missing."""
        found = self._index.find(space, list(keys))
        if found is None:
            return set(keys)
        file, places = found
        whole = self._whole_rows(file)
        return set(keys) - {key for key, start, rows in places if start + rows <= whole}

    def keep(self, space: str, keys: Collection[str]) -> None:
        """See TokenStore."""
        found = self._index.all(space)
        if found is None:
            return
        wanted = set(keys)
        gone = [key for key, _, _ in found[1] if key not in wanted]
        kept = sum(rows for key, _, rows in found[1] if key in wanted)
        wasteful = found[0].rows - kept > _LARGEST_SHARE * found[0].rows
        if gone or wasteful:
            with self._index.writing() as connection:
                file = self._mended(connection, space)
                token_index.forget(connection, file, gone)
                if wasteful:
                    self._write_anew(connection, file)
        self._sweep()

    def spaces(self) -> set[str]:
        """See TokenStore."""
        return {file.name for file in self._index.files()}

    def lost(self, space: str) -> bool:
        """See TokenStore; it looks at the size of one file."""
        while (file := self._index.file(space)) is not None:
            if self._whole_rows(file) == file.rows:
                return False
            if not self._replaced(file):
                return True
        return True

    def drop(self, space: str) -> None:
        """See TokenStore."""
        if space in self.spaces():
            with self._index.writing() as connection:
                connection.execute("DELETE FROM spaces WHERE name = ?", (space,))
            self._sweep()

    def close(self) -> None:
        """See TokenStore."""
        self._mapped = {}
        self._index.close()

    def _rows(self, file: TokenFile) -> Codes:
        """The vectors of a file, mapped, as many as count at least; a view that stays valid."""
        name, rows = self._mapped.get(file.name, ("", _NONE))
        if name == file.file and len(rows) >= file.rows:
            return rows
        if not file.rows:
            return _NONE.reshape(0, file.width)
        path = self._folder / file.file
        if whole := path.stat().st_size // file.width:
            mapped = np.memmap(path, np.uint8, "r", shape=(whole, file.width))
            rows = np.asarray(mapped)
        else:
            rows = _NONE.reshape(0, file.width)
        self._mapped[file.name] = file.file, rows
        return rows

    def _replaced(self, file: TokenFile) -> bool:
        """Whether a space no longer lies in this file, or is gone."""
        return file.file not in {one.file for one in self._index.files()}

    def _whole_rows(self, file: TokenFile) -> int:
        """Vectors that count and are really there."""
        path = self._folder / file.file
        there = path.stat().st_size // file.width if path.exists() else 0
        return min(file.rows, there)

    def _mended(self, connection: sqlite3.Connection, space: str) -> TokenFile:
        """A space to write to, of which nothing counts that is not there."""
        file = token_index.file_of(connection, space)
        if file is None:
            raise StoreError(f"there is no token space {space!r} in {self._folder}")
        whole = self._whole_rows(file)
        if whole < file.rows:
            # Under another name if it was deleted, for somebody may still have it mapped.
            token_index.cut(connection, file, whole, file.file if whole else _new_name())
            file = token_index.file_of(connection, space)
            assert file is not None
        return file

    def _append(self, file: TokenFile, codes: Sequence[Codes]) -> None:
        """Write behind what counts, over what an interrupted write left there."""
        path = self._folder / file.file
        with path.open("r+b" if path.exists() else "xb") as data:
            data.truncate(file.rows * file.width)
            data.seek(0, os.SEEK_END)
            for one in codes:
                data.write(np.ascontiguousarray(one).data)
            data.flush()
            os.fsync(data.fileno())

    def _write_anew(self, connection: sqlite3.Connection, file: TokenFile) -> None:
        """Copy what counts into a new file, and let that one count."""
        new, end = _new_name(), 0
        places: list[Place] = []
        rows = self._rows(file) if file.rows else _NONE
        with (self._folder / new).open("xb") as data:
            for key, start, count in token_index.places_of(connection, file):
                data.write(np.ascontiguousarray(rows[start : start + count]).data)
                places.append((key, end, count))
                end += count
            data.flush()
            os.fsync(data.fileno())
        token_index.replace(connection, file, new, places)

    def _sweep(self) -> None:
        """Delete the files that no space lies in."""
        files = self._index.files()
        counting = {file.file for file in files}
        names = {file.name for file in files}
        for name in set(self._mapped) - names:
            self._mapped.pop(name, None)
        for path in self._folder.glob(f"*{_SUFFIX}"):
            if path.name not in counting:
                path.unlink(missing_ok=True)


_NONE: Codes = np.empty((0, 1), dtype=np.uint8)


def _new_name() -> str:
    """Of a file; never used again, so that no reader mistakes one for another."""
    return f"{uuid4().hex}{_SUFFIX}"
