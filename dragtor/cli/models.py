"""models list | pull | path: the weights dragtor runs on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dragtor.cli.state import settings_of

if TYPE_CHECKING:
    from rich.text import Text

    from dragtor.catalogue import ModelEntry
    from dragtor.weights import LlmChoice, Progress, Weights

app = typer.Typer(no_args_is_help=True, help="See, get and find models.")


@app.command("list")
def list_(
    ctx: typer.Context,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the models of the catalogue, and the GGUF files dropped into models/.

    Example: dragtor models list
    """
    from dragtor.build import weights_of
    from dragtor.cli import render

    rows = _rows(weights_of(settings_of(ctx)))
    if json_:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    render.table(
        ("name", "kind", "size", "here", "note"),
        [
            (row["name"], row["kind"], render.size(row["size_mb"] * 1e6), _here(row), _note(row))
            for row in rows
        ],
        right=("size",),
        whole=("name",),
    )


@app.command()
def pull(
    ctx: typer.Context,
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="As models list has them.")],
) -> None:
    """Download models and verify them; what is there already is verified only.

    An interrupted download goes on where it stopped. HF_TOKEN gives access to models whose licence
    has to be accepted, HF_ENDPOINT names another hub.

    Example: dragtor models pull Llama-3.1-8B-Instruct
    """
    from dragtor.build import weights_of
    from dragtor.cli import render

    weights = weights_of(settings_of(ctx))
    for entry in [weights.entry(name) for name in names]:
        with _bar() as progress:
            folder = weights.pull(entry.name, progress)
            _convert(entry, folder)
        render.out.print(_ready(entry.name, folder), soft_wrap=True)


@app.command()
def path(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="As models list has it.")],
) -> None:
    """Print the folder of a model that is here.

    Example: dragtor models path all-MiniLM-L6-v2
    """
    from dragtor.build import weights_of

    typer.echo(weights_of(settings_of(ctx)).path(name))


def _convert(entry: ModelEntry, folder: Path) -> None:
    """Do once to a model's files what has to be done before they can run."""
    if entry.convert == "bert":
        from dragtor.encode.bert_to_onnx import convert

        convert(folder)


def _rows(weights: Weights) -> list[dict[str, Any]]:
    """What is known of each model: those of the catalogue, then language models dropped by hand."""
    import psutil

    llms = weights.llms()
    best = weights.best_llm(psutil.virtual_memory().total) if llms else None
    names = {entry.name for entry in weights.catalogue}
    rows = [_row(weights, entry, best) for entry in weights.catalogue]
    return rows + [_dropped(choice, best) for choice in llms if choice.name not in names]


def _row(weights: Weights, entry: ModelEntry, best: LlmChoice | None) -> dict[str, Any]:
    present = weights.present(entry.name)
    return {
        **entry.model_dump(mode="json", exclude={"files", "quality", "convert"}),
        "present": present,
        "path": str(weights.path(entry.name)) if present else None,
        "auto": best is not None and best.name == entry.name,
    }


def _dropped(choice: LlmChoice, best: LlmChoice | None) -> dict[str, Any]:
    return {
        "name": choice.name,
        "kind": "llm",
        "description": "Dropped here by hand.",
        "licence": None,
        "size_mb": choice.size_mb,
        "memory_mb": choice.memory_mb,
        "gated": False,
        "starter": False,
        "encoder": None,
        "late": None,
        "nli": None,
        "reranker": None,
        "present": True,
        "path": str(choice.path),
        "auto": choice == best,
    }


def _here(row: dict[str, Any]) -> Text:
    from rich.text import Text

    return Text("yes", style="green") if row["present"] else Text("no", style="dim")


def _note(row: dict[str, Any]) -> Text:
    from rich.text import Text

    note = Text()
    if row["auto"]:
        note.append("llm.model auto takes this. ", style="bold green")
    if row.get("gated"):
        note.append("Licence to accept first. ", style="yellow")
    return note.append(row["description"])


def _ready(name: str, folder: Path) -> Text:
    from rich.text import Text

    return Text("ready ", style="green").append(f"{name}  {folder}", style="default")


@contextmanager
def _bar() -> Iterator[Progress]:
    """A bar on standard error: file, bytes, speed, time left."""
    from rich import progress as bars

    from dragtor.cli import render

    bar = bars.Progress(
        bars.TextColumn("{task.description}", markup=False),
        bars.BarColumn(bar_width=None),
        bars.DownloadColumn(),
        bars.TransferSpeedColumn(),
        bars.TimeRemainingColumn(),
        console=render.err,
        transient=True,
        disable=not render.err.is_terminal,
    )
    tasks: dict[str, bars.TaskID] = {}

    def show(name: str, done: int, total: int | None) -> None:
        if name not in tasks:
            # Starting at what is there already keeps the speed honest when a download goes on.
            tasks[name] = bar.add_task(name, completed=done, total=total)
        bar.update(tasks[name], completed=done, total=total)

    with bar:
        yield show
