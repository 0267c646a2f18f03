"""Calibrating over a real library, with a search by words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from dragtor.answer import answerability
from dragtor.answer.fitting import Example
from dragtor.calibrating import Calibrator, Judged, _better, kept, read_questions
from dragtor.errors import QueryError
from dragtor.passages import sentence_spans
from dragtor.store.library import SqliteLibrary
from dragtor.text import content_stems
from dragtor.types import Evidence, Generation, Hit, Query, SearchResult
from tests.store.making import index, put

TEXT = """Grade two injuries of the pulley heal within six weeks with a thermoplastic ring.
The extensor muscles of the wrist grow stronger by slow eccentric exercises every day.
Calluses of climbers are filed flat once a week and moisturised before they sleep.
A swollen middle joint of the finger calms down after months of careful loading.
Teenagers with painful finger joints need an image before they climb hard again."""
YES = ["Which ring heals pulley injuries?", "What makes extensor muscles of the wrist stronger?"]
NO = ["How far away is the moon?", "Who wrote the song of the sirens?"]


class Words:
    """Searches and finds by shared words: a cosine is the share of the question's words."""

    def __init__(self, library: SqliteLibrary, generation: Generation) -> None:
        self.library = library
        self.generation = generation
        self.asked: list[Query] = []

    def search(self, query: Query) -> SearchResult:
        self.asked.append(query)
        ids = sorted(self.library.passage_ids(self.generation.id))
        found = self.library.resolve(self.generation.id, ids).values()
        scored = sorted(((_share(query.text, one.passage.text), one) for one in found), key=_first)
        hits = [
            Hit(rank, s, {"dense": s}, one.passage, one.document, one.location, one.marks)
            for rank, (s, one) in enumerate(scored[::-1][: query.k], start=1)
        ]
        return SearchResult(query.text, tuple(hits), {})

    def find(self, question: str, hits: Sequence[Hit]) -> tuple[Evidence, ...]:
        return tuple(
            Evidence(hit, span, hit.score, hit.score, hit.score)
            for hit in hits
            for span in sentence_spans(hit.passage.text)
        )


def _share(question: str, text: str) -> float:
    asked = set(content_stems(question))
    return len(asked.intersection(content_stems(text))) / len(asked)


def _first(scored: tuple[float, object]) -> float:
    return scored[0]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[SqliteLibrary]:
    library = SqliteLibrary(tmp_path / "library")
    put(library, "a.txt", TEXT)
    yield library
    library.close()


@pytest.fixture
def generation(library: SqliteLibrary) -> Generation:
    return index(library)


@pytest.fixture
def words(library: SqliteLibrary, generation: Generation) -> Words:
    return Words(library, generation)


@pytest.fixture
def calibrator(library: SqliteLibrary, generation: Generation, words: Words) -> Calibrator:
    return Calibrator(library, generation, words.search, words)


def silent(done: int, total: int, what: str) -> None:
    assert done <= total


def judged() -> list[Judged]:
    return [*(Judged(q, True) for q in YES), *(Judged(q, False) for q in NO)]


def test_what_was_fitted_to_questions_is_kept_and_used(
    library: SqliteLibrary, generation: Generation, calibrator: Calibrator, words: Words
) -> None:
    assert kept(library, generation) == answerability.default()
    report = calibrator.calibrate(judged(), Query("", k=3), silent)
    assert [(query.text, query.k) for query in words.asked] == [(q, 3) for q in [*YES, *NO]]
    assert (report.source, report.answerable, report.unanswerable) == ("questions", 2, 2)
    assert report.area == 1.0
    fitted = kept(library, generation)
    assert fitted.threshold == report.threshold
    assert fitted != answerability.default()
    assert fitted.coefficients == answerability.default().coefficients
    calibrator.forget()
    assert kept(library, generation) == answerability.default()


def test_without_questions_they_are_made_of_the_library(
    library: SqliteLibrary, generation: Generation, calibrator: Calibrator, words: Words
) -> None:
    report = calibrator.calibrate([], Query("", k=2), silent)
    # five sentences, each once with and once without its passage, and a hundred foreign questions
    assert (report.source, report.answerable, report.unanswerable) == ("library", 5, 105)
    assert report.area > 0.9
    assert words.asked[0].text.startswith("What about ")
    assert kept(library, generation).threshold == report.threshold
    assert report.fitted is (kept(library, generation) != answerability.default())
    again = calibrator.calibrate([], Query("", k=2), silent)
    assert again == report


GOOD, BAD = {"sentence_match": 0.9}, {"sentence_match": 0.0}


