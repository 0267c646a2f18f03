"""Whatever is stored, indexed and removed, in whatever order: what is found is what is there."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from dragtor.store.keywords import SqliteKeywordIndex
from dragtor.store.library import SqliteLibrary
from dragtor.store.verify import verify
from dragtor.types import Document, Generation
from tests.fakes import DictVectorStore
from tests.store.making import FOLDER, paragraphs, put

NAMES = st.sampled_from(["a.txt", "b.txt", "c.txt"])
TEXTS = st.lists(
    st.sampled_from(["", "Pulley.", "Pulley.", "Héros 🧗.", "Elbow.", "Sleep."]), max_size=6
).map("\n".join)


def space_name(generation: int, space: str) -> str:
    return f"g{generation}-{space}"


class LibraryMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.temporary = tempfile.TemporaryDirectory()
        self.library = SqliteLibrary(Path(self.temporary.name))
        self.index = SqliteKeywordIndex(self.library.database)
        self.vectors = DictVectorStore()
        self.texts_by_id: dict[str, str] = {}
        self.newest: dict[str, str] = {}
        self.answering: dict[str, str] = {}
        self.versions: dict[tuple[str, int], str] = {}

    def teardown(self) -> None:
        self.library.close()
        self.temporary.cleanup()

    @rule(name=NAMES, text=TEXTS, title=st.sampled_from(["Old", "New"]))
    def store(self, name: str, text: str, title: str) -> None:
        put(self.library, name, text, title=title)
        self.newest[name] = text

    @rule(name=NAMES)
    def remove(self, name: str) -> None:
        found = [d.id for d in self.library.documents("main") if d.uri == f"{FOLDER}/{name}"]
        if found:
            self.forget_vectors(self.library.remove(found))
            del self.newest[name]
            self.answering.pop(name, None)

    @rule(some=st.integers(1, 3))
    def commit_some(self, some: int) -> None:
        if generation := self.library.active():
            self.commit(generation, list(self.library.pending(generation.id))[:some])

    @rule(fresh=st.booleans(), splitter=st.sampled_from(["s1", "s2"]))
    def index_all(self, fresh: bool, splitter: str) -> None:
        generation = self.library.generation(splitter, {"dense": "e"}, {}, fresh=fresh)
        self.vectors.create(space_name(generation.id, "dense"), 2)
        self.commit(generation, list(self.library.pending(generation.id)))
        self.library.activate(generation.id)
        status = self.library.status()
        keep = {space_name(g.id, "dense") for g in (status.active, status.building) if g}
        for space in self.vectors.spaces() - keep:
            self.vectors.drop(space)
        self.answering = dict(self.newest)

    def commit(self, generation: Generation, ids: list[str]) -> None:
        documents = [self.library.newest(id) for id in ids]
        space = space_name(generation.id, "dense")
        passages = [p for document in documents for p in paragraphs(document)]
        rows = np.ones((len(passages), 2), dtype=np.float32)
        self.vectors.add(space, [passage.id for passage in passages], rows)
        gone = self.library.commit(generation.id, [(d, paragraphs(d)) for d in documents])
        self.vectors.delete(space, gone)
        for document in documents:
            self.note(document)

    def note(self, document: Document) -> None:
        key = (document.info.id, document.version)
        assert self.versions.setdefault(key, document.text) == document.text
        self.answering[document.info.uri.rsplit("/", 1)[1]] = document.text

    def forget_vectors(self, ids: list[str]) -> None:
        for space in self.vectors.spaces():
            self.vectors.delete(space, ids)

    @invariant()
    def what_answers_is_what_was_indexed(self) -> None:
        generation = self.library.active()
        if generation is None:
            return
        ids = self.library.passage_ids(generation.id)
        resolved = self.library.resolve(generation.id, sorted(ids))
        assert set(resolved) == ids
        expected = [line for text in self.answering.values() for line in text.split("\n") if line]
        assert sorted(one.passage.text for one in resolved.values()) == sorted(expected)
        for id, one in resolved.items():
            text = self.library.document(one.document.id).text
            assert text[one.passage.start : one.passage.end] == one.passage.text
            assert self.texts_by_id.setdefault(id, one.passage.text) == one.passage.text

    @invariant()
    def keyword_rows_are_the_passages(self) -> None:
        generation = self.library.active()
        if generation is None:
            return
        words = "pulley héros elbow sleep old new"
        found = {one.id for one in self.index.search(generation.id, words, 1000)}
        assert found == self.library.passage_ids(generation.id)

    @invariant()
    def nothing_is_wrong(self) -> None:
        assert verify(self.library, self.vectors, space_name) == []


TestLibraryMachine = LibraryMachine.TestCase
TestLibraryMachine.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)
