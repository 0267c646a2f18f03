from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Project, Ran

Run = Callable[..., Ran]


@pytest.fixture
def indexed(run: Run) -> Run:
    assert run("load", "--index").code == 0
    return run


def kept(run: Run) -> list[dict[str, object]]:
    value: list[dict[str, object]] = run("chats", "list", "--json").json
    return value


def test_a_follow_up_is_answered_as_a_question_of_its_own(indexed: Run) -> None:
    indexed("chat", stdin="What is lateral epicondylitis?\nWhere is it felt?\n")
    assert "*Understood as: Where is lateral epicondylitis felt?*" in (
        indexed("chats", "export", "last").out
    )


def test_an_unclear_question_is_asked_back_and_the_reply_put_into_it(indexed: Run) -> None:
    ran = indexed("chat", stdin="Does it need a ring?\ngrade II pulley injury\n")
    assert ran.code == 0
    assert "What do you mean by “it”?" in ran.out
    assert "Does grade II pulley injury need a ring?" in indexed("chats", "export", "last").out


def test_asking_back_can_be_switched_off(indexed: Run) -> None:
    ran = indexed("chat", "--set", "chat.clarify=false", stdin="Does it need a ring?\n")
    assert "What do you mean" not in ran.out


def test_filters_are_set_shown_and_taken_off(indexed: Run) -> None:
    script = (
        "/filter\n/filter kind=text; title*=skin\n/filter\nelbow pain?\n/sources\n/filter none\n"
    )
    ran = indexed("chat", stdin=script)
    assert "filter: none, all documents are read" in ran.out
    assert ran.out.count("filter: kind=text; title*=skin") == 2
    assert "Tennis elbow" not in ran.out


def test_a_filter_that_makes_no_sense_changes_nothing(indexed: Run) -> None:
    ran = indexed("chat", stdin="/filter kind=text\n/filter nonsense\n/filter\n")
    assert "'nonsense' cannot be understood" in ran.err
    assert ran.out.count("filter: kind=text") == 2


def test_the_model_is_shown_and_switched(indexed: Run) -> None:
    ran = indexed("chat", stdin="/model\n/model other\nelbow pain?\n/model none\nelbow pain?\n")
    assert ran.code == 0
    assert "model: echo" in ran.out
    assert "other · " in ran.out
    assert "model: none, the sources are quoted" in ran.out


def test_a_model_that_is_not_there_changes_nothing(indexed: Run) -> None:
    ran = indexed("chat", "--set", "llm.engine=llama", "--set", "llm.model=none",
                  stdin="/model nowhere\n/model\n")  # fmt: skip
    assert ran.code == 1
    assert "nowhere" in ran.err
    assert "SmolLM2" in ran.err
    assert "MiniLM" not in ran.err
    assert "model: none" in ran.out


def test_each_chat_is_kept_and_new_begins_another(indexed: Run) -> None:
    indexed("chat", stdin="elbow pain?\ncalluses?\n/new\npulley grades?\n")
    assert [(chat["title"], chat["turns"]) for chat in kept(indexed)] == [
        ("pulley grades?", 1),
        ("elbow pain?", 2),
    ]


@pytest.mark.parametrize("switch", [("--no-keep",), ("--set", "chat.keep=false")])
def test_a_chat_need_not_be_kept(indexed: Run, switch: tuple[str, ...]) -> None:
    assert indexed("chat", *switch, stdin="elbow pain?\n").code == 0
    assert kept(indexed) == []


def test_a_chat_that_cannot_be_kept_goes_on_and_says_so_once(
    indexed: Run, project: Project
) -> None:
    (project.folder / "library" / "chats.db").write_bytes(b"this is no database" * 99)
    ran = indexed("chat", stdin="elbow pain?\ncalluses?\n")
    assert ran.code == 0
    assert ran.err.count("this chat is not kept") == 1
    assert "File calluses flat once a week" in ran.out


def test_the_notice_of_the_domain_comes_once_and_an_emergency_each_time(
    indexed: Run, project: Project
) -> None:
    project.configure(
        domain={"notice": "NO ADVICE", "emergency": "CALL HELP", "emergency_signs": ["fainted"]}
    )
    script = "I fainted, elbow pain?\nelbow pain?\nHe fainted, pulley pain?\n"
    ran = indexed("chat", stdin=script)
    assert (ran.out + ran.err).count("NO ADVICE") == 1
    assert (ran.out + ran.err).count("CALL HELP") == 2
    first, second, third = ran.out.split("> ")[1:]
    assert ["fainted" in part for part in (first, second, third)] == [True, False, True]


def test_a_question_back_says_nothing_of_the_sources(indexed: Run, project: Project) -> None:
    project.configure(domain={"notice": "NO ADVICE"})
    ran = indexed("chat", stdin="Does it hurt?\nelbow pain?\n")
    assert ran.err.count("NO ADVICE") == 1
    assert "NO ADVICE" not in indexed("chat", stdin="Does it hurt?\n").err


def test_saving_needs_a_name_and_a_place(indexed: Run, tmp_path: Path) -> None:
    ran = indexed("chat", stdin=f"elbow pain?\n/save\n/save {tmp_path}/no/a.md\n/save a.md\n")
    assert "/save needs the name of a file" in ran.err
    assert "cannot be written" in ran.err
    assert Path("a.md").read_text(encoding="utf-8").startswith("## elbow pain?")
