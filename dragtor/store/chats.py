"""Chats that are kept: each answer as it ended, in a file of its own beside the library.

An answer is written in one transaction before anything else happens, so that a process that is
killed loses nothing that was shown.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from dragtor.errors import QueryError, StoreError
from dragtor.store.database import connect_reader, connect_writer, translated
from dragtor.types import Answer

if TYPE_CHECKING:
    from pydantic import TypeAdapter

FILE = "chats.db"
"""Name of the file in the library's folder."""
FORMAT = 1
LAST = "last"
"""Stands for the chat that was spoken in last."""

_TABLES = """
CREATE TABLE chats (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    collection TEXT NOT NULL,
    started TEXT NOT NULL
);
CREATE TABLE answers (
    chat INTEGER NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
    n INTEGER NOT NULL,
    at TEXT NOT NULL,
    question TEXT NOT NULL,
    answer TEXT NOT NULL,
    PRIMARY KEY (chat, n)
) WITHOUT ROWID
"""
_LIST = """
SELECT chats.id, chats.collection, chats.started, max(answers.at), count(*),
    (SELECT question FROM answers AS first WHERE first.chat = chats.id ORDER BY n LIMIT 1)
FROM chats JOIN answers ON answers.chat = chats.id
WHERE chats.collection = ?
GROUP BY chats.id ORDER BY max(answers.at) DESC, chats.id DESC
"""
_DAMAGED = "move it away: a new one is begun, and the library needs it for nothing else"


@dataclass(frozen=True, slots=True)
class ChatInfo:
    """A chat without its answers; ``title`` is its first question.

    ``started`` and ``spoken`` (when it was spoken in last) are ISO 8601 times in UTC.
    """

    id: str
    collection: str
    title: str
    started: str
    spoken: str
    turns: int


class SqliteChats:
    """The chats of a library; the file is opened for each call, and made by the first answer."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def begin(self, collection: str) -> str:
        """The id of a new chat. Without answers it is in no list."""
        with self._writing() as connection:
            rows = connection.execute(
                "INSERT INTO chats (collection, started) VALUES (?, ?)", (collection, _now())
            )
            return str(rows.lastrowid)

    def add(self, chat: str, answer: Answer) -> None:
        """Keep an answer as the newest of a chat."""
        with self._writing() as connection:
            connection.execute(
                "INSERT INTO answers SELECT ?, coalesce(max(n), 0) + 1, ?, ?, ? FROM answers"
                " WHERE chat = ?",
                (chat, _now(), answer.question, encoded(answer), chat),
            )

    def all(self, collection: str) -> tuple[ChatInfo, ...]:
        """The chats of a collection, the one spoken in last first."""
        with self._reading() as connection:
            rows = connection.execute(_LIST, (collection,)).fetchall() if connection else []
        return tuple(
            ChatInfo(str(id), place, title, started, spoken, turns)
            for id, place, started, spoken, turns, title in rows
        )

    def find(self, collection: str, id: str) -> ChatInfo:
        """The chat of an id, or the last one for ``last``. Raises QueryError if there is none."""
        chats = self.all(collection)
        for chat in chats:
            if id in (chat.id, LAST):
                return chat
        if not chats:
            raise QueryError(f"no chat was kept in {collection}: `dragtor chat` begins one")
        raise QueryError(f"no chat {id!r} in {collection}; `dragtor chats list` has them")

    def answers(self, chat: str) -> tuple[Answer, ...]:
        """All answers of a chat, oldest first."""
        with self._reading() as connection:
            query = "SELECT answer FROM answers WHERE chat = ? ORDER BY n"
            rows = connection.execute(query, (chat,)).fetchall() if connection else []
        try:
            return tuple(decoded(text) for (text,) in rows)
        except ValueError as error:
            raise StoreError(
                f"chat {chat} in {self._path} cannot be read ({str(error).splitlines()[0]}); "
                f"`dragtor chats rm {chat}` removes it"
            ) from error

    def remove(self, chat: str) -> None:
        """Forget a chat with all its answers; its id is never used again."""
        with self._writing() as connection:
            connection.execute("DELETE FROM chats WHERE id = ?", (chat,))

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        with translated(self._path, _DAMAGED):
            if not self._path.exists():
                yield None
                return
            with closing(connect_reader(self._path)) as connection:
                yield connection if self._known(connection) else None

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with translated(self._path, _DAMAGED):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(connect_writer(self._path)) as connection:
                connection.execute("BEGIN IMMEDIATE")
                if not self._known(connection):
                    for statement in _TABLES.split(";"):
                        connection.execute(statement)
                    connection.execute(f"PRAGMA user_version = {FORMAT}")
                yield connection
                connection.execute("COMMIT")

    def _known(self, connection: sqlite3.Connection) -> bool:
        """Whether the tables are there. Raises StoreError for those of a later program."""
        (number,) = connection.execute("PRAGMA user_version").fetchone()
        if number > FORMAT:
            raise StoreError(
                f"{self._path} has format {number} and this dragtor knows formats up to {FORMAT}: "
                "upgrade dragtor; the file was left as it is"
            )
        return bool(number)


def encoded(answer: Answer) -> str:
    """An answer as JSON, with all that is in it."""
    return _adapter().dump_json(answer).decode()


def decoded(text: str) -> Answer:
    """The answer that :func:`encoded` wrote. Raises ValueError for anything else."""
    return _adapter().validate_json(text)


@cache
def _adapter() -> TypeAdapter[Answer]:
    from pydantic import TypeAdapter

    return TypeAdapter(Answer)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
