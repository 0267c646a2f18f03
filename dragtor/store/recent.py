"""Vectors written since the last snapshot, in one SQLite file; it also says which snapshot counts.

Everything about a vector store that changes, changes here, in transactions.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dragtor.errors import StoreError
from dragtor.store.database import connect_reader, connect_writer, translated
from dragtor.types import Vectors

_FORMAT = 1
_IF_DAMAGED = "delete the folder it is in and run `dragtor index --rebuild`"
_SCHEMA = (
    "CREATE TABLE revision (n INTEGER NOT NULL)",
    "INSERT INTO revision VALUES (1)",
    "CREATE TABLE spaces (pk INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,"
    " dimension INTEGER NOT NULL, snapshot INTEGER NOT NULL DEFAULT 0,"
    " size INTEGER NOT NULL DEFAULT 0)",
    "CREATE TABLE recent (space INTEGER NOT NULL REFERENCES spaces ON DELETE CASCADE,"
    " id TEXT NOT NULL, vector BLOB, PRIMARY KEY (space, id))",
)


@dataclass(frozen=True, slots=True)
class Space:
    """A space; ``snapshot`` is the number of the one that counts, 0 if there is none yet.

    ``size`` is how many vectors the snapshot holds.
    """

    pk: int
    name: str
    dimension: int
    snapshot: int
    size: int

    @property
    def folder(self) -> str:
        """Name of the folder of its snapshot."""
        return f"{self.name}-{self.pk}-{self.snapshot}"


@dataclass(frozen=True, slots=True)
class Recent:
    """What was written to a space since its snapshot: vectors row by row, and ids deleted."""

    space: Space
    rows: Mapping[str, int]
    matrix: Vectors
    deleted: frozenset[str]

    def overrides(self, id: str) -> bool:
        """Whether what the snapshot says of an id is out of date."""
        return id in self.rows or id in self.deleted


class RecentFile:
    """The SQLite file. Reading it where it does not exist finds nothing and creates nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._guard = threading.Lock()
        self._reader: sqlite3.Connection | None = None
        self._revision = 0
        self._views: dict[str, Recent] = {}

    def view(self, name: str) -> Recent | None:
        """What there is of a space, at one moment; ``None`` if there is no such space."""
        with self._reading() as connection:
            if connection is None:
                return None
            if name not in self._views and (space := _space(connection, name)):
                self._views[name] = _load(connection, space)
            return self._views.get(name)

    def space(self, name: str) -> Space | None:
        """A space by its name."""
        return next((space for space in self.spaces() if space.name == name), None)

    def count(self, space: Space) -> int:
        """How much was written and deleted since the snapshot."""
        with self._reading() as connection:
            if connection is None:
                return 0
            query = "SELECT count(*) FROM recent WHERE space = ?"
            return int(connection.execute(query, (space.pk,)).fetchone()[0])

    def spaces(self) -> list[Space]:
        """All spaces."""
        with self._reading() as connection:
            if connection is None:
                return []
            rows = connection.execute("SELECT pk, name, dimension, snapshot, size FROM spaces")
            return [Space(*row) for row in rows]

    def create(self, name: str, dimension: int) -> None:
        """Make a space unless it is there."""
        with self._writing() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO spaces (name, dimension) VALUES (?, ?)", (name, dimension)
            )

    def add(self, space: Space, ids: Sequence[str], vectors: Vectors) -> None:
        """Write vectors over whatever there was of these ids."""
        rows = np.ascontiguousarray(vectors, "<f4")
        with self._writing() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO recent VALUES (?, ?, ?)",
                ((space.pk, id, row.tobytes()) for id, row in zip(ids, rows, strict=True)),
            )

    def delete(self, space: Space, ids: Collection[str]) -> None:
        """Forget vectors; where there is a snapshot, note that its own no longer count."""
        keys = [(space.pk, id) for id in ids]
        with self._writing() as connection:
            if space.snapshot:
                connection.executemany("INSERT OR REPLACE INTO recent VALUES (?, ?, NULL)", keys)
            else:
                connection.executemany("DELETE FROM recent WHERE space = ? AND id = ?", keys)

    def drop(self, space: Space) -> None:
        """Remove a space."""
        with self._writing() as connection:
            connection.execute("DELETE FROM spaces WHERE pk = ?", (space.pk,))

    def publish(self, space: Space, snapshot: int, size: int) -> None:
        """Let a snapshot count that holds everything recent."""
        with self._writing() as connection:
            connection.execute(
                "UPDATE spaces SET snapshot = ?, size = ? WHERE pk = ?", (snapshot, size, space.pk)
            )
            connection.execute("DELETE FROM recent WHERE space = ?", (space.pk,))

    def close(self) -> None:
        """Close the file; it is opened again when it is needed again."""
        with self._guard:
            self._views.clear()
            if self._reader is not None:
                self._reader.close()
                self._reader = None

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """One snapshot of the file, in which the views that are kept are current."""
        with self._guard, translated(self._path, _IF_DAMAGED):
            if self._reader is None:
                if not self._path.exists():
                    yield None
                    return
                self._reader = connect_reader(self._path)
            self._reader.execute("BEGIN")
            try:
                if _format(self._reader, self._path) == 0:
                    yield None
                    return
                (revision,) = self._reader.execute("SELECT n FROM revision").fetchone()
                if revision != self._revision:
                    self._views.clear()
                    self._revision = revision
                yield self._reader
            finally:
                self._reader.rollback()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with translated(self._path, _IF_DAMAGED):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = connect_writer(self._path)
            try:
                connection.execute("BEGIN IMMEDIATE")
                if _format(connection, self._path) == 0:
                    for statement in _SCHEMA:
                        connection.execute(statement)
                    connection.execute(f"PRAGMA user_version = {_FORMAT}")
                yield connection
                connection.execute("UPDATE revision SET n = n + 1")
                connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise
            finally:
                connection.close()


def _format(connection: sqlite3.Connection, path: Path) -> int:
    (number,) = connection.execute("PRAGMA user_version").fetchone()
    if number not in (0, _FORMAT):
        raise StoreError(
            f"{path} has format {number} and this dragtor knows format {_FORMAT}: "
            f"upgrade dragtor, or delete {path.parent} and run `dragtor index`"
        )
    return int(number)


def _space(connection: sqlite3.Connection, name: str) -> Space | None:
    row = connection.execute(
        "SELECT pk, name, dimension, snapshot, size FROM spaces WHERE name = ?", (name,)
    ).fetchone()
    return None if row is None else Space(*row)


def _load(connection: sqlite3.Connection, space: Space) -> Recent:
    rows: dict[str, int] = {}
    blobs, deleted = [], []
    for id, blob in connection.execute(
        "SELECT id, vector FROM recent WHERE space = ?", (space.pk,)
    ):
        if blob is None:
            deleted.append(id)
        else:
            rows[id] = len(rows)
            blobs.append(blob)
    matrix = np.frombuffer(b"".join(blobs), "<f4").reshape(len(rows), space.dimension)
    return Recent(space, rows, matrix, frozenset(deleted))
