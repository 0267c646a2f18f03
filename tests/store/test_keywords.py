from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dragtor.interfaces import KeywordIndex, Library
from dragtor.store.keywords import SqliteKeywordIndex, match_expression
from dragtor.store.library import SqliteLibrary
from tests.contracts.keyword_index import KeywordIndexContract
from tests.store.making import index as index_all
from tests.store.making import put, texts


@pytest.fixture
def library(tmp_path: Path) -> Iterator[SqliteLibrary]:
    library = SqliteLibrary(tmp_path / "library")
    yield library
    library.close()


class TestSqliteKeywordIndex(KeywordIndexContract):
    @pytest.fixture
    def library(self, library: SqliteLibrary) -> Library:
        return library

    @pytest.fixture
    def index(self, library: SqliteLibrary) -> KeywordIndex:
        return SqliteKeywordIndex(library.database)


@pytest.mark.parametrize(
    ("question", "expression"),
    [
        ("What is the A2-pulley?", '"a2" OR "pulley"'),
        ("pulley PULLEY", '"pulley"'),
        ("Is it?", '"is" OR "it"'),
        ("2.5 kg", '"2" OR "5" OR "kg"'),
        ("?!", ""),
    ],
)
def test_a_question_is_its_telling_words(question: str, expression: str) -> None:
    assert match_expression(question) == expression


def test_a_missing_library_is_searched_without_making_one(tmp_path: Path) -> None:
    library = SqliteLibrary(tmp_path / "library")
    assert SqliteKeywordIndex(library.database).search(1, "pulley", 3) == []
    assert not (tmp_path / "library").exists()


def test_title_weight_decides_what_comes_first(library: SqliteLibrary) -> None:
    put(library, "a.txt", "Nothing of note here.", title="Pulley")
    put(library, "b.txt", "A pulley is noted here.", title="Note")
    generation = index_all(library)

    def first(title: float, text: float) -> str:
        index = SqliteKeywordIndex(library.database, title=title, text=text)
        best = index.search(generation.id, "pulley", 2)[0]
        return library.resolve(generation.id, [best.id])[best.id].passage.text

    assert first(title=10, text=1) == "Nothing of note here."
    assert first(title=1, text=10) == "A pulley is noted here."
    assert len(texts(library, generation)) == 2
