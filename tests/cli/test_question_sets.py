"""Questions are made and checked; those of the sample hold, as docs/questions.md is run to show."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import yaml

from dragtor.cli import question_sets
from tests.cli.test_contract import QUESTIONS_CHECK, deviations
from tests.conftest import Project, Ran

Run = Callable[..., Ran]
BY_RULES = ("--set", "llm.model=none")


@pytest.fixture
def indexed(run: Run, project: Project) -> Run:
    assert run("load", "--index").code == 0
    return run


def test_what_is_made_is_read_by_check_and_by_eval(indexed: Run, project: Project) -> None:
    ran = indexed("questions", "make", "--count", "3", "--out", "mine.yml", "--yes", *BY_RULES)
    assert (ran.code, ran.out) == (0, "3 questions added to mine.yml\n")
    file = project.folder / "mine.yml"
    rows = yaml.safe_load(file.read_text())
    assert [row["checked"] for row in rows] == [False] * 3
    assert {row["proposed"] for row in rows} <= {"heading", "sentence", "words"}
    assert "3 questions in mine.yml: all hold" in indexed("questions", "check", "mine.yml").out
    assert indexed("eval", "mine.yml", "--no-answers", "--json").json["metrics"]["recall@10"] == 1

    # More are added, none twice, and what a person wrote stays.
    file.write_text(file.read_text() + "# mine\n")
    ran = indexed("questions", "make", "--count", "90", "--out", "mine.yml", "--yes", *BY_RULES)
    assert "There are no more that differ enough." in ran.out
    assert "# mine" in file.read_text()
    asked = [row["question"] for row in yaml.safe_load(file.read_text())]
    assert len(set(asked)) == len(asked) > 3

    # What they rest on changes.
    notes = project.notes / "pulleys.md"
    (project.notes / "elbow.md").unlink()
    healed = "six weeks with a thermoplastic ring"
    notes.write_text(notes.read_text().replace(healed, "ten weeks under a splint"))
    wrong = [
        {"id": "a", "question": "How long?", "evidence": [f"Grade II injuries heal in {healed}."]},
        {"id": "b", "question": "Which?", "evidence": [{"document": "mallet.md"}]},
    ]
    (project.folder / "old.yml").write_text(yaml.safe_dump(wrong))
    assert indexed("load", "--index").code == 0
    ran = indexed("questions", "check", "old.yml")
    assert ran.code == 1
    assert "its text has changed" in ran.out
    assert "+ Grade II injuries heal in ten weeks under a splint." in ran.out
    assert "b: Which?\n  the document is gone: evidence of mallet.md" in ran.out
    assert "2 of them rest on what is gone" in ran.out
    found = indexed("questions", "check", "old.yml", "--json").json
    assert (found["questions"], [one["reason"] for one in found["gone"]]) == (
        2,
        ["text", "document"],
    )
    assert deviations(found, QUESTIONS_CHECK) == []
    assert found["gone"][1]["nearest"] is None
    near = found["gone"][0]["nearest"]
    assert near["document"].endswith("/pulleys.md")
    assert 0.3 < near["similarity"] < 1


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard input is a terminal, and an edited question ends in a smile."""
    monkeypatch.setattr(question_sets, "_is_terminal", lambda: True)
    monkeypatch.setattr(question_sets, "_edited", lambda question: f"{question} :)")


def test_a_person_keeps_edits_and_throws_away(
    indexed: Run, project: Project, terminal: None
) -> None:
    ran = indexed("questions", "make", "--count", "2", *BY_RULES, stdin="t\nx\nkeep\ne\n")
    assert ran.code == 0, ran.err
    assert ran.out.rstrip().endswith("2 questions added to questions.yml")
    kept, edited = yaml.safe_load((project.folder / "questions.yml").read_text())
    assert (kept["checked"], edited["checked"]) == (True, True)
    assert edited["question"].endswith(" :)")
    shown = [line for line in ran.out.splitlines() if " of 2: " in line]
    assert [line[0] for line in shown] == ["1", "1", "2"]
    ran = indexed("questions", "make", *BY_RULES, stdin="q\n")
    assert "0 questions added" in ran.out


def test_without_a_terminal_it_does_not_wait_for_one(run: Run) -> None:
    ran = run("questions", "make")
    assert ran.code == 2
    assert "--yes is needed" in ran.err


def test_mistakes_are_one_line(run: Run, project: Project) -> None:
    for arguments, said in (
        (("make", "--yes", "--out", "mine.jsonl"), "name a file that ends in .yml"),
        (("make", "--yes"), "the library is empty"),
        (("check", "nothing.yml"), "No such file"),
    ):
        ran = run("questions", *arguments, *BY_RULES)
        assert (ran.code, ran.out) == (1, ""), arguments
        assert said in " ".join(ran.err.split())
        assert len(ran.err.splitlines()) <= 2
    assert not (project.folder / "questions.yml").exists()


def test_a_file_that_is_not_utf8_is_left_alone(run: Run, project: Project) -> None:
    file = project.folder / "latin.yml"
    file.write_bytes("- {question: 'café?'}\n".encode("latin-1"))
    ran = run("questions", "make", "--yes", "--out", "latin.yml", *BY_RULES)
    assert (ran.code, ran.out) == (1, "")
    assert "latin.yml cannot be read as questions" in " ".join(ran.err.split())
