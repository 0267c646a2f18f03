from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest

from dragtor.errors import QueryError
from dragtor.fusion import convex
from dragtor.interfaces import Encoder
from dragtor.retrieve.articles import ArticleFinder
from dragtor.retrieve.dense import DenseScorer
from dragtor.retrieve.keyword import KeywordScorer
from dragtor.store.keywords import SqliteKeywordIndex
from dragtor.store.library import SqliteLibrary
from dragtor.types import Filter, Query
from tests.fakes import DictVectorStore, FakeEncoder, unit
from tests.store.making import id_of, index, put

QUESTION = "What is said about fingers?"
VECTORS = {
    QUESTION: (1.0, 0.0),
    "Pulleys tear.": (0.6, 0.8),
    "Tendons heal slowly.": (0.5, 0.8),
    "Sleep eight hours.": (0.0, 1.0),
    "Elbows hurt.": (0.7, 0.7),
}


class Shelf:
    """Three documents, of which the first is long and may have a summary."""

    def __init__(self, folder: Path) -> None:
        self.library = SqliteLibrary(folder)
        put(self.library, "hand", "Pulleys tear.\nTendons heal slowly.", author="Ann")
        put(self.library, "night", "Sleep eight hours.", author="Bob")
        put(self.library, "arm", "Elbows hurt.", author="Ann", collection="gym")
        self.generation = index(self.library).id
        self.vectors = DictVectorStore()
        self.vectors.create("passages", 2)
        ids = sorted(self.library.passage_ids(self.generation))
        found = self.library.resolve(self.generation, ids)
        encoder = FakeEncoder(VECTORS)
        texts = [one.passage.text for one in found.values()]
        self.vectors.add("passages", list(found), encoder.encode_passages(texts))
        self.finder = ArticleFinder(
            self.library,
            self.generation,
            keyword=KeywordScorer(SqliteKeywordIndex(self.library.database), self.generation),
            dense=DenseScorer(self.vectors, cast(Encoder, encoder), "passages", "dense"),
            summaries=DenseScorer(self.vectors, cast(Encoder, encoder), "summaries", "summaries"),
            fuse=partial(convex, dense_weight=0.7),
            candidates=10,
            maker="m",
            least_passages=2,
        )

    def summarise(self, name: str, text: str, *vector: float) -> None:
        id = id_of(self.library, name)
        self.vectors.create("summaries", 2)
        self.vectors.add("summaries", [id], unit(vector)[None])
        self.library.summarise("m", [(self.library.document(id), text)])

    def found(self, question: str = QUESTION, **options: Any) -> list[str]:
        query = replace(Query(question, collections=("main", "gym")), **options)
        return [hit.document.title for hit in self.finder.find(query)]


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path)
    yield shelf
    shelf.library.close()


def test_without_summaries_the_best_passage_decides(shelf: Shelf) -> None:
    assert shelf.found() == ["arm", "hand", "night"]
    assert shelf.found(k=1) == ["arm"]
    assert shelf.found("Why do tendons heal slowly, and what of fingers?")[0] == "hand"


def test_a_summary_is_one_more_passage(shelf: Shelf) -> None:
    shelf.summarise("hand", "Hand\nAll about fingers.", 0.9, 0.3)
    assert shelf.found() == ["hand", "arm", "night"]
    best = shelf.finder.find(Query(QUESTION))[0]
    assert best.summary == "Hand\nAll about fingers."
    assert best.score == pytest.approx(0.7 * float(unit((0.9, 0.3))[0]))


def test_a_bad_summary_does_not_hide_a_good_passage(shelf: Shelf) -> None:
    shelf.summarise("hand", "Nothing.", -1.0, 0.0)
    assert shelf.found() == ["arm", "hand", "night"]


def test_short_documents_stand_for_themselves_and_long_ones_need_a_summary(shelf: Shelf) -> None:
    said = {
        hit.document.title: hit.summary
        for hit in shelf.finder.find(Query(QUESTION, collections=("main", "gym")))
    }
    assert said == {"hand": "", "night": "Sleep eight hours.", "arm": "Elbows hurt."}


def test_collections_and_filters_hold_for_summaries_too(shelf: Shelf) -> None:
    shelf.summarise("hand", "All about fingers.", 1.0, 0.0)
    assert shelf.found(collections=("gym",)) == ["arm"]
    assert shelf.found(filters=(Filter("author", "=", "bob"),)) == ["night"]
    assert shelf.found(filters=(Filter("author", "=", "nobody"),)) == []
    with pytest.raises(QueryError, match="'attic'"):
        shelf.found(collections=("attic",))


def test_a_summary_of_a_text_that_answers_no_more_counts_for_nothing(shelf: Shelf) -> None:
    shelf.summarise("hand", "All about fingers.", 1.0, 0.0)
    shelf.library.remove([id_of(shelf.library, "hand")])
    assert shelf.found() == ["arm", "night"]
