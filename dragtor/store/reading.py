"""Reading: documents as they answer, passages with their places, and what a filter lets through."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from dragtor.errors import QueryError
from dragtor.filters import alternatives, matches
from dragtor.store.places import PlacedText, TextCache
from dragtor.types import Document, DocumentInfo, Filter, Mark, Passage, Resolved, Span

_INFO = "d.id, v.uri, v.title, v.kind, v.author, v.published, v.metadata"
_FIELDS = {
    "title": "v.title",
    "author": "v.author",
    "kind": "v.kind",
    "uri": "v.uri",
    "published": "v.published",
    "id": "d.id",
}
_ANSWERING = (
    "documents d LEFT JOIN indexed i ON i.document = d.pk AND i.generation ="
    " (SELECT pk FROM generations WHERE state = 'active')"
    " JOIN versions v ON v.pk = coalesce(i.version, d.newest)"
)


def revision(connection: sqlite3.Connection) -> int:
    """A number that rises with every change to what a search can find."""
    (number,) = connection.execute("SELECT n FROM revision").fetchone()
    return int(number)


def documents(connection: sqlite3.Connection, collection: str) -> list[DocumentInfo]:
    """All documents of a collection, oldest first. Raises QueryError for an unknown one."""
    (pk,) = _collections(connection, [collection])
    rows = connection.execute(
        f"SELECT {_INFO} FROM {_ANSWERING} WHERE d.collection = ? AND d.state = 'present'"
        " ORDER BY d.pk",
        (pk,),
    )
    return [_info(row) for row in rows]


def document(connection: sqlite3.Connection, id: str, *, newest: bool) -> Document:
    """One document: the version that answers, or the newest. Raises QueryError."""
    tables = "documents d JOIN versions v ON v.pk = d.newest" if newest else _ANSWERING
    row = connection.execute(
        f"SELECT {_INFO}, v.number, v.text, v.marks FROM {tables} WHERE d.id = ?", (id,)
    ).fetchone()
    if row is None:
        raise QueryError(
            f"there is no document {id!r}: `dragtor sources list` shows those there are"
        )
    return Document(_info(row), row[7], row[8], marks(row[9]))


def resolve(
    connection: sqlite3.Connection,
    cache: TextCache,
    generation: int,
    ids: Sequence[str],
    wider: Mapping[str, Span],
) -> dict[str, Resolved]:
    """Passages by id with their documents and places; unknown ids are absent.

    ``wider`` gives other stretches to read of the same texts, by passage id.
    """
    rows = connection.execute(
        f"SELECT {_INFO}, v.digest, p.id, p.start, p.end, p.input_hash,"
        " p.parent_start, p.parent_end, p.version FROM json_each(?) AS wanted"
        " CROSS JOIN passages p ON p.generation = ? AND p.id = wanted.value"
        " JOIN documents d ON d.pk = p.document JOIN versions v ON v.pk = p.version",
        (json.dumps(list(ids)), generation),
    ).fetchall()
    texts = _texts(connection, cache, {row[7]: row[14] for row in rows})
    found = {}
    for *info, digest, id, start, end, hash, parent_start, parent_end, _ in rows:
        placed = texts[digest]
        parent = _parent(parent_start, parent_end)
        if id in wider:
            start, end = wider[id].start, wider[id].end
        text = placed.text[start:end]
        passage = Passage(id, start, end, text, input_hash=hash, parent=parent)
        marks = placed.within(start, end)
        found[id] = Resolved(passage, _info(info), placed.location(start), marks)
    return found


def passages(connection: sqlite3.Connection, generation: int, id: str) -> list[Passage]:
    """Passages of a document in text order."""
    rows = connection.execute(
        "SELECT p.version, p.id, p.start, p.end, p.input_hash, p.parent_start, p.parent_end"
        " FROM passages p JOIN documents d ON d.pk = p.document WHERE p.generation = ? AND d.id = ?"
        " ORDER BY p.start, p.end, p.pk",
        (generation, id),
    ).fetchall()
    if not rows:
        return []
    (text,) = connection.execute("SELECT text FROM versions WHERE pk = ?", rows[0][:1]).fetchone()
    return [
        Passage(id, start, end, text[start:end], input_hash=hash, parent=_parent(*parent))
        for _, id, start, end, hash, *parent in rows
    ]


def input_hashes(
    connection: sqlite3.Connection, generation: int, ids: Sequence[str]
) -> dict[str, str]:
    """Hash of the encoder's input by passage id; unknown ids are absent."""
    rows = connection.execute(
        "SELECT p.id, p.input_hash FROM json_each(?) AS wanted"
        " CROSS JOIN passages p ON p.generation = ? AND p.id = wanted.value",
        (json.dumps(list(ids)), generation),
    )
    return dict(rows.fetchall())


