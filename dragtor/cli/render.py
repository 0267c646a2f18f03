"""What people see: all colours and tables of dragtor.

Colours carry a meaning (green: good, yellow: look here, red: wrong, bold: what was asked for) and
go away in pipes and with NO_COLOR. Text from sources cannot write control sequences.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from urllib.parse import unquote, urlsplit

from rich.cells import cell_len
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from dragtor.text import content_stems, place, word_spans
from dragtor.types import (
    Answer,
    Citation,
    Hit,
    Location,
    Message,
    Notice,
    Sentence,
    Step,
    Token,
)

out = Console(highlight=False, soft_wrap=False)
err = Console(stderr=True, highlight=False, soft_wrap=False)

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_ENDLESS = 10_000
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


def said_line(text: Text | str) -> None:
    """Something beside the result, on standard error; one line unless a terminal folds it."""
    err.print(text, soft_wrap=not err.is_terminal)


def asked(question: str, *, first: bool) -> None:
    """The question as a heading, so that the answers of a script can be told apart."""
    if not first:
        out.print()
    out.print(Text(f"> {harmless(question)}", style="bold"), soft_wrap=True)


def notices(values: Iterable[Notice], said: set[Notice]) -> None:
    """What to know beside the result, on standard error, unless it was ``said`` before."""
    for value in values:
        if value.code not in _SEEN_ANYWAY and value not in said:
            said.add(value)
            said_line(Text(harmless(value.text), style="yellow"))


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
    for number, hit in enumerate(hits):
        if number:
            out.print()
        out.print(_heading(f"{hit.rank}", hit.document.title))
        _indented(_address(hit.document.uri, hit.location), 3, fold=False)
        _indented(_marked(hit.passage.text, question), 3)


def _indented(text: Text, by: int, *, fold: bool = True) -> None:
    """Print a text some columns to the right; an address is not folded, so that it can be used."""
    for part in _wrapped(text, out.width - by) if fold else [text]:
        part.rstrip()
        out.print(Text(" " * by if part else "").append_text(part), soft_wrap=True)


def _wrapped(text: Text, width: int) -> Iterator[Text]:
    """Lines broken between words only: a long address stays whole, so that it can be used."""
    for part in text.split("\n", allow_blank=True):
        breaks, column = [], 0
        for word in re.finditer(r"\S+\s*", part.plain):
            if column and column + cell_len(word[0].rstrip()) > width:
                breaks.append(word.start())
                column = 0
            column += cell_len(word[0])
        yield from part.divide(breaks)


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


def stream(events: Iterable[Token | Notice | Step | Answer], *, live: bool) -> Answer:
    """Show words while they come, if somebody watches; returns the answer.

    The words make way for the answer with its footnotes, which :func:`answer` prints. Notices wait
    until then, too: they are all in the answer. Stopped with Ctrl-C, the words stay.
    """
    text = Text()
    try:
        with ExitStack() as stack:
            if live and out.is_terminal:
                shown = Live(text, console=out, transient=True, refresh_per_second=12)
                stack.enter_context(shown)
            for event in events:
                if isinstance(event, Token):
                    text.append(harmless(event.text))
                elif isinstance(event, Answer):
                    return event
    except KeyboardInterrupt:
        if live and text:
            out.print(text)
        raise
    raise AssertionError("an answer's stream ends with the answer")


def table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]], right: str = "") -> None:
    """A plain table; columns named in ``right`` align right.

    It keeps to a terminal's width. In a pipe each row is one line.
    """
    grid = Table(box=None, header_style="bold", padding=(0, 2, 0, 0), pad_edge=False)
    for column in columns:
        numbers = column in right.split()
        grid.add_column(
            column, justify="right" if numbers else "left", overflow="fold", no_wrap=numbers
        )
    for row in rows:
        grid.add_row(*(harmless(cell) if isinstance(cell, str) else cell for cell in row))
    width = out.width if out.is_terminal else _ENDLESS
    for segments in out.render_lines(grid, out.options.update(width=width), pad=False):
        row_shown = Text.assemble(*((part.text, part.style or "") for part in segments))
        row_shown.rstrip()
        out.print(row_shown, soft_wrap=True)


def hanging(head: Text, body: str) -> None:
    """A label and what it says; in a terminal, further lines begin below the first word."""
    text = Text(harmless(body), style="default")
    by = head.cell_len
    lines = list(_wrapped(text, out.width - by)) if out.is_terminal else [text]
    for number, part in enumerate(lines):
        part.rstrip()
        out.print((Text(" " * by) if number else head.copy()).append_text(part), soft_wrap=True)


def counted(number: int, noun: str) -> str:
    """A number of things, in the singular or the plural.

    >>> counted(1, "document"), counted(2, "passage")
    ('1 document', '2 passages')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


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
