"""eval: how well the library answers questions that one knows the answers of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dragtor.cli.questions import Count, Filters, Retriever, make_query, no_thinking
from dragtor.cli.state import State, state_of

if TYPE_CHECKING:
    from dragtor.evaluate.evaluating import Outcome
    from dragtor.evaluate.working import Material
    from dragtor.pipeline import Dragtor

FAILED_BELOW = 3
"""Exit code where a metric is below --fail-below."""
Questions = Annotated[
    Path, typer.Argument(metavar="QUESTIONS", help="A questions file, or the folder of a set.")
]
Split = Annotated[
    str | None, typer.Option("--split", metavar="NAME", help="Only these questions of a set.")
]
Limit = Annotated[
    int | None,
    typer.Option("--limit", min=1, metavar="N", help="Only N questions, always the same ones."),
]
FailBelow = Annotated[
    list[str] | None,
    typer.Option(
        "--fail-below",
        metavar="METRIC=VALUE",
        help="Exit code 3 if a metric is below this; repeatable.",
    ),
]
Answers = Annotated[
    bool | None,
    typer.Option(
        "--answers/--no-answers",
        help="Make answers too; by default where there are reference answers.",
    ),
]


def evaluate(
    ctx: typer.Context,
    questions: Questions,
    split: Split = None,
    k: Count = None,
    retriever: Retriever = None,
    filter_: Filters = None,
    limit: Limit = None,
    answers: Answers = None,
    worst: Annotated[
        int, typer.Option("--worst", min=0, metavar="N", help="Show the N worst questions.")
    ] = 10,
    fail_below: FailBelow = None,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure how well questions are answered whose answers you know.

    A questions file is asked of your own library. A set's folder (corpus.jsonl, queries.jsonl,
    qrels.tsv or qrels/NAME.tsv) brings its own documents, and yours are not touched.

    Example: dragtor eval assets/questions.yml --worst 5
    """
    from dragtor.cli import render
    from dragtor.evaluate.evaluating import means
    from dragtor.evaluate.reports import below, parse_bounds
    from dragtor.evaluate.working import read_material

    bounds = parse_bounds(fail_below or ())
    state = state_of(ctx)
    material = read_material(questions, state.collection, split, limit)
    with _stoppable(), _asked(state, material) as dragtor:
        outcomes = _outcomes(state, material, dragtor, (k, retriever, filter_), answers)
    found = means(outcomes)
    if json_:
        render.json_out(evaluation_json(material.name, found, outcomes))
    else:
        _show(material.name, found, outcomes, worst)
    fail(below(found, bounds, material.name))


def fail(failures: Sequence[str]) -> None:
    """Say what is below its bound, if anything is. Raises Exit."""
    from dragtor.cli import render

    for failure in failures:
        render.error(failure)
    if failures:
        raise typer.Exit(FAILED_BELOW)


def evaluation_json(
    name: str, metrics: dict[str, float | None], outcomes: Sequence[Outcome]
) -> dict[str, Any]:
    """What ``dragtor eval --json`` prints: questions worst first."""
    from dragtor.evaluate.evaluating import QUALITY, worst_first

    return {
        "name": name,
        "metrics": {
            key: None if value is None else round(value, 6) for key, value in metrics.items()
        },
        "questions": [
            {
                "id": one.id,
                "question": one.question,
                "rank": one.rank,
                "metrics": {
                    key: round(one.scores[key], 6) if key in one.scores else None for key in QUALITY
                },
                "seconds": None if one.seconds is None else round(one.seconds, 6),
                "answer": one.answer,
            }
            for one in worst_first(outcomes)
        ],
    }


@contextmanager
def _asked(state: State, material: Material) -> Iterator[Dragtor]:
    """The library that questions are asked of: one's own, or one that is gone afterwards."""
    from dragtor.cli.progress import progress
    from dragtor.evaluate.working import SetMaterial, workplace

    if not isinstance(material, SetMaterial):
        yield state.dragtor
        return
    with workplace(state.settings) as folder:
        with progress(f"Loading {material.name}") as show:
            material.fill(state.settings, folder, show)
        with closing(material.open(state.settings, folder)) as dragtor:
            with progress("Indexing") as show:
                dragtor.index(rebuild=False, progress=show)
            yield dragtor


def _outcomes(
    state: State,
    material: Material,
    dragtor: Dragtor,
    asked: tuple[int | None, str | None, list[str] | None],
    answers: bool | None,
) -> list[Outcome]:
    """What comes of the questions; what is left out of them is said."""
    from dataclasses import replace

    from dragtor.cli import render
    from dragtor.cli.progress import progress
    from dragtor.evaluate.evaluating import evaluate
    from dragtor.evaluate.running import check_material, examination, wants_answers

    settings = state.settings
    k, retriever, filters = asked
    query = make_query(state, "", k or settings.retrieve.k, retriever, filters)
    query = replace(query, collections=(material.collection,))
    judge = material.judge(dragtor.library)
    answering = wants_answers(material, answers)
    notices = list(check_material(material, judge, answering))
    notices += dragtor.search(replace(query, text="notices")).notices
    if answering and (fallback := no_thinking(state)):
        notices.append(fallback)
    render.notices(notices, set())
    with progress("Asking") as show:
        asked_so = examination(query, k or settings.answer.passages, answers=answering)
        return list(evaluate(dragtor, material.cases, judge, asked_so, show))


@contextmanager
def _stoppable() -> Iterator[None]:
    """Ctrl-C ends it in one line. Raises Exit with code 130."""
    try:
        yield
    except KeyboardInterrupt:
        from dragtor.cli import render

        render.said_line("stopped; nothing was kept but vectors")
        raise typer.Exit(130) from None


def _show(
    name: str, metrics: dict[str, float | None], outcomes: Sequence[Outcome], worst: int
) -> None:
    from dragtor.cli import listings, render
    from dragtor.evaluate.evaluating import F1, LATENCY, QUALITY, SUPPORT, worst_first

    facts = {"questions": f"{len(outcomes)} of {name}"}
    for key in QUALITY:
        if (value := metrics[key]) is not None:
            facts[key.replace("_", " ")] = f"{value:.3f}"
    p50, p95 = (metrics[key] for key in LATENCY)
    if p50 is not None and p95 is not None:
        facts["latency"] = f"p50 {p50:.1f} ms, p95 {p95:.1f} ms"
    listings.facts(facts)
    shown = worst_first(outcomes)[:worst]
    if not shown:
        return
    columns = [key for key in ("nDCG@10", F1, SUPPORT) if metrics[key] is not None]
    ranked = metrics["nDCG@10"] is not None
    heads = [key.replace("_", " ") for key in columns]
    render.out.print()
    rows = []
    for one in shown:
        cells = [f"{one.scores[key]:.2f}" if key in one.scores else "" for key in columns]
        rank = [str(one.rank or "-")] if ranked else []
        rows.append([*cells, *rank, " ".join(one.question.split())])
    numbers = [*heads, *(["rank"] if ranked else [])]
    render.table([*numbers, "question, worst first"], rows, right=numbers)
