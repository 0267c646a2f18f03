"""Neighbours and parents, over the real library."""

from __future__ import annotations

import doctest
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from dragtor.answer.answerer import GroundedAnswerer, Options
from dragtor.answer.prompt import Templates
from dragtor.passages import make_passages
from dragtor.retrieve import widen
from dragtor.retrieve.fused import FusedRetriever
from dragtor.retrieve.keyword import KeywordScorer
from dragtor.retrieve.widen import WideningRetriever, free
from dragtor.store.keywords import SqliteKeywordIndex
from dragtor.store.library import SqliteLibrary
from dragtor.types import (
    Answer,
    Content,
    Cut,
    Document,
    Filter,
    Gathered,
    Hit,
    Mark,
    Passage,
    Query,
    Ranking,
    Resolved,
    SearchResult,
    Span,
)
from tests.contracts.retriever import QUESTION, RetrieverContract
from tests.fakes import FixedRefuser, WordChecker, WordFinder
from tests.store.making import file, id_of, put, with_title

HAND = """\
The hand has many pulleys.
A finger pulley may tear when a foot slips.
A crack is heard.

Rest comes first.
The finger swells for a week.
Tape helps little after a pulley tear.

Surgery is rare.
"""
ARM = "Elbows hurt.\nThe arm tires.\n\nA finger can hurt as well, without a tear.\n"


class Shelf:
    """Two documents; a passage is a line, and its parent the block of lines it stands in."""

    def __init__(self, folder: Path) -> None:
        self.library = SqliteLibrary(folder)
        put(self.library, "hand", HAND, author="Ann")
        put(self.library, "arm", ARM, author="Bob")
        self.generation = 0
        self.index()

    def index(self) -> None:
        """Bring the library up to date."""
        library = self.library
        with library.writing():
            made = library.generation("blocks", {}, {}, fresh=False)
            documents = [library.newest(id) for id in library.pending(made.id)]
            library.commit(made.id, [(one, blocks(one)) for one in documents])
            library.activate(made.id)
        self.generation = made.id

    def keyword(self) -> FusedRetriever:
        words = KeywordScorer(SqliteKeywordIndex(self.library.database), self.generation)
        return FusedRetriever(self.library, self.generation, [words])

    def widening(self, retriever: Any = None) -> WideningRetriever:
        return WideningRetriever(retriever or self.keyword(), self.library, self.generation)

    def hits(self, *lines: str) -> Given:
        """What gives the passages of these lines as hits, best first."""
        ids = sorted(self.library.passage_ids(self.generation))
        found = self.library.resolve(self.generation, ids)
        by_text = {one.passage.text: one for one in found.values()}
        return Given([by_text[line] for line in lines])

    def text(self, name: str) -> str:
        return self.library.document(id_of(self.library, name)).text


class Given:
    """A retriever that always finds the same."""

    def __init__(self, found: Sequence[Resolved]) -> None:
        self.asked: list[int] = []
        self.found = found

    def retrieve(self, query: Query) -> SearchResult:
        self.asked.append(query.k)
        hits = tuple(
            Hit(rank, 1 / rank, {"x": 1 / rank}, one.passage, one.document, one.location, one.marks)
            for rank, one in enumerate(self.found[: query.k], start=1)
        )
        return SearchResult(query.text, hits, {"total_s": 0.5})


def blocks(document: Document) -> list[Passage]:
    cuts, start = [], 0
    for block in document.text.split("\n\n"):
        parent = Span(start, start + len(block.rstrip()))
        for line in block.rstrip().split("\n"):
            cuts.append(Cut(start, start + len(line), parent))
            start += len(line) + 1
        start = parent.end + 2
    return make_passages(document, cuts, with_title)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """Not to be changed."""
    shelf = Shelf(tmp_path_factory.mktemp("shelf"))
    yield shelf
    shelf.library.close()


@pytest.fixture
def own_shelf(tmp_path: Path) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path / "library")
    yield shelf
    shelf.library.close()


def read(
    shelf: Shelf, *lines: str, k: int = 8, surrounding: int = 0, parents: bool = True
) -> tuple[Hit, ...]:
    ranking = Ranking(surrounding=surrounding, parents=parents)
    result = shelf.widening(shelf.hits(*lines)).retrieve(Query(QUESTION, k=k, ranking=ranking))
    for hit in result.hits:
        document = shelf.library.document(hit.document.id)
        assert document.text[hit.passage.start : hit.passage.end] == hit.passage.text
    return result.hits


