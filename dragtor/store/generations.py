"""Generations: which passages there are, which version of each document answers, and the flip."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence

from dragtor.errors import StoreError
from dragtor.passages import context_of, input_hash
from dragtor.store import keywords
from dragtor.types import Document, Generation, Passage

_COLUMNS = "SELECT pk, splitter, spaces, recipe FROM generations"


def in_state(connection: sqlite3.Connection, state: str) -> Generation | None:
    """The generation that is ``active`` or ``building``, if there is one."""
    row = connection.execute(f"{_COLUMNS} WHERE state = ?", (state,)).fetchone()
    if row is None:
        return None
    return Generation(row[0], row[1], json.loads(row[2]), json.loads(row[3]))


def obtain(
    connection: sqlite3.Connection,
    splitter: str,
    spaces: Mapping[str, str],
    recipe: Mapping[str, str],
    *,
    fresh: bool,
    created: str,
) -> Generation:
    """See :meth:`dragtor.interfaces.Library.generation`.

    A generation of the same fingerprints takes over the new recipe: the same encoder may now lie
    elsewhere. One that was being built for other fingerprints is given up.
    """
    recipe_json = json.dumps(dict(recipe), sort_keys=True)
    for state in ("building",) if fresh else ("active", "building"):
        there = in_state(connection, state)
        if there and (there.splitter, dict(there.spaces)) == (splitter, dict(spaces)):
            connection.execute(
                "UPDATE generations SET recipe = ? WHERE pk = ?", (recipe_json, there.id)
            )
            return Generation(there.id, splitter, dict(spaces), dict(recipe))
    if given_up := in_state(connection, "building"):
        delete(connection, given_up.id)
    cursor = connection.execute(
        "INSERT INTO generations (splitter, spaces, recipe, state, created)"
        " VALUES (?, ?, ?, 'building', ?)",
        (splitter, json.dumps(dict(spaces), sort_keys=True), recipe_json, created),
    )
    id = cursor.lastrowid or 0
    keywords.create_table(connection, id)
    return Generation(id, splitter, dict(spaces), dict(recipe))


def activate(connection: sqlite3.Connection, generation: int) -> list[int]:
    """Let a generation answer, and delete all others; returns their ids."""
    require(connection, generation)
    rows = connection.execute("SELECT pk FROM generations WHERE pk <> ?", (generation,))
    others = [pk for (pk,) in rows.fetchall()]
    for pk in others:
        delete(connection, pk)
    connection.execute("UPDATE generations SET state = 'active' WHERE pk = ?", (generation,))
    return others


def is_only(connection: sqlite3.Connection, generation: int) -> bool:
    """Whether this is the generation that answers, and no other is being built."""
    active = in_state(connection, "active")
    same = active is not None and active.id == generation
    return same and in_state(connection, "building") is None


def require(connection: sqlite3.Connection, generation: int) -> None:
    """Raise StoreError if there is no such generation."""
    query = "SELECT 1 FROM generations WHERE pk = ?"
    if connection.execute(query, (generation,)).fetchone() is None:
        raise StoreError(f"there is no generation {generation} in the library: index again")


def delete(connection: sqlite3.Connection, generation: int) -> None:
    """Remove a generation with its passages and keyword rows."""
    keywords.drop_table(connection, generation)
    for table, column in (("passages", "generation"), ("indexed", "generation")):
        connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (generation,))
    connection.execute("DELETE FROM generations WHERE pk = ?", (generation,))


def pending(
    connection: sqlite3.Connection, generation: int, collections: Sequence[str] | None = None
) -> dict[str, int]:
    """Documents whose newest version is not indexed there, oldest first: characters by id.

    ``None`` stands for all collections.
    """
    some = (
        ""
        if collections is None
        else " AND +d.collection IN (SELECT pk FROM collections WHERE name IN"
        " (SELECT value FROM json_each(?)))"
    )
    # Every search asks this, and mostly nothing is pending: look at little of most documents.
    # The + keeps SQLite from going through the collections first.
    rows = connection.execute(
        "SELECT d.id, (SELECT characters FROM versions WHERE pk = d.newest) FROM documents d"
        " LEFT JOIN indexed i ON i.generation = ? AND i.document = d.pk"
        f" WHERE d.newest IS NOT NULL AND i.version IS NOT d.newest{some} ORDER BY d.pk",
        (generation,) if collections is None else (generation, json.dumps(list(collections))),
    )
    return dict(rows.fetchall())


def commit(
    connection: sqlite3.Connection,
    generation: int,
    indexed: Sequence[tuple[Document, Sequence[Passage]]],
) -> list[str]:
    """Flip documents to their new passages; returns the ids of those that are no more."""
    require(connection, generation)
    there: set[str] = set()
    before: set[str] = set()
    (last,) = connection.execute("SELECT coalesce(max(pk), 0) FROM passages").fetchone()
    for document, passages in indexed:
        pk, version = version_pk(connection, document)
        before.update(_forget(connection, generation, pk))
        connection.execute(
            "INSERT INTO indexed VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET version ="
            " excluded.version",
            (generation, pk, version),
        )
        last = _insert(connection, generation, pk, version, document, passages, last)
        there.update(passage.id for passage in passages)
    return sorted(before - there)


def drop_documents(connection: sqlite3.Connection, documents: Iterable[int]) -> list[str]:
    """Remove the passages of documents from every generation; returns their ids."""
    generations = [pk for (pk,) in connection.execute("SELECT pk FROM generations")]
    found: set[str] = set()
    for document in documents:
        for generation in generations:
            found.update(_forget(connection, generation, document))
        connection.execute("DELETE FROM indexed WHERE document = ?", (document,))
    return sorted(found)


def sweep_versions(connection: sqlite3.Connection, ids: Sequence[str] | None = None) -> set[str]:
    """Delete versions that are neither the newest nor indexed anywhere, of these or all documents.

    Returns the hashes of their originals.
    """
    some = "" if ids is None else " AND d.id IN (SELECT value FROM json_each(?))"
    rows = connection.execute(
        "SELECT v.pk, v.original FROM documents d JOIN versions v ON v.document = d.pk"
        " WHERE v.pk IS NOT d.newest"
        f" AND NOT EXISTS (SELECT 1 FROM indexed i WHERE i.version = v.pk){some}",
        () if ids is None else (json.dumps(list(ids)),),
    ).fetchall()
    connection.executemany("DELETE FROM versions WHERE pk = ?", [(pk,) for pk, _ in rows])
    return {original for _, original in rows}


def version_pk(connection: sqlite3.Connection, document: Document) -> tuple[int, int]:
    """Keys of a document and of this version of it. Raises StoreError if it is gone."""
    row = connection.execute(
        "SELECT d.pk, v.pk FROM documents d JOIN versions v ON v.document = d.pk"
        " WHERE d.id = ? AND v.number = ?",
        (document.info.id, document.version),
    ).fetchone()
    if row is None:
        raise StoreError(
            f"version {document.version} of document {document.info.id} is no longer in the "
            "library: run `dragtor index` again"
        )
    return row[0], row[1]


def _insert(
    connection: sqlite3.Connection,
    generation: int,
    pk: int,
    version: int,
    document: Document,
    passages: Sequence[Passage],
    last: int,
) -> int:
    for passage in passages:
        if document.text[passage.start : passage.end] != passage.text:
            raise StoreError(
                f"passage {passage.id} of document {document.info.id} is not what its text holds "
                f"from {passage.start} to {passage.end}: this is a defect of the splitter"
            )
    numbered = list(enumerate(passages, start=last + 1))
    connection.executemany(
        "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (row, generation, p.id, pk, version, p.start, p.end, input_hash(p), *_kept(p, document))
            for row, p in numbered
        ),
    )
    rows = (keywords.Row(row, context_of(p), p.text) for row, p in numbered)
    keywords.add_rows(connection, generation, rows)
    return last + len(passages)


def _kept(passage: Passage, document: Document) -> tuple[int | None, int | None, str | None]:
    """Start and end of the parent, and the context, which is not kept where it is the title."""
    context = context_of(passage)
    parent = passage.parent
    start, end = (None, None) if parent is None else (parent.start, parent.end)
    return start, end, None if context == document.info.title else context


def _forget(connection: sqlite3.Connection, generation: int, document: int) -> list[str]:
    """Remove a document's passages from a generation; returns their ids."""
    key = (generation, document)
    rows = connection.execute(
        "SELECT pk, id, version, start, end, context FROM passages"
        " WHERE generation = ? AND document = ?",
        key,
    ).fetchall()
    keywords.forget_rows(connection, generation, _keyword_rows(connection, rows))
    connection.execute("DELETE FROM passages WHERE generation = ? AND document = ?", key)
    return [row[1] for row in rows]


def _keyword_rows(
    connection: sqlite3.Connection, rows: Iterable[tuple[int, str, int, int, int, str | None]]
) -> Iterator[keywords.Row]:
    texts: dict[int, tuple[str, str]] = {}
    for pk, _, version, start, end, context in rows:
        if version not in texts:
            texts[version] = connection.execute(
                "SELECT title, text FROM versions WHERE pk = ?", (version,)
            ).fetchone()
        title, text = texts[version]
        yield keywords.Row(pk, title if context is None else context, text[start:end])
