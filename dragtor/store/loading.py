"""Loading: sources, what they gave, and new versions of documents, inside one transaction each."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Literal

from dragtor.passages import text_hash
from dragtor.store.generations import drop_documents
from dragtor.text import clean
from dragtor.types import Content, Original


def collection_pk(connection: sqlite3.Connection, name: str) -> int:
    """Row of a collection, made if it is not there."""
    connection.execute("INSERT OR IGNORE INTO collections (name) VALUES (?)", (name,))
    (pk,) = connection.execute("SELECT pk FROM collections WHERE name = ?", (name,)).fetchone()
    return int(pk)


def source_pk(connection: sqlite3.Connection, collection: int, uri: str) -> int:
    """Row of a source, made if it is not there."""
    key = (collection, uri)
    connection.execute("INSERT OR IGNORE INTO sources (collection, uri) VALUES (?, ?)", key)
    row = connection.execute("SELECT pk FROM sources WHERE collection = ? AND uri = ?", key)
    return int(row.fetchone()[0])


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of an original; whether documents of it were dropped; originals let go of."""

    result: Literal["new", "changed", "unchanged"]
    dropped: bool
    originals: frozenset[str]


@dataclass(frozen=True, slots=True)
class Retired:
    """What went with documents that answer no more: ids of passages, hashes of originals."""

    passages: list[str]
    originals: set[str]


@dataclass(frozen=True, slots=True)
class _Row:
    """What is on record of a document."""

    pk: int
    state: str
    digest: str | None
    item: int | None


