"""Vectors that were computed once, in a file of their own that may be deleted at any time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path

import numpy as np

from dragtor.store.database import connect_writer, translated
from dragtor.types import Vectors

_MOST_KEYS = 500


class SqliteVectorCache:
    """A :class:`dragtor.interfaces.VectorCache` in one file, opened for each call.

    A call is a batch that costs a model seconds and this file milliseconds.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def get(self, fingerprint: str, texts: Sequence[str]) -> dict[str, Vectors]:
        """See VectorCache."""
        if not self._path.exists():
            return {}
        text_of = {_key(fingerprint, text): text for text in texts}
        keys = list(text_of)
        found: dict[str, Vectors] = {}
        with self._open() as connection:
            for start in range(0, len(keys), _MOST_KEYS):
                chunk = keys[start : start + _MOST_KEYS]
                marks = ", ".join("?" * len(chunk))
                rows = connection.execute(
                    f"SELECT key, vector FROM vectors WHERE key IN ({marks})", chunk
                )
                found.update((text_of[key], np.frombuffer(blob, "<f4")) for key, blob in rows)
        return found

    def put(self, fingerprint: str, texts: Sequence[str], vectors: Vectors) -> None:
        """See VectorCache."""
        rows = [
            (_key(fingerprint, text), np.ascontiguousarray(vector, "<f4").tobytes())
            for text, vector in zip(texts, vectors, strict=True)
        ]
        with translated(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as connection:
            connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with translated(self._path):
            try:
                connection = self._connect()
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:
                # Not a database, or damaged: nothing is lost with it but time.
                for end in ("", "-wal", "-shm"):
                    self._path.with_name(self._path.name + end).unlink(missing_ok=True)
                connection = self._connect()
            with closing(connection):
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")

    def _connect(self) -> sqlite3.Connection:
        connection = connect_writer(self._path)
        try:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL)"
            )
        except BaseException:
            connection.close()
            raise
        return connection


def _key(fingerprint: str, text: str) -> bytes:
    return sha256(f"{fingerprint}\0{text}".encode()).digest()
