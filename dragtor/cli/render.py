"""What all output is made of: consoles, lines, tables.

Colours carry a meaning (green: good, yellow: look here, red: wrong, bold: what was asked for) and
go away in pipes and with NO_COLOR. Text from sources cannot write control sequences.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from urllib.parse import unquote, urlsplit

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dragtor.types import Message, Notice

out = Console(highlight=False, soft_wrap=False)
err = Console(stderr=True, highlight=False, soft_wrap=False)

STANDING = "domain"
"""Code of the notice that goes with every answer of a domain, and warns of nothing."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_ENDLESS = 10_000
_LEAST = 8
_SEEN_ANYWAY = {"unsupported", "emergency"}


def harmless(text: str) -> str:
    """Text without control characters, so that a source cannot talk to the terminal."""
    return _CONTROL.sub("\ufffd", text)


def error(message: str) -> None:
    """One line on standard error."""
    line = Text("error: ", style="bold red")
    said_line(line.append(harmless(" ".join(message.split())), style="default"))


def dim(text: str) -> Text:
    """Words that only accompany."""
    return Text(harmless(text), style="dim")


def said_line(text: Text | str) -> None:
    """Something beside the result, on standard error; one line unless a terminal folds it."""
    said = Text(harmless(text)) if isinstance(text, str) else text
    err.print(said, soft_wrap=not err.is_terminal)


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
            style = "dim" if value.code == STANDING else "yellow"
            said_line(Text(harmless(value.text), style=style))


def link(uri: str) -> str:
    """An address as people write it: files as paths, from the working directory if below it."""
    parts = urlsplit(uri)
    if parts.scheme != "file":
        return uri
    path = unquote(parts.path).removeprefix(f"{os.getcwd()}/")
    return path + (f"#{unquote(parts.fragment)}" if parts.fragment else "")


def indented(
    text: Text, by: int, *, fold: bool = True, head: Text | None = None, bar: Text | None = None
) -> None:
    """Print a text some columns to the right; an address is not folded, so that it can be used.

    ``head`` stands before the first line in place of spaces, ``bar`` before every one.
    """
    for number, part in enumerate(wrapped(text, out.width - by) if fold else [text]):
        part.rstrip()
        margin = head if head is not None and number == 0 else bar
        shown = margin.copy() if margin is not None else Text(" " * by if part else "")
        out.print(shown.append_text(part), soft_wrap=True)


def wrapped(text: Text, width: int) -> Iterator[Text]:
    """Lines broken between words only: a long address stays whole, so that it can be used."""
    for part in text.split("\n", allow_blank=True):
        breaks, column = [], 0
        for word in re.finditer(r"\S+\s*", part.plain):
            if column and column + cell_len(word[0].rstrip()) > width:
                breaks.append(word.start())
                column = 0
            column += cell_len(word[0])
        yield from part.divide(breaks)


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str | Text]],
    right: Collection[str] = (),
    whole: Collection[str] = (),
) -> None:
    """A plain table; columns named in ``right`` align right, they and ``whole`` are not folded.

    It keeps to a terminal's width, words whole as long as there is room. In a pipe each row is one
    line.
    """
    lines = [[_cell(cell) for cell in row] for row in (columns, *rows)]
    cells = list(zip(*lines, strict=True))
    kept = [column in right or column in whole for column in columns]
    width = out.width if out.is_terminal else _ENDLESS
    grid = Table(box=None, header_style="bold", padding=(0, 2, 0, 0), pad_edge=False)
    for number, space in enumerate(_widths(cells, kept, width)):
        grid.add_column(
            lines[0][number],
            justify="right" if columns[number] in right else "left",
            overflow="fold",
            width=space,
        )
    for row in lines[1:]:
        grid.add_row(*row)
    for segments in out.render_lines(grid, out.options.update(width=width), pad=False):
        row_shown = Text.assemble(*((part.text, part.style or "") for part in segments))
        row_shown.rstrip()
        out.print(row_shown, soft_wrap=True)


def _cell(cell: str | Text) -> Text:
    """What a cell holds, as it is: rich would take square brackets in a str for markup."""
    return Text(harmless(cell)) if isinstance(cell, str) else cell


def _widths(cells: Sequence[Sequence[Text]], kept: Sequence[bool], width: int) -> list[int]:
    """Columns for columns: those ``kept`` whole, the others at least as wide as their words."""
    full = [max(max(cell.cell_len for cell in column), 1) for column in cells]
    widths = [
        most
        if whole
        else max((cell_len(word) for cell in column for word in cell.plain.split()), default=1)
        for column, whole, most in zip(cells, kept, full, strict=True)
    ]
    spare = width - sum(widths) - 2 * (len(widths) - 1)
    numbers = range(len(widths))
    for _ in range(-spare):
        widest = max(numbers, key=lambda n: (not kept[n] and widths[n] > _LEAST, widths[n]))
        widths[widest] = max(1, widths[widest] - 1)
    for _ in range(min(spare, sum(full) - sum(widths))):
        tightest = max(numbers, key=lambda n: full[n] / widths[n])
        widths[tightest] += 1
    return widths


def hanging(head: Text, body: str, style: str = "default") -> None:
    """A label and what it says; in a terminal, further lines begin below the first word."""
    text = Text(harmless(body), style=style)
    by = head.cell_len
    lines = list(wrapped(text, out.width - by)) if out.is_terminal else [text]
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
