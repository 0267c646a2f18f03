"""calibrate: learn from questions when this library should refuse."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dragtor.cli.state import state_of

if TYPE_CHECKING:
    from dragtor.calibrating import CalibrationReport
    from dragtor.cli.state import State
    from dragtor.types import Query


def calibrate(
    ctx: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            help="Your questions, YAML or JSON Lines: question, answerable (true or false).",
        ),
    ] = None,
    forget: Annotated[
        bool, typer.Option("--forget", help="Go back to how dragtor decides by default.")
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Fit to your library when to say that your sources do not hold the answer.

    Without FILE, from questions made of the library itself and from everyday questions. The fit is
    kept with the index, until that is built anew.

    Example: dragtor calibrate assets/questions.yml
    """
    from dragtor.calibrating import read_questions
    from dragtor.cli import render
    from dragtor.cli.progress import progress

    state = state_of(ctx)
    judged = read_questions(file) if file else []
    calibrator = state.dragtor.calibrator()
    if forget:
        calibrator.forget()
        render.line("the library's own calibration is gone")
        return
    with progress("Asking") as show:
        report = calibrator.calibrate(judged, _query(state), show)
    if json_:
        render.json_out(asdict(report))
    else:
        _show(report)


def _query(state: State) -> Query:
    """What every question is asked with."""
    from dragtor.types import Query

    settings = state.settings
    return Query(
        "",
        k=settings.answer.passages,
        collections=(state.collection,),
    )


def _show(report: CalibrationReport) -> None:
    from dragtor.cli import listings, render

    asked = "yours" if report.source == "questions" else "made of the library, and everyday ones"
    total = report.answerable + report.unanswerable
    listings.facts(
        {
            "questions": f"{total}, {asked}: {report.answerable} with an answer, "
            f"{report.unanswerable} without",
            "area under ROC": f"{report.area:.2f} (1: tells them apart, 0.5: cannot)",
            "refuses below": f"{report.threshold:.2f} (by default {report.threshold_before:.2f})",
            "refused wrongly": f"{report.wrong:.0%} of those with an answer",
            "refused rightly": f"{report.caught:.0%} of those without",
        }
    )
    if not report.fitted:
        render.line("A fit to such questions does no better: the default is kept.")
        render.line("Questions that you judge say more: dragtor calibrate FILE")
