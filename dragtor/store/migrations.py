"""The schema of library.db as numbered steps; ``PRAGMA user_version`` says which were taken.

A step that has been released is never edited: what comes next is a new step at the end.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from dragtor.errors import StoreError


def m001_library(connection: sqlite3.Connection) -> None:
    """Collections, sources, items, documents, versions, generations and passages."""
    for statement in _M001.split(";"):
        connection.execute(statement)


def m002_answers(connection: sqlite3.Connection) -> None:
    """What answering needs beside passages: when to refuse, and what whole documents are about."""
    for statement in _M002.split(";"):
        connection.execute(statement)


def m003_parents(connection: sqlite3.Connection) -> None:
    """What a model may read in the place of a passage."""
    for statement in _M003.split(";"):
        connection.execute(statement)


def m004_context(connection: sqlite3.Connection) -> None:
    """The line above a passage, whose words are indexed with its own."""
    connection.execute("ALTER TABLE passages ADD COLUMN context TEXT")
    for (generation,) in connection.execute("SELECT pk FROM generations").fetchall():
        connection.execute(f"DROP VIEW IF EXISTS passages_{generation}")
        connection.execute(_M004.format(generation=generation))


STEPS: tuple[Callable[[sqlite3.Connection], None], ...] = (
    m001_library,
    m002_answers,
    m003_parents,
    m004_context,
)


def version(connection: sqlite3.Connection) -> int:
    """How many steps a database has taken. Raises StoreError if it is ahead of this program."""
    (number,) = connection.execute("PRAGMA user_version").fetchone()
    if number > len(STEPS):
        raise StoreError(
            f"the library has format {number} and this dragtor knows formats up to {len(STEPS)}: "
            "upgrade dragtor; the library was left as it is"
        )
    return int(number)


def migrate(connection: sqlite3.Connection) -> None:
    """Take the steps that are missing, each in a transaction of its own."""
    for number in range(version(connection) + 1, len(STEPS) + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            STEPS[number - 1](connection)
            connection.execute(f"PRAGMA user_version = {number}")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


_M001 = """
CREATE TABLE revision (n INTEGER NOT NULL);
INSERT INTO revision VALUES (0);

CREATE TABLE collections (
    pk INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    owner TEXT
);
INSERT INTO collections (name) VALUES ('main');

-- Where documents come from. A plain `load` refreshes the remembered ones.
CREATE TABLE sources (
    pk INTEGER PRIMARY KEY,
    collection INTEGER NOT NULL REFERENCES collections,
    uri TEXT NOT NULL,
    remembered INTEGER NOT NULL DEFAULT 0,
    loaded TEXT,
    UNIQUE (collection, uri)
);

-- What went wrong when a source was loaded last.
CREATE TABLE failures (
    source INTEGER NOT NULL REFERENCES sources ON DELETE CASCADE,
    uri TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (source, uri)
) WITHOUT ROWID;

-- What a source gave, each an original with one or many documents in it.
CREATE TABLE items (
    pk INTEGER PRIMARY KEY,
    source INTEGER NOT NULL REFERENCES sources,
    uri TEXT NOT NULL,
    validator TEXT,
    media_type TEXT NOT NULL,
    original TEXT NOT NULL,
    extractor TEXT NOT NULL,
    removed INTEGER NOT NULL DEFAULT 0,
    loaded TEXT NOT NULL,
    UNIQUE (source, uri)
);
CREATE INDEX items_uri ON items (uri);
CREATE INDEX items_original ON items (original);

-- A row outlives its document (state gone: the source no longer has it, removed: by a person), so
-- that its id and its version numbers are never given out again.
CREATE TABLE documents (
    pk INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    collection INTEGER NOT NULL REFERENCES collections,
    handle TEXT NOT NULL,
    item INTEGER REFERENCES items ON DELETE SET NULL,
    state TEXT NOT NULL DEFAULT 'present' CHECK (state IN ('present', 'gone', 'removed')),
    newest INTEGER REFERENCES versions,
    versions INTEGER NOT NULL DEFAULT 0,
    UNIQUE (collection, handle)
);
CREATE INDEX documents_item ON documents (item);
CREATE INDEX documents_newest ON documents (newest);

-- Long columns stand last, so that the short ones are read without them.
CREATE TABLE versions (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    document INTEGER NOT NULL REFERENCES documents,
    number INTEGER NOT NULL,
    uri TEXT NOT NULL,
    title TEXT NOT NULL,
    kind TEXT NOT NULL,
    author TEXT,
    published TEXT,
    characters INTEGER NOT NULL,
    created TEXT NOT NULL,
    original TEXT NOT NULL,
    extractor TEXT NOT NULL,
    digest TEXT NOT NULL,
    text_hash TEXT NOT NULL,
    metadata TEXT NOT NULL,
    marks TEXT NOT NULL,
    text TEXT NOT NULL,
    UNIQUE (document, number)
);
CREATE INDEX versions_text ON versions (text_hash);
CREATE INDEX versions_original ON versions (original);

CREATE TABLE generations (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    splitter TEXT NOT NULL,
    spaces TEXT NOT NULL,
    recipe TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('building', 'active')),
    created TEXT NOT NULL
);
CREATE UNIQUE INDEX generations_state ON generations (state);

-- Which version of a document a generation answers with.
CREATE TABLE indexed (
    generation INTEGER NOT NULL REFERENCES generations,
    document INTEGER NOT NULL REFERENCES documents,
    version INTEGER NOT NULL REFERENCES versions,
    PRIMARY KEY (generation, document)
) WITHOUT ROWID;
CREATE INDEX indexed_document ON indexed (document);
CREATE INDEX indexed_version ON indexed (version);

CREATE TABLE passages (
    pk INTEGER PRIMARY KEY,
    generation INTEGER NOT NULL REFERENCES generations,
    id TEXT NOT NULL,
    document INTEGER NOT NULL REFERENCES documents,
    version INTEGER NOT NULL REFERENCES versions,
    start INTEGER NOT NULL CHECK (start >= 0),
    end INTEGER NOT NULL CHECK (end > start),
    input_hash TEXT NOT NULL,
    UNIQUE (generation, id)
);
CREATE INDEX passages_document ON passages (document, generation, start);
CREATE INDEX passages_version ON passages (version)
"""

_M002 = """
-- What `dragtor calibrate` fitted, as JSON, for one generation.
CREATE TABLE calibrations (
    generation INTEGER PRIMARY KEY REFERENCES generations ON DELETE CASCADE,
    created TEXT NOT NULL,
    data TEXT NOT NULL
);

-- Summaries of whole versions, by what made them.
CREATE TABLE summaries (
    version INTEGER NOT NULL REFERENCES versions ON DELETE CASCADE,
    maker TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (version, maker)
) WITHOUT ROWID
"""

_M003 = """
-- The wider stretch of its version that may be read in a passage's place.
ALTER TABLE passages ADD COLUMN parent_start INTEGER CHECK (parent_start >= 0);
ALTER TABLE passages ADD COLUMN parent_end INTEGER CHECK (parent_end > parent_start)
"""

_M004 = """
-- Where context is NULL, the title of the document is what was indexed.
CREATE VIEW passages_{generation} AS
    SELECT p.pk AS pk, coalesce(p.context, v.title) AS title,
        substr(v.text, p.start + 1, p.end - p.start) AS text
    FROM passages p JOIN versions v ON v.pk = p.version
    WHERE p.generation = {generation}
"""
