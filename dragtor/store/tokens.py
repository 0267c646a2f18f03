"""The token store: token vectors of texts, eight bits a component, in files that are mapped."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from dragtor.store.database import connect_reader, connect_writer, translated
from dragtor.types import Vectors

_IF_DAMAGED = "delete the folder it is in and run `dragtor index --rebuild`"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS spaces (name TEXT PRIMARY KEY, dimension INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS tokens (
    space TEXT NOT NULL REFERENCES spaces ON DELETE CASCADE,
    key TEXT NOT NULL,
    codes BLOB NOT NULL,
    PRIMARY KEY (space, key)
)
"""


class FileTokenStore:
    """A :class:`dragtor.interfaces.TokenStore` in a folder, made by the first write."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "tokens.db"
        self._guard = threading.Lock()

    def create(self, space: str, dimension: int) -> None:
        """See TokenStore."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with translated(self._path, _IF_DAMAGED), closing(connect_writer(self._path)) as db:
            for statement in _SCHEMA.split(";"):
                db.execute(statement)
            db.execute("INSERT OR IGNORE INTO spaces VALUES (?, ?)", (space, dimension))

    def add(self, space: str, keys: Sequence[str], tokens: Sequence[Vectors]) -> None:
        """See TokenStore."""
        rows = [
            (space, key, np.round(127 * np.clip(one, -1, 1)).astype(np.int8).tobytes())
            for key, one in zip(keys, tokens, strict=True)
        ]
        with translated(self._path, _IF_DAMAGED), closing(connect_writer(self._path)) as db:
            db.execute("BEGIN IMMEDIATE")
            db.executemany("INSERT OR REPLACE INTO tokens VALUES (?, ?, ?)", rows)
            db.execute("COMMIT")

    def get(self, space: str, keys: Sequence[str]) -> dict[str, Vectors]:
        """See TokenStore."""
        found: dict[str, Vectors] = {}
        if not self._path.exists():
            return found
        with translated(self._path, _IF_DAMAGED), closing(connect_reader(self._path)) as db:
            (dimension,) = db.execute(
                "SELECT dimension FROM spaces WHERE name = ?", (space,)
            ).fetchone()
            for key in keys:
                row = db.execute(
                    "SELECT codes FROM tokens WHERE space = ? AND key = ?", (space, key)
                ).fetchone()
                if row is not None:
                    codes = np.frombuffer(row[0], np.int8).reshape(-1, dimension)
                    found[key] = codes.astype(np.float32) / np.float32(127)
        return found

    def missing(self, space: str, keys: Collection[str]) -> set[str]:
        """See TokenStore."""
        return set(keys) - self._keys(space)

    def keep(self, space: str, keys: Collection[str]) -> None:
        """See TokenStore."""
        gone = self._keys(space) - set(keys)
        with translated(self._path, _IF_DAMAGED), closing(connect_writer(self._path)) as db:
            db.executemany(
                "DELETE FROM tokens WHERE space = ? AND key = ?", [(space, key) for key in gone]
            )

    def spaces(self) -> set[str]:
        """See TokenStore."""
        if not self._path.exists():
            return set()
        with translated(self._path, _IF_DAMAGED), closing(connect_reader(self._path)) as db:
            return {name for (name,) in db.execute("SELECT name FROM spaces")}

    def drop(self, space: str) -> None:
        """See TokenStore."""
        with translated(self._path, _IF_DAMAGED), closing(connect_writer(self._path)) as db:
            db.execute("DELETE FROM spaces WHERE name = ?", (space,))

    def close(self) -> None:
        """See TokenStore."""

    def _keys(self, space: str) -> set[str]:
        if not self._path.exists():
            return set()
        with translated(self._path, _IF_DAMAGED), closing(connect_reader(self._path)) as db:
            return {
                key for (key,) in db.execute("SELECT key FROM tokens WHERE space = ?", (space,))
            }
