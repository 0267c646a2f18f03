"""The file library.db: its connections, transactions and errors. It knows no table but one."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dragtor.errors import StoreError
from dragtor.store import migrations
from dragtor.store.lock import WriterLock

_BUSY_MS = 10_000


class Database:
    """A SQLite file for many readers, in many threads and processes, and one writer.

    Reading a file that does not exist is reading an empty library, and creates nothing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = WriterLock(path.parent)
        self._guard = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._openings = 1
        self._writer: sqlite3.Connection | None = None
        self._pinned = threading.local()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Read in one snapshot: nothing that is committed meanwhile shows.

        Whatever a thread reads inside of the block is read in that same snapshot.
        """
        if pinned := getattr(self._pinned, "connection", None):
            yield pinned
            return
        with translated(self.path):
            connection, opening = self._reader()
            try:
                connection.execute("BEGIN")
                self._pinned.connection = connection
                yield connection
            finally:
                self._pinned.connection = None
                self._give_back(connection, opening)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the writer's lock, and bring the file to this program's format."""
        self.lock.acquire()
        try:
            outermost = self._writer is None
            if outermost:
                with translated(self.path):
                    self._writer = self._open_writer()
            try:
                yield
            finally:
                if outermost and self._writer is not None:
                    self._writer.close()
                    self._writer = None
        finally:
            self.lock.release()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write everything or nothing, under the writer's lock."""
        with self.writing(), translated(self.path):
            assert self._writer is not None
            connection = self._writer
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close what is idle; what is in use is closed when it is given back."""
        with self._guard:
            idle, self._idle = self._idle, []
            self._openings += 1
        for connection in idle:
            connection.close()

    def _reader(self) -> tuple[sqlite3.Connection, int]:
        """A connection, and since which opening it is valid (0: for this one time)."""
        with self._guard:
            opening = self._openings
            if self._idle:
                return self._idle.pop(), opening
        if not self.path.exists():
            return _empty(), 0
        connection = connect_reader(self.path)
        try:
            behind = migrations.version(connection)
        except BaseException:
            connection.close()
            raise
        if behind == len(migrations.STEPS):
            return connection, opening
        connection.close()
        if behind == 0:
            # A writer has just made the file and not yet filled it.
            return _empty(), 0
        with self.writing():
            pass
        return connect_reader(self.path), opening

    def _give_back(self, connection: sqlite3.Connection, opening: int) -> None:
        connection.rollback()
        with self._guard:
            if opening == self._openings:
                self._idle.append(connection)
                return
        connection.close()

    def _open_writer(self) -> sqlite3.Connection:
        connection = connect_writer(self.path)
        try:
            migrations.migrate(connection)
        except BaseException:
            connection.close()
            raise
        return connection


def bump(connection: sqlite3.Connection) -> None:
    """Raise the revision, in the transaction that changes what a search can find."""
    connection.execute("UPDATE revision SET n = n + 1")


def connect_reader(path: Path) -> sqlite3.Connection:
    """Open a file that is there for reading, also where nothing may be written."""
    try:
        return _connect(f"{path.absolute().as_uri()}?mode=rw", query_only=True)
    except sqlite3.OperationalError:
        wal = path.with_name(path.name + "-wal")
        if wal.exists() and wal.stat().st_size:
            raise
        # Where it cannot write, SQLite reads such a file only if told that nobody else writes.
        return _connect(f"{path.absolute().as_uri()}?immutable=1", query_only=True)


def connect_writer(path: Path) -> sqlite3.Connection:
    """Open a file for writing, and make it if need be. Readers see commits, at once and whole."""
    connection = _connect(f"{path.absolute().as_uri()}?mode=rwc", query_only=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def translated(
    path: Path, if_damaged: str = "restore a copy, or delete it and load again"
) -> Iterator[None]:
    """Turn what SQLite and the disk say into a StoreError of one line."""
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {error}; {_advice(str(error), if_damaged)}") from error
    except OSError as error:
        raise StoreError(f"{error.filename or path}: {error.strerror or error}") from error


def _advice(message: str, if_damaged: str) -> str:
    if "full" in message:
        return "free some disk space and run it again, nothing was lost"
    if "readonly" in message or "unable to open" in message or "permission" in message:
        return "check the permissions of the folder and its files"
    if "not a database" in message or "malformed" in message:
        return f"the file is damaged: {if_damaged}"
    if "locked" in message:
        return "another program holds it: try again when that is done"
    return "run `dragtor doctor` to see what is wrong with the library"


def _connect(uri: str, *, query_only: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(
        uri,
        uri=True,
        timeout=_BUSY_MS / 1000,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA query_only = {int(query_only)}")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _empty() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    migrations.migrate(connection)
    return connection
