"""Sources and what they gave: remembering, forgetting, removing, and counting it all."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from dragtor.errors import QueryError, StoreError
from dragtor.passages import text_hash
from dragtor.store.generations import in_state
from dragtor.store.loading import Retired, collection_pk, now, retire, source_pk
from dragtor.types import Known, LibraryStatus, SourceInfo

_SOURCE = (
    "SELECT s.pk FROM sources s JOIN collections c ON c.pk = s.collection"
    " WHERE c.name = ? AND s.uri = ?"
)
_PARTS = {
    "library": ("library.db", "library.db-wal"),
    "vectors": ("chroma",),
    "tokens": ("tokens",),
    "cache": ("vectors.db", "vectors.db-wal"),
    "originals": ("originals",),
}


class Item(NamedTuple):
    """Where the original of an item is."""

    hash: str
    media_type: str
    validator: str | None


def remember(connection: sqlite3.Connection, collection: str, uri: str) -> None:
    """Let a plain load refresh a source."""
    pk = source_pk(connection, collection_pk(connection, collection), uri)
    connection.execute("UPDATE sources SET remembered = 1 WHERE pk = ?", (pk,))


def forget(connection: sqlite3.Connection, collection: str, uri: str) -> None:
    """Let it no more."""
    connection.execute(
        f"UPDATE sources SET remembered = 0 WHERE pk = ({_SOURCE})", (collection, uri)
    )


def remembered(connection: sqlite3.Connection, collection: str) -> list[str]:
    """Addresses of the remembered sources, oldest first."""
    rows = connection.execute(
        "SELECT s.uri FROM sources s JOIN collections c ON c.pk = s.collection"
        " WHERE c.name = ? AND s.remembered ORDER BY s.pk",
        (collection,),
    )
    return [uri for (uri,) in rows]


def known(connection: sqlite3.Connection, collection: str, source: str) -> dict[str, Known]:
    """What a source gave before, by URI."""
    rows = connection.execute(
        "SELECT uri, validator, media_type, extractor, removed FROM items"
        f" WHERE source = ({_SOURCE})",
        (collection, source),
    )
    return {
        uri: Known(validator, media_type, extractor, bool(removed))
        for uri, validator, media_type, extractor, removed in rows
    }


def item(connection: sqlite3.Connection, collection: str, source: str, uri: str) -> Item:
    """One thing that a source gave. Raises StoreError."""
    row = connection.execute(
        "SELECT original, media_type, validator FROM items"
        f" WHERE source = ({_SOURCE}) AND uri = ? AND NOT removed",
        (collection, source, uri),
    ).fetchone()
    if row is None:
        raise StoreError(f"the library holds no original of {uri}: load it again with --refresh")
    return Item(*row)


def report(
    connection: sqlite3.Connection, collection: str, uri: str, failures: Mapping[str, str]
) -> None:
    """Note when a source was loaded last, and what failed then, if it is on record."""
    row = connection.execute(_SOURCE, (collection, uri)).fetchone()
    if row is None:
        return
    pk = row[0]
    connection.execute("UPDATE sources SET loaded = ? WHERE pk = ?", (now(), pk))
    connection.execute("DELETE FROM failures WHERE source = ?", (pk,))
    connection.executemany(
        "INSERT INTO failures VALUES (?, ?, ?)", [(pk, *failure) for failure in failures.items()]
    )


def twin(
    connection: sqlite3.Connection, collection: str, source: str, uri: str, text: str
) -> str | None:
    """The URI of another document of a source with this very text, if there is one."""
    row = connection.execute(
        "SELECT v.uri FROM versions v JOIN documents d ON d.newest = v.pk"
        " JOIN items i ON i.pk = d.item"
        f" WHERE v.text_hash = ? AND v.uri <> ? AND i.source = ({_SOURCE}) ORDER BY v.pk LIMIT 1",
        (text_hash(text), uri, collection, source),
    ).fetchone()
    return None if row is None else str(row[0])


def remove(connection: sqlite3.Connection, ids: Sequence[str]) -> Retired:
    """Remove documents because a person wants them gone. Raises QueryError for an unknown id."""
    pks, items = [], set()
    for id in ids:
        row = connection.execute(
            "SELECT d.pk, i.uri, d.collection FROM documents d LEFT JOIN items i ON i.pk = d.item"
            " WHERE d.id = ? AND d.state = 'present'",
            (id,),
        ).fetchone()
        if row is None:
            raise QueryError(
                f"there is no document {id!r}: `dragtor sources list` shows those there are"
            )
        pks.append(row[0])
        items.add(row[1:])
    retired = retire(connection, pks, "removed")
    for uri, collection in items:
        retired.originals.update(_mark_removed(connection, uri, collection))
    return retired


def holding(connection: sqlite3.Connection, collection: str, address: str) -> list[str]:
    """Ids of the documents that came from a source, or out of one thing, of this address."""
    rows = connection.execute(
        "SELECT DISTINCT d.id FROM documents d JOIN items i ON i.pk = d.item"
        " JOIN collections c ON c.pk = d.collection"
        " WHERE c.name = ? AND d.state = 'present' AND (i.uri = ? OR i.uri IN"
        f" (SELECT uri FROM items WHERE source = ({_SOURCE}))) ORDER BY d.pk",
        (collection, address, collection, address),
    )
    return [id for (id,) in rows]


def want_back(connection: sqlite3.Connection, collection: str, source: str) -> None:
    """Let the next load of a source bring back what a person removed of it.

    What held a removed document is read again, though it has not changed since.
    """
    removed = (
        "SELECT i.uri, d.pk FROM documents d JOIN items i ON i.pk = d.item"
        " WHERE d.state = 'removed'"
        f" AND d.collection = (SELECT collection FROM sources WHERE pk = ({_SOURCE}))"
        f" AND i.uri IN (SELECT uri FROM items WHERE source = ({_SOURCE}))"
    )
    found = connection.execute(removed, (collection, source) * 2).fetchall()
    for uri, pk in found:
        connection.execute("UPDATE documents SET state = 'gone' WHERE pk = ?", (pk,))
        connection.execute(
            f"UPDATE items SET validator = NULL WHERE source = ({_SOURCE}) AND uri = ?",
            (collection, source, uri),
        )


def unused_originals(connection: sqlite3.Connection, hashes: Iterable[str]) -> list[str]:
    """Those of some originals that nothing refers to any more."""
    rows = connection.execute(
        "SELECT value FROM json_each(?) WHERE value NOT IN (SELECT original FROM versions)"
        " AND value NOT IN (SELECT original FROM items)",
        (json.dumps(sorted(hashes)),),
    )
    return [hash for (hash,) in rows]


def listed(connection: sqlite3.Connection, collection: str) -> list[SourceInfo]:
    """Sources of a collection, oldest first. Raises QueryError for an unknown collection."""
    row = connection.execute("SELECT pk FROM collections WHERE name = ?", (collection,)).fetchone()
    if row is None:
        raise QueryError(f"there is no collection {collection!r}")
    kinds: dict[int, dict[str, int]] = defaultdict(dict)
    for source, kind, count in connection.execute(
        "SELECT i.source, v.kind, count(*) FROM documents d JOIN items i ON i.pk = d.item"
        " JOIN versions v ON v.pk = d.newest GROUP BY i.source, v.kind ORDER BY v.kind"
    ):
        kinds[source][kind] = count
    failures: dict[int, dict[str, str]] = defaultdict(dict)
    for source, uri, reason in connection.execute("SELECT source, uri, reason FROM failures"):
        failures[source][uri] = reason
    rows = connection.execute(
        "SELECT pk, uri, remembered, coalesce(loaded,"
        " (SELECT max(i.loaded) FROM items i WHERE i.source = sources.pk))"
        " FROM sources WHERE collection = ? ORDER BY pk",
        row,
    )
    return [
        SourceInfo(uri, bool(kept), kinds.get(pk, {}), loaded, failures.get(pk, {}))
        for pk, uri, kept, loaded in rows
    ]


def status(connection: sqlite3.Connection, folder: Path) -> LibraryStatus:
    """Counts and sizes of everything."""

    def count(query: str, *values: object) -> int:
        return int(connection.execute(f"SELECT count(*) FROM {query}", values).fetchone()[0])

    active = in_state(connection, "active")
    id = active.id if active else 0
    documents = count("documents WHERE state = 'present'")
    names = connection.execute("SELECT name FROM collections ORDER BY pk")
    current = count(
        "indexed i JOIN documents d ON d.pk = i.document"
        " WHERE i.generation = ? AND i.version = d.newest",
        id,
    )
    return LibraryStatus(
        collections=tuple(name for (name,) in names),
        sources=count("sources"),
        documents=documents,
        pending=documents - current,
        passages=count("passages WHERE generation = ?", id),
        active=active,
        building=in_state(connection, "building"),
        revision=connection.execute("SELECT n FROM revision").fetchone()[0],
        sizes={part: sum(_size(folder / name) for name in names) for part, names in _PARTS.items()},
    )


def _mark_removed(connection: sqlite3.Connection, uri: str, collection: int) -> list[str]:
    """Mark an original that nothing is left of; returns the hashes it was kept under."""
    same = "items.uri = ? AND source IN (SELECT pk FROM sources WHERE collection = ?)"
    key = (uri, collection)
    left = connection.execute(
        "SELECT 1 FROM documents d JOIN items ON items.pk = d.item"
        f" WHERE d.state = 'present' AND {same} LIMIT 1",
        key,
    )
    if left.fetchone() is not None:
        return []
    rows = connection.execute(f"SELECT original FROM items WHERE {same}", key).fetchall()
    connection.execute(f"UPDATE items SET removed = 1, original = '' WHERE {same}", key)
    return [original for (original,) in rows]


def _size(path: Path) -> int:
    """Bytes of a file or of all files in a folder; 0 if there is none."""
    if path.is_dir():
        return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return path.stat().st_size if path.exists() else 0
