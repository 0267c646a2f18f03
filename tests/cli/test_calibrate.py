from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import Project, Ran

Run = Callable[..., Ran]
QUESTIONS = """
- {question: 'How long do grade II pulley injuries heal?', answerable: true}
- {question: 'Which exercise helps against tennis elbow pain?', answerable: true}
- {question: 'How often are calluses filed?', answerable: true}
- {question: 'Who painted the ceiling of the chapel?', answerable: false}
- {question: 'How is a tie broken in tennis?', answerable: false}
"""


@pytest.fixture
def indexed(run: Run, project: Project) -> Run:
    assert run("load", "--index").code == 0
    (project.folder / "mine.yml").write_text(QUESTIONS)
    return run


def test_it_says_what_it_fitted_in_eighty_columns(indexed: Run) -> None:
    ran = indexed("calibrate", "mine.yml")
    assert ran.code == 0, ran.err
    assert "5, yours: 3 with an answer, 2 without" in ran.out
    assert all(len(line) <= 80 for line in ran.out.splitlines())


def test_asking_uses_it_until_it_is_forgotten_or_the_index_built_anew(indexed: Run) -> None:
    def decides() -> float:
        asked = indexed("ask", "How long do pulleys heal?", "--quote", "--json").json
        answerable: float = asked["decision"]["answerable"]
        return answerable

    packaged = decides()
    fitted = indexed("calibrate", "mine.yml", "--json").json
    assert (fitted["source"], fitted["answerable"], fitted["unanswerable"]) == ("questions", 3, 2)
    assert decides() != packaged
    assert "gone" in indexed("calibrate", "--forget").out
    assert decides() == packaged
    assert indexed("calibrate", "mine.yml").code == 0
    assert indexed("index", "--rebuild").code == 0
    assert decides() == packaged


def test_without_a_file_questions_are_made(indexed: Run) -> None:
    ran = indexed("calibrate")
    assert ran.code == 0, ran.err
    assert "made of the library, and everyday ones" in " ".join(ran.out.split())


def test_a_mistake_is_one_line(indexed: Run) -> None:
    ran = indexed("calibrate", "nothing.yml")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error: nothing.yml: No such file")


def test_an_empty_library_is_said(run: Run) -> None:
    ran = run("calibrate")
    assert ran.code == 1
    assert "library is empty" in ran.err


def test_refuse_below_takes_the_place_of_what_was_fitted(indexed: Run) -> None:
    sure = indexed("--set", "answer.refuse_below=1", "ask", "elbow pain?", "--quote", "--json").json
    assert (sure["kind"], sure["decision"]["refuse"]) == ("refusal", True)
    never = indexed("--set", "answer.refuse_below=0", "ask", "who won?", "--quote", "--json").json
    assert never["kind"] == "quote"
