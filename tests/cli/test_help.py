"""Help reads as people expect of a command line."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from dragtor.build import STRATEGIES
from tests.conftest import Ran

Run = Callable[..., Ran]


@pytest.mark.parametrize(
    ("words", "usage"),
    [
        ("search", "dragtor search [OPTIONS] QUESTION"),
        ("ask", "dragtor ask [OPTIONS] [QUESTION]"),
        ("load", "dragtor load [OPTIONS] [URI]..."),
        ("show", "dragtor show [OPTIONS] PASSAGE_ID"),
        ("models pull", "dragtor models pull [OPTIONS] NAME..."),
        ("models path", "dragtor models path [OPTIONS] NAME"),
        ("sources show", "dragtor sources show [OPTIONS] ID"),
    ],
)
def test_usage_names_what_to_type(run: Run, words: str, usage: str) -> None:
    assert f"Usage: {usage} " in run(*words.split(), "--help").out


@pytest.mark.parametrize(
    "words", ["", "load", "index", "search", "ask", "models pull", "config show", "sources"]
)
def test_help_shows_no_types_of_a_programming_language(run: Run, words: str) -> None:
    shown = run(*words.split(), "--help").out
    assert "--help" in shown
    assert not re.search(r"<(bool|str|int|list)|\{", shown)


def test_help_names_every_way_to_gather_and_to_find(run: Run) -> None:
    shown = set(re.findall(r"\w+", run("ask", "--help").out))
    assert {*STRATEGIES, "hybrid", "keyword", "dense", "late"} <= shown


def test_paragraphs_fill_the_terminal(run: Run) -> None:
    lines = [line.strip() for line in run("--help").out.splitlines()]
    start = next(i for i, line in enumerate(lines) if line.startswith("Every sentence"))
    paragraph = lines[start : lines.index("", start)]
    assert all(len(line) > 55 for line in paragraph[:-1])
