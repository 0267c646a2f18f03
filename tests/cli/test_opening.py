"""Footnotes open at their place: the words of a page, a page of a PDF, a second of a recording."""

from __future__ import annotations

import os
import re
import webbrowser
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragtor.cli import opening
from dragtor.cli.opening import Place, text_fragment
from dragtor.errors import QueryError
from dragtor.text import clean
from dragtor.types import Answer, Location
from tests.cli.conftest import citation, hit, sentence
from tests.conftest import Project, Ran

WEB = "https://example.org/a"
QUOTE = "Rings heal."

# By the grammar of WICG's URL Fragment Text Directives: text=start or text=start,end, in which
# "&", "-" and "," are percent-encoded. Ends are five words long; ten words are given whole.
FRAGMENTS = {
    "Rings heal.": "Rings%20heal.",
    "Grade I-II, at rest & warm": "Grade%20I%2DII%2C%20at%20rest%20%26%20warm",
    "one two three four five six seven eight nine ten": (
        "one%20two%20three%20four%20five%20six%20seven%20eight%20nine%20ten"
    ),
    "one two three four five six seven eight nine ten eleven": (
        "one%20two%20three%20four%20five,seven%20eight%20nine%20ten%20eleven"
    ),
    "## Healing\n\n- Six weeks of rest\n": "Healing,Six%20weeks%20of%20rest",
    "2. Rest": "Rest",
    "Schöffl 100 %": "Sch%C3%B6ffl%20100%20%25",
    "手指": "%E6%89%8B%E6%8C%87",
}

PLACES = {
    "a page of the web": (
        Place(WEB, "web", QUOTE),
        f"{WEB}#:~:text=Rings%20heal.",
    ),
    "a page with an anchor of its own": (
        Place(f"{WEB}#healing", "web", QUOTE),
        f"{WEB}#healing:~:text=Rings%20heal.",
    ),
    "a record of JSON Lines with an address of its own": (
        Place(WEB, "text", QUOTE),
        f"{WEB}#:~:text=Rings%20heal.",
    ),
    "a PDF": (Place("file:///a.pdf", "pdf", QUOTE, page=4), "file:///a.pdf#page=4"),
    "a PDF on the web": (
        Place(f"{WEB}.pdf#nameddest=x", "pdf", QUOTE, page=4),
        f"{WEB}.pdf#page=4",
    ),
    "a PDF of which no page is known": (Place(f"{WEB}.pdf", "pdf", QUOTE), f"{WEB}.pdf"),
    "slides": (Place("file:///a.pptx", "pptx", QUOTE, page=4), "file:///a.pptx"),
    "slides on the web": (Place(f"{WEB}.pptx", "pptx", QUOTE, page=4), f"{WEB}.pptx"),
    "sound": (Place("file:///a.mp3", "audio", QUOTE, seconds=2467.9), "file:///a.mp3#t=2467"),
    "sound on the web": (Place(f"{WEB}.mp3", "audio", QUOTE, seconds=0.4), f"{WEB}.mp3#t=0"),
    "a video": (
        Place("https://www.youtube.com/watch?v=x-1&t=5s#a", "video", QUOTE, seconds=61.5),
        "https://www.youtube.com/watch?v=x-1&t=61s",
    ),
    "a video's short address": (
        Place("https://youtu.be/x-1", "video", QUOTE, seconds=61.5),
        "https://youtu.be/x-1?t=61s",
    ),
    "a host that only looks like it": (
        Place("https://notyoutube.com/x", "video", QUOTE, seconds=61.5),
        "https://notyoutube.com/x#t=61",
    ),
    "a page on this machine": (
        Place("file:///a.html", "html", QUOTE),
        "file:///a.html#:~:text=Rings%20heal.",
    ),
    "Markdown": (Place("file:///a.md", "markdown", QUOTE), "file:///a.md"),
}


