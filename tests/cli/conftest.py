"""What tests of the screen share: a terminal of 40 columns, and a pipe."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from rich.console import Console

from dragtor.cli import listings, render
from dragtor.types import Citation, DocumentInfo, Hit, Location, Passage, Sentence, Support

_CODE = re.compile(r"\x1b\[(\d*)([A-Za-z])|\x1b\[\?\d+[hl]|([\r\n])|([^\x1b\r\n]+)")


@pytest.fixture(params=[True, False], ids=["terminal", "pipe"])
def terminal(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def shown(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """The lines that stand on the screen, 40 columns wide."""
    page = io.StringIO()
    console = Console(file=page, width=40, force_terminal=terminal, color_system=None)
    for module in (render, listings):
        monkeypatch.setattr(module, "out", console)
        monkeypatch.setattr(module, "err", console)
    return lambda: screen(page.getvalue())


HEALING = Location(heading="Healing")


def screen(written: str) -> list[str]:
    """What a terminal shows of what was written to it: lines erased and overwritten are gone."""
    lines, row, column = [""], 0, 0
    for code in _CODE.finditer(written):
        count, letter, end, text = code.groups()
        if text:
            lines[row] = lines[row][:column].ljust(column) + text + lines[row][column + len(text) :]
            column += len(text)
        elif end == "\r":
            column = 0
        elif end == "\n":
            row, column = row + 1, 0
            lines += [""] * (row + 1 - len(lines))
        elif letter == "A":
            row = max(row - int(count or 1), 0)
        elif letter == "K":
            lines[row] = ""
    while lines and not lines[-1]:
        lines.pop()
    return lines


def citation(
    quote: str = "Rings heal in six weeks.",
    uri: str = "https://example.org/pulleys",
    *,
    location: Location = HEALING,
    passage: str = "0123456789abcdef",
) -> Citation:
    return Citation(passage, uri, uri, "Pulleys", quote, 0, len(quote), location)


def sentence(text: str, verdict: str, *citations: Citation) -> Sentence:
    support = {"yes": Support("yes", 0.9), "partly": Support("partly", 0.5), "no": Support("no", 0)}
    return Sentence(text, support[verdict], citations)


def hit(of: Citation, kind: str) -> Hit:
    """The passage that a citation is of."""
    document = DocumentInfo(of.document_id, of.uri, of.title, kind)
    passage = Passage(of.passage_id, of.start, of.end, of.quote)
    return Hit(1, 1.0, {}, passage, document, of.location)
