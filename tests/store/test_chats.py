from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragtor.errors import QueryError, StoreError
from dragtor.store.chats import FILE, SqliteChats, decoded, encoded
from dragtor.types import (
    Answer,
    Citation,
    Decision,
    DocumentInfo,
    Hit,
    Location,
    Mark,
    Notice,
    Passage,
    Sentence,
    Step,
    Support,
    Usage,
)

CITATION = Citation(
    "p", "d", "file:///ä b.pdf", "Títle", "Rest\nheals 😀.", 3, 17, Location(page=2, seconds=1.5)
)
DOCUMENT = DocumentInfo(
    "d", "file:///ä b.pdf", "Títle", "pdf", published="2020", metadata={"a": "b"}
)
FULL = Answer(
    question="How long?",
    kind="answer",
    text="Rest. 😀",
    sentences=(Sentence("Rest.", Support("partly", 0.123456789), (CITATION,)),),
    hits=(
        Hit(
            1,
            0.5,
            {"dense": 0.25},
            Passage("p", 0, 20, "x" * 20, "T\nx"),
            DOCUMENT,
            Location(heading="Care"),
            (Mark(3, heading="Care", level=2),),
        ),
    ),
    model="m",
    notices=(Notice("domain", "No advice."),),
    usage=Usage(3, 4),
    timings={"total_s": 0.1},
    nearest=(CITATION,),
    rewritten="How long does it take?",
    decision=Decision(0.7, False, {"cosine": 0.4}),
    trace=(Step("query", "hybrid", {"text": "q", "k": 4, "list": [1, {"a": None}]}, 0.5),),
)


def answer(question: str) -> Answer:
    return Answer(question, "quote", "It is so.", (), (), None)


def test_an_answer_with_everything_in_it_comes_back_the_same() -> None:
    assert decoded(encoded(FULL)) == FULL


@given(
    question=st.text(),
    text=st.text(),
    score=st.floats(0, 1),
    detail=st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text()),
)
@settings(max_examples=50)
def test_any_answer_comes_back_the_same(
    question: str, text: str, score: float, detail: dict[str, object]
) -> None:
    sentences = (Sentence(text, Support("yes", score), (CITATION,)),)
    steps = (Step("reply", text, detail, score),)
    value = Answer(question, "answer", text, sentences, (), None, trace=steps)
    assert decoded(encoded(value)) == value


def test_chats_are_listed_by_when_they_were_spoken_in(tmp_path: Path) -> None:
    chats = SqliteChats(tmp_path)
    first, second = chats.begin("main"), chats.begin("main")
    chats.add(second, answer("What is b?"))
    chats.add(first, answer("What is a?"))
    chats.add(first, answer("And why?"))
    listed = chats.all("main")
    assert [(chat.id, chat.title, chat.turns) for chat in listed] == [
        (first, "What is a?", 2),
        (second, "What is b?", 1),
    ]
    assert chats.find("main", "last").id == first
    assert [one.question for one in chats.answers(first)] == ["What is a?", "And why?"]


def test_a_chat_in_which_nothing_was_answered_is_not_listed(tmp_path: Path) -> None:
    chats = SqliteChats(tmp_path)
    chats.begin("main")
    assert chats.all("main") == ()


def test_collections_do_not_see_each_others_chats(tmp_path: Path) -> None:
    chats = SqliteChats(tmp_path)
    id = chats.begin("work")
    chats.add(id, answer("What is a?"))
    assert chats.all("main") == ()
    with pytest.raises(QueryError, match="no chat was kept in main"):
        chats.find("main", id)
    chats.add(chats.begin("main"), answer("What is b?"))
    with pytest.raises(QueryError, match=f"no chat '{id}' in main"):
        chats.find("main", id)


def test_reading_makes_no_file(tmp_path: Path) -> None:
    assert SqliteChats(tmp_path / "none").all("main") == ()
    assert list(tmp_path.iterdir()) == []


def test_a_removed_chat_is_gone_and_its_id_is_not_used_again(tmp_path: Path) -> None:
    chats = SqliteChats(tmp_path)
    id = chats.begin("main")
    chats.add(id, FULL)
    chats.remove(id)
    assert chats.all("main") == ()
    assert chats.answers(id) == ()
    assert chats.begin("main") != id


def test_a_file_of_a_later_format_is_left_as_it_is(tmp_path: Path) -> None:
    chats = SqliteChats(tmp_path)
    chats.begin("main")
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="has format 99"):
        chats.all("main")
    with pytest.raises(StoreError, match="has format 99"):
        chats.begin("main")


def test_a_damaged_file_is_said_to_be_damaged(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database at all, but long enough to be looked at" * 9)
    with pytest.raises(StoreError, match="move it away"):
        SqliteChats(tmp_path).all("main")


def test_an_answer_of_another_shape_is_an_error_of_one_line(tmp_path: Path) -> None:
    chats = SqliteChats(tmp_path)
    id = chats.begin("main")
    chats.add(id, FULL)
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        connection.execute("UPDATE answers SET answer = '{}'")
        connection.commit()
    with pytest.raises(StoreError, match=f"chats rm {id}"):
        chats.answers(id)


def _speak_and_die(folder: Path) -> None:
    chats = SqliteChats(folder)
    chats.add(chats.begin("main"), answer("What is a?"))
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_process_loses_nothing_that_was_shown(tmp_path: Path) -> None:
    process = multiprocessing.get_context("spawn").Process(target=_speak_and_die, args=(tmp_path,))
    process.start()
    process.join(30)
    assert process.exitcode == -signal.SIGKILL
    chats = SqliteChats(tmp_path)
    assert [one.question for one in chats.answers(chats.find("main", "last").id)] == ["What is a?"]