def _parent(start: int | None, end: int | None) -> Span | None:
    return None if start is None or end is None else Span(start, end)


def scope(
    connection: sqlite3.Connection,
    generation: int,
    names: Sequence[str],
    filters: Sequence[Filter],
) -> frozenset[str] | None:
    """Ids of the passages a query may see; ``None`` when that is all of them."""
    restriction = _restriction(connection, generation, names, filters)
    if restriction is None:
        return None
    documents, values = restriction
    rows = connection.execute(
        f"SELECT id FROM passages WHERE generation = ? AND document IN (SELECT d.pk {documents})",
        [generation, *values],
    )
    return frozenset(id for (id,) in rows)


def document_scope(
    connection: sqlite3.Connection,
    generation: int,
    names: Sequence[str],
    filters: Sequence[Filter],
) -> frozenset[str] | None:
    """Ids of the documents a query may see; ``None`` when that is all of them."""
    restriction = _restriction(connection, generation, names, filters)
    if restriction is None:
        return None
    documents, values = restriction
    return frozenset(id for (id,) in connection.execute(f"SELECT d.id {documents}", values))


def _restriction(
    connection: sqlite3.Connection,
    generation: int,
    names: Sequence[str],
    filters: Sequence[Filter],
) -> tuple[str, list[Any]] | None:
    """FROM and WHERE of the documents (``d``) a query may see; ``None`` when that is all."""
    wanted = _collections(connection, names)
    conditions: list[str] = []
    values: list[Any] = [generation]
    if not _only(connection, generation, wanted):
        conditions.append("d.collection IN (SELECT value FROM json_each(?))")
        values.append(json.dumps(wanted))
    conditions.extend(_condition(group, values) for group in alternatives(filters))
    if not conditions:
        return None
    # Documents share keys, kinds and years, so that most has been compared before.
    remembering = lru_cache(65_536)(matches)
    connection.create_function("matches", 3, remembering, deterministic=True)
    return (
        "FROM indexed i JOIN documents d ON d.pk = i.document"
        " JOIN versions v ON v.pk = i.version"
        f" WHERE i.generation = ? AND {' AND '.join(conditions)}",
        values,
    )


def marks(text: str) -> tuple[Mark, ...]:
    """Marks as they are stored."""
    return tuple(Mark(*fields) for fields in json.loads(text))


def _collections(connection: sqlite3.Connection, names: Sequence[str]) -> list[int]:
    known: dict[str, int] = dict(connection.execute("SELECT name, pk FROM collections").fetchall())
    for name in names:
        if name not in known:
            raise QueryError(f"there is no collection {name!r}; there are: {', '.join(known)}")
    return [known[name] for name in names]


def _only(connection: sqlite3.Connection, generation: int, collections: list[int]) -> bool:
    """Whether these are all the collections in which something is indexed."""
    other = connection.execute(
        "SELECT 1 FROM collections c CROSS JOIN documents d ON d.collection = c.pk"
        " CROSS JOIN indexed i ON i.document = d.pk WHERE i.generation = ?"
        " AND c.pk NOT IN (SELECT value FROM json_each(?)) LIMIT 1",
        (generation, json.dumps(collections)),
    )
    return other.fetchone() is None


def _condition(group: Sequence[Filter], values: list[Any]) -> str:
    """SQL that is true where one filter of the group holds; its values are appended."""
    parts = []
    for one in group:
        key = one.key.casefold()
        if key in _FIELDS:
            parts.append(f"matches(?, {_FIELDS[key]}, ?)")
            values.extend((one.operator, one.value))
        else:
            parts.append(
                "EXISTS (SELECT 1 FROM json_each(v.metadata) m WHERE"
                " (lower(m.key) = ? OR matches('=', m.key, ?)) AND matches(?, m.value, ?))"
            )
            values.extend((key, key, one.operator, one.value))
    return f"({' OR '.join(parts)})"


def _info(row: Sequence[Any]) -> DocumentInfo:
    id, uri, title, kind, author, published, metadata = row[:7]
    return DocumentInfo(id, uri, title, kind, author, published, json.loads(metadata))


def _texts(
    connection: sqlite3.Connection, cache: TextCache, versions: dict[str, int]
) -> dict[str, PlacedText]:
    found = cache.get(versions)
    missing = [version for digest, version in versions.items() if digest not in found]
    if missing:
        rows = connection.execute(
            "SELECT digest, text, marks FROM versions WHERE pk IN (SELECT value FROM json_each(?))",
            (json.dumps(missing),),
        )
        new = {digest: PlacedText(text, marks(stored)) for digest, text, stored in rows}
        cache.put(new)
        found.update(new)
    return found
