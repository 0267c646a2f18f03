"""experiment: compare settings on questions, and say whether a difference is real."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dragtor.cli.evaluate import FailBelow, fail
from dragtor.cli.state import State, state_of

if TYPE_CHECKING:
    from dragtor.config import Settings
    from dragtor.evaluate.comparing import Row
    from dragtor.evaluate.results import Results
    from dragtor.layering import Layer
    from dragtor.types import Notice

app = typer.Typer(no_args_is_help=True, help="Compare settings on your questions.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def run(
    ctx: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="What to compare; see docs/experiments.md.")
    ],
    fail_below: FailBelow = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Begin anew where a run was interrupted.")
    ] = False,
    json_: AsJson = False,
) -> None:
    """Compare settings: a grid or a list of them, each on the same questions.

    Your library is not touched. An interrupted run goes on where it stopped.

    Example: dragtor experiment run config/experiments/retrievers.yml
    """
    from dragtor.cli import render
    from dragtor.cli.progress import progress
    from dragtor.evaluate.experiment import read_experiment
    from dragtor.evaluate.reports import parse_bounds
    from dragtor.evaluate.results import ResultStore
    from dragtor.evaluate.running import run_experiment

    bounds = parse_bounds(fail_below or ())
    state = state_of(ctx)
    experiment = read_experiment(file, lambda layer: _checked(state, layer))

    def say(notice: Notice) -> None:
        render.notices([notice], set())

    try:
        id = run_experiment(
            experiment, state.settings, state.collection, progress, say, fresh=restart
        )
    except KeyboardInterrupt:
        render.said_line("stopped; run it again to go on")
        raise typer.Exit(130) from None
    results = ResultStore(state.settings.paths.experiments).results(id)
    _report(state, results, bounds, json_)


@app.command("list")
def list_(ctx: typer.Context, json_: AsJson = False) -> None:
    """List the experiments that were run, the latest first.

    Example: dragtor experiment list
    """
    from dataclasses import asdict

    from dragtor.cli import listings, render
    from dragtor.evaluate.results import ResultStore

    runs = ResultStore(state_of(ctx).settings.paths.experiments).runs()
    if json_:
        render.json_out([{**asdict(info), "id": str(info.id)} for info in runs])
    elif not runs:
        render.line("no experiments: `dragtor experiment run` makes one")
    else:
        rows = [
            [
                str(info.id),
                listings.when(info.started) if info.finished else "unfinished",
                str(len(info.settings)),
                ", ".join(info.questions),
                info.name,
            ]
            for info in runs
        ]
        heads = ("run", "when", "settings", "questions", "name")
        render.table(heads, rows, right=("run", "settings"), whole=("when",))


@app.command()
def show(
    ctx: typer.Context,
    id: Annotated[int, typer.Argument(metavar="RUN", help="Its number in `experiment list`.")],
    metric: Annotated[
        str | None, typer.Option("--metric", metavar="NAME", help="Compare by this metric.")
    ] = None,
    json_: AsJson = False,
) -> None:
    """Show what an experiment found.

    Example: dragtor experiment show 1 --metric recall@100
    """
    from dataclasses import replace

    from dragtor.cli import render
    from dragtor.errors import QueryError
    from dragtor.evaluate.comparing import compare
    from dragtor.evaluate.evaluating import QUALITY
    from dragtor.evaluate.reports import to_json
    from dragtor.evaluate.results import ResultStore
    from dragtor.mistakes import not_one_of

    results = ResultStore(state_of(ctx).settings.paths.experiments).results(id)
    if metric is not None:
        if metric not in QUALITY:
            raise QueryError(not_one_of("--metric", metric, QUALITY))
        results = replace(results, run=replace(results.run, metric=metric))
    rows = compare(results)
    if metric is not None and not any(metric in row.metrics for row in rows):
        raise QueryError(f"run {id} has no {metric}: {_measured(rows)}")
    if json_:
        render.json_out(to_json(results, rows))
    else:
        _table(results, rows)


def _measured(rows: Sequence[Row]) -> str:
    """What there is to compare by."""
    from dragtor.evaluate.evaluating import QUALITY

    there = [name for name in QUALITY if any(name in row.metrics for row in rows)]
    return f"what was measured is {', '.join(there)}" if there else "nothing was measured"


def _checked(state: State, layer: Layer) -> Settings:
    """Settings with what an experiment changes, all that they ask for being there."""
    from dragtor.build import check_ready
    from dragtor.config import load_settings

    settings = load_settings(state.config, state.assignments, layer=layer)
    check_ready(settings)
    return settings


def _report(state: State, results: Results, bounds: dict[str, float], json_: bool) -> None:
    """Write the files, log what is to be logged, show the table. Exit code 3 below a bound."""
    from dragtor.cli import render
    from dragtor.evaluate.comparing import compare
    from dragtor.evaluate.reports import below, means_of, to_json, write

    rows = compare(results)
    run = results.run
    folder = state.settings.paths.experiments / f"{run.id}-{_file_name(run.name)}"
    plots = _can_plot()
    files = write(folder, results, rows, plots=plots)
    if json_:
        render.json_out(to_json(results, rows))
    else:
        _table(results, rows)
        if not plots:
            render.said_line(render.dim("no pictures: poetry install -E plots"))
        elif not any(path.suffix == ".svg" for path in files):
            render.said_line(render.dim("no pictures: they could not be drawn; the log says why"))
        render.line(f"\nreport, tables and pictures: {render.link(folder.as_uri())}")
    _track(state.settings, results, rows, files)
    fail(
        [
            failure
            for row in rows
            for failure in below(means_of(row), bounds, f"{row.setting} on {row.questions}")
        ]
    )


def _table(results: Results, rows: Sequence[Row]) -> None:
    """A table for each set of questions: the metric, its interval, and what to make of it."""
    from rich.text import Text

    from dragtor.cli.render import counted, harmless, line, out, table

    run = results.run
    style = {"better": "green", "worse": "red", "baseline": "bold"}
    for number, questions in enumerate(results.outcomes):
        some = [row for row in rows if row.questions == questions and run.metric in row.metrics]
        if not some:
            continue
        if number:
            out.print()
        count = counted(max(row.count for row in some), "question")
        heading = f"{run.name}, run {run.id}: {count} of {questions}, against {run.baseline}"
        out.print(Text(harmless(heading), style="bold"), soft_wrap=True)
        cells: list[list[str | Text]] = []
        for row in some:
            one = row.metrics[run.metric]
            p95 = row.latency.get("latency_p95_ms")
            cells.append(
                [
                    row.setting,
                    f"{one.value:.3f}",
                    f"{one.low:.3f}–{one.high:.3f}",
                    "" if p95 is None else f"{p95:.1f}",
                    "" if one.difference is None else f"{one.difference:+.3f}",
                    Text(one.verdict, style=style.get(one.verdict, "")),
                ]
            )
        heads = ("setting", run.metric, "95 %", "p95 ms", "diff", "verdict")
        table(heads, cells, right=(run.metric, "p95 ms", "diff"), whole=("95 %",))
    if not any(run.metric in row.metrics for row in rows):
        line(f"{run.metric} was not measured: {_measured(rows)}")


def _can_plot() -> bool:
    from importlib.util import find_spec

    return find_spec("matplotlib") is not None


def _file_name(name: str) -> str:
    """A name that any file system takes."""
    import re

    return re.sub(r"[^\w.-]+", "-", name).strip("-.").lower()[:60] or "experiment"


def _track(
    settings: Settings, results: Results, rows: Sequence[Row], files: Sequence[Path]
) -> None:
    """Log an experiment elsewhere as well, where that is asked for."""
    from dragtor.build import tracker
    from dragtor.evaluate.reports import track

    engine = tracker(settings)
    if engine is not None:
        track(engine, results, rows, files)