class Storing:
    """One original on its way into the library."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        collection: str,
        source: str,
        original: Original,
        original_hash: str,
        extractor: str,
    ) -> None:
        self._connection = connection
        self._collection = collection_pk(connection, collection)
        self._collection_name = collection
        self._source = source_pk(connection, self._collection, source)
        self._original = original
        self._hash = original_hash
        self._extractor = extractor
        self._now = now()

    def store(self, contents: Sequence[Content]) -> Stored:
        """Bring the record up to the contents of the original."""
        item, wanted_back, replaced = self._item()
        by_handle = self._handles(contents)
        before = self._present(item)
        known = self._known(list(by_handle))
        changed = 0
        for handle, content in by_handle.items():
            changed += self._document(item, handle, content, known.get(handle), wanted_back)
        dropped = [pk for handle, pk in before.items() if handle not in by_handle]
        retired = retire(self._connection, dropped, "gone")
        originals = frozenset({replaced, *retired.originals} - {""})
        if not changed and not dropped:
            return Stored("unchanged", False, originals)
        return Stored("changed" if before else "new", bool(dropped), originals)

    def _item(self) -> tuple[int, bool, str]:
        """Row of the item; whether what was removed from it is wanted back; its old original."""
        key = (self._source, self._original.uri)
        row = self._connection.execute(
            "SELECT removed, original FROM items WHERE source = ? AND uri = ?", key
        ).fetchone()
        values = (
            self._original.validator,
            self._original.media_type,
            self._hash,
            self._extractor,
            self._now,
        )
        (pk,) = self._connection.execute(
            "INSERT INTO items (source, uri, validator, media_type, original, extractor, loaded)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (source, uri) DO UPDATE SET"
            " validator = excluded.validator, media_type = excluded.media_type,"
            " original = excluded.original, extractor = excluded.extractor,"
            " loaded = excluded.loaded RETURNING pk",
            (*key, *values),
        ).fetchone()
        wanted_back = row is None or bool(row[0])
        if wanted_back:
            self._connection.execute(
                "UPDATE items SET removed = 0 WHERE uri = ? AND source IN"
                " (SELECT pk FROM sources WHERE collection = ?)",
                (self._original.uri, self._collection),
            )
        return int(pk), wanted_back, row[1] if row is not None else ""

    def _handles(self, contents: Sequence[Content]) -> dict[str, Content]:
        """Contents by what tells them apart in the collection, for good."""
        found: dict[str, Content] = {}
        for content in contents:
            if content.key is not None:
                handle = f"{self._original.uri}#{content.key}"
            else:
                handle = content.uri or self._original.uri
            base, number = handle, 1
            while handle in found:
                number += 1
                handle = f"{base}#{number}"
            found[handle] = content
        return found

    def _present(self, item: int) -> dict[str, int]:
        rows = self._connection.execute(
            "SELECT handle, pk FROM documents WHERE item = ? AND state = 'present'", (item,)
        )
        return dict(rows.fetchall())

    def _known(self, handles: list[str]) -> dict[str, _Row]:
        rows = self._connection.execute(
            "SELECT d.handle, d.pk, d.state, v.digest, d.item FROM documents d"
            " LEFT JOIN versions v ON v.pk = d.newest"
            " WHERE d.collection = ? AND d.handle IN (SELECT value FROM json_each(?))",
            (self._collection, json.dumps(handles)),
        )
        return {row[0]: _Row(*row[1:]) for row in rows}

    def _document(
        self, item: int, handle: str, content: Content, row: _Row | None, wanted_back: bool
    ) -> bool:
        """Store one document; says whether anything about it is new."""
        if row is not None and row.state == "removed" and not wanted_back:
            return False
        if clean(content.text) != content.text:
            raise ValueError(f"the text of {handle} was not cleaned before it was stored")
        uri = clean(content.uri or handle)
        digest = _digest(content, uri)
        pk = row.pk if row is not None else self._new_document(handle, content.key)
        if row is None or row.item != item:
            self._connection.execute("UPDATE documents SET item = ? WHERE pk = ?", (item, pk))
        if row is not None and row.state == "present" and row.digest == digest:
            return False
        self._new_version(pk, content, uri, digest)
        return True

    def _new_document(self, handle: str, key: str | None) -> int:
        id = self._free_id(handle, key)
        gone = self._connection.execute("SELECT pk FROM documents WHERE id = ?", (id,)).fetchone()
        if gone is not None:
            # The same key, now in another file: it goes on where it left off.
            self._connection.execute(
                "UPDATE documents SET handle = ?, collection = ? WHERE pk = ?",
                (handle, self._collection, gone[0]),
            )
            return int(gone[0])
        cursor = self._connection.execute(
            "INSERT INTO documents (id, collection, handle) VALUES (?, ?, ?)",
            (id, self._collection, handle),
        )
        return cursor.lastrowid or 0

    def _free_id(self, handle: str, key: str | None) -> str:
        if key and self._free(key, "SELECT 1 FROM documents WHERE id = ? AND state <> 'gone'"):
            return key
        digits = text_hash(f"{self._collection_name}\0{handle}")
        lengths = range(12, len(digits) + 1)
        taken = "SELECT 1 FROM documents WHERE id = ?"
        return next(digits[:n] for n in lengths if self._free(digits[:n], taken))

    def _free(self, id: str, query: str) -> bool:
        return self._connection.execute(query, (id,)).fetchone() is None

    def _new_version(self, document: int, content: Content, uri: str, digest: str) -> None:
        (number,) = self._connection.execute(
            "UPDATE documents SET versions = versions + 1, state = 'present' WHERE pk = ?"
            " RETURNING versions",
            (document,),
        ).fetchone()
        cursor = self._connection.execute(
            "INSERT INTO versions (document, number, uri, title, kind, author, published,"
            " characters, created, original, extractor, digest, text_hash, metadata, marks, text)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(document, number, uri, clean(content.title), content.kind),
                *(_cleaned(content.author), _cleaned(content.published), len(content.text)),
                *(self._now, self._hash, self._extractor, digest, text_hash(content.text)),
                *(_metadata(content), _marks(content), content.text),
            ),
        )
        self._connection.execute(
            "UPDATE documents SET newest = ? WHERE pk = ?", (cursor.lastrowid, document)
        )


def retire(
    connection: sqlite3.Connection, documents: Sequence[int], state: Literal["gone", "removed"]
) -> Retired:
    """Let documents answer no more, at once."""
    passages = drop_documents(connection, documents)
    originals: set[str] = set()
    for pk in documents:
        connection.execute(
            "UPDATE documents SET state = ?, newest = NULL WHERE pk = ?", (state, pk)
        )
        rows = connection.execute("SELECT original FROM versions WHERE document = ?", (pk,))
        originals.update(original for (original,) in rows)
        connection.execute("DELETE FROM versions WHERE document = ?", (pk,))
    return Retired(passages, originals)


def now() -> str:
    """Return this second, in UTC, as ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _digest(content: Content, uri: str) -> str:
    """A hash of everything that would make a new version."""
    digest = sha256()
    for part in (uri, content.title, content.kind, content.author, content.published):
        digest.update(json.dumps(part).encode())
    digest.update(_metadata(content).encode())
    digest.update(_marks(content).encode())
    digest.update(content.text.encode())
    return digest.hexdigest()


def _metadata(content: Content) -> str:
    cleaned = {clean(key): clean(value) for key, value in content.metadata.items()}
    return json.dumps(cleaned, sort_keys=True, ensure_ascii=False)


def _marks(content: Content) -> str:
    marks: Iterable[tuple[object, ...]] = (astuple(mark) for mark in content.marks)
    return json.dumps(list(marks), separators=(",", ":"))


def _cleaned(text: str | None) -> str | None:
    return None if text is None else clean(text)
