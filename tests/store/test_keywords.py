from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from dragtor.interfaces import KeywordIndex, Library
from dragtor.passages import make_passages
from dragtor.split.context import Context, contextualize
from dragtor.store import keywords
from dragtor.store.keywords import SqliteKeywordIndex, match_expression
from dragtor.store.library import SqliteLibrary
from dragtor.types import Content, Cut, Generation, Mark
from tests.contracts.keyword_index import KeywordIndexContract
from tests.store.making import FOLDER, file, put, texts
from tests.store.making import index as index_all


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


PAGE = "Grades\nA complete rupture.\nHealing\nEight weeks."
MARKS = (Mark(0, heading="Grades", level=2), Mark(27, heading="Healing", level=2))


def put_page(library: SqliteLibrary, title: str = "Pulleys") -> None:
    content = Content(PAGE, title, "text", marks=MARKS)
    library.store("main", FOLDER, file("page.txt", title), [content], "plain 1")


def index_page(library: SqliteLibrary, mode: Context) -> Generation:
    """Bring a generation up to date whose passages are the lines that are no headings."""
    with library.writing():
        generation = library.generation(mode, {"dense": "e1"}, {}, fresh=False)
        for id in library.pending(generation.id):
            document = library.newest(id)
            cuts = [Cut(7, 26), Cut(35, 47)]
            passages = make_passages(document, cuts, partial(contextualize, mode=mode))
            library.commit(generation.id, [(document, passages)])
        library.activate(generation.id)
    return generation


def found(library: SqliteLibrary, generation: Generation, question: str) -> list[str]:
    scored = SqliteKeywordIndex(library.database).search(generation.id, question, 9)
    resolved = library.resolve(generation.id, [one.id for one in scored])
    return sorted(resolved[one.id].passage.text for one in scored)


def assert_exact(library: SqliteLibrary, generation: Generation) -> None:
    """Let FTS5 compare its index with what the passages say."""
    table = f"keywords_{generation.id}"
    with library.database.transaction() as connection:
        connection.execute(f"INSERT INTO {table} ({table}, rank) VALUES ('integrity-check', 1)")


@pytest.mark.parametrize(
    ("mode", "by_title", "by_heading"),
    [
        ("none", [], []),
        ("title", ["A complete rupture.", "Eight weeks."], []),
        ("headings", ["A complete rupture.", "Eight weeks."], ["Eight weeks."]),
    ],
)
def test_passages_are_found_by_the_words_of_the_line_above_them(
    library: SqliteLibrary, mode: Context, by_title: list[str], by_heading: list[str]
) -> None:
    put_page(library)
    generation = index_page(library, mode)
    assert found(library, generation, "pulleys") == by_title
    assert found(library, generation, "healing") == by_heading
    assert found(library, generation, "weeks") == ["Eight weeks."]


@pytest.mark.parametrize("mode", ["none", "title", "headings"])
def test_with_another_title_the_old_one_is_forgotten_to_the_word(
    library: SqliteLibrary, mode: Context
) -> None:
    put_page(library, "Pulleys")
    generation = index_page(library, mode)
    assert_exact(library, generation)
    put_page(library, "Tendons")
    index_page(library, mode)
    assert found(library, generation, "pulleys") == []
    assert len(found(library, generation, "tendons")) == (0 if mode == "none" else 2)
    assert_exact(library, generation)
    with library.writing():
        library.remove([info.id for info in library.documents("main")])
    assert_exact(library, generation)
    with library.database.reading() as connection:
        (words,) = connection.execute(
            f"SELECT count(*) FROM keywords_{generation.id}_docsize"
        ).fetchone()
    assert words == 0


def test_a_library_whose_words_were_indexed_under_titles_alone_goes_on_as_it_was(
    library: SqliteLibrary,
) -> None:
    put_page(library)
    generation = index_page(library, "title")
    with library.database.transaction() as connection:  # back to format 3
        connection.execute(f"DROP VIEW passages_{generation.id}")
        connection.execute("ALTER TABLE passages DROP COLUMN context")
        connection.execute(
            f"CREATE VIEW passages_{generation.id} AS SELECT p.pk AS pk, v.title AS title,"
            " substr(v.text, p.start + 1, p.end - p.start) AS text"
            " FROM passages p JOIN versions v ON v.pk = p.version"
        )
        connection.execute("PRAGMA user_version = 3")
    library.close()
    assert len(found(library, generation, "pulleys")) == 2
    assert_exact(library, generation)
    put_page(library, "Tendons")
    index_page(library, "title")
    assert found(library, generation, "pulleys") == []
    assert_exact(library, generation)


def test_among_many_passages_the_best_are_sifted_and_scored_alike(
    library: SqliteLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [f"Pulley {'tape ' * (number % 4)}number {number}." for number in range(30)]
    put(library, "a.txt", "\n".join(lines))
    generation = index_all(library).id
    index = SqliteKeywordIndex(library.database)
    among = sorted(library.passage_ids(generation))[::2]
    alone = index.search(generation, "pulley tape", 10, among)
    monkeypatch.setattr(keywords, "_FEW", 3)
    assert len(alone) == 10
    sifted = index.search(generation, "pulley tape", 10, among)
    assert [one.score for one in sifted] == [one.score for one in alone]
    assert index.search(generation, "pulley tape", 30, among) == [
        one for one in index.search(generation, "pulley tape", 30) if one.id in among
    ]
