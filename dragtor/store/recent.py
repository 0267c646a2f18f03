"""Vectors written since the last snapshot, in one SQLite file; it also says which snapshot counts.

Everything about a vector store that changes, changes here, in transactions. Between two snapshots
rows are only ever added or replaced, and SQLite gives each a higher number than all before; so a
reader that follows a writer reads what is new and no more.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dragtor.errors import StoreError
from dragtor.store.database import connect_reader, connect_writer, translated
from dragtor.types import Metric, Vectors

_FORMAT = 2
_SPARSE = 2
"""Rows of a view for each that is not out of date; above it, the view is made anew."""
_IF_DAMAGED = "delete the folder it is in and run `dragtor index --rebuild`"
_SCHEMA = (
    "CREATE TABLE revision (n INTEGER NOT NULL)",
    "INSERT INTO revision VALUES (1)",
    "CREATE TABLE spaces (pk INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,"
    " dimension INTEGER NOT NULL, snapshot INTEGER NOT NULL DEFAULT 0,"
    " size INTEGER NOT NULL DEFAULT 0, metric TEXT NOT NULL DEFAULT 'cosine')",
    "CREATE TABLE recent (space INTEGER NOT NULL REFERENCES spaces ON DELETE CASCADE,"
    " id TEXT NOT NULL, vector BLOB, PRIMARY KEY (space, id))",
)
_FROM_1 = "ALTER TABLE spaces ADD COLUMN metric TEXT NOT NULL DEFAULT 'cosine'"
_COLUMNS = {1: "pk, name, dimension, snapshot, size, 'cosine'"}
_COLUMNS[_FORMAT] = "pk, name, dimension, snapshot, size, metric"
"""Columns of a space by format: readers take a file of either, and writers bring it up to date."""


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
    metric: Metric

    @property
    def folder(self) -> str:
        """Name of the folder of its snapshot."""
        return f"{self.name}-{self.pk}-{self.snapshot}"


@dataclass(frozen=True, slots=True)
class Recent:
    """What was written to a space since its snapshot, and the ids that were deleted since.

    ``rows`` says in which row of ``matrix`` the vector of an id is; ``order`` has these rows in the
    order of the ids. Other rows are out of date. ``last`` is the number of the newest row read.
    """

    space: Space
    rows: Mapping[str, int]
    order: npt.NDArray[np.intp]
    matrix: Vectors
    deleted: frozenset[str]
    last: int

    def overrides(self, id: str) -> bool:
        """Whether what the snapshot says of an id is out of date."""
        return id in self.rows or id in self.deleted


class RecentFile:
    """The SQLite file. Reading it where it does not exist finds nothing and creates nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._guard = threading.Lock()
        self._reader: sqlite3.Connection | None = None
        self._views: dict[str, tuple[int, Recent]] = {}
        self._buffers: dict[str, Vectors] = {}

    def view(self, name: str) -> Recent | None:
        """What there is of a space, at one moment; ``None`` if there is no such space."""
        return self._at_once(lambda connection: [name]).get(name)

    def views(self) -> dict[str, Recent]:
        """What there is of all spaces, at one moment."""
        query = "SELECT name FROM spaces"
        return self._at_once(lambda connection: [name for (name,) in connection.execute(query)])

    def _at_once(self, names: Callable[[sqlite3.Connection], Sequence[str]]) -> dict[str, Recent]:
        found = {}
        with self._reading() as connection:
            if connection is not None:
                (revision,) = connection.execute("SELECT n FROM revision").fetchone()
                for name in names(connection):
                    if view := self._current(connection, name, revision):
                        found[name] = view
        return found

    def _current(self, connection: sqlite3.Connection, name: str, revision: int) -> Recent | None:
        """The view of a space at this revision, made of the one before where there is one."""
        seen, view = self._views.get(name, (0, None))
        if view is not None and seen == revision:
            return view
        space = _space(connection, name, self._path)
        if space is None:
            return None
        if view is None or view.space != space or len(view.matrix) > _SPARSE * len(view.order):
            view = _nothing_of(space)
            self._buffers[name] = np.empty((0, space.dimension), dtype=np.float32)
        view = self._extended(connection, view)
        self._views[name] = revision, view
        return view

    def _extended(self, connection: sqlite3.Connection, view: Recent) -> Recent:
        """A view with what was written since; the ones before stay as they are."""
        space, written = view.space, {}
        last = view.last
        # By number of the row: the index by space and id would read all.
        query = "SELECT rowid, id, vector FROM recent WHERE rowid > ? AND +space = ? ORDER BY rowid"
        for number, id, blob in connection.execute(query, (view.last, space.pk)):
            written[id], last = blob, number
        if not written:
            return view
        there, count = len(view.matrix), sum(blob is not None for blob in written.values())
        buffer = self._buffers[space.name] = _with_room(
            self._buffers[space.name], there, there + count
        )
        rows, deleted = dict(view.rows), set(view.deleted)
        for id, blob in written.items():
            rows.pop(id, None)
            deleted.discard(id)
            if blob is None:
                deleted.add(id)
            else:
                buffer[there] = np.frombuffer(blob, "<f4")
                rows[id] = there
                there += 1
        order = np.fromiter(rows.values(), np.intp, len(rows))
        return Recent(space, rows, order, buffer[:there], frozenset(deleted), last)

    def space(self, name: str) -> Space | None:
        """A space by its name."""
        return next((space for space in self.spaces() if space.name == name), None)

    def count(self, space: Space) -> tuple[int, int]:
        """How many ids were written, and how many deleted, since the snapshot."""
        with self._reading() as connection:
            if connection is None:
                return 0, 0
            query = "SELECT count(vector), count(*) - count(vector) FROM recent WHERE space = ?"
            written, deleted = connection.execute(query, (space.pk,)).fetchone()
            return written, deleted

    def spaces(self) -> list[Space]:
        """All spaces."""
        with self._reading() as connection:
            if connection is None:
                return []
            columns = _COLUMNS[_format(connection, self._path)]
            rows = connection.execute(f"SELECT {columns} FROM spaces")
            return [Space(*row) for row in rows]

    def create(self, name: str, dimension: int, metric: Metric) -> None:
        """Make a space unless it is there."""
        with self._writing() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO spaces (name, dimension, metric) VALUES (?, ?, ?)",
                (name, dimension, metric),
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
        """Note that vectors no longer count."""
        keys = [(space.pk, id) for id in ids]
        with self._writing() as connection:
            connection.executemany("INSERT OR REPLACE INTO recent VALUES (?, ?, NULL)", keys)

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

    def purge(self, space: Space) -> None:
        """Forget which ids were deleted, where no snapshot has any of them."""
        with self._writing() as connection:
            # Another number, so that readers who did not see all deletions begin anew.
            connection.execute(
                "UPDATE spaces SET snapshot = snapshot + 1 WHERE pk = ?", (space.pk,)
            )
            connection.execute("DELETE FROM recent WHERE space = ? AND vector IS NULL", (space.pk,))

    def close(self) -> None:
        """Close the file; it is opened again when it is needed again."""
        with self._guard:
            self._views.clear()
            self._buffers.clear()
            if self._reader is not None:
                self._reader.close()
                self._reader = None

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """One snapshot of the file; ``None`` where there is none yet."""
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
                if (found := _format(connection, self._path)) != _FORMAT:
                    for statement in _SCHEMA if found == 0 else (_FROM_1,):
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
    if number not in (0, *_COLUMNS):
        raise StoreError(
            f"{path} has format {number} and this dragtor knows format {_FORMAT}: "
            f"upgrade dragtor, or delete {path.parent} and run `dragtor index`"
        )
    return int(number)


def _space(connection: sqlite3.Connection, name: str, path: Path) -> Space | None:
    columns = _COLUMNS[_format(connection, path)]
    row = connection.execute(f"SELECT {columns} FROM spaces WHERE name = ?", (name,)).fetchone()
    return None if row is None else Space(*row)


def _nothing_of(space: Space) -> Recent:
    matrix = np.empty((0, space.dimension), dtype=np.float32)
    return Recent(space, {}, np.empty(0, np.intp), matrix, frozenset(), 0)


def _with_room(buffer: Vectors, used: int, wanted: int) -> Vectors:
    """A matrix with at least so many rows, of which those used are as they were."""
    if wanted <= len(buffer):
        return buffer
    larger = np.empty((max(wanted, 2 * used), buffer.shape[1]), dtype=np.float32)
    larger[:used] = buffer[:used]
    return larger
