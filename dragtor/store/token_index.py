"""Where the token vectors of a text lie in the files of a token store: one small SQLite file.

Whatever it does not name does not count, so a file that was half written is no harm.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from dragtor.errors import StoreError
from dragtor.store.database import connect_reader, connect_writer, translated

_FORMAT = 1
_IF_DAMAGED = "delete the folder it is in and run `dragtor index`"
_SCHEMA = (
    # rows: vectors that count in the file; what lies behind them is torn.
    "CREATE TABLE spaces (pk INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,"
    " width INTEGER NOT NULL, file TEXT NOT NULL, rows INTEGER NOT NULL DEFAULT 0)",
    "CREATE TABLE texts (space INTEGER NOT NULL REFERENCES spaces ON DELETE CASCADE,"
    " key TEXT NOT NULL, start INTEGER NOT NULL, rows INTEGER NOT NULL,"
    " PRIMARY KEY (space, key)) WITHOUT ROWID",
)


@dataclass(frozen=True, slots=True)
class TokenFile:
    """A space: its vectors of ``width`` bytes, ``rows`` of them, lie in ``file``."""

    pk: int
    name: str
    width: int
    file: str
    rows: int


Place = tuple[str, int, int]
"""Key of a text, its first row, and how many rows it has."""


class TokenIndex:
    """The SQLite file. Reading it where it does not exist finds nothing and creates nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._guard = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._openings = 0

    def find(self, space: str, keys: Sequence[str]) -> tuple[TokenFile, list[Place]] | None:
        """Where texts lie, at one moment; ``None`` if there is no such space."""
        with self._reading() as connection:
            file = file_of(connection, space)
            if connection is None or file is None:
                return None
            rows = connection.execute(
                "SELECT texts.key, start, rows FROM json_each(?) AS wanted"
                " CROSS JOIN texts ON texts.space = ? AND texts.key = wanted.value",
                (json.dumps(list(keys)), file.pk),
            )
            return file, rows.fetchall()

    def all(self, space: str) -> tuple[TokenFile, list[Place]] | None:
        """Where all texts of a space lie, in their order; ``None`` if there is no such space."""
        with self._reading() as connection:
            file = file_of(connection, space)
            return None if file is None else (file, places_of(connection, file))

    def file(self, space: str) -> TokenFile | None:
        """A space by its name."""
        with self._reading() as connection:
            return file_of(connection, space)

    def files(self) -> list[TokenFile]:
        """All spaces."""
        with self._reading() as connection:
            if connection is None:
                return []
            rows = connection.execute("SELECT pk, name, width, file, rows FROM spaces")
            return [TokenFile(*row) for row in rows]

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Write everything or nothing."""
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
                connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise
            finally:
                connection.close()

    def close(self) -> None:
        """Close what is idle; what is in use is closed when it is given back."""
        with self._guard:
            idle, self._idle = self._idle, []
            self._openings += 1
        for connection in idle:
            connection.close()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """One snapshot of the file; ``None`` where there is none yet."""
        with translated(self._path, _IF_DAMAGED):
            with self._guard:
                opening = self._openings
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                if not self._path.exists():
                    yield None
                    return
                connection = connect_reader(self._path)
            try:
                connection.execute("BEGIN")
                yield connection if _format(connection, self._path) else None
            finally:
                connection.rollback()
                with self._guard:
                    current = opening == self._openings
                    if current:
                        self._idle.append(connection)
                if not current:
                    connection.close()


def file_of(connection: sqlite3.Connection | None, space: str) -> TokenFile | None:
    """A space by its name."""
    if connection is None:
        return None
    query = "SELECT pk, name, width, file, rows FROM spaces WHERE name = ?"
    row = connection.execute(query, (space,)).fetchone()
    return None if row is None else TokenFile(*row)


def create(connection: sqlite3.Connection, space: str, width: int, file: str) -> None:
    """Make a space unless it is there."""
    connection.execute(
        "INSERT OR IGNORE INTO spaces (name, width, file) VALUES (?, ?, ?)", (space, width, file)
    )


def add(connection: sqlite3.Connection, file: TokenFile, places: Sequence[Place]) -> None:
    """Let vectors count that were appended to the file, in place of what these texts had."""
    connection.executemany(
        "INSERT OR REPLACE INTO texts VALUES (?, ?, ?, ?)", ((file.pk, *one) for one in places)
    )
    added = sum(rows for _, _, rows in places)
    connection.execute("UPDATE spaces SET rows = rows + ? WHERE pk = ?", (added, file.pk))


def cut(connection: sqlite3.Connection, file: TokenFile, rows: int, name: str) -> None:
    """Forget what lay behind so many rows of a file, which goes on under this name."""
    connection.execute("DELETE FROM texts WHERE space = ? AND start + rows > ?", (file.pk, rows))
    connection.execute("UPDATE spaces SET file = ?, rows = ? WHERE pk = ?", (name, rows, file.pk))


def forget(connection: sqlite3.Connection, file: TokenFile, keys: Collection[str]) -> None:
    """Forget texts."""
    connection.executemany(
        "DELETE FROM texts WHERE space = ? AND key = ?", ((file.pk, key) for key in keys)
    )


def replace(
    connection: sqlite3.Connection, file: TokenFile, name: str, places: Sequence[Place]
) -> None:
    """Let another file count, in which the texts that there are lie at these places."""
    connection.executemany(
        "UPDATE texts SET start = ? WHERE space = ? AND key = ?",
        ((start, file.pk, key) for key, start, _ in places),
    )
    total = sum(rows for _, _, rows in places)
    connection.execute("UPDATE spaces SET file = ?, rows = ? WHERE pk = ?", (name, total, file.pk))


def places_of(connection: sqlite3.Connection | None, file: TokenFile) -> list[Place]:
    """Where all texts of a space lie, in their order."""
    if connection is None:
        return []
    query = "SELECT key, start, rows FROM texts WHERE space = ? ORDER BY start"
    return connection.execute(query, (file.pk,)).fetchall()


def _format(connection: sqlite3.Connection, path: Path) -> int:
    (number,) = connection.execute("PRAGMA user_version").fetchone()
    if number not in (0, _FORMAT):
        raise StoreError(
            f"{path} has format {number} and this dragtor knows format {_FORMAT}: "
            f"upgrade dragtor, or delete {path.parent} and run `dragtor index`"
        )
    return int(number)
