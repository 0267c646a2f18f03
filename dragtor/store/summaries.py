"""Summaries of whole versions, by what made them. They go when their version goes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from dragtor.store import generations
from dragtor.types import Document


def long_documents(connection: sqlite3.Connection, generation: int, passages: int) -> list[str]:
    """Ids of the documents that have at least so many passages there, oldest first."""
    rows = connection.execute(
        "SELECT d.id FROM indexed i JOIN documents d ON d.pk = i.document WHERE i.generation = ?"
        " AND (SELECT count(*) FROM passages p WHERE p.document = d.pk"
        " AND p.generation = i.generation) >= ? ORDER BY d.pk",
        (generation, passages),
    )
    return [id for (id,) in rows]


def read(
    connection: sqlite3.Connection, generation: int, maker: str, ids: Sequence[str]
) -> dict[str, str]:
    """Summaries by this maker, of the versions that are indexed there, by document id."""
    rows = connection.execute(
        "SELECT d.id, s.text FROM json_each(?) AS wanted JOIN documents d ON d.id = wanted.value"
        " JOIN indexed i ON i.generation = ? AND i.document = d.pk"
        " JOIN summaries s ON s.version = i.version AND s.maker = ?",
        (json.dumps(list(ids)), generation, maker),
    )
    return dict(rows.fetchall())


def keep(
    connection: sqlite3.Connection, maker: str, summaries: Sequence[tuple[Document, str]]
) -> None:
    """Keep summaries of versions. Raises StoreError if one is no longer there."""
    for document, text in summaries:
        _, version = generations.version_pk(connection, document)
        connection.execute(
            "INSERT OR REPLACE INTO summaries VALUES (?, ?, ?)", (version, maker, text)
        )
