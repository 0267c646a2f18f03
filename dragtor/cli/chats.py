"""chats list | resume | export | rm."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dragtor.cli.chat import Keeper, chats_of, save, talk
from dragtor.cli.questions import Count, Filters
from dragtor.cli.state import state_of

app = typer.Typer(no_args_is_help=True, help="The chats that were kept.")
Id = Annotated[
    str, typer.Argument(metavar="ID", help="A chat's id; last is the one spoken in last.")
]


@app.command("list")
def list_(
    ctx: typer.Context, json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> None:
    """List the chats of the collection, the one spoken in last first.

    Example: dragtor chats list
    """
    from dataclasses import asdict

    from dragtor.cli import listings, render

    state = state_of(ctx)
    chats = chats_of(state).all(state.collection)
    if json_:
        render.json_out([asdict(chat) for chat in chats])
    else:
        listings.chats(chats)


@app.command()
def resume(ctx: typer.Context, id: Id = "last", k: Count = None, filter_: Filters = None) -> None:
    """Go on with a chat, with all that was said in it.

    Example: dragtor chats resume last
    """
    from dragtor.cli import answers, render

    state = state_of(ctx)
    chats = chats_of(state)
    info = chats.find(state.collection, id)
    before = chats.answers(info.id)
    render.said_line(render.dim(f"chat {info.id}, {render.counted(info.turns, 'turn')}; the last:"))
    render.asked(before[-1].question, first=True)
    answers.answer(before[-1])
    render.out.print()
    talk(state, Keeper(state, info.id), k, filter_, before)


@app.command()
def export(
    ctx: typer.Context,
    id: Id,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="Where to; without it, print it.")
    ] = None,
) -> None:
    """Write a chat as Markdown, with a footnote for each thing that an answer rests on.

    Example: dragtor chats export last chat.md
    """
    from dragtor.answer.chat import Conversation
    from dragtor.cli import render

    state = state_of(ctx)
    chats = chats_of(state)
    info = chats.find(state.collection, id)
    text = Conversation(0, list(chats.answers(info.id))).to_markdown()
    if file is None:
        render.line(text.rstrip("\n"))
    else:
        save(text, file)


@app.command()
def rm(
    ctx: typer.Context,
    ids: Annotated[list[str], typer.Argument(metavar="ID", help="Chats to forget.")],
) -> None:
    """Forget chats, with all that was said in them.

    Example: dragtor chats rm 12
    """
    from dragtor.cli import render

    state = state_of(ctx)
    chats = chats_of(state)
    for info in [chats.find(state.collection, id) for id in ids]:
        chats.remove(info.id)
        render.line(f"removed: {info.title}")