@pytest.mark.parametrize(("text", "expected"), FRAGMENTS.items())
def test_a_fragment_holds_the_words_or_the_first_and_last(text: str, expected: str) -> None:
    assert text_fragment(text) == f":~:text={expected}"


@pytest.mark.parametrize(("place", "address"), PLACES.values(), ids=PLACES)
def test_an_address_leads_to_the_place(place: Place, address: str) -> None:
    assert place.address == address


@given(st.text())
def test_any_words_make_a_fragment_that_can_be_read_again(text: str) -> None:
    fragment = text_fragment(clean(text))
    found = re.fullmatch(r"(?::~:text=([\w.~%]*)(?:,([\w.~%]*))?)?", fragment, re.ASCII)
    assert found
    for part in filter(None, found.groups()):
        assert set(unquote(part).split()) <= set(clean(text).split())


@pytest.fixture
def answer() -> Answer:
    """Two footnotes, the second a PDF; the first is cited twice."""
    first = citation()
    second = citation("B.", "file:///b.pdf", location=Location(page=4), passage="f" * 16)
    sentences = (sentence("A.", "yes", first), sentence("B.", "partly", first, second))
    hits = (hit(first, "web"), hit(second, "pdf"))
    return Answer("q?", "answer", "A. B.", sentences, hits, "m")


def test_footnotes_are_remembered_until_the_next_answer(tmp_path: Path, answer: Answer) -> None:
    opening.remember(tmp_path / "new", answer)
    assert opening.recall(tmp_path / "new", 1).address.startswith("https://example.org/pulleys#:~")
    assert opening.recall(tmp_path / "new", 2).address == "file:///b.pdf#page=4"
    opening.remember(tmp_path / "new", Answer("q?", "clarification", "Which?", (), (), None))
    with pytest.raises(QueryError, match="no footnote 1: the last answer has none"):
        opening.recall(tmp_path / "new", 1)


@pytest.mark.parametrize("number", [0, -1, 3, 99])
def test_a_footnote_that_is_not_there_names_those_that_are(
    tmp_path: Path, answer: Answer, number: int
) -> None:
    opening.remember(tmp_path, answer)
    with pytest.raises(QueryError, match=f"no footnote {number}: the last answer has 1 to 2"):
        opening.recall(tmp_path, number)


@pytest.mark.parametrize("damage", [None, "", "{", "[1]", '[{"uri": "x"}]'])
def test_without_a_last_answer_a_question_is_asked_for(tmp_path: Path, damage: str | None) -> None:
    if damage is not None:
        (tmp_path / opening.LAST).write_text(damage)
    with pytest.raises(QueryError, match="ask a question first"):
        opening.recall(tmp_path, 1)


def test_a_folder_that_cannot_be_written_stops_no_answer(tmp_path: Path, answer: Answer) -> None:
    (tmp_path / "file").write_text("")
    opening.remember(tmp_path / "file", answer)


