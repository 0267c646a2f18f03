"""sources list | show | remove."""

from __future__ import annotations

from typing import Annotated

import typer

from dragtor.cli.state import state_of

app = typer.Typer(no_args_is_help=True, help="The documents of the library.")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_(ctx: typer.Context, json_: AsJson = False) -> None:
    """List all documents of the collection.

    Example: dragtor sources list
    """
    from dragtor.cli import contract, listings, render

    state = state_of(ctx)
    documents = state.dragtor.library.documents(state.collection)
    if json_:
        render.json_out([contract.document_json(info) for info in documents])
    else:
        listings.documents(documents)


@app.command()
def show(
    ctx: typer.Context,
    id: Annotated[str, typer.Argument(metavar="ID", help="A document's id, or its address.")],
    json_: AsJson = False,
) -> None:
    """Show a document: what is known of it, and its text.

    Example: dragtor sources show 3f2a9c81d0b4
    """
    from dragtor.cli import contract, listings, render

    state = state_of(ctx)
    found = state.dragtor.find(state.collection, id)
    document = state.dragtor.library.document(found.id)
    if json_:
        render.json_out(contract.whole_document_json(document))
    else:
        listings.document(document)


@app.command()
def remove(
    ctx: typer.Context,
    id: Annotated[
        str, typer.Argument(metavar="ID", help="A document's id, or an address: all it holds.")
    ],
) -> None:
    """Remove a document, or all of a source, at once; `load` brings back only what you name.

    Example: dragtor sources remove 3f2a9c81d0b4
    """
    from dragtor.cli import render

    state = state_of(ctx)
    removed = state.dragtor.remove(state.collection, id)
    for info in removed.documents:
        render.line(f"removed: {info.title} ({render.link(info.uri)})")
    for uri in removed.forgotten:
        render.line(f"forgotten: {render.link(uri)}; a plain `load` visits it no more")
