"""Indexing: vectors first, then the flip, then the sweep; and no text is encoded twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from dragtor.indexing import Indexer
from dragtor.interfaces import VectorStore
from dragtor.passages import sentences_key
from dragtor.spaces import DENSE, VectorSpace, space_name
from dragtor.split.context import contextualize
from dragtor.store.cache import SqliteVectorCache
from dragtor.store.library import SqliteLibrary
from dragtor.types import Content, Cut, Document, Original, Span, Vectors


class Counting:
    """An encoder that counts, and may die; each text's vector depends on its letters."""

    def __init__(self, fingerprint: str = "counting") -> None:
        self.fingerprint = fingerprint
        self.dimension = 8
        self.max_tokens = 100
        self.seen: list[str] = []
        self.lives = 10**9

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        if len(self.seen) + len(texts) > self.lives:
            raise KeyboardInterrupt
        self.seen += texts
        rows = [[1.0 + sum(map(ord, text[i::8])) for i in range(8)] for text in texts]
        vectors = np.array(rows, dtype=np.float32).reshape(len(texts), 8)
        unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit

    def encode_spans(
        self, texts: Sequence[str], spans: Sequence[Sequence[Span]]
    ) -> tuple[Vectors, list[Vectors]]:
        cut = [[text[s.start : s.end] for s in row] for text, row in zip(texts, spans, strict=True)]
        return self.encode_passages(texts), [Counting().encode_passages(row) for row in cut]

    encode_queries = encode_passages


class Lines:
    """A splitter: one passage a line."""

    def __init__(self, fingerprint: str = "lines") -> None:
        self.fingerprint = fingerprint

    def split(self, document: Document) -> list[Cut]:
        spans, start = [], 0
        for line in document.text.split("\n"):
            if line.strip():
                spans.append(Cut(start, start + len(line)))
            start += len(line) + 1
        return spans


class Spaces:
    """A vector store in memory that may fail before it writes."""

    def __init__(self) -> None:
        self.data: dict[str, dict[str, Vectors]] = {}

    def create(self, space: str, dimension: int) -> None:
        self.data.setdefault(space, {})

    def add(self, space: str, ids: Sequence[str], vectors: Vectors) -> None:
        self.data[space].update(zip(ids, vectors, strict=True))

    def delete(self, space: str, ids: Sequence[str]) -> None:
        for id in ids:
            self.data[space].pop(id, None)

    def ids(self, space: str) -> set[str]:
        return set(self.data.get(space, {}))

    def spaces(self) -> set[str]:
        return set(self.data)

    def drop(self, space: str) -> None:
        self.data.pop(space, None)


class Bench:
    """A library with everything that indexes it."""

    def __init__(self, folder: Path) -> None:
        self.library = SqliteLibrary(folder / "library")
        self.vectors = Spaces()
        self.cache = SqliteVectorCache(folder / "vectors.db")
        self.encoder = Counting()

    @property
    def store(self) -> VectorStore:
        return cast(VectorStore, self.vectors)  # it only writes

    def space(self) -> VectorSpace:
        return VectorSpace(DENSE, self.library, self.encoder, self.store, self.cache)

    def put(self, **documents: str) -> None:
        with self.library.writing():
            for name, text in documents.items():
                original = Original(f"file:///{name}", "text/plain", text.encode())
                content = Content(text, name, "text")
                self.library.store("main", "file:///", original, [content], "1")

    def index(self, *, rebuild: bool = False, recipe: Mapping[str, str] | None = None) -> int:
        """Index; returns how many texts were encoded."""
        indexer = Indexer(
            library=self.library,
            splitter=Lines(),
            contextualize=partial(contextualize, mode="title"),
            spaces=[self.space()],
            vectors=self.store,
            recipe=recipe or {},
            fingerprint="lines",
        )
        return indexer.index(rebuild=rebuild, progress=lambda done, total, what: None).encoded

    def check(self, lines: int) -> None:
        """Every passage has its vector, no vector is without its passage."""
        generation = self.library.active()
        assert generation is not None
        ids = self.library.passage_ids(generation.id)
        assert len(ids) == lines
        assert self.vectors.spaces() == {space_name(generation.id, DENSE)}
        assert self.vectors.ids(space_name(generation.id, DENSE)) == ids
        assert self.library.pending(generation.id) == {}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.library.close()


