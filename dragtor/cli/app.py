"""The commands, put together. Each imports what it needs when it runs, so that help is quick."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dragtor import __version__
from dragtor.cli import (
    calibrate,
    chat,
    chats,
    config,
    doctor,
    evaluate,
    experiment,
    library,
    models,
    outline,
    question_sets,
    questions,
    show,
    sources,
)
from dragtor.cli.help import make_readable
from dragtor.cli.state import State

app = typer.Typer(
    name="dragtor",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: dragtor ask 'How long does a pulley injury take to heal?'",
)

app.command()(library.load)
app.command()(library.index)
app.command()(calibrate.calibrate)
app.command()(questions.search)
app.command()(questions.ask)
app.command()(chat.chat)
app.add_typer(chats.app, name="chats")
app.command("eval")(evaluate.evaluate)
app.add_typer(experiment.app, name="experiment")
app.add_typer(question_sets.app, name="questions")
app.command()(show.show)
app.command()(outline.outline)
app.add_typer(sources.app, name="sources")
app.add_typer(models.app, name="models")
app.command()(library.status)
app.command()(doctor.doctor)
app.add_typer(config.app, name="config")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"dragtor {__version__}")
        raise typer.Exit


@app.callback()
def dragtor(
    ctx: typer.Context,
    collection: Annotated[
        str | None, typer.Option(help="Work on this collection.", metavar="NAME")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="Read the settings from this params.yml.", metavar="FILE")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change any setting; repeatable.", metavar="KEY=VALUE"),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show the log as well.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Ask your trusted sources, on your own machine.

    Every sentence of an answer leads to the passage it rests on. List what you trust in
    config/params.yml, then: dragtor load, dragtor index, dragtor ask.
    """
    ctx.obj = State(config, tuple(set_ or ()), collection, verbose)
    ctx.call_on_close(ctx.obj.close)


make_readable(app)
