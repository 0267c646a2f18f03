"""Pictures of an experiment: the metric of each setting with its interval, quality against time."""

from __future__ import annotations

import textwrap
import warnings
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
NEAR = 0.05
"""Share of an axis that a number needs for itself."""
MARKS = {"baseline": "D", "better": "^", "worse": "v"}


def draw(folder: Path, results: Results, rows: Sequence[Row]) -> list[Path]:
    """Write the pictures as SVG and return their paths. Raises MissingExtra."""
    matplotlib = require("matplotlib", EXTRA)
    paths = []
    # Names are names: a $ begins no formula, and a letter that the font lacks is a box.
    with matplotlib.rc_context({"text.parse_math": False}), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pictures = {
            "settings.svg": _settings(results, rows),
            "latency.svg": _latency(results, rows),
        }
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
    heights = [
        sum(0.16 + 0.16 * len(_folded(row.setting)) for row in some) + 0.9
        for some in panels.values()
    ]
    figure, axes = _figure(8, sum(heights), len(panels), heights)
    for axis, (questions, some) in zip(axes, panels.items(), strict=True):
        ordered = sorted(some, key=lambda row: row.metrics[metric].value)
        names = [_folded(row.setting) for row in ordered]
        places = _places([len(lines) for lines in names])
        for place, row in zip(places, ordered, strict=True):
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
        axis.set_yticks(places, ["\n".join(lines) for lines in names])
        axis.set_ylim(places[0] - 0.6, places[-1] + 0.6)
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
        points = [(row.latency[timed], row.metrics[metric].value) for row in some]
        for number, (row, (x, y)) in enumerate(zip(some, points, strict=True), start=1):
            verdict = row.metrics[metric].verdict
            label = f"{number}  " + "\n    ".join(_folded(row.setting))
            mark = MARKS.get(verdict, "o")
            axis.plot(x, y, mark, color=COLOURS[verdict], label=label, markersize=7)
        axis.set_title(f"{questions} ({some[0].count} questions)", loc="left", fontsize=10)
        axis.set_xlabel("95th percentile of the time of a search, ms")
        axis.set_ylabel(metric)
        axis.set_xlim(left=0)
        axis.margins(0.12)
        axis.grid(color="#eeeeee")
        axis.legend(loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, fontsize=8)
        for group in _together(points, axis.get_xlim(), axis.get_ylim()):
            said = ", ".join(str(place + 1) for place in group)
            at = max(points[place] for place in group)
            axis.annotate(said, at, textcoords="offset points", xytext=(6, 4), fontsize=8)
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


def _folded(name: str, width: int = 48) -> list[str]:
    """All of a name, in lines: settings of a grid differ at the end as well as at the beginning."""
    return textwrap.wrap(name, width) or [name]


def _places(lines: Sequence[int]) -> list[float]:
    """Where the middle of each name stands, one above the other, 1 apart if of one line each."""
    places, top = [], 0.0
    for count in lines:
        room = (1 + count) / 2
        places.append(top + room / 2)
        top += room
    return places


def _together(
    points: Sequence[tuple[float, float]],
    wide: tuple[float, float],
    high: tuple[float, float],
) -> list[list[int]]:
    """Places of points, those together that are too near to each other for a number each.

    ``wide`` and ``high`` are where the axes begin and end.
    """

    def near(one: int, other: int) -> bool:
        pairs = zip(points[one], points[other], (wide, high), strict=True)
        return all(abs(a - b) <= NEAR * (end - begin) for a, b, (begin, end) in pairs)

    groups: list[list[int]] = []
    for one in range(len(points)):
        joined = [group for group in groups if any(near(one, other) for other in group)]
        groups = [group for group in groups if group not in joined]
        groups.append(sorted([one, *(other for group in joined for other in group)]))
    return groups
