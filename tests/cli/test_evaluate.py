from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Project, Ran

Run = Callable[..., Ran]
QUESTIONS = """
- id: healing
  question: How long do grade II pulley injuries take to heal?
  answer: They heal in six weeks with a thermoplastic ring.
  evidence: [{document: pulleys.md, quote: Grade II injuries heal in six weeks}]
- id: elbow
  question: Which exercise helps against tennis elbow pain?
  answer: Eccentric wrist extension.
  evidence: [{quote: Eccentric wrist extension with three sets of fifteen repetitions}]
- {id: chapel, question: 'Who painted the ceiling of the chapel?', answerable: false}
- {id: gone, question: 'What heals a mallet finger?', evidence: [{document: mallet.md}]}
"""


@pytest.fixture
def indexed(run: Run, project: Project, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The three articles, which are indexed once for all tests, and questions to them."""
    (project.folder / "mine.yml").write_text(QUESTIONS)
    library = project.folder / "library"
    kept = tmp_path_factory.getbasetemp() / "articles"
    if kept.exists():
        shutil.copytree(kept, library)
    else:
        assert run("load", "--index").code == 0
        shutil.copytree(library, kept)
    return run


@pytest.fixture
def small_set(project: Project) -> Path:
    folder = project.folder / "sets" / "small"
    (folder / "qrels").mkdir(parents=True)
    texts = {"a": "Rings heal torn pulleys in six weeks.", "b/#1": "Calluses are filed weekly."}
    (folder / "corpus.jsonl").write_text(
        "".join(json.dumps({"_id": id, "title": "", "text": t}) + "\n" for id, t in texts.items())
    )
    questions = {"q1": "How often are calluses filed?", "q2": "What heals torn pulleys?"}
    (folder / "queries.jsonl").write_text(
        "".join(json.dumps({"_id": id, "text": text}) + "\n" for id, text in questions.items())
    )
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\tb/#1\t1\n")
    (folder / "qrels" / "train.tsv").write_text("query-id\tcorpus-id\tscore\nq2\ta\t1\n")
    return folder


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_questions_file_is_asked_of_the_library(indexed: Run) -> None:
    ran = indexed("eval", "mine.yml", "--json", "--set", "answer.mode=quote")
    assert ran.code == 0, ran.err
    found = ran.json
    assert found["name"] == "mine"
    assert found["metrics"]["recall@10"] == 1.0
    assert found["metrics"]["nDCG@10"] > 0.5
    assert 0 < found["metrics"]["token_F1"] <= 1
    assert 0 <= found["metrics"]["support"] <= 1
    assert 0 < found["metrics"]["latency_p50_ms"] <= found["metrics"]["latency_p95_ms"]
    scores = [one["metrics"]["nDCG@10"] for one in found["questions"]]
    assert [one["id"] for one in found["questions"]] != ["gone"]
    assert len(scores) == 2
    assert scores == sorted(scores)
    assert "does not hold all evidence of 1 questions: gone" in ran.err


def test_the_table_is_worst_first_and_fits_eighty_columns(indexed: Run) -> None:
    ran = indexed("eval", "mine.yml", "--retriever", "keyword", "--no-answers", "--worst", "1")
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    assert lines[0].split() == ["questions", "2", "of", "mine"]
    assert len(lines[lines.index("") :]) == 1 + 1 + 1
    assert "token F1" not in ran.out
    assert all(len(line) <= 80 for line in lines)


def test_a_set_is_evaluated_apart_from_the_library(
    indexed: Run, project: Project, small_set: Path
) -> None:
    before = tree(project.folder / "library")
    ran = indexed("eval", "sets/small", "--json")
    assert ran.code == 0, ran.err
    assert (ran.json["name"], len(ran.json["questions"])) == ("small", 2)
    assert ran.json["metrics"]["recall@100"] == 1.0
    assert ran.json["metrics"]["support"] is None
    assert tree(project.folder / "library") == before
    assert {p.name for p in (project.folder / "experiments").iterdir()} >= {"vectors.db"}
    assert not list((project.folder / "experiments").glob("work-*"))


def test_a_set_needs_no_library_and_splits_are_kept_apart(run: Run, small_set: Path) -> None:
    found = run("eval", "sets/small", "--split", "train", "--json").json
    assert [one["id"] for one in found["questions"]] == ["q2"]
    refused = run("eval", "sets/small", "--split", "dev")
    assert refused.code == 1
    assert "no split 'dev'; there are: test, train" in " ".join(refused.err.split())


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Texts of documents that an encoder reads, from now on."""
    from dragtor.encode.onnx import OnnxEncoder

    texts: list[str] = []

    def counting(method: Callable[..., Any]) -> Callable[..., Any]:
        def counted(self: Any, given: Any, *rest: Any, **options: Any) -> Any:
            texts.extend(given)
            return method(self, given, *rest, **options)

        return counted

    for name in ("_read", "encode_passages"):
        monkeypatch.setattr(OnnxEncoder, name, counting(getattr(OnnxEncoder, name)))
    return texts


def test_a_second_run_encodes_no_document_again(run: Run, small_set: Path, read: list[str]) -> None:
    assert run("eval", "sets/small").code == 0
    assert len(read) == len(set(read)) == 2
    read.clear()
    assert run("eval", "sets/small").code == 0
    assert read == []


def test_what_is_stopped_leaves_nothing_behind(
    run: Run, project: Project, small_set: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dragtor.pipeline import Dragtor

    def stopped(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Dragtor, "search", stopped)
    ran = run("eval", "sets/small")
    assert (ran.code, ran.out) == (130, "")
    assert ran.err.startswith("stopped")
    assert not list((project.folder / "experiments").glob("work-*"))


def test_a_strategy_that_has_no_model_is_said(indexed: Run) -> None:
    ran = indexed(
        *("eval", "mine.yml", "--set", "answer.strategy=hyde", "--set", "llm.model=none"),
        "--answers",
    )
    assert ran.code == 0, ran.err
    assert "answer.strategy is hyde, which needs a language model" in " ".join(ran.err.split())


def test_a_metric_below_its_bound_fails_with_a_code_of_its_own(indexed: Run) -> None:
    bound = ("--fail-below", "recall@10=1", "--no-answers")
    assert indexed("eval", "mine.yml", *bound).code == 0
    ran = indexed("eval", "mine.yml", *bound, "--fail-below", "support=0.1")
    assert ran.code == 3
    assert "support was not measured" in ran.err
    assert indexed("eval", "mine.yml", "--fail-below", "speed=1").code == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- {question: why}", "nothing is known of what answers these questions"),
        ("- {question: 'why'", "cannot be read as questions"),
    ],
)
def test_a_mistake_is_one_line(indexed: Run, project: Project, text: str, message: str) -> None:
    (project.folder / "mine.yml").write_text(text)
    ran = indexed("eval", "mine.yml")
    assert (ran.code, ran.out) == (1, "")
    assert message in " ".join(ran.err.split())


def test_an_empty_library_is_said(run: Run, project: Project) -> None:
    (project.folder / "mine.yml").write_text(QUESTIONS)
    ran = run("eval", "mine.yml")
    assert ran.code == 1
    assert "the library is empty" in ran.err


def test_a_set_that_cannot_be_loaded_is_named_by_its_own_file(
    run: Run, project: Project, small_set: Path
) -> None:
    (small_set / "corpus.jsonl").write_text('{"id": "a", "text": ""}\n')
    ran = run("eval", "sets/small")
    said = " ".join(ran.err.split())
    assert (ran.code, ran.out) == (1, "")
    assert "small/corpus.jsonl" in said
    assert "work-" not in said
