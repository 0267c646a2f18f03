from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dragtor.answer.sentences import SentenceVectors
from dragtor.errors import StoreError
from dragtor.passages import sentences_key, text_hash
from dragtor.store.cache import SqliteVectorCache
from dragtor.types import Hit, Span, Vectors
from tests.answer.conftest import by_words, hit
from tests.conftest import Project, Ran


class Encoder:
    """Encodes spans by themselves, and counts what it had to read."""

    fingerprint = "words"
    dimension = 64
    max_tokens = 100

    def __init__(self) -> None:
        self.seen: list[str] = []

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        return by_words(texts) if texts else np.empty((0, 64), np.float32)

    encode_queries = encode_passages

    def encode_spans(
        self, texts: Sequence[str], spans: Sequence[Sequence[Span]]
    ) -> tuple[Vectors, list[Vectors]]:
        self.seen += texts
        cut = [[t[s.start : s.end] for s in row] for t, row in zip(texts, spans, strict=True)]
        return self.encode_passages(texts), [self.encode_passages(row) for row in cut]


class Unwritable(SqliteVectorCache):
    """A cache in a folder that may only be read."""

    def put_spans(self, fingerprint: str, keys: Sequence[str], vectors: Sequence[Vectors]) -> None:
        raise StoreError("no permission")


@pytest.fixture
def cache(tmp_path: Path) -> SqliteVectorCache:
    return SqliteVectorCache(tmp_path / "vectors.db")


def seen_by_encoder(one: Hit) -> str:
    return f"{one.document.title}\n{one.passage.text}"


def indexed(text: str, **place: str) -> Hit:
    one = hit(text, **place)  # type: ignore[arg-type]
    hash = text_hash(seen_by_encoder(one))
    return replace(one, passage=replace(one.passage, input_hash=hash))


HITS = (indexed("Rest it. Load it."), indexed("Tape it.", document="d2"))


def check(vectors: Sequence[Vectors]) -> None:
    first, second = vectors
    assert first == pytest.approx(by_words(["Rest it.", "Load it."]), abs=1e-3)
    assert second == pytest.approx(by_words(["Tape it."]), abs=1e-3)


def test_what_indexing_kept_is_not_encoded(cache: SqliteVectorCache) -> None:
    encoder = Encoder()
    keys = [sentences_key(one.passage.input_hash, one.passage) for one in HITS]
    kept = [by_words(["Rest it.", "Load it."]), by_words(["Tape it."])]
    cache.put_spans("words", keys, kept)
    check(SentenceVectors(encoder, cache, seen_by_encoder)(HITS))
    assert encoder.seen == []


def test_what_is_missing_is_encoded_once_with_all_the_encoder_saw(cache: SqliteVectorCache) -> None:
    encoder = Encoder()
    vectors = SentenceVectors(encoder, cache, seen_by_encoder)
    check(vectors(HITS))
    assert encoder.seen == ["Pulleys\nRest it. Load it.", "Pulleys\nTape it."]
    check(vectors(HITS))
    assert len(encoder.seen) == 2


def test_a_cache_that_may_not_be_written_only_costs_time(tmp_path: Path) -> None:
    encoder = Encoder()
    vectors = SentenceVectors(encoder, Unwritable(tmp_path / "vectors.db"), seen_by_encoder)
    check(vectors(HITS))
    check(vectors(HITS))
    assert len(encoder.seen) == 4
    assert list(tmp_path.iterdir()) == []


def test_passages_that_were_never_indexed_are_told_apart(cache: SqliteVectorCache) -> None:
    vectors = SentenceVectors(Encoder(), cache, seen_by_encoder)
    for text in ("Rest it.", "Tape it."):
        (found,) = vectors([hit(text)])
        assert found == pytest.approx(by_words([text]), abs=1e-3)


def test_a_document_that_was_replaced_meanwhile_is_read_as_it_was_found(
    cache: SqliteVectorCache,
) -> None:
    (found,) = SentenceVectors(Encoder(), cache, lambda one: "Other words.")([HITS[1]])
    assert found == pytest.approx(by_words(["Tape it."]), abs=1e-3)


def test_a_passage_without_a_sentence_has_no_vectors(cache: SqliteVectorCache) -> None:
    (found,) = SentenceVectors(Encoder(), cache, seen_by_encoder)([indexed(" \n ")])
    assert found.shape == (0, 64)


def test_a_library_whose_vectors_were_thrown_away_answers_the_same(
    run: Callable[..., Ran], project: Project
) -> None:
    assert run("load", "--index").code == 0
    ask = ("ask", "How long does a grade III injury need?", "--quote", "--json")
    cache = project.folder / "library" / "vectors.db"
    first = run(*ask)
    assert first.code == 0
    cache.unlink()
    cache.mkdir()  # so that it can be neither read nor written
    assert run(*ask).json["sentences"] == first.json["sentences"]
    cache.rmdir()
    assert run(*ask).json["sentences"] == first.json["sentences"]
    with closing(sqlite3.connect(cache)) as connection:
        assert connection.execute("SELECT count(*) FROM spans").fetchone()[0] > 0
