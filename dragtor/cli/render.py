"""What people see. All colours, tables and bars of dragtor are here.

Colours carry a meaning (green: good, yellow: look here, red: wrong, bold: what was asked for) and
go away in pipes and with NO_COLOR. Text from sources cannot write control sequences.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from urllib.parse import unquote, urlsplit

from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table
from rich.text import Text

from dragtor.interfaces import Progress
from dragtor.loading import LoadReport, Outcome, Result
from dragtor.text import content_stems, place, word_spans
from dragtor.types import (
    Answer,
    Citation,
    Document,
    DocumentInfo,
    Hit,
    Location,
    Message,
    Notice,
    Sentence,
    Token,
)

out = Console(highlight=False, soft_wrap=False)
err = Console(stderr=True, highlight=False, soft_wrap=False)

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_LINKABLE = re.compile(r"(https?|file)://[\x21-\x7e]+$")
_SEEN_ANYWAY = {"unsupported"}
_DOUBT = {"yes": "", "partly": " (partly)", "no": " (no source)"}
_VERDICT_STYLE = {"yes": "", "partly": "yellow", "no": "red"}


def harmless(text: str) -> str:
    """Text without control characters, so that a source cannot talk to the terminal."""
    return _CONTROL.sub("\ufffd", text)


def error(message: str) -> None:
    """One line on standard error."""
    line = Text("error: ", style="bold red")
    err.print(line.append(harmless(" ".join(message.split())), style="default"), soft_wrap=True)


def notices(values: Iterable[Notice], said: set[Notice]) -> None:
    """What to know beside the result, on standard error, unless it was ``said`` before."""
    for value in values:
        if value.code not in _SEEN_ANYWAY and value not in said:
            said.add(value)
            err.print(Text(harmless(value.text), style="yellow"))


def link(uri: str) -> str:
    """An address as people write it: files as paths, from the working directory if below it."""
    parts = urlsplit(uri)
    if parts.scheme != "file":
        return uri
    path = unquote(parts.path).removeprefix(f"{os.getcwd()}/")
    return path + (f"#{unquote(parts.fragment)}" if parts.fragment else "")


def passages(hits: Sequence[Hit], question: str) -> None:
    """Rank, title, place and text of each hit, the question's words marked."""
    if not hits:
        out.print("nothing found")
    for hit in hits:
        out.print(_heading(f"{hit.rank}", hit.document.title))
        _indented(_address(hit.document.uri, hit.location), 3, fold=False)
        _indented(_marked(hit.passage.text, question), 3)
        out.print()


def _indented(text: Text, by: int, *, fold: bool = True) -> None:
    """Print a text some columns to the right; an address is not folded, so that it can be used."""
    for part in text.wrap(out, out.width - by) if fold else [text]:
        part.rstrip()
        out.print(Text(" " * by if part else "").append_text(part), soft_wrap=True)


def _heading(number: str, title: str) -> Text:
    return Text(f"{number:>2} ", style="cyan").append(harmless(title), style="bold default")


def _address(uri: str, location: Location) -> Text:
    style = f"dim link {uri}" if _LINKABLE.match(uri) else "dim"
    where = place(location)
    line = Text(f"{harmless(where)} · " if where else "", style="green")
    return line.append(harmless(link(uri)), style=style)


def _marked(text: str, question: str) -> Text:
    wanted = set(content_stems(question))
    shown = Text(harmless(text))
    for span in word_spans(text):
        if wanted.intersection(content_stems(text[span.start : span.end])):
            shown.stylize("bold yellow", span.start, span.end)
    return shown


def answer(value: Answer) -> None:
    """The answer with footnotes, then what they lead to."""
    footnotes = _footnotes(value.sentences)
    out.print(_with_footnotes(value, footnotes))
    if footnotes:
        out.print()
        out.print(Text("Sources", style="bold"))
    for citation, number in footnotes.items():
        out.print(_heading(f"[{number}]", citation.title))
        _indented(Text(f"“{harmless(' '.join(citation.quote.split()))}”"), 4)
        _indented(_address(citation.uri, citation.location), 4, fold=False)
    out.print(_byline(value))


def _byline(value: Answer) -> Text:
    parts = [value.model or "no model was asked", f"{value.timings.get('total_s', 0.0):.1f} s"]
    if value.usage.completion_tokens:
        parts.append(f"{value.usage.prompt_tokens} tokens read")
        parts.append(f"{value.usage.completion_tokens} written")
    return Text("\n" + harmless(" · ".join(parts)), style="dim")


def _footnotes(sentences: Iterable[Sentence]) -> dict[Citation, int]:
    cited = dict.fromkeys(c for sentence in sentences for c in sentence.citations)
    return {citation: number for number, citation in enumerate(cited, start=1)}


