"""Retrievers over the real library, keyword index and vector store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from dragtor.errors import QueryError
from dragtor.interfaces import Encoder, Retriever, Scorer
from dragtor.retrieve.dense import DenseScorer
from dragtor.retrieve.fused import FusedRetriever
from dragtor.retrieve.keyword import KeywordScorer
from dragtor.store.chroma import ChromaStore
from dragtor.store.keywords import SqliteKeywordIndex
from dragtor.store.library import SqliteLibrary
from dragtor.types import Filter, Query
from tests.contracts.retriever import QUESTION, RetrieverContract
from tests.fakes import FakeEncoder
from tests.store.making import id_of, index, put

TEXTS = {
    "pulley": "A finger pulley may tear when a foot slips.\nA crack is heard.",
    "tendon": "The tendon of a finger hurts.",
    "rest": "Rest after a tear of any pulley.",
    "sleep": "Sleep eight hours.",
}
VECTORS = {
    "A finger pulley may tear when a foot slips.": (1.0, 0.2),
    "A crack is heard.": (0.9, 0.4),
    "The tendon of a finger hurts.": (0.9, 0.5),
    "Rest after a tear of any pulley.": (0.5, 0.9),
    "Sleep eight hours.": (0.1, 1.0),
}


class Shelf:
    """A library with its index and vectors."""

    def __init__(self, folder: Path) -> None:
        self.library = SqliteLibrary(folder)
        for name, text in TEXTS.items():
            put(self.library, name, text, metadata={"topic": name})
        self.generation = index(self.library).id
        self.vectors = ChromaStore(folder / "chroma")
        self.vectors.create("g1-dense", 2)
        found = self.library.resolve(
            self.generation, sorted(self.library.passage_ids(self.generation))
        )
        rows = FakeEncoder(VECTORS).encode_passages([one.passage.text for one in found.values()])
        self.vectors.add("g1-dense", list(found), rows)

    def retriever(self, kind: str) -> Retriever:
        words = SqliteKeywordIndex(self.library.database)
        encoder = cast(Encoder, FakeEncoder({}))
        parts: dict[str, Scorer] = {
            "keyword": KeywordScorer(words, self.generation),
            "dense": DenseScorer(self.vectors, encoder, "g1-dense", "dense"),
        }
        scorers = list(parts.values()) if kind == "hybrid" else [parts[kind]]
        return FusedRetriever(self.library, self.generation, scorers)


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path / "library")
    yield shelf
    shelf.vectors.close()
    shelf.library.close()


KINDS = ["keyword", "dense", "hybrid"]


class TestContract(RetrieverContract):
    @pytest.fixture(params=KINDS)
    def retriever(self, request: pytest.FixtureRequest, shelf: Shelf) -> Retriever:
        return shelf.retriever(request.param)


def titles(retriever: Retriever, *filters: Filter) -> list[str]:
    hits = retriever.retrieve(Query(QUESTION, filters=filters)).hits
    return [hit.document.title for hit in hits]


@pytest.mark.parametrize("kind", KINDS)
def test_filters_hold(shelf: Shelf, kind: str) -> None:
    retriever = shelf.retriever(kind)
    assert set(titles(retriever, Filter("topic", "=", "rest"))) == {"rest"}
    assert titles(retriever, Filter("topic", "=", "nothing")) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_removed_document_is_not_found_any_more(shelf: Shelf, kind: str) -> None:
    retriever = shelf.retriever(kind)
    assert "pulley" in titles(retriever)
    with shelf.library.writing():
        shelf.library.remove([id_of(shelf.library, "pulley")])
    assert "pulley" not in titles(retriever)


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_collection_is_refused(shelf: Shelf, kind: str) -> None:
    with pytest.raises(QueryError, match="nowhere"):
        shelf.retriever(kind).retrieve(Query(QUESTION, collections=("nowhere",)))


def test_scores_are_those_of_both_halves(shelf: Shelf) -> None:
    words = {
        h.passage.id: h.score for h in shelf.retriever("keyword").retrieve(Query(QUESTION)).hits
    }
    cosines = {
        h.passage.id: h.score for h in shelf.retriever("dense").retrieve(Query(QUESTION)).hits
    }
    best = max(words.values())
    for hit in shelf.retriever("hybrid").retrieve(Query(QUESTION)).hits:
        word, cosine = words.get(hit.passage.id, 0.0), cosines[hit.passage.id]
        assert hit.score == pytest.approx(0.7 * cosine + 0.3 * word / best)
        assert hit.scores["dense"] == pytest.approx(cosine)
        assert hit.scores["keyword"] == pytest.approx(word)
