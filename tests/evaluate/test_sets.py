from __future__ import annotations

from pathlib import Path

import pytest

from dragtor.errors import SourceError
from dragtor.evaluate.sets import read_qrels, read_set

CORPUS = '{"id": "a", "title": "A", "text": "one"}\n\n{"_id": 7, "text": "two", "title": null}\n'
QUERIES = (
    '{"id": "q1", "text": "who?", "meta": {"split": "dev"}}\n'
    '{"id": "q2", "text": "what?"}\n{"_id": "q3", "text": "why?", "metadata": {"n": 1}}\n'
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "corpus.jsonl").write_text(CORPUS)
    (tmp_path / "queries.jsonl").write_text(QUERIES)
    (tmp_path / "qrels.tsv").write_text(
        "query_id\tpassage_id\tgrade\nq1\ta\t1\nq2\ta\t0\nq3\t7\t2\nq3\ta\t1\n"
    )
    return tmp_path


def test_a_set_is_read_whole(folder: Path) -> None:
    found = read_set(folder)
    assert [(text.id, text.title, text.text) for text in found.documents] == [
        ("a", "A", "one"),
        ("7", "", "two"),
    ]
    assert found.qrels == {"q1": {"a": 1}, "q2": {"a": 0}, "q3": {"7": 2, "a": 1}}
    assert found.questions[2].meta == {"n": 1}


def test_only_questions_with_something_relevant_count(folder: Path) -> None:
    found = read_set(folder)
    assert [question.id for question in found.judged()] == ["q1", "q3"]
    assert [question.id for question in found.judged("dev")] == ["q1"]


def test_beir_keeps_its_judgements_in_a_folder(folder: Path) -> None:
    (folder / "qrels.tsv").unlink()
    (folder / "qrels").mkdir()
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\ta\t1\n")
    (folder / "qrels" / "train.tsv").write_text("query-id\tcorpus-id\tscore\nq2\ta\t1\n")
    assert read_qrels(folder) == {"q1": {"a": 1}, "q2": {"a": 1}}


def test_trec_judgements_have_four_columns_and_no_header(folder: Path) -> None:
    (folder / "qrels.tsv").write_text("q1 0 a 1\nq1 0 7 -1\n")
    assert read_qrels(folder) == {"q1": {"a": 1, "7": -1}}


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("corpus.jsonl", '{"id": "a", "text": "x"}\n{"id": "b"}', r"corpus.jsonl:2: .*'text'"),
        ("queries.jsonl", "{", r"queries.jsonl:1: no object"),
        ("queries.jsonl", "[]", r"queries.jsonl:1: no object"),
        ("queries.jsonl", '{"id": "q", "text": null}', r"queries.jsonl:1: .*`text` is None"),
        ("queries.jsonl", '{"id": null, "text": "x"}', r"queries.jsonl:1: .*its id is None"),
        ("queries.jsonl", '{"id": "q", "text": "x", "meta": [1]}', r"`meta` is \[1\]"),
        ("queries.jsonl", '{"id": 1, "text": "x"}\n\n{"id": "1", "text": "y"}', r":3: line 1 has"),
        ("queries.jsonl", '{"id": 1, "text": "x", "answers": [null, "red"]}', r"holds None"),
        ("corpus.jsonl", '{"id": "a", "text": "x"}\n{"id": "b", "text": "\udce9"}', r":2: .*UTF-8"),
        ("qrels.tsv", "q\td\tgrade\nq1\t\udce9\t1", r"qrels.tsv:2: .*UTF-8"),
        ("qrels.tsv", "q\td\tgrade\nq1\ta\tgood", r"qrels.tsv:2: 'q1\\ta\\tgood' is no judgement"),
    ],
)
def test_a_line_that_makes_no_sense_is_named(
    folder: Path, file: str, text: str, message: str
) -> None:
    (folder / file).write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(SourceError, match=message):
        read_set(folder)


@pytest.mark.parametrize("file", ["corpus.jsonl", "queries.jsonl", "qrels.tsv"])
def test_a_missing_file_is_named(folder: Path, file: str) -> None:
    (folder / file).unlink()
    with pytest.raises(SourceError, match=rf"{file}"):
        read_set(folder)


def test_a_split_is_a_file_of_judgements(folder: Path) -> None:
    (folder / "qrels").mkdir()
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq2\ta\t1\n")
    found = read_set(folder, "test")
    assert [question.id for question in found.judged()] == ["q2"]


def test_a_split_is_what_the_questions_say_they_belong_to(folder: Path) -> None:
    assert [question.id for question in read_set(folder, "dev").judged()] == ["q1"]


def test_a_split_that_is_not_there_is_refused_with_those_that_are(folder: Path) -> None:
    (folder / "qrels").mkdir()
    (folder / "qrels" / "train.tsv").write_text("query-id\tcorpus-id\tscore\nq2\ta\t1\n")
    with pytest.raises(SourceError, match=r"no split 'final'; there are: dev, train"):
        read_set(folder, "final")


def test_one_reference_answer_is_as_good_as_a_list(folder: Path) -> None:
    (folder / "queries.jsonl").write_text('{"id": "q1", "text": "who?", "answers": "she"}\n')
    assert read_set(folder).questions[0].answers == ("she",)


def test_a_number_is_as_good_a_reference_as_a_text(folder: Path) -> None:
    (folder / "queries.jsonl").write_text('{"id": "q1", "text": "when?", "answers": 1912}\n')
    assert read_set(folder).questions[0].answers == ("1912",)
