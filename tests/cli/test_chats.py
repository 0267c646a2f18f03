from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Ran

Run = Callable[..., Ran]


@pytest.fixture
def spoken(run: Run) -> Run:
    """A library with one chat of two turns, and a later one of one."""
    assert run("load", "--index").code == 0
    run("chat", stdin="What is lateral epicondylitis?\nWhere is it felt?\n")
    run("chat", stdin="How are calluses filed?\n")
    return run


def test_without_chats_the_list_says_how_to_begin_one(run: Run) -> None:
    ran = run("chats", "list")
    assert (ran.code, ran.out) == (0, "no chats: `dragtor chat` begins one\n")
    assert run("chats", "list", "--json").json == []


def test_chats_are_listed_with_their_first_question(spoken: Run) -> None:
    lines = spoken("chats", "list").out.splitlines()
    assert lines[0].split() == ["id", "when", "turns", "title"]
    assert lines[1].endswith("1  How are calluses filed?")
    assert lines[2].endswith("2  What is lateral epicondylitis?")
    first = spoken("chats", "list", "--json").json[0]
    assert set(first) == {"id", "collection", "title", "started", "spoken", "turns"}
    assert first["collection"] == "main"


def test_a_resumed_chat_knows_what_was_said(spoken: Run) -> None:
    id = spoken("chats", "list", "--json").json[1]["id"]
    ran = spoken("chats", "resume", id, stdin="How is it treated?\n")
    assert ran.code == 0
    assert "2 turns; the last:" in ran.err
    shown, _, asked = ran.out.partition("> How is it treated?")
    assert shown.startswith("> Where is it felt?\n")
    assert "understood as: Where is lateral epicondylitis felt?" in shown
    assert "Sources" in shown
    assert asked
    assert spoken("chats", "list", "--json").json[0]["turns"] == 3
    exported = spoken("chats", "export", "last").out
    assert "*Understood as: How is lateral epicondylitis treated?*" in exported


def test_the_last_chat_is_resumed_without_an_id(spoken: Run) -> None:
    spoken("chats", "resume", stdin="How often?\n")
    assert spoken("chats", "list", "--json").json[0]["title"] == "How are calluses filed?"


def test_export_writes_markdown_with_footnotes(spoken: Run, tmp_path: Path) -> None:
    file = tmp_path / "chat.md"
    assert spoken("chats", "export", "last", str(file)).out.startswith("saved to")
    again = spoken("chats", "export", "last", str(file)).out
    assert again.rstrip().endswith("chat.md, which was replaced")
    text = file.read_text(encoding="utf-8")
    assert text.startswith("## How are calluses filed?\n")
    assert "[^1]: " in text
    assert spoken("chats", "export", "last").out == text


def test_a_removed_chat_is_gone(spoken: Run) -> None:
    first, second = (chat["id"] for chat in spoken("chats", "list", "--json").json)
    assert spoken("chats", "rm", first, second).out.count("removed: ") == 2
    assert spoken("chats", "list", "--json").json == []
    ran = spoken("chats", "resume", "last")
    assert (ran.code, ran.out) == (1, "")
    assert "no chat was kept in main" in ran.err


def test_an_unknown_chat_is_named_and_nothing_is_removed(spoken: Run) -> None:
    first = spoken("chats", "list", "--json").json[0]["id"]
    ran = spoken("chats", "rm", first, "999")
    assert ran.code == 1
    assert "no chat '999' in main; `dragtor chats list` has them" in ran.err
    assert len(spoken("chats", "list", "--json").json) == 2


def test_another_collection_has_its_own_chats(spoken: Run) -> None:
    assert spoken("chats", "list", "--json", "--collection", "work").json == []
