"""What other processes do in the tests of this folder, told by a pipe what to do when."""

from __future__ import annotations

import resource
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from dragtor.errors import LibraryLocked, StoreError
from dragtor.store.chroma import ChromaStore
from dragtor.store.keywords import SqliteKeywordIndex
from dragtor.store.library import SqliteLibrary
from dragtor.types import Document, Generation, Passage, Vectors
from tests.store.making import paragraphs, put

DIMENSION = 16
FOLD_AT = 24


def space_name(generation: int, space: str) -> str:
    return f"g{generation}-{space}"


def vector_of(text: str) -> Vectors:
    """The same random direction for the same text."""
    seed = int.from_bytes(text.encode(), "little")
    row = np.random.default_rng(seed).normal(size=DIMENSION).astype(np.float32)
    unit: Vectors = row / np.linalg.norm(row)
    return unit


@dataclass
class Opened:
    """A library with both of its indexes."""

    library: SqliteLibrary
    vectors: ChromaStore
    keywords: SqliteKeywordIndex

    @classmethod
    def at(cls, folder: Path) -> Opened:
        library = SqliteLibrary(folder)
        vectors = ChromaStore(folder / "chroma", fold_at=FOLD_AT)
        return cls(library, vectors, SqliteKeywordIndex(library.database))

    def close(self) -> None:
        self.library.close()
        self.vectors.close()

    def generation(self, splitter: str = "lines") -> Generation:
        made = self.library.generation(splitter, {"dense": "e"}, {}, fresh=False)
        self.vectors.create(space_name(made.id, "dense"), DIMENSION)
        return made

    def write_vectors(self, generation: Generation) -> list[tuple[Document, list[Passage]]]:
        """The first half of indexing what is pending."""
        ids = list(self.library.pending(generation.id))
        indexed = [(one, paragraphs(one)) for one in map(self.library.newest, ids)]
        passages = [passage for _, some in indexed for passage in some]
        rows = np.stack([vector_of(passage.text) for passage in passages])
        space = space_name(generation.id, "dense")
        self.vectors.add(space, [passage.id for passage in passages], rows)
        return indexed

    def index(self) -> None:
        """Index what is pending, and sweep."""
        with self.library.writing():
            generation = self.generation()
            space = space_name(generation.id, "dense")
            if self.library.pending(generation.id):
                gone = self.library.commit(generation.id, self.write_vectors(generation))
                self.vectors.delete(space, gone)
            self.library.activate(generation.id)
            there = self.library.passage_ids(generation.id)
            self.vectors.delete(space, self.vectors.ids(space) - there)

    def found(self, text: str) -> tuple[set[str], set[str]]:
        """Texts that keyword and vector search find for a text of one round."""
        generation = self.library.active()
        if generation is None:
            return set(), set()
        by_word = self.keywords.search(generation.id, text.split()[-1], 1000)
        space = space_name(generation.id, "dense")
        by_vector = [
            one for one in self.vectors.search(space, vector_of(text), 5) if one.score > 0.999
        ]
        words, vectors = (
            {one.passage.text for one in self.library.resolve(generation.id, ids).values()}
            for ids in ([one.id for one in by_word], [one.id for one in by_vector])
        )
        return words, vectors


def reader(folder: Path, pipe: Connection) -> None:
    """Look for texts when asked to; meanwhile, read on and on and note what is half done."""
    opened = Opened.at(folder)
    while (asked := pipe.recv()) is not None:
        if isinstance(asked, str):
            pipe.send(opened.found(asked))
            continue
        states = set()
        while not pipe.poll(0.01):
            states.add(_state(opened, asked))
        pipe.recv()
        states.add(_state(opened, asked))
        pipe.send(states)
    opened.close()


def _state(opened: Opened, documents: list[str]) -> str:
    """Rounds that the passages of each document are of; one round each, if all is well."""
    generation = opened.library.active()
    assert generation is not None
    found = []
    for id in documents:
        passages = opened.library.passages(generation.id, id)
        rounds = sorted({passage.text.split()[-1] for passage in passages})
        space = space_name(generation.id, "dense")
        missing = {p.id for p in passages} - set(
            opened.vectors.get(space, [p.id for p in passages])
        )
        # A passage without a vector may only be one that was replaced just now.
        if missing & opened.library.passage_ids(generation.id):
            rounds.append("no vector")
        found.append(f"{len(passages)} of {'+'.join(rounds)}")
    return found[0] if len(set(found)) == 1 else " | ".join(found)


def dies_between_vectors_and_commit(folder: Path, pipe: Connection) -> None:
    """Write vectors, and wait to be killed."""
    opened = Opened.at(folder)
    with opened.library.writing():
        generation = opened.generation()
        opened.write_vectors(generation)
        pipe.send("vectors are written")
        pipe.recv()


def dies_inside_a_transaction(folder: Path, pipe: Connection) -> None:
    """Flip a document without committing, and wait to be killed."""
    opened = Opened.at(folder)
    with opened.library.writing(), opened.library.database.transaction() as connection:
        connection.execute("DELETE FROM passages")
        connection.execute("UPDATE documents SET newest = NULL")
        pipe.send("half done")
        pipe.recv()


def tries_to_write(folder: Path, pipe: Connection) -> None:
    """Say whether writing is refused, and how."""
    library = SqliteLibrary(folder)
    try:
        put(library, "other.txt", "text")
        pipe.send("written")
    except LibraryLocked as error:
        pipe.send(str(error))
    library.close()


def runs_out_of_disk(folder: Path, pipe: Connection) -> None:
    """Store more than there is room for, and say what was said."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))
    library = SqliteLibrary(folder)
    try:
        put(library, "long.txt", "A long line.\n" * 30_000)
        pipe.send("stored")
    except StoreError as error:
        pipe.send(str(error))
    library.close()