@pytest.mark.parametrize(
    ("fitted", "unfitted", "better"),
    [
        ((False, False, True), (False, True, True), True),  # refuses one fewer wrongly
        ((False, True, True), (False, True, False), True),  # and one more rightly
        ((False, True, True), (False, True, True), False),  # the same
        ((False, False, False), (False, True, True), False),  # the one at the cost of the other
        ((True, True, True), (False, True, False), False),
    ],
)
def test_a_fit_is_better_that_wins_something_and_loses_nothing(
    fitted: tuple[bool, ...], unfitted: tuple[bool, ...], better: bool
) -> None:
    examples = [Example(GOOD, True), Example(GOOD, True), Example(BAD, False)]
    outcomes = [[(0.5, refused) for refused in one] for one in (fitted, unfitted)]
    assert _better(examples, *outcomes) is better


def test_a_fit_to_made_questions_that_is_no_better_is_not_kept(
    library: SqliteLibrary,
    generation: Generation,
    calibrator: Calibrator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calibrator.calibrate(judged(), Query("", k=3), silent)
    assert kept(library, generation) != answerability.default()
    never = replace(answerability.default(), threshold=0.0)
    monkeypatch.setattr(calibrator, "_fit", lambda examples: never)
    report = calibrator.calibrate([], Query("", k=2), silent)
    assert not report.fitted
    assert report.threshold == report.threshold_before == answerability.default().threshold
    assert report.caught > 0.9  # by the default; the fit refuses nothing
    assert kept(library, generation) == answerability.default()
    by_hand = calibrator.calibrate(judged(), Query("", k=3), silent)
    assert by_hand.fitted
    assert kept(library, generation) == never


def test_a_new_index_falls_back_to_the_packaged_calibration(
    library: SqliteLibrary, calibrator: Calibrator
) -> None:
    calibrator.calibrate(judged(), Query(""), silent)
    assert kept(library, index(library, splitter="other")) == answerability.default()


def test_what_cannot_be_read_falls_back_to_the_packaged_calibration(
    library: SqliteLibrary, generation: Generation
) -> None:
    for data in ({}, {"coefficients": {"a": {"weight": "x"}}}, {"threshold": "low"}):
        library.keep_calibration(generation.id, data)
        assert kept(library, generation) == answerability.default()


def test_questions_of_one_kind_are_not_enough(calibrator: Calibrator) -> None:
    with pytest.raises(QueryError, match="of 2 questions 2 can be answered: it needs both kinds"):
        calibrator.calibrate([Judged(q, True) for q in YES], Query(""), silent)


def test_a_library_without_a_sentence_gives_no_questions(
    library: SqliteLibrary, calibrator: Calibrator
) -> None:
    put(library, "a.txt", "Nothing much")
    index(library)
    with pytest.raises(QueryError, match="of 100 questions 0 can be answered"):
        calibrator.calibrate([], Query(""), silent)


def test_the_figures_are_those_of_the_query(calibrator: Calibrator, words: Words) -> None:
    query = Query(YES[0], k=2)
    hits = words.search(query).hits
    expected = answerability.figures(query.text, hits, words.find(query.text, hits))
    assert calibrator.figures(query) == expected
    assert calibrator.figures(replace(query, text=NO[0]))["sentence_match"] == 0.0


YAML = (
    "- question: How long?\n  answerable: true\n  id: x\n- {question: 'Why?', answerable: false}\n"
)
LINES = '{"question": "How long?", "answerable": true}\n\n{"question": "Why?", "answerable": false}'


@pytest.mark.parametrize(("name", "text"), [("q.yml", YAML), ("q.jsonl", LINES)])
def test_questions_are_read_from_yaml_and_json_lines(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    assert read_questions(tmp_path / name) == [Judged("How long?", True), Judged("Why?", False)]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("q.yml", "question: x", "it is no list"),
        ("q.yml", "- {question", "cannot be read as questions"),
        ("q.yml", "[]", "holds no questions"),
        ("q.yml", "- question: x", "entry 1 needs `question`"),
        (
            "q.yml",
            "- {question: x, answerable: true}\n- {question: '?', answerable: true}",
            "entry 2",
        ),
        ("q.jsonl", '{"question": "x", "answerable": 1}', "entry 1"),
        ("q.jsonl", "no json", "cannot be read as questions"),
    ],
)
def test_a_file_of_another_kind_is_named_with_what_is_wrong(
    name: str, text: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(QueryError, match=said) as caught:
        read_questions(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(QueryError, match=r"none\.yml: No such file"):
        read_questions(tmp_path / "none.yml")