@pytest.fixture
def browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """A browser that notes what it is asked to show."""
    noted = tmp_path / "noted"
    program = tmp_path / "browser"
    program.write_text(f'#!/bin/sh\necho "$1" >> {noted}\n')
    program.chmod(0o755)
    monkeypatch.setenv("BROWSER", str(program))
    monkeypatch.setattr(webbrowser, "_tryorder", None)
    monkeypatch.setattr(webbrowser, "_browsers", {})
    return lambda: noted.read_text().splitlines() if noted.exists() else []


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the desktop is asked to open by the programs it has."""
    asked: list[str] = []

    def launch(address: str) -> int:
        asked.append(address)
        return 0

    monkeypatch.setattr("typer.launch", launch)
    return asked


def test_a_page_of_the_web_opens_in_the_browser(
    browser: Callable[[], list[str]], tmp_path: Path
) -> None:
    place = Place(WEB, "web", QUOTE)
    assert opening.opened(place, tmp_path)
    assert browser() == [place.address]


def test_a_place_in_a_file_is_reached_by_way_of_a_page(
    browser: Callable[[], list[str]], tmp_path: Path
) -> None:
    assert opening.opened(Place("file:///a%27b.pdf", "pdf", QUOTE, page=4), tmp_path)
    (way,) = browser()
    assert way == (tmp_path / opening.LEAP).as_uri()
    page = (tmp_path / opening.LEAP).read_text()
    assert 'content="0; url=file:///a%27b.pdf#page=4"' in page


def test_other_files_open_in_their_programs(
    browser: Callable[[], list[str]], program: list[str], tmp_path: Path
) -> None:
    assert opening.opened(Place("file:///a.md", "markdown", QUOTE), tmp_path)
    assert opening.opened(Place("file:///all.jsonl#one", "text", QUOTE), tmp_path)
    assert program == ["file:///a.md", "file:///all.jsonl"]
    assert browser() == []


@pytest.mark.parametrize(
    "uri", ["javascript:alert(1)", "file:///bin/evil.app", "smb://x/y.md", "record 7", ""]
)
def test_an_address_that_a_source_made_up_starts_no_program(
    browser: Callable[[], list[str]], program: list[str], tmp_path: Path, uri: str
) -> None:
    assert not opening.opened(Place(uri, "text", QUOTE), tmp_path)
    assert program == browser() == []


def test_without_a_display_nothing_is_tried(
    program: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert not opening.opened(Place("file:///a.md", "markdown", QUOTE), tmp_path)
    assert program == []


@pytest.fixture
def asked(run: Callable[..., Ran]) -> Callable[..., Ran]:
    assert run("load", "--index").code == 0
    assert run("ask", "eccentric wrist extension against elbow pain?", "--quote").code == 0
    return run


def test_footnotes_open_from_the_command_line(
    asked: Callable[..., Ran], program: list[str], project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER", "none")
    later = asked("ask", "--open", "1")
    assert later.code == 0
    assert later.out == ""
    assert later.err.startswith("opened [1] file:///")
    at_once = asked("ask", "grade III pulley?", "--quote", "--open", "1")
    assert at_once.code == 0
    assert "Pulley injuries" in at_once.out
    assert program == [(project.notes / name).as_uri() for name in ("elbow.md", "pulleys.md")]


def test_where_nothing_can_be_opened_the_address_is_printed(
    asked: Callable[..., Ran], project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "opened", lambda place, folder: False)
    shown = asked("ask", "--open", "1")
    assert (shown.code, shown.out) == (0, (project.notes / "elbow.md").as_uri() + os.linesep)
    as_json = asked("ask", "elbow pain?", "--quote", "--json", "--open", "1")
    assert as_json.json["kind"] == "quote"
    assert "elbow.md" in as_json.err


def test_a_chat_opens_footnotes_too(
    asked: Callable[..., Ran], project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "opened", lambda place, folder: False)
    script = "/open 1\neccentric wrist extension against elbow pain?\n/open 1\n/open 7\n/open x\n"
    ran = asked("chat", stdin=script)
    assert ran.code == 1
    assert ran.out.startswith("nothing has been asked yet")
    assert ran.out.endswith((project.notes / "elbow.md").as_uri() + "\n")
    assert "no footnote 7: the last answer has" in ran.err
    assert "/open needs the number" in ran.err


@pytest.mark.parametrize("arguments", [("--open", "7"), ("elbow pain?", "--quote", "--open", "7")])
def test_an_unknown_footnote_is_an_error_of_one_line(
    asked: Callable[..., Ran], arguments: tuple[str, ...]
) -> None:
    ran = asked("ask", *arguments)
    assert ran.code == 1
    assert ran.err.startswith("error: there is no footnote 7: the last answer has 1 to ")
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Missing argument"),
        (("-", "--open", "1"), "one question"),
        (("x?", "--quote", "--write"), "exclude"),
    ],
)
def test_a_wrong_command_line_is_said(
    run: Callable[..., Ran], arguments: tuple[str, ...], said: str
) -> None:
    ran = run("ask", *arguments)
    assert ran.code == 2
    assert said in ran.err
