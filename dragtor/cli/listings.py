"""What people see of the library: what was loaded, what is there, how it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from rich.text import Text

from dragtor.cli.render import counted, err, hanging, harmless, line, link, out, table
from dragtor.loading import LoadReport, Outcome, Result
from dragtor.types import Document, DocumentInfo

if TYPE_CHECKING:
    from dragtor.store.chats import ChatInfo


def outcomes(values: Sequence[Outcome]) -> None:
    """What was left out or went wrong, each with its reason."""
    for value in values:
        style = "red" if value.result == "failed" else "yellow"
        reason, where = value.reason or "", link(value.uri)
        said = reason if where in reason else f"{where}: {reason}"
        shown = Text(f"{value.result} ", style=style).append(harmless(said), style="default")
        err.print(shown, soft_wrap=True)


def counts(report: LoadReport) -> None:
    """How many files, pages and the like came out how (one file may hold many documents)."""
    results: tuple[Result, ...] = ("new", "changed", "unchanged", "skipped", "failed")
    table(results, [[str(report.count(result)) for result in results]], right=results)


def checks(values: Sequence[tuple[str, str, str]]) -> None:
    """Findings: what was looked at, how it is, what to do."""
    style = {"ok": "green", "warn": "yellow", "fail": "red"}
    width = max(len(name) for name, _, _ in values)
    for name, state, text in values:
        head = Text(f"{name:<{width}}  ", style="bold")
        hanging(head.append(f"{state:<4}  ", style=style[state]), text)


def documents(infos: Sequence[DocumentInfo]) -> None:
    """A line for each document."""
    if not infos:
        out.print("no documents: `dragtor load` what you trust")
        return
    rows = [[info.id, info.kind, info.title] for info in infos]
    table(("id", "kind", "title"), rows, whole=("id",))
    out.print(Text(counted(len(infos), "document"), style="dim"))


def document(value: Document) -> None:
    """What is known of a document, then its text."""
    info = value.info
    facts = {
        "id": info.id,
        "uri": link(info.uri),
        "kind": info.kind,
        "author": info.author,
        "published": info.published,
        **info.metadata,
    }
    out.print(Text(harmless(info.title), style="bold"))
    for name, fact in facts.items():
        if fact:
            hanging(Text(f"{harmless(name)}: ", style="dim"), fact)
    out.print()
    line(value.text)


def chats(infos: Sequence[ChatInfo]) -> None:
    """A line for each chat: its id, when it was spoken in last, its turns, its first question."""
    if not infos:
        out.print("no chats: `dragtor chat` begins one")
        return
    rows = [[info.id, when(info.spoken), str(info.turns), info.title] for info in infos]
    table(("id", "when", "turns", "title"), rows, right=("id", "turns"), whole=("when",))


def when(time: str) -> str:
    """A time in UTC as the clock here has it."""
    return datetime.fromisoformat(time).astimezone().strftime("%Y-%m-%d %H:%M")


def facts(values: Mapping[str, str]) -> None:
    """Facts, one a line."""
    width = max(map(len, values))
    for name, fact in values.items():
        hanging(Text(f"{name:<{width}}  ", style="dim"), fact)
