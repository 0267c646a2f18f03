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
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import islice
from typing import NamedTuple

from dragtor.store.database import Database
from dragtor.text import STOP_WORDS, clean
from dragtor.types import Scored

_WORD = re.compile(r"\w+")
_MOST_WORDS = 256
"""A question has no more different words that matter; beyond it is a pasted document."""

_FEW = 5000
"""Among so many passages at most, they alone are scored; among more, the best of all are sifted."""


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
        if among is not None and len(among) <= _FEW:
            found = self._some(generation, expression, among)
        else:
            found = self._best(generation, expression, k, among)
        found.sort(key=lambda one: (-one[1], one[0]))
        return [Scored(id, score) for id, score in found[:k]]

    def score(self, generation: int, text: str, ids: Collection[str]) -> dict[str, float]:
        """See :class:`dragtor.interfaces.KeywordIndex`."""
        scores = dict.fromkeys(ids, 0.0)
        expression = match_expression(text)
        if not expression or not ids:
            return scores
        return scores | dict(self._some(generation, expression, ids))

    def _best(
        self, generation: int, expression: str, k: int, among: Collection[str] | None
    ) -> list[tuple[str, float]]:
        """Ids and scores of the best k, of these or of all."""
        table = f"keywords_{int(generation)}"
        query = (
            f"SELECT p.id, -found.rank FROM {table} AS found"
            f" CROSS JOIN passages p ON p.pk = found.rowid"
            f" WHERE found.{table} MATCH ? AND found.rank MATCH ? ORDER BY found.rank"
        )
        allowed = None if among is None else frozenset(among)
        with self._reading(table) as connection:
            if connection is None:
                return []
            with closing(connection.execute(query, (expression, f"bm25({self._weights})"))) as rows:
                passing = (row for row in rows if allowed is None or row[0] in allowed)
                return list(islice(passing, k))

    def _some(
        self, generation: int, expression: str, ids: Collection[str]
    ) -> list[tuple[str, float]]:
        """Ids and scores of those of these passages that share a word.

        The scores of others are not worked out, as they would be for a table read by rank. The
        plus keeps SQLite from asking the index for each passage by itself.
        """
        table = f"keywords_{int(generation)}"
        query = (
            f"SELECT p.id, -found.score FROM (SELECT rowid AS pk, bm25({table}, {self._weights})"
            f" AS score FROM {table} WHERE {table} MATCH ? AND +{table}.rowid IN (SELECT pk FROM"
            " passages WHERE generation = ? AND id IN (SELECT value FROM json_each(?)))) AS found"
            " JOIN passages p ON p.pk = found.pk"
        )
        with self._reading(table) as connection:
            if connection is None:
                return []
            values = (expression, generation, json.dumps(list(ids)))
            return connection.execute(query, values).fetchall()

    @contextmanager
    def _reading(self, table: str) -> Iterator[sqlite3.Connection | None]:
        """A connection; ``None`` where there is no such table."""
        with self._database.reading() as connection:
            exists = "SELECT 1 FROM sqlite_master WHERE name = ?"
            there = connection.execute(exists, (table,)).fetchone() is not None
            yield connection if there else None
