"""Is the library whole? Compares by id what its parts say of one another, and changes nothing."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator

from dragtor.errors import LibraryLocked, StoreError
from dragtor.interfaces import TokenStore, VectorStore
from dragtor.store.library import SqliteLibrary

_SHOWN = 3
_SWEPT = "harmless, the next `dragtor index` with something to do sweeps them"
_REBUILD = "`dragtor index --rebuild` puts it right"
_MADE_ANEW = "`dragtor index` makes them anew"


def verify(
    library: SqliteLibrary,
    vectors: VectorStore,
    space_name: Callable[[int, str], str],
    tokens: TokenStore | None = None,
) -> list[str]:
    """Name every problem in one line each, with what to do; an empty list means all is well.

    ``space_name`` says what the space of a generation is called in the vector store; ``tokens``
    holds the token vectors of generations that have some.
    """
    with library.database.reading() as connection:
        problems = [
            *_file(connection),
            *_offsets(connection),
            *_originals(library, connection),
            *_keywords(connection),
        ]
        try:
            problems += _vectors(connection, vectors, space_name)
            if tokens is not None:
                problems += _tokens(connection, tokens)
        except StoreError as error:
            problems.append(str(error))
        generations = list(_generations(connection))
    return problems + list(_keyword_contents(library, generations))


def _file(connection: sqlite3.Connection) -> Iterator[str]:
    for (finding,) in connection.execute("PRAGMA quick_check(3)"):
        if finding != "ok":
            yield f"library.db is damaged: {finding}; restore a copy, or delete it and load again"
    for table, *_ in connection.execute("PRAGMA foreign_key_check"):
        yield f"library.db: a row of {table} refers to nothing; load and index again"


def _offsets(connection: sqlite3.Connection) -> Iterator[str]:
    rows = connection.execute(
        "SELECT p.id FROM passages p JOIN versions v ON v.pk = p.version"
        " WHERE p.start < 0 OR p.end <= p.start OR p.end > v.characters"
    )
    yield from _named("passages outside of their text", {id for (id,) in rows}, _REBUILD)
    rows = connection.execute("SELECT pk FROM versions WHERE length(text) <> characters")
    yield from _named(
        "texts of another length than noted", {str(pk) for (pk,) in rows}, "load with --refresh"
    )


def _originals(library: SqliteLibrary, connection: sqlite3.Connection) -> Iterator[str]:
    rows = connection.execute(
        "SELECT original FROM versions UNION SELECT original FROM items WHERE NOT removed"
    )
    missing = {hash for (hash,) in rows if not library.originals.path(hash).is_file()}
    yield from _named("originals missing", missing, "load their sources again with --refresh")


def _keywords(connection: sqlite3.Connection) -> Iterator[str]:
    for generation in _generations(connection):
        rows = connection.execute("SELECT pk FROM passages WHERE generation = ?", (generation,))
        passages = {pk for (pk,) in rows}
        # FTS5 keeps one row for each document it has indexed in this table of its own.
        rows = connection.execute(f"SELECT id FROM keywords_{generation}_docsize")
        indexed = {id for (id,) in rows}
        for what, rowids in (
            ("passages without keywords", passages - indexed),
            ("keyword rows without a passage", indexed - passages),
        ):
            yield from _named(what, {str(pk) for pk in rowids}, _REBUILD)


def _keyword_contents(library: SqliteLibrary, generations: list[int]) -> Iterator[str]:
    """Let FTS5 compare its index with the texts, which it does only where it could write."""
    if not os.access(library.database.path, os.W_OK):
        return
    for generation in generations:
        table = f"keywords_{generation}"
        try:
            with library.database.transaction() as connection:
                connection.execute(
                    f"INSERT INTO {table} ({table}, rank) VALUES ('integrity-check', 1)"
                )
        except LibraryLocked:
            return
        except StoreError:
            yield f"the keywords of generation {generation} are not those of its texts: {_REBUILD}"


_LATE = "late"
"""Token vectors are kept by what they were made of, and not by passage."""


def _vectors(
    connection: sqlite3.Connection, vectors: VectorStore, space_name: Callable[[int, str], str]
) -> Iterator[str]:
    expected = set()
    present = "SELECT id FROM documents WHERE state = 'present'"
    documents = {id for (id,) in connection.execute(present)}
    for generation, spaces in _generations(connection).items():
        rows = connection.execute("SELECT id FROM passages WHERE generation = ?", (generation,))
        passages = {id for (id,) in rows}
        for name in (space_name(generation, space) for space in spaces if space != _LATE):
            expected.add(name)
            stored = vectors.ids(name)
            yield from _named("passages without a vector", passages - stored, _REBUILD)
            yield from _named("vectors without a passage", stored - passages, _SWEPT)
        for name in vectors.spaces() - expected:
            if name.startswith(space_name(generation, "")):
                expected.add(name)
                stored = vectors.ids(name)
                yield from _named("vectors without a document", stored - documents, _SWEPT)
    yield from _named("vector spaces of no generation", vectors.spaces() - expected, _SWEPT)


def _tokens(connection: sqlite3.Connection, tokens: TokenStore) -> Iterator[str]:
    for generation, spaces in _generations(connection).items():
        if _LATE in spaces:
            query = "SELECT id, input_hash FROM passages WHERE generation = ?"
            keys = dict(connection.execute(query, (generation,)).fetchall())
            missing = tokens.missing(spaces[_LATE], set(keys.values()))
            ids = {id for id, key in keys.items() if key in missing}
            yield from _named("passages without token vectors", ids, _MADE_ANEW)


def _generations(connection: sqlite3.Connection) -> dict[int, dict[str, str]]:
    """The spaces of each generation: fingerprints of their encoders by name."""
    rows = connection.execute("SELECT pk, spaces FROM generations ORDER BY pk")
    return {pk: json.loads(spaces) for pk, spaces in rows}


def _named(what: str, ids: set[str], remedy: str) -> Iterator[str]:
    """One line about these, if there are any."""
    if ids:
        examples = ", ".join(sorted(ids)[:_SHOWN]) + (" …" if len(ids) > _SHOWN else "")
        yield f"{len(ids)} {what} ({examples}): {remedy}"
