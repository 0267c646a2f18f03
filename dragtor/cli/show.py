"""show: a passage in its surroundings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from dragtor.cli.state import state_of

if TYPE_CHECKING:
    from rich.text import Text

    from dragtor.surroundings import Surroundings


def show(
    ctx: typer.Context,
    passage: Annotated[
        str,
        typer.Argument(metavar="PASSAGE_ID", help="A passage's id, or how it begins."),
    ],
    context: Annotated[
        int,
        typer.Option("--context", min=0, metavar="N", help="Passages before and after it."),
    ] = 1,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show a passage in its surroundings.

    Its id stands behind the address that `search` and `ask` print, and in their JSON.

    Example: dragtor show 3f2a9c81 --context 2
    """
    from dragtor.cli import contract, render

    around = state_of(ctx).dragtor.around(passage, context)
    if json_:
        render.json_out(contract.surroundings_json(around))
    else:
        _print(around)


def _print(around: Surroundings) -> None:
    """Title, address and text; a bar stands beside the passage itself."""
    from rich.text import Text

    from dragtor.cli import answers, render

    found = around.resolved
    render.out.print(Text(render.harmless(found.document.title), style="bold"))
    document, id = found.document, found.passage.id
    answers.where(document.uri, document.title, found.location, id, 0, short=len(id))
    render.out.print()
    text = _text(around)
    start, end = len(around.before), len(around.before) + len(found.passage.text)
    before, passage, after = text.divide([start, end])
    _piece(before, style="dim")
    _piece(passage, bar=Text("│ ", style="cyan"))
    _piece(after, style="dim")


def _text(around: Surroundings) -> Text:
    """The whole piece, its headings bold."""
    from rich.text import Text

    from dragtor.cli.render import harmless

    plain = around.before + around.resolved.passage.text + around.after
    text = Text(harmless(plain))
    for mark in around.marks:
        if mark.heading is not None:
            at = mark.offset - around.start
            stop = plain.find("\n", at)
            text.stylize("bold", at, stop if stop >= 0 else len(plain))
    return text


def _piece(text: Text, style: str = "", bar: Text | None = None) -> None:
    """A piece of the text, with white space at its ends made one line at most."""
    from dragtor.cli import render

    plain = text.plain
    if not plain.strip():
        return
    inner = text[len(plain) - len(plain.lstrip("\n")) : len(plain.rstrip())]
    inner.stylize_before(style)
    if plain.startswith("\n\n"):
        render.out.print()
    render.indented(inner, 2, bar=bar)
    if plain.endswith("\n\n"):
        render.out.print()