def _with_footnotes(value: Answer, footnotes: dict[Citation, int]) -> Text:
    shown = Text()
    for text, sentence in value.parts():
        if sentence is None:
            shown.append(harmless(text))
            continue
        style = _VERDICT_STYLE[sentence.support.verdict]
        marks = "".join(f"[{footnotes[citation]}]" for citation in sentence.citations)
        shown.append(harmless(text), style=style)
        shown.append(f" {marks}" if marks else "", style="cyan")
        shown.append(_DOUBT[sentence.support.verdict], style=style)
    return shown


def stream(events: Iterable[Token | Notice | Answer], *, live: bool) -> Answer:
    """Show words while they come, if somebody watches; returns the answer.

    The words make way for the answer with its footnotes, which :func:`answer` prints. Notices wait
    until then, too: they are all in the answer.
    """
    text = Text()
    with ExitStack() as stack:
        if live and out.is_terminal:
            shown = Live(text, console=out, transient=True, refresh_per_second=12)
            stack.enter_context(shown)
        for event in events:
            if isinstance(event, Token):
                text.append(harmless(event.text))
            elif isinstance(event, Answer):
                return event
    raise AssertionError("an answer's stream ends with the answer")


def table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]], right: str = "") -> None:
    """A plain table of at most the terminal's width; columns named in ``right`` align right."""
    grid = Table(box=None, header_style="bold", padding=(0, 2, 0, 0), pad_edge=False)
    for column in columns:
        numbers = column in right.split()
        grid.add_column(
            column, justify="right" if numbers else "left", overflow="fold", no_wrap=numbers
        )
    for row in rows:
        grid.add_row(*(harmless(cell) if isinstance(cell, str) else cell for cell in row))
    out.print(grid)


def size(count: float) -> str:
    """Bytes for people, in powers of 1000.

    >>> size(228_400_000)
    '228 MB'
    """
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


@contextmanager
def progress(task_name: str) -> Iterator[Progress]:
    """A bar on standard error: done, total, speed, time left."""
    bar = Bar(
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
        TimeRemainingColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )
    with bar:
        task = bar.add_task(task_name, total=None, speed="")

        def show(done: int, total: int, what: str) -> None:
            speed = bar.tasks[0].speed
            bar.update(
                task,
                completed=done,
                total=total,
                description=harmless(f"{task_name} {_short(what)}"),
                speed=f"{speed:.0f}/s" if speed else "",
            )

        yield show


def _short(thing: str, width: int = 24) -> str:
    name = thing.rstrip("/").rsplit("/", 1)[-1]
    return name if len(name) <= width else f"{name[: width - 1]}…"


def is_interactive() -> bool:
    """Whether a person sits at both ends."""
    return sys.stdin.isatty() and out.is_terminal


def json_out(value: object, *, compact: bool = False) -> None:
    """A value as JSON on standard output; ``compact`` puts it on one line."""
    import json

    print(json.dumps(value, ensure_ascii=False, indent=None if compact else 2), flush=compact)  # noqa: T201


def line(text: str) -> None:
    """Plain words on standard output, wrapped by the terminal."""
    out.print(Text(harmless(text)), soft_wrap=True)


def messages(prompt: Sequence[Message]) -> None:
    """A prompt, turn by turn, as the chat template gets it."""
    for message in prompt:
        out.print(Text(f"── {message.role}", style="bold cyan"))
        line(message.content)


def outcomes(values: Sequence[Outcome]) -> None:
    """What was left out or went wrong, each with its reason."""
    for value in values:
        style = "red" if value.result == "failed" else "yellow"
        reason, where = value.reason or "", link(value.uri)
        said = reason if where in reason else f"{where}: {reason}"
        line = Text(f"{value.result} ", style=style).append(harmless(said), style="default")
        err.print(line, soft_wrap=True)


def counts(report: LoadReport) -> None:
    """How many documents came out how."""
    results: tuple[Result, ...] = ("new", "changed", "unchanged", "skipped", "failed")
    table(results, [[str(report.count(result)) for result in results]], right=" ".join(results))


def checks(values: Sequence[tuple[str, str, str]]) -> None:
    """Findings: what was looked at, how it is, what to do."""
    style = {"ok": "green", "warn": "yellow", "fail": "red"}
    rows: list[list[str | Text]] = [
        [name, Text(state, style=style[state]), text] for name, state, text in values
    ]
    table(("check", "", "finding"), rows)


def documents(infos: Sequence[DocumentInfo]) -> None:
    """A line for each document."""
    if not infos:
        out.print("no documents: `dragtor load` what you trust")
        return
    table(("id", "kind", "title"), [[info.id, info.kind, info.title] for info in infos])
    out.print(Text(f"{len(infos)} documents", style="dim"))


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
            out.print(
                Text(f"{name}: ", style="dim").append(harmless(fact), "default"), soft_wrap=True
            )
    out.print()
    line(value.text)


def facts(values: Mapping[str, str]) -> None:
    """Facts, one a line."""
    width = max(map(len, values))
    for name, fact in values.items():
        out.print(Text(f"{name:<{width}}  ", style="dim").append(harmless(fact), "default"))