class TestContract(RetrieverContract):
    @pytest.fixture(params=["parents", "neighbours"])
    def retriever(self, request: pytest.FixtureRequest, shelf: Shelf) -> Any:
        if request.param == "parents":
            return shelf.widening()
        return Fixed(shelf.widening(), surrounding=1)


class Fixed:
    """A retriever that is asked for another ranking than the query's."""

    def __init__(self, retriever: WideningRetriever, **ranking: Any) -> None:
        self._retriever = retriever
        self._ranking = ranking

    def retrieve(self, query: Query) -> SearchResult:
        ranking = replace(query.ranking or Ranking(), **self._ranking)
        return self._retriever.retrieve(replace(query, ranking=ranking))


def test_the_worked_example_holds() -> None:
    assert doctest.testmod(widen).failed == 0


def test_a_parent_is_read_in_the_place_of_its_passage(shelf: Shelf) -> None:
    (hit,) = read(shelf, "Rest comes first.")
    assert hit.passage.text == HAND.split("\n\n")[1]
    start = HAND.index("Rest comes")
    assert hit.found == Span(start, start + len("Rest comes first."))
    assert hit.score == hit.scores["x"] == 1.0
    assert hit.passage.input_hash == ""


def test_a_parent_is_read_once_and_has_the_place_of_its_best_passage(shelf: Shelf) -> None:
    lines = ("A crack is heard.", "Elbows hurt.", "The hand has many pulleys.", "Surgery is rare.")
    hits = read(shelf, *lines)
    assert [hit.rank for hit in hits] == [1, 2, 3]
    assert [hit.passage.text.split("\n")[0] for hit in hits] == [
        "The hand has many pulleys.",
        "Elbows hurt.",
        "Surgery is rare.",
    ]
    assert hits[0].found is not None
    assert HAND[hits[0].found.start : hits[0].found.end] == "A crack is heard."
    assert hits[2].found is None  # its parent is itself


def test_passages_are_read_alone_where_that_is_wanted(shelf: Shelf) -> None:
    hits = read(shelf, "A crack is heard.", "Rest comes first.", parents=False)
    assert [hit.passage.text for hit in hits] == ["A crack is heard.", "Rest comes first."]
    assert all(hit.found is None for hit in hits)
    assert all(hit.passage.input_hash for hit in hits)


def test_neighbours_are_read_with_a_passage_and_go_before_parents(shelf: Shelf) -> None:
    (hit,) = read(shelf, "A crack is heard.", surrounding=1)
    assert hit.passage.text == (
        "A finger pulley may tear when a foot slips.\nA crack is heard.\n\nRest comes first."
    )
    (hit,) = read(shelf, "A crack is heard.", surrounding=99)
    assert hit.passage.text == HAND.strip()


def test_where_neighbourhoods_meet_the_better_one_has_what_both_want(shelf: Shelf) -> None:
    hits = read(shelf, "A crack is heard.", "The finger swells for a week.", surrounding=1)
    assert [hit.passage.text for hit in hits] == [
        "A finger pulley may tear when a foot slips.\nA crack is heard.\n\nRest comes first.",
        "The finger swells for a week.\nTape helps little after a pulley tear.",
    ]
    found = hits[1].found
    assert found is not None
    assert HAND[found.start : found.end] == "The finger swells for a week."


def test_what_a_better_neighbourhood_holds_is_left_out_and_made_up_for(shelf: Shelf) -> None:
    lines = ("A crack is heard.", "Rest comes first.", "Elbows hurt.", "Surgery is rare.")
    assert [hit.scores["x"] for hit in read(shelf, *lines, k=2, surrounding=1)] == [1.0, 1 / 3]
    assert [hit.scores["x"] for hit in read(shelf, *lines, k=2, parents=True)] == [1.0, 1 / 2]


def test_places_are_those_of_what_is_read(own_shelf: Shelf) -> None:
    library = own_shelf.library
    text = "One.\nTwo.\nThree.\n"
    marks = (Mark(0, page=1), Mark(5, page=2), Mark(10, page=3))
    content = Content(text, "Marks", "text", marks)
    library.store("main", "file:///marks", file("marks"), [content], "plain 1")
    own_shelf.index()
    (hit,) = read(own_shelf, "Two.")
    assert (hit.location.page, [mark.page for mark in hit.marks]) == (1, [2, 3])


