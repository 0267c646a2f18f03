"""When dragtor refuses: answerable against unanswerable questions, fitted and judged apart.

Each set goes the way of a person's files: load, index, then each question is searched for as `ask`
does. Questions are halved by the hash of their ids. Usage:

    DRAGTOR_DATA=… python benchmarks/refusal.py         # judge what is packaged, draw the curve
    DRAGTOR_DATA=… python benchmarks/refusal.py --fit   # fit it anew first, on one half of each
    DRAGTOR_DATA=… python benchmarks/refusal.py --fit --drafts 200    # and what a draft adds
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from importlib import resources
from itertools import product
from pathlib import Path
from typing import Any

import common

from dragtor.answer import answerability, fitting
from dragtor.answer.answerability import Calibration, Coefficient
from dragtor.evaluate.refusal import area, at_threshold, at_wrong, risk_at, risk_coverage
from dragtor.evaluate.sets import Question, RetrievalSet, read_set
from dragtor.types import Answer, Filter, Query

SETS = {"clapnq_dev": 300, "squad20_dev": 1500}
"""Development sets, and how many questions of each kind are taken."""
BOUNDS = (0.05, 0.10)
WRONG = 0.05
"""Share of answerable questions that the packaged threshold may refuse."""
COVERAGES = tuple(round(0.1 * step, 1) for step in range(1, 11))
REFUSALS = 20
"""With fewer refusals in its drafts, a model's own refusal counts as ASSUMED."""
ASSUMED = Coefficient(centre=0.0, scale=1.0, weight=-2.0)
"""It takes two off the log odds: a likely answer becomes doubtful, a sure one remains likely."""
PICTURE = Path(__file__).parents[1] / "docs" / "risk_coverage.svg"
PACKAGED = Path(str(resources.files("dragtor.answer").joinpath("answerability.json")))
Figures = Mapping[str, float]
Score = Callable[[Figures], float]


@dataclass(frozen=True, slots=True)
class Row:
    """A question with the figures of its evidence, found in all and in its own document alone."""

    half: int
    answerable: bool
    found: Figures
    given: Figures