def test_each_text_is_encoded_once(bench: Bench) -> None:
    bench.put(a="one\ntwo\none", b="three")
    assert bench.index() == 3
    bench.check(4)
    assert bench.index() == 0
    assert bench.encoder.seen[0].endswith(("one", "two"))
    assert all("\n" in text for text in bench.encoder.seen), "the title is put before"


def test_only_changed_passages_are_encoded(bench: Bench) -> None:
    bench.put(a="one\ntwo\nthree", b="four")
    bench.index()
    bench.put(a="zero\none\ntwo\nTHREE")
    assert bench.index() == 2
    bench.check(5)


def test_switching_back_to_an_encoder_costs_nothing(bench: Bench) -> None:
    bench.put(a="one\ntwo")
    bench.index()
    bench.encoder = Counting("other")
    assert bench.index() == 2
    bench.check(2)
    bench.encoder = Counting()
    assert bench.index() == 0
    bench.check(2)
    assert bench.index(rebuild=True) == 0
    bench.check(2)


def test_the_old_generation_answers_until_the_new_one_is_whole(bench: Bench) -> None:
    bench.put(a="one\ntwo", b="three")
    bench.index()
    before = bench.library.active()
    bench.encoder = Counting("other")
    bench.encoder.lives = 0
    with pytest.raises(KeyboardInterrupt):
        bench.index()
    assert bench.library.active() == before
    bench.encoder.lives = 10
    bench.index()
    assert bench.library.active() != before
    bench.check(3)


def test_what_was_begun_under_other_settings_is_swept_once_they_are_back(bench: Bench) -> None:
    bench.put(a="one\ntwo")
    bench.index()
    bench.encoder = Counting("other")
    bench.encoder.lives = 0
    with pytest.raises(KeyboardInterrupt):
        bench.index()
    assert bench.library.status().building is not None
    assert len(bench.vectors.spaces()) == 2
    bench.encoder = Counting()
    assert bench.index() == 0
    assert bench.library.status().building is None
    bench.check(2)


def test_what_was_encoded_before_a_crash_is_not_encoded_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dragtor.spaces.STEP", 10)
    bench.put(a="\n".join(f"line {number}" for number in range(100)))
    bench.encoder.lives = 55
    with pytest.raises(KeyboardInterrupt):
        bench.index()
    bench.encoder.lives = 10**9
    assert bench.index() == 50
    bench.check(100)


def test_vectors_of_a_run_that_never_flipped_are_swept(bench: Bench) -> None:
    bench.put(a="one\ntwo")
    bench.index()
    generation = bench.library.active()
    assert generation is not None
    bench.vectors.add(
        space_name(generation.id, DENSE), ["orphan"], np.ones((1, 8), dtype=np.float32)
    )
    bench.vectors.create("g99-dense", 8)
    bench.put(b="three")
    bench.index()
    bench.check(3)


def test_a_document_without_text_has_no_passages(bench: Bench) -> None:
    bench.put(a=" \n ", b="one")
    bench.index()
    bench.check(1)


def test_progress_ends_with_all_passages(bench: Bench) -> None:
    bench.put(a="one\ntwo", b="three")
    told: list[tuple[int, int]] = []
    indexer = Indexer(
        library=bench.library,
        splitter=Lines(),
        contextualize=partial(contextualize, mode="none"),
        spaces=[bench.space()],
        vectors=bench.store,
        recipe={},
        fingerprint="lines",
    )
    report = indexer.index(
        rebuild=False, progress=lambda done, total, what: told.append((done, total))
    )
    assert told[-1] == (3, 3)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert (report.documents, report.passages, report.encoded) == (2, 3, 3)


def test_a_lost_vector_store_is_made_anew_without_encoding(bench: Bench) -> None:
    bench.put(a="one\ntwo", b="three")
    bench.index()
    bench.vectors.data.clear()
    assert bench.index() == 0
    bench.check(3)


def test_sentences_are_kept_with_the_passages_they_are_of(bench: Bench) -> None:
    bench.put(a="Rest it. Then load it.\nOne.")
    bench.index()
    generation = bench.library.active()
    assert generation is not None
    ids = sorted(bench.library.passage_ids(generation.id))
    by_text = {
        r.passage.text: r.passage for r in bench.library.resolve(generation.id, ids).values()
    }
    for text, sentences in [
        ("Rest it. Then load it.", ["Rest it.", "Then load it."]),
        ("One.", ["One."]),
    ]:
        key = sentences_key(by_text[text].input_hash, by_text[text])
        kept = bench.cache.get_spans("counting", [key])[key]
        assert kept == pytest.approx(Counting().encode_passages(sentences), abs=1e-3)