def test_widening_takes_its_time_and_says_so(shelf: Shelf) -> None:
    given = shelf.hits("A crack is heard.")
    result = shelf.widening(given).retrieve(Query(QUESTION, k=3))
    assert set(result.timings) == {"widen_s", "total_s"}
    assert result.timings["total_s"] == pytest.approx(0.5 + result.timings["widen_s"])
    plain = shelf.widening(given).retrieve(Query(QUESTION, ranking=Ranking(parents=False)))
    assert set(plain.timings) == {"total_s"}


def test_more_is_asked_for_where_hits_may_be_left_out_and_until_there_are_enough(
    shelf: Shelf,
) -> None:
    lines = [line for line in HAND.split("\n") if line]
    given = shelf.hits(*lines, "Elbows hurt.")
    widening = shelf.widening(given)
    widening.retrieve(Query(QUESTION, k=2, ranking=Ranking(parents=False)))
    assert given.asked == [2]
    result = widening.retrieve(Query(QUESTION, k=2, ranking=Ranking(surrounding=99)))
    assert given.asked[1:] == [6, 18]
    assert [hit.document.title for hit in result.hits] == ["hand", "arm"]
    unexpected = widening.retrieve(Query(QUESTION, k=2))
    assert given.asked[3:] == [2, 6]
    expected = WideningRetriever(given, shelf.library, shelf.generation, parents=True)
    assert expected.retrieve(Query(QUESTION, k=2)).hits == unexpected.hits
    assert given.asked[5:] == [6]


def test_a_document_that_changed_meanwhile_is_read_as_it_was_found(own_shelf: Shelf) -> None:
    given = own_shelf.hits("Rest comes first.")
    put(own_shelf.library, "hand", "Something new.\n\n" + HAND.replace("\nTape", " again.\nTape"))
    own_shelf.index()
    (hit,) = own_shelf.widening(given).retrieve(Query(QUESTION)).hits
    assert hit.passage.text == "Rest comes first."
    own_shelf.library.remove([id_of(own_shelf.library, "hand")])
    (hit,) = own_shelf.widening(given).retrieve(Query(QUESTION)).hits
    assert hit.passage.text == "Rest comes first."


@pytest.mark.parametrize("ranking", [Ranking(), Ranking(surrounding=2)])
def test_what_is_read_never_leaves_the_documents_that_a_filter_lets_through(
    shelf: Shelf, ranking: Ranking
) -> None:
    query = Query(QUESTION, ranking=ranking, filters=(Filter("author", "=", "bob"),))
    hits = shelf.widening().retrieve(query).hits
    assert hits
    assert {hit.document.title for hit in hits} == {"arm"}
    assert all(hit.passage.text in shelf.text("arm") for hit in hits)


@hypothesis_settings(max_examples=30)
@given(
    order=st.permutations([line for line in HAND.split("\n") if line]),
    surrounding=st.integers(0, 3),
)
def test_no_text_is_read_twice_and_every_passage_once(order: list[str], surrounding: int) -> None:
    lines = [line for line in HAND.split("\n") if line]
    own = {line: Span(HAND.index(line), HAND.index(line) + len(line)) for line in lines}
    taken: list[Span] = []
    for line in order:
        here = lines.index(line)
        near = lines[max(0, here - surrounding) : here + surrounding + 1]
        span = free(Span(own[near[0]].start, own[near[-1]].end), own[line], taken)
        if span is not None:
            taken.append(span)
    covered = [offset for span in taken for offset in range(span.start, span.end)]
    assert len(covered) == len(set(covered))
    assert {offset for span in own.values() for offset in range(span.start, span.end)} <= set(
        covered
    )


def test_an_answer_cites_what_stands_beside_the_passage_that_was_found(shelf: Shelf) -> None:
    templates = Templates(
        system="{refusal}", context="{passages}", question="{question}", refusal="No."
    )
    options = Options(
        mode="quote",
        max_tokens=50,
        context_tokens=400,
        quotes=2,
        unsupported="mark",
        support_yes=1.0,
    )
    answerer = GroundedAnswerer(
        None, WordFinder(), WordChecker(), FixedRefuser(), templates, options
    )
    query = Query("Does tape help after a pulley tear?", k=1, mode="quote")
    result = shelf.widening(shelf.hits("Rest comes first.")).retrieve(query)
    *_, answer = answerer.answer(query, Gathered(result))
    assert isinstance(answer, Answer)
    assert "Tape helps little after a pulley tear." in answer.text
    for sentence in answer.sentences:
        for citation in sentence.citations:
            assert shelf.text("hand")[citation.start : citation.end] == citation.quote
            assert citation.passage_id == result.hits[0].passage.id