def main() -> int:
    """Run, print, draw and keep the result."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--fit", action="store_true", help="write the packaged coefficients")
    parser.add_argument("--sets", nargs="+", default=list(SETS), help="folders below DRAGTOR_DATA")
    parser.add_argument("--drafts", type=int, default=0, help="questions a model drafts answers to")
    arguments = parser.parse_args()
    rows = {name: read(name) for name in arguments.sets}
    draft = answerability.default().draft if PACKAGED.exists() else {}
    if arguments.fit:
        halves = [[row for row in each if row.half == 0] for each in rows.values()]
        fitted = replace(fit(halves), draft=draft)
        if arguments.drafts:
            fitted = replace(fitted, draft=fit_drafts(fitted, arguments.drafts))
        text = json.dumps(answerability.to_data(fitted), indent=2)
        PACKAGED.write_text(text + "\n", encoding="utf-8")
        answerability.default.cache_clear()
    packaged = answerability.default()
    result = {
        name: {"packaged": shipped(packaged, rows[name]), **crossed(name, rows)} for name in rows
    }
    for name, each in result.items():
        print(_lines(name, each), flush=True)
    if set(rows) == set(SETS):
        draw(packaged, rows)
        head = {"wrong_refusals_allowed": WRONG, "questions_of_a_kind": SETS}
        common.store("refusal", {**head, "packaged": asdict(packaged), "sets": result})
    return 0


def read(name: str) -> list[Row]:
    """Load, index and search one set."""
    folder = common.data(name)
    questions = read_set(folder)
    settings, dragtor = common.product(common.workplace(name), ["llm.model=none"])
    corpus = folder / "corpus.jsonl"
    dragtor.load("main", [], [str(corpus)], refresh=False, progress=common.quiet)
    dragtor.index(rebuild=False, progress=common.quiet)
    figures, k = dragtor.calibrator().figures, settings.answer.passages
    chosen = list(_chosen(questions, SETS.get(name, 300)))
    rows = []
    for done, (question, document) in enumerate(chosen):
        common.quiet(done, len(chosen), name)
        own = (Filter("uri", "=", f"{corpus.as_uri()}#{document}"),)
        found, given = (figures(Query(question.text, k=k, filters=to)) for to in ((), own))
        half = int(_hash(question), 16) % 2
        rows.append(Row(half, not question.meta.get("unanswerable"), found, given))
    dragtor.close()
    return rows


def _chosen(questions: RetrievalSet, each: int) -> Iterable[tuple[Question, str]]:
    """Questions of both kinds with the document they were asked about, by the hash of their id."""
    kinds: tuple[list[tuple[Question, str]], list[tuple[Question, str]]] = ([], [])
    for question in sorted(questions.questions, key=_hash):
        meta = question.meta
        relevant = [id for id, grade in questions.qrels.get(question.id, {}).items() if grade > 0]
        if meta.get("unanswerable"):
            kinds[0].append((question, str(meta.get("passage") or meta.get("paragraph"))))
        elif relevant:
            kinds[1].append((question, relevant[0]))
    for kind in kinds:
        yield from kind[:each]


def _hash(question: Question) -> str:
    return sha256(question.id.encode()).hexdigest()


def fit(sets: Sequence[Sequence[Row]]) -> Calibration:
    """Coefficients where each set weighs the same, and a threshold that each of them can bear."""
    examples = [
        fitting.Example(row.found, row.answerable, weight=300 / len(rows))
        for rows in sets
        for row in rows
    ]
    names = sorted({name for example in examples for name in example.figures})
    coefficients, intercept = fitting.regression(examples, names)
    fitted = Calibration(coefficients, intercept, 0.0, {})
    thresholds = [
        fitting.threshold([fitted.probability(row.found) for row in rows if row.answerable], WRONG)
        for rows in sets
    ]
    return replace(fitted, threshold=round(min(thresholds), 4))


def fit_drafts(fitted: Calibration, count: int) -> Mapping[str, Coefficient]:
    """What drafts by the model that is there add to the log odds, on the half that is fitted to.

    The log odds before are one of the figures, by whose weight the others are divided.
    """
    name = next(iter(SETS))
    to = ["answer.refuse_below=0", "answer.unsupported=mark"]
    settings, dragtor = common.product(common.workplace(name), to)
    chosen = [question for question, _ in _chosen(read_set(common.data(name)), SETS[name])]
    examples: list[fitting.Example] = []
    fitted_to = [one for one in sorted(chosen, key=_hash) if int(_hash(one), 16) % 2 == 0]
    for question in fitted_to[:count]:
        common.quiet(len(examples), count, "drafts")
        query = Query(question.text, k=settings.answer.passages, mode="write")
        answer = next(event for event in dragtor.ask(query) if isinstance(event, Answer))
        because = answer.decision.because if answer.decision else {}
        if "best_support" in because:
            figures = {name: because[name] for name in ("best_support", "model_refused")}
            figures["before"] = fitted.logit(because)
            examples.append(fitting.Example(figures, not question.meta.get("unanswerable")))
    names = ["before", "best_support"]
    if sum(one.figures["model_refused"] for one in examples) >= REFUSALS:
        names.append("model_refused")
    coefficients, _ = fitting.regression(examples, names)
    before = coefficients.pop("before")
    unit = before.weight / before.scale
    print(f"drafts: {len(examples)} questions, {asdict(before)}", flush=True)
    return {
        "model_refused": ASSUMED,
        **{n: replace(c, weight=round(c.weight / unit, 4)) for n, c in coefficients.items()},
    }


def shipped(packaged: Calibration, rows: Sequence[Row]) -> dict[str, Any]:
    """What the packaged calibration does to the half that it was not fitted on."""
    judged = [row for row in rows if row.half == 1]
    yes, no = _scores(judged, packaged.probability, given=False)
    refusals = asdict(at_threshold(yes, no, packaged.threshold))
    baseline = risk_coverage(*_scores(judged, _plain, given=False))
    calibrated = risk_coverage(yes, no)
    return {
        "area": round(area(yes, no), 4),
        **{key: round(value, 4) for key, value in refusals.items()},
        "risk_at_coverage": {
            str(coverage): {
                "calibrated": round(risk_at(calibrated, coverage), 4),
                "best_dense_score": round(risk_at(baseline, coverage), 4),
            }
            for coverage in COVERAGES
        },
    }


def crossed(name: str, rows: Mapping[str, Sequence[Row]]) -> dict[str, Any]:
    """Fitted on one half and judged on the other, both ways round; means of the two."""
    others = [each for other, each in rows.items() if other != name]
    table: dict[str, Any] = {}
    for given in (False, True):
        by_fit: dict[str, list[dict[str, float]]] = {}
        for half in (0, 1):
            judged = [row for row in rows[name] if row.half != half]
            halves = [[row for row in each if row.half == half] for each in rows.values()]
            own = [row for row in rows[name] if row.half == half]
            scores: dict[str, Score] = {
                "best_dense_score": _plain,
                "fitted_on_this_set": fit([own]).logit,
                "fitted_on_all_sets": fit(halves).logit,
            }
            if others:
                scores["fitted_on_other_sets"] = fit(others).logit
            for label, score in scores.items():
                by_fit.setdefault(label, []).append(_judge(*_scores(judged, score, given=given)))
        table["passage_given" if given else "end_to_end"] = {
            label: {key: round((one[key] + two[key]) / 2, 4) for key in one}
            for label, (one, two) in by_fit.items()
        }
    return table


def _judge(yes: Sequence[float], no: Sequence[float]) -> dict[str, float]:
    judged = {"area": area(yes, no)}
    for bound in BOUNDS:
        refusals = at_wrong(yes, no, bound)
        judged[f"precision@{bound:g}"] = refusals.precision
        judged[f"recall@{bound:g}"] = refusals.recall
    return judged


def _plain(figures: Figures) -> float:
    """The baseline: the best cosine of question and passage."""
    return figures.get("passage_cosine", -1.0)


def _scores(rows: Iterable[Row], score: Score, *, given: bool) -> tuple[list[float], list[float]]:
    """Scores of the answerable questions, and of the others."""
    scored = [(row.answerable, score(row.given if given else row.found)) for row in rows]
    return [s for answerable, s in scored if answerable], [s for a, s in scored if not a]


def draw(packaged: Calibration, rows: Mapping[str, Sequence[Row]]) -> None:
    """The risk-coverage curves of the halves that were not fitted on, as docs/risk_coverage.svg."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "dragtor"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(rows), figsize=(8, 3.4), sharey=True)
    lines: list[tuple[str, Score, str, str]] = [
        ("calibrated", packaged.probability, "#1a6fb0", "-"),
        ("best dense score", _plain, "#999999", "--"),
    ]
    for axis, (name, each) in zip(axes, rows.items(), strict=True):
        judged = [row for row in each if row.half == 1]
        for label, score, colour, style in lines:
            coverage, risk = zip(*risk_coverage(*_scores(judged, score, given=False)), strict=True)
            axis.plot(coverage, risk, style, color=colour, label=label, linewidth=1.6)
        yes, no = _scores(judged, packaged.probability, given=False)
        answered = sum(p >= packaged.threshold for p in yes + no)
        wrong = sum(p >= packaged.threshold for p in no)
        axis.plot(answered / len(yes + no), wrong / answered, "o", color="#c0392b", label="default")
        axis.set(title=name, xlabel="coverage: share answered", xlim=(0, 1), ylim=(0, 0.55))
        axis.grid(alpha=0.25)
    axes[0].set_ylabel("risk: answered without an answer")
    axes[0].legend(loc="upper left", frameon=False, fontsize=9)
    figure.tight_layout()
    figure.savefig(PICTURE, metadata={"Date": None})
    pyplot.close(figure)


def _lines(name: str, result: Mapping[str, Any]) -> str:
    head = f"{'':22}{'area':>7}" + "".join(f"{f'P@{b:.0%}':>8}{f'R@{b:.0%}':>8}" for b in BOUNDS)
    lines = [name]
    for way in ("end_to_end", "passage_given"):
        lines.append(f"{way.replace('_', ' '):22}{head[22:]}")
        for label, values in result[way].items():
            cells = [f"{values['area']:7.3f}"]
            cells += [
                f"{values[f'{what}@{bound:g}']:8.3f}"
                for bound, what in product(BOUNDS, ("precision", "recall"))
            ]
            lines.append(f"  {label.replace('_', ' '):20}" + "".join(cells))
    packaged = result["packaged"]
    lines.append(
        f"packaged, at {packaged['threshold']:.3f}: area {packaged['area']:.3f}, "
        f"wrong {packaged['wrong']:.3f}, precision {packaged['precision']:.3f}, "
        f"recall {packaged['recall']:.3f}"
    )
    for label in ("calibrated", "best_dense_score"):
        risks = packaged["risk_at_coverage"].values()
        shown = "".join(f"{risk[label]:6.2f}" for risk in risks)
        lines.append(f"risk, {label.replace('_', ' '):17}{shown}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
