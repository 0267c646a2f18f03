from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.cli.test_evaluate import indexed, read, tree
from tests.conftest import Project, Ran

__all__ = ["indexed", "read"]

Run = Callable[..., Ran]
EXPERIMENT = """
name: Two ways
questions: mine.yml
answers: false
grid:
  retrieve.retriever: [keyword, dense]
list:
  small passages: {split: {max_tokens: 32, overlap_tokens: 0}}
  small and keyword: {split: {max_tokens: 32, overlap_tokens: 0}, retrieve.retriever: keyword}
"""
NAMES = ["config", "retriever=keyword", "retriever=dense", "small passages", "small and keyword"]


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are drawn by tests/evaluate/test_comparing.py, and take longer than all else here."""
    monkeypatch.setattr("dragtor.cli.experiment._can_plot", lambda: False)


@pytest.fixture
def ready(indexed: Run, project: Project) -> Run:
    (project.folder / "try.yml").write_text(EXPERIMENT)
    return indexed


def test_settings_are_compared_and_the_work_is_shared(
    ready: Run, project: Project, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from dragtor.indexing import Indexer

    built: list[int] = []
    index = Indexer.index

    def counting(self: Any, **options: Any) -> Any:
        report = index(self, **options)
        built.append(report.documents)
        return report

    monkeypatch.setattr(Indexer, "index", counting)
    before = tree(project.folder / "library")
    ran = ready("experiment", "run", "try.yml", "--json")
    assert ran.code == 0, ran.err
    found = ran.json
    assert [one["name"] for one in found["settings"]] == NAMES
    assert {one["count"] for one in found["settings"]} == {2}
    words = {one["comparisons"]["nDCG@10"]["verdict"] for one in found["settings"][1:]}
    assert words == {"no difference shown"}
    # Two indexes were built, of three documents each; every text is read once, though two settings
    # search the second.
    assert [count for count in built if count] == [3, 3]
    assert len(read) == len(set(read)) > 0
    assert tree(project.folder / "library") == before


def test_what_the_library_has_vectors_of_is_not_read_again(
    ready: Run, project: Project, read: list[str]
) -> None:
    (project.folder / "try.yml").write_text("questions: mine.yml\nanswers: false\n")
    assert ready("experiment", "run", "try.yml", "--json").json["settings"][0]["count"] == 2
    assert read == []


def test_its_files_and_its_runs_are_kept(ready: Run, project: Project) -> None:
    ran = ready("experiment", "run", "try.yml")
    assert ran.code == 0, ran.err
    assert all(len(line) <= 80 for line in ran.out.splitlines())
    assert "no difference shown" in ran.out
    experiments = project.folder / "experiments"
    files = {path.name for path in (experiments / "1-two-ways").iterdir()}
    assert files >= {"report.md", "results.csv", "results.json"}
    assert not list(experiments.glob("work-*"))
    listed = ready("experiment", "list", "--json").json
    assert [(one["id"], one["name"], one["settings"]) for one in listed] == [
        ("1", "Two ways", NAMES)
    ]
    assert "Two ways" in ready("experiment", "list").out
    shown = ready("experiment", "show", "1", "--metric", "recall@10")
    assert shown.out.splitlines()[1].split()[:2] == ["setting", "recall@10"]
    assert ready("experiment", "show", "1", "--json").json["run"] == "1"
    assert ready("experiment", "show", "2").code == 1
    refused = ready("experiment", "show", "1", "--metric", "support")
    assert (refused.code, refused.out) == (1, "")
    assert "run 1 has no support: what was measured is nDCG@10" in " ".join(refused.err.split())
    assert "did you mean 'MRR'" in ready("experiment", "show", "1", "--metric", "mrr").err


def test_an_interrupted_run_goes_on_where_it_stopped(
    ready: Run, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dragtor.pipeline import Dragtor

    search = Dragtor.search
    asked: list[str] = []

    def stopping(self: Any, query: Any) -> Any:
        asked.append(query.text)
        if len(asked) == 12:
            raise KeyboardInterrupt
        return search(self, query)

    monkeypatch.setattr(Dragtor, "search", stopping)
    stopped = ready("experiment", "run", "try.yml")
    assert (stopped.code, stopped.out) == (130, "")
    assert "run it again to go on" in stopped.err
    assert "unfinished" in ready("experiment", "list").out
    before, asked[:] = len(asked), []
    asked.extend([""] * 100)  # beyond the interruption
    ran = ready("experiment", "run", "try.yml", "--json")
    assert ran.code == 0, ran.err
    assert "going on with run 1" in ran.err
    assert [one["count"] for one in ran.json["settings"]] == [2] * 5
    whole = before + len(asked) - 100
    asked[:] = [""] * 100
    again = ready("experiment", "run", "try.yml", "--json").json
    assert again["run"] == "2"
    assert [one["metrics"]["MAP"] for one in again["settings"]] == [
        one["metrics"]["MAP"] for one in ran.json["settings"]
    ]
    assert whole <= len(asked) - 100 + 6


def test_every_setting_is_checked_before_any_runs(
    ready: Run, project: Project, read: list[str]
) -> None:
    file = project.folder / "try.yml"
    file.write_text(EXPERIMENT + "  wrong: {retrieve.reranker: judge}\n")
    ran = ready("experiment", "run", "try.yml")
    assert (ran.code, ran.out, read) == (1, "", [])
    said = " ".join(ran.err.split())
    assert "try.yml, line 10: retrieve.reranker cannot be 'judge'" in said
    assert not (project.folder / "experiments").exists()


def test_a_reranker_that_needs_what_the_index_lacks_is_refused(
    ready: Run, project: Project
) -> None:
    (project.folder / "try.yml").write_text(
        "questions: mine.yml\nlist:\n  a: {retrieve.reranker: maxsim, late.model: none}\n"
    )
    ran = ready("experiment", "run", "try.yml")
    assert ran.code == 1
    assert "line 3: the reranker maxsim" in " ".join(ran.err.split())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("metric: token_F1\nlimit: 1\n", "token_F1 is of answers, and no question has"),
        (
            "answers: true\nlist: [{name: x, answer.strategy: hyde, llm.model: none}]",
            "x: answer.st",
        ),
    ],
)
def test_what_cannot_be_measured_is_refused_before_any_work(
    ready: Run, project: Project, read: list[str], text: str, message: str
) -> None:
    (project.folder / "bare.yml").write_text("- {question: how, evidence: [{document: x}]}")
    (project.folder / "try.yml").write_text(f"questions: bare.yml\n{text}")
    ran = ready("experiment", "run", "try.yml")
    assert (ran.code, ran.out, read) == (1, "", [])
    assert message in " ".join(ran.err.split())
    assert not (project.folder / "experiments" / "results.db").exists()


def test_a_bound_fails_with_a_code_of_its_own(ready: Run, project: Project) -> None:
    (project.folder / "try.yml").write_text("questions: mine.yml\nanswers: false\n")
    assert ready("experiment", "run", "try.yml", "--fail-below", "recall@100=1").code == 0
    ran = ready("experiment", "run", "try.yml", "--fail-below", "token_F1=0.5")
    assert ran.code == 3
    assert "config on mine: token_F1 was not measured" in ran.err


def test_what_is_loaded_since_makes_a_new_run(ready: Run, project: Project) -> None:
    (project.folder / "try.yml").write_text("questions: mine.yml\nanswers: false\n")
    assert ready("experiment", "run", "try.yml", "--json").json["settings"][0]["count"] == 2
    (project.notes / "mallet.md").write_text("# Mallet finger\n\nA splint for eight weeks.\n")
    assert ready("load", "--index").code == 0
    assert ready("experiment", "run", "try.yml", "--json").json["settings"][0]["count"] == 3


def test_without_runs_there_is_nothing_to_list(run: Run) -> None:
    assert "no experiments" in run("experiment", "list").out
    assert run("experiment", "list", "--json").json == []
