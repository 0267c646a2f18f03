"""What people see, in a terminal of 40 columns and in a pipe."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dragtor.cli import listings, live, render
from dragtor.cli.library import _in_words
from dragtor.cli.progress import Pace, progress
from dragtor.types import DocumentInfo, Notice, Token
from tests.conftest import Ran

LONG = "An address that nobody could ever read aloud: https://example.org/" + "x" * 40 + " and more"
TITLE = "Swollen finger joints: synovitis and capsulitis of the middle joint"


def test_a_table_keeps_to_a_terminal_and_gives_a_pipe_whole_rows(
    shown: Callable[[], list[str]], terminal: bool
) -> None:
    listings.documents([DocumentInfo(id="a1", uri="file:///a", title=TITLE, kind="html")])
    lines = shown()
    assert all(line == line.rstrip() for line in lines)
    assert lines[-1] == "1 document"
    if terminal:
        assert all(len(line) <= 40 for line in lines)
    else:
        assert f"a1  html  {TITLE}" in lines


def test_facts_hang_under_their_values_and_break_no_address(
    shown: Callable[[], list[str]], terminal: bool
) -> None:
    listings.facts({"index": LONG, "x": "1"})
    *lines, last = shown()
    assert last == "x      1"
    assert lines[0].startswith("index  An address")
    assert any("https://example.org/" + "x" * 40 in line for line in lines)
    if terminal:
        assert len(lines) > 2
        assert all(line.startswith(" " * 7) and line[7] != " " for line in lines[1:])
    else:
        assert lines == [f"index  {LONG}"]


def test_notices_are_one_line_in_a_pipe(shown: Callable[[], list[str]], terminal: bool) -> None:
    render.notices([Notice("truncated", "word " * 20 + "end")], set())
    assert (len(shown()) == 1) != terminal


@pytest.mark.parametrize("watched", [True, False])
def test_what_was_written_when_stopped_stays(shown: Callable[[], list[str]], watched: bool) -> None:
    def events() -> object:
        yield Token("Half a sentence")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        live.stream(events(), live=watched)  # type: ignore[arg-type]
    stays = ["Half a sentence", "these words were not checked"]
    assert shown() == (stays if watched else [])


def test_speed_counts_from_the_first_report() -> None:
    seconds = iter([10.0, 12.0, 20.0])
    pace = Pace(lambda: next(seconds))
    assert pace(1000, 2000) == "", "what was done before is no work of this run"
    assert pace(1128, 2000) == "64/s, 0:00:14 left"
    assert pace(2000, 2000) == "100/s, 0:00:00 left"


@pytest.mark.parametrize("command", [("index",), ("load",)])
def test_stopping_work_says_how_to_go_on(
    command: tuple[str, ...], run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(f"dragtor.pipeline.Dragtor.{command[0]}", stop)
    ran = run(*command)
    assert ran.code == 130
    assert ran.err == "stopped; run it again to go on\n"


def test_control_characters_reach_no_terminal(shown: Callable[[], list[str]]) -> None:
    listings.facts({"title": "a\x1b]0;b"})
    assert shown() == ["title  a\ufffd]0;b"]


@pytest.mark.parametrize("command", [("search", "-"), ("ask", "-"), ("chat",)])
def test_a_script_shows_each_question_above_its_answer(
    command: tuple[str, ...], run: Callable[..., Ran]
) -> None:
    run("load", "--index")
    lines = run(*command, stdin="elbow pain?\npulley grades?\n").out.splitlines()
    assert lines[0] == "> elbow pain?"
    second = lines.index("> pulley grades?")
    assert second > 1
    assert lines[second - 1] == ""
    assert lines[second - 2] != ""


def test_square_brackets_of_a_source_are_text_and_no_markup(
    shown: Callable[[], list[str]],
) -> None:
    titles = ["[/bold] Title", "[red]x[/red]"]
    listings.documents([DocumentInfo(id="a", uri="a", title=t, kind="md") for t in titles])
    render.table(("[/z]", "n"), [["1", "2"]], right=("[/z]", "n"))
    assert shown() == [
        "id  kind  title",
        *(f"a   md    {title}" for title in titles),
        "2 documents",
        "[/z]  n",
        "   1  2",
    ]


def test_a_narrow_table_breaks_between_words_and_no_name(
    shown: Callable[[], list[str]], terminal: bool
) -> None:
    row = ["a-name-of-22-characters", "12.1", "reads long English texts"]
    render.table(("name", "p95 ms", "note"), [row], right=("p95 ms",), whole=("name",))
    assert shown() == (
        [
            "name                     p95 ms  note",
            "a-name-of-22-characters    12.1  reads",
            "                                 long",
            "                                 English",
            "                                 texts",
        ]
        if terminal
        else [
            "name                     p95 ms  note",
            "a-name-of-22-characters    12.1  reads long English texts",
        ]
    )


def test_what_is_being_done_may_be_called_anything(
    shown: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dragtor.cli.progress.err", render.err)
    with progress("1 of 2: [/foo] x") as show:
        show(1, 2, "[/b] what?")
    render.said_line("what you kept is in [/c].yml")
    assert shown()[-1] == "what you kept is in [/c].yml"


def test_what_an_index_is_made_by_is_said_in_words() -> None:
    main = '{"engine": "onnx", "model": "x", "dimensions": 256, "precision": "fp32"}'
    late = '{"model": "encoder", "engine": "onnx", "token_bytes": 2, "first_stage": true}'
    assert _in_words(f"[{main}, {late}]") == (
        "onnx x (dimensions 256, precision fp32) and onnx encoder (token bytes 2, first stage)"
    )
    assert _in_words("recursive") == "recursive"
