"""Vectors that were computed once, in a file of their own that may be deleted at any time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from dragtor.log import logger
from dragtor.store.database import connect_reader, connect_writer, translated
from dragtor.types import Vectors

_MOST_KEYS = 500
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL)",
    # n vectors of half precision, one after the other.
    "CREATE TABLE IF NOT EXISTS spans"
    " (key BLOB PRIMARY KEY, n INTEGER NOT NULL, vectors BLOB NOT NULL)",
)


class SqliteVectorCache:
    """A :class:`dragtor.interfaces.VectorCache` in one file, opened for each call.

    A call is a batch that costs a model seconds and this file milliseconds. Reading takes no lock
    that a writer would wait for, and makes no file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def get(self, fingerprint: str, texts: Sequence[str]) -> dict[str, Vectors]:
        """See VectorCache."""
        rows = self._rows("vectors", "vector", fingerprint, texts)
        return {text: np.frombuffer(vector, "<f4") for text, vector in rows}

    def put(self, fingerprint: str, texts: Sequence[str], vectors: Vectors) -> None:
        """See VectorCache."""
        rows = [
            (_key(fingerprint, text), np.ascontiguousarray(vector, "<f4").tobytes())
            for text, vector in zip(texts, vectors, strict=True)
        ]
        self._write("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)

    def get_spans(self, fingerprint: str, keys: Sequence[str]) -> dict[str, Vectors]:
        """See VectorCache."""
        return {
            key: np.frombuffer(vectors, "<f2").astype(np.float32).reshape(n, -1)
            for key, n, vectors in self._rows("spans", "n, vectors", fingerprint, keys)
            if n
        }

    def put_spans(self, fingerprint: str, keys: Sequence[str], vectors: Sequence[Vectors]) -> None:
        """See VectorCache. Half precision: it moves a cosine by less than 0.001."""
        rows = [
            (_key(fingerprint, key), len(rows), np.ascontiguousarray(rows, "<f2").tobytes())
            for key, rows in zip(keys, vectors, strict=True)
        ]
        self._write("INSERT OR REPLACE INTO spans VALUES (?, ?, ?)", rows)

    def _rows(
        self, table: str, columns: str, fingerprint: str, texts: Sequence[str]
    ) -> list[tuple[Any, ...]]:
        """Text and columns of each row that is there; what cannot be read is not there."""
        text_of = {_key(fingerprint, text): text for text in texts}
        keys = list(text_of)
        found: list[tuple[Any, ...]] = []
        if not self._path.exists():
            return found
        try:
            with closing(connect_reader(self._path)) as connection:
                for start in range(0, len(keys), _MOST_KEYS):
                    chunk = keys[start : start + _MOST_KEYS]
                    marks = ", ".join("?" * len(chunk))
                    query = f"SELECT key, {columns} FROM {table} WHERE key IN ({marks})"
                    found += connection.execute(query, chunk)
        except sqlite3.Error as error:  # damaged, locked, or of an older dragtor
            logger.debug("{} cannot be read: {}", self._path, error)
        return [(text_of[key], *columns) for key, *columns in found]

    def _write(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        with translated(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._writing() as connection:
            connection.executemany(statement, rows)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
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
            for statement in _SCHEMA:
                connection.execute(statement)
        except BaseException:
            connection.close()
            raise
        return connection


def _key(fingerprint: str, text: str) -> bytes:
    return sha256(f"{fingerprint}\0{text}".encode()).digest()
