"""outline: sections and topics of a document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from dragtor.cli.state import state_of

NO_MODEL = "no language model named these: the topics are words that are frequent there"

if TYPE_CHECKING:
    from dragtor.types import Document, Section


def outline(
    ctx: typer.Context,
    id: Annotated[str, typer.Argument(metavar="ID", help="A document's id, or its address.")],
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the sections of a document, where each begins and what it is about.

    Sections are its headings; where it has none for long, as in a transcript, they begin where the
    topic changes, and the language model names them (in minutes, for hours of speech). `sources
    list` has the ids.

    Example: dragtor outline 3f2a9c81d0b4
    """
    from dragtor.cli import contract, render
    from dragtor.cli.progress import progress

    state = state_of(ctx)
    document = state.dragtor.library.document(state.dragtor.find(state.collection, id).id)
    with progress("Reading") as show:
        sections = state.dragtor.outline(document, show)
    if json_:
        render.json_out(contract.outline_json(document, sections))
    else:
        _print(document, sections)
        if all(section.titled != "model" for section in sections):
            render.said_line(render.dim(NO_MODEL))


def _print(document: Document, sections: Sequence[Section]) -> None:
    """A line for each section: where it begins and its title; its topics below."""
    from dataclasses import replace

    from rich.text import Text

    from dragtor.cli.render import dim, harmless, indented, out
    from dragtor.text import place

    out.print(Text(harmless(document.info.title), style="bold"))
    for section in sections:
        where = place(replace(section.location, heading=None))
        title = Text(harmless(section.title))
        title.append(f"  {harmless(where)}" if where else "", style="dim")
        depth = 2 * ((section.level or 2) - 1)
        indented(title, depth)
        if section.topics:
            indented(dim(", ".join(section.topics)), depth + 2)
