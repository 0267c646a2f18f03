"""What an experiment leaves for people and for other programs: CSV, Markdown, JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

from dragtor.errors import QueryError
from dragtor.evaluate.comparing import LEVEL, Measured, Row
from dragtor.evaluate.evaluating import LATENCY, QUALITY
from dragtor.evaluate.results import Results
from dragtor.interfaces import Tracker
from dragtor.log import logger

COLUMNS = (
    *("questions", "setting", "metric", "count"),
    *("value", "low", "high", "difference", "p", "p_holm", "verdict"),
)


def parse_bounds(given: Sequence[str]) -> dict[str, float]:
    """Least values by metric, from ``metric=value``. Raises QueryError."""
    bounds: dict[str, float] = {}
    by_lower = {name.lower(): name for name in QUALITY}
    for text in given:
        name, separator, value = text.partition("=")
        metric = by_lower.get(name.strip().lower())
        if not separator or metric is None:
            raise QueryError(
                f"--fail-below {text}: write it as METRIC=VALUE; METRIC is one of "
                f"{', '.join(QUALITY)}"
            )
        try:
            bounds[metric] = float(value)
        except ValueError:
            raise QueryError(f"--fail-below {text}: {value!r} is no number") from None
        if not isfinite(bounds[metric]):
            raise QueryError(f"--fail-below {text}: {value!r} bounds nothing: give a number")
    return bounds


def below(
    metrics: Mapping[str, float | None], bounds: Mapping[str, float], where: str
) -> list[str]:
    """A sentence for each metric that is below its bound, or was not measured."""
    found = []
    for name, bound in bounds.items():
        value = metrics.get(name)
        if value is None:
            found.append(f"{where}: {name} was not measured; it was to be {bound:g} or more")
        elif value < bound:
            found.append(f"{where}: {name} is {value:.4f}, below {bound:g}")
    return found


def to_csv(rows: Sequence[Row]) -> str:
    """A line for each metric of each setting on each set of questions."""
    page = io.StringIO()
    writer = csv.writer(page, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        for name, one in row.metrics.items():
            figures = (one.value, one.low, one.high, one.difference, one.p, one.adjusted)
            head = (row.questions, row.setting, name, row.count)
            writer.writerow([*head, *map(_number, figures), one.verdict])
        for name, value in row.latency.items():
            rest = [""] * (len(COLUMNS) - 5)
            writer.writerow([row.questions, row.setting, name, row.count, _number(value), *rest])
    return page.getvalue()


def to_markdown(results: Results, rows: Sequence[Row], pictures: Sequence[str] = ()) -> str:
    """A page that says what was compared, what came out, and what to make of it."""
    run = results.run
    lines = [f"# {run.name}", ""]
    lines += [f"Run {run.id}, begun {run.started}. Baseline: {run.baseline}.", ""]
    for questions in results.outcomes:
        some = [row for row in rows if row.questions == questions]
        if some:
            lines += [f"## {questions} ({some[0].count} questions)", "", *_table(results, some), ""]
    lines += [
        f"A difference counts as shown where p < {LEVEL:g} in a paired randomisation test over the "
        "questions, after Holm's correction for all comparisons of a metric. Intervals hold the "
        "mean with 95 % confidence (bootstrap). Latency is that of a search.",
        "",
        "## Settings",
        "",
    ]
    for name, changes in results.changes.items():
        said = ", ".join(f"`{key}: {_value(value)}`" for key, value in changes.items())
        lines.append(f"- **{name}**: {said or 'the configuration as it is'}")
    lines += ["", *(f"![{name}]({name})" for name in pictures)]
    return "\n".join(lines).rstrip() + "\n"


def to_json(results: Results, rows: Sequence[Row]) -> dict[str, Any]:
    """What ``dragtor experiment run --json`` prints; docs/json.md describes it."""
    run = results.run
    return {
        "run": str(run.id),
        "name": run.name,
        "baseline": run.baseline,
        "metric": run.metric,
        "started": run.started,
        "finished": run.finished,
        "settings": [
            {
                "name": row.setting,
                "questions": row.questions,
                "count": row.count,
                "changes": dict(results.changes[row.setting]),
                "metrics": means_of(row),
                "comparisons": {
                    name: _comparison(one) if (one := row.metrics.get(name)) else None
                    for name in QUALITY
                },
            }
            for row in rows
        ],
    }


def means_of(row: Row) -> dict[str, float | None]:
    """Metrics as ``dragtor eval`` has them: all of them, None where they apply to nothing."""
    found: dict[str, float | None] = {}
    for name in QUALITY:
        measured = row.metrics.get(name)
        found[name] = round(measured.value, 6) if measured else None
    for name in LATENCY:
        value = row.latency.get(name)
        found[name] = round(value, 3) if value is not None else None
    return found


def write(folder: Path, results: Results, rows: Sequence[Row], *, plots: bool) -> list[Path]:
    """Write report.md, results.csv, results.json and, with ``plots``, pictures; returns all.

    A picture that cannot be drawn is for the log file: what was measured counts.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pictures = _drawn(folder, results, rows) if plots else []
    texts = {
        "report.md": to_markdown(results, rows, [path.name for path in pictures]),
        "results.csv": to_csv(rows),
        "results.json": json.dumps(to_json(results, rows), indent=2, ensure_ascii=False) + "\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [*(folder / name for name in texts), *pictures]


def _drawn(folder: Path, results: Results, rows: Sequence[Row]) -> list[Path]:
    from dragtor.evaluate.plots import draw

    try:
        return draw(folder, results, rows)
    except Exception as error:  # whatever a drawing library, and fonts, may come up with
        logger.warning("the pictures of run {} were not drawn: {}", results.run.id, error)
        return []


def track(tracker: Tracker, results: Results, rows: Sequence[Row], files: Sequence[Path]) -> None:
    """Log each setting as a run, and the files as one of their own. Raises StoreError."""
    run = results.run
    for row in rows:
        params = {key: _value(value) for key, value in results.changes[row.setting].items()}
        about = {"questions": row.questions, "setting": row.setting, "run": str(run.id)}
        metrics = {name: value for name, value in means_of(row).items() if value is not None}
        for name, one in row.metrics.items():
            metrics |= {f"{name} low": one.low, f"{name} high": one.high}
            if one.adjusted is not None and one.difference is not None:
                metrics |= {f"{name} difference": one.difference, f"{name} p": one.adjusted}
        verdict = {"verdict": in_words(row.metrics.get(run.metric))}
        name = f"{row.setting} on {row.questions}"
        tracker.log(run.name, name, {**about, **params, **verdict}, metrics, {})
    contents = {path.name: path.read_bytes() for path in files}
    tracker.log(run.name, f"run {run.id}", {"run": str(run.id)}, {}, contents)


def _table(results: Results, rows: Sequence[Row]) -> list[str]:
    metrics = _metrics(rows)
    main = results.run.metric
    head = ["setting", *metrics, *(name.replace("latency_", "") for name in LATENCY), "verdict"]
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 2) + "|---|"]
    for row in rows:
        cells = [row.setting]
        for name in metrics:
            one = row.metrics.get(name)
            cells.append(_with_interval(one) if one and name == main else _plain(one))
        cells += [_shown(row.latency.get(name), 1) for name in LATENCY]
        cells.append(in_words(row.metrics.get(main)))
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return lines


def in_words(one: Measured | None) -> str:
    """What a comparison comes to.

    >>> in_words(Measured(0.7, 0.6, 0.8, 0.031, 0.001, 0.002, "better"))
    'better: +0.031, p = 0.002'
    """
    if one is None:
        return "not measured"
    if one.difference is None or one.adjusted is None:
        return one.verdict
    p = "p < 0.001" if one.adjusted < 0.001 else f"p = {one.adjusted:.3f}"
    return f"{one.verdict}: {one.difference:+.3f}, {p}"


def _comparison(one: Measured) -> dict[str, Any]:
    return {
        "low": round(one.low, 6),
        "high": round(one.high, 6),
        "difference": None if one.difference is None else round(one.difference, 6),
        "p": one.p,
        "p_holm": one.adjusted,
        "verdict": one.verdict,
    }


def _metrics(rows: Sequence[Row]) -> list[str]:
    return [name for name in QUALITY if any(name in row.metrics for row in rows)]


def _with_interval(one: Measured) -> str:
    return f"{one.value:.3f} ({one.low:.3f}–{one.high:.3f})"


def _plain(one: Measured | None) -> str:
    return _shown(one.value if one else None, 3)


def _shown(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
