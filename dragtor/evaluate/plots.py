"""Pictures of an experiment: the metric of each setting with its interval, quality against time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dragtor.evaluate.comparing import Row
from dragtor.evaluate.results import Results
from dragtor.extras import require

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EXTRA = "plots"
COLOURS = {
    "baseline": "#444444",
    "better": "#1a7f37",
    "worse": "#c62828",
    "no difference shown": "#8a8a8a",
    "not comparable": "#8a8a8a",
}
"""By verdict; marks differ as well, for those who see no colours."""
MARKS = {"baseline": "D", "better": "^", "worse": "v"}


def draw(folder: Path, results: Results, rows: Sequence[Row]) -> list[Path]:
    """Write the pictures as SVG and return their paths. Raises MissingExtra."""
    require("matplotlib", EXTRA)
    pictures = {
        "settings.svg": _settings(results, rows),
        "latency.svg": _latency(results, rows),
    }
    paths = []
    for name, figure in pictures.items():
        if figure is not None:
            path = folder / name
            figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
            paths.append(path)
    return paths


def _settings(results: Results, rows: Sequence[Row]) -> Figure | None:
    """A panel for each set of questions: the metric of each setting, best first."""
    metric = results.run.metric
    panels = _panels(results, [row for row in rows if metric in row.metrics])
    if not panels:
        return None
    heights = [0.32 * len(some) + 0.9 for some in panels.values()]
    figure, axes = _figure(8, sum(heights), len(panels), heights)
    for axis, (questions, some) in zip(axes, panels.items(), strict=True):
        ordered = sorted(some, key=lambda row: row.metrics[metric].value)
        for place, row in enumerate(ordered):
            one = row.metrics[metric]
            axis.errorbar(
                one.value,
                place,
                xerr=[[max(0.0, one.value - one.low)], [max(0.0, one.high - one.value)]],
                fmt=MARKS.get(one.verdict, "o"),
                color=COLOURS[one.verdict],
                capsize=3,
                markersize=6,
            )
            if one.verdict == "baseline":
                axis.axvline(one.value, color="#cccccc", linewidth=1, zorder=0)
        axis.set_yticks(range(len(ordered)), [_cut(row.setting) for row in ordered])
        axis.set_ylim(-0.6, len(ordered) - 0.4)
        axis.set_title(f"{questions} ({some[0].count} questions)", loc="left", fontsize=10)
        axis.grid(axis="x", color="#eeeeee")
    axes[-1].set_xlabel(f"{metric}, with 95 % confidence intervals")
    _legend(figure, axes[0], rows, metric)
    return figure


def _latency(results: Results, rows: Sequence[Row]) -> Figure | None:
    """A panel for each set of questions: quality against the time of a search."""
    metric, timed = results.run.metric, "latency_p95_ms"
    shown = [row for row in rows if metric in row.metrics and timed in row.latency]
    panels = _panels(results, shown)
    if not panels:
        return None
    figure, axes = _figure(8, 4.2 * len(panels), len(panels), [1.0] * len(panels))
    for axis, (questions, some) in zip(axes, panels.items(), strict=True):
        for number, row in enumerate(some, start=1):
            one = row.metrics[metric]
            x, y = row.latency[timed], one.value
            mark = MARKS.get(one.verdict, "o")
            label = f"{number}  {_cut(row.setting)}"
            axis.plot(x, y, mark, color=COLOURS[one.verdict], label=label, markersize=7)
            axis.annotate(
                str(number), (x, y), textcoords="offset points", xytext=(6, 4), fontsize=8
            )
        axis.set_title(f"{questions} ({some[0].count} questions)", loc="left", fontsize=10)
        axis.set_xlabel("95th percentile of the time of a search, ms")
        axis.set_ylabel(metric)
        axis.set_xlim(left=0)
        axis.margins(0.12)
        axis.grid(color="#eeeeee")
        axis.legend(loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, fontsize=8)
    return figure


def _figure(
    width: float, height: float, count: int, heights: Sequence[float]
) -> tuple[Figure, list[Any]]:
    """A figure that belongs to no window, so that no screen is needed."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    grid = figure.add_gridspec(count, 1, height_ratios=list(heights))
    axes = [figure.add_subplot(grid[number]) for number in range(count)]
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
        axis.set_axisbelow(True)
    return figure, axes


def _legend(figure: Figure, axis: Any, rows: Sequence[Row], metric: str) -> None:  # noqa: ANN401
    from matplotlib.lines import Line2D

    there = {row.metrics[metric].verdict for row in rows if metric in row.metrics}
    handles = [
        Line2D([], [], marker=MARKS.get(name, "o"), color=colour, linestyle="", label=name)
        for name, colour in COLOURS.items()
        if name in there
    ]
    axis.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, fontsize=8
    )


def _panels(results: Results, rows: Sequence[Row]) -> dict[str, list[Row]]:
    found = {name: [row for row in rows if row.questions == name] for name in results.outcomes}
    return {name: some for name, some in found.items() if some}


def _cut(name: str, most: int = 48) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"
