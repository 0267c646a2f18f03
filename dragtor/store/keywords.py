"""The keyword index: SQLite FTS5, in the library's own file and transactions.

Each generation has a table ``keywords_N`` of its own, so that the statistics BM25 needs are those
of the passages it searches. It holds no text (external content): the view ``passages_N`` shows
each passage's text and, as its title, the line above it: what the encoder sees there, too. FTS5
wants to be told the very text it forgets, so :func:`forget_rows` is given it.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from dragtor.store.database import Database
from dragtor.text import STOP_WORDS, clean
from dragtor.types import Scored

_WORD = re.compile(r"\w+")
_MOST_WORDS = 256
"""A question has no more different words that matter; beyond it is a pasted document."""


class Row(NamedTuple):
    """What the index reads of a passage; ``pk`` is its row in the table of passages.

    ``context`` is the line above it: its document's title, or that with headings, or nothing.
    """

    pk: int
    context: str
    text: str


def create_table(connection: sqlite3.Connection, generation: int) -> None:
    """Make the index of a generation."""
    connection.execute(
        f"CREATE VIEW passages_{generation} AS SELECT p.pk AS pk,"
        " coalesce(p.context, v.title) AS title,"
        " substr(v.text, p.start + 1, p.end - p.start) AS text"
        " FROM passages p JOIN versions v ON v.pk = p.version"
        f" WHERE p.generation = {generation}"
    )
    connection.execute(
        f"CREATE VIRTUAL TABLE keywords_{generation} USING fts5 (title, text,"
        f" content = 'passages_{generation}', content_rowid = 'pk',"
        " tokenize = 'porter unicode61')"
    )


def drop_table(connection: sqlite3.Connection, generation: int) -> None:
    """Remove the index of a generation."""
    connection.execute(f"DROP TABLE IF EXISTS keywords_{generation}")
    connection.execute(f"DROP VIEW IF EXISTS passages_{generation}")


def add_rows(connection: sqlite3.Connection, generation: int, rows: Iterable[Row]) -> None:
    """Index passages."""
    connection.executemany(
        f"INSERT INTO keywords_{generation} (rowid, title, text) VALUES (?, ?, ?)", rows
    )


def forget_rows(connection: sqlite3.Connection, generation: int, rows: Iterable[Row]) -> None:
    """Take passages out of the index; context and text must be what was indexed."""
    table = f"keywords_{generation}"
    connection.executemany(
        f"INSERT INTO {table} ({table}, rowid, title, text) VALUES ('delete', ?, ?, ?)", rows
    )


def match_expression(text: str) -> str:
    """The question as FTS5 wants it: its words joined by OR, less stop words; may be empty.

    Hyphenated words are taken apart, as the tokenizer does. Stop words alone are kept.

    >>> match_expression("What about the A2-pulley?")
    '"a2" OR "pulley"'
    """
    found = list(dict.fromkeys(_WORD.findall(clean(text).lower())))
    telling = [word for word in found if word not in STOP_WORDS] or found
    return " OR ".join(f'"{word}"' for word in telling[:_MOST_WORDS])


class SqliteKeywordIndex:
    """Finds passages by their words, by BM25 over title and text (k1 1.2, b 0.75)."""

    def __init__(self, database: Database, title: float = 1.0, text: float = 1.0) -> None:
        self._database = database
        self._weights = f"{title}, {text}"

    def search(
        self, generation: int, text: str, k: int, among: Collection[str] | None = None
    ) -> list[Scored]:
        """See :class:`dragtor.interfaces.KeywordIndex`."""
        expression = match_expression(text)
        if not expression or k < 1:
            return []
        table = f"keywords_{int(generation)}"
        values: dict[str, object] = {"match": expression, "k": k}
        if among is None:
            values["rank"] = f"bm25({self._weights})"
            matching = (
                f"SELECT rowid AS pk, rank AS score FROM {table}"
                f" WHERE {table} MATCH :match AND rank MATCH :rank ORDER BY rank LIMIT :k"
            )
        else:
            values.update(_restricted(generation, among))
            matching = f"{self._scores(table)} ORDER BY score LIMIT :k"
        return [Scored(id, score) for id, score in self._read(table, matching, values)]

    def score(self, generation: int, text: str, ids: Collection[str]) -> dict[str, float]:
        """See :class:`dragtor.interfaces.KeywordIndex`."""
        scores = dict.fromkeys(ids, 0.0)
        expression = match_expression(text)
        if not expression or not ids:
            return scores
        table = f"keywords_{int(generation)}"
        values = {"match": expression, **_restricted(generation, ids)}
        return scores | dict(self._read(table, self._scores(table), values))

    def _scores(self, table: str) -> str:
        """Reads the scores of some passages.

        Those of others are not worked out, as they would be for a table that is read by rank. The
        plus keeps SQLite from asking the index for each passage by itself.
        """
        return (
            f"SELECT rowid AS pk, bm25({table}, {self._weights}) AS score FROM {table}"
            f" WHERE {table} MATCH :match AND +{table}.rowid IN (SELECT pk FROM passages"
            " WHERE generation = :generation AND id IN (SELECT value FROM json_each(:among)))"
        )

    def _read(
        self, table: str, matching: str, values: Mapping[str, object]
    ) -> list[tuple[str, float]]:
        """Ids and scores, best first; nothing where there is no such table."""
        query = (
            f"SELECT p.id, -found.score FROM ({matching}) AS found"
            " JOIN passages p ON p.pk = found.pk ORDER BY found.score, p.id"
        )
        with self._database.reading() as connection:
            exists = "SELECT 1 FROM sqlite_master WHERE name = ?"
            if connection.execute(exists, (table,)).fetchone() is None:
                return []
            return connection.execute(query, values).fetchall()


def _restricted(generation: int, ids: Collection[str]) -> dict[str, object]:
    return {"generation": generation, "among": json.dumps(list(ids))}
