"""Which parts of retrieval, merged in which way, find best: one library, many rankings.

Each set is loaded and indexed as a person's files are, with token vectors; then its questions are
asked under every ranking, through the same `search`. nDCG@10 and recall@100 are of documents by
their best passage; for chunking_eval it is the share of the gold characters in the first 800 tokens
that are read (see splitting.py). p50 and p95 are of a search of 8 passages, in milliseconds; p is
of the paired randomisation test of nDCG@10 (or of that recall) against the default. Usage:

    DRAGTOR_DATA=… python benchmarks/fusions.py [--sets scifact …] [--questions 300] [--rows rrf …]

Of sets with more questions than --questions a fixed sample is asked (0: all); of scifact always
all 300 of `meta.split == "dev"`. Results are kept set by set, so each can be run by itself.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, TypeVar

import common
import splitting

from dragtor.build.choices import FUSIONS
from dragtor.evaluate.evaluating import Examination, evaluate, means
from dragtor.evaluate.judging import SetJudge, set_cases
from dragtor.evaluate.sets import read_set
from dragtor.evaluate.significance import holm, paired_randomisation
from dragtor.pipeline import Dragtor
from dragtor.types import Query, Ranking

SETS = ("bioasq", "clapnq_dev", "scifact", "squad20_dev", "covidqa")
SPANS = "chunking_eval"
MORE = ("cranfield",)
DEV = {"scifact": "dev"}
DEFAULT = "default"
BUDGET = 800
PARTS = ["late.model=encoder", "late.first_stage=false"]
BY_ITSELF = ["late.model=encoder", "late.first_stage=true"]
"""Settings of the index: all parts that the starter models give."""

Asked = TypeVar("Asked")
Measured = tuple[dict[str, float], list[float]]
"""Figures by name, and of each question the one that rankings are compared by."""
Measure = Callable[[Dragtor, Ranking], Measured]


def rows(default: Ranking) -> dict[str, Ranking]:
    """Rankings by what they are called; the first is what others are compared with."""
    two = replace(default, retriever="keyword+dense", dense_weight=0.7)
    reranked = replace(two, reranker="maxsim", rerank_weight=1.0)
    return {
        DEFAULT: default,
        "keyword": replace(default, retriever="keyword"),
        "dense": replace(default, retriever="dense"),
        "keyword+dense, convex": two,
        "keyword+dense, rrf": replace(two, fusion="rrf"),
        "... not completed": replace(two, complete=False),
        "... maxsim on 50": replace(reranked, rerank_candidates=50),
        "... maxsim on 50, half": replace(reranked, rerank_candidates=50, rerank_weight=0.5),
        **{f"all, {name}": replace(default, fusion=name) for name in FUSIONS},
    }


def rows_by_itself(default: Ranking) -> dict[str, Ranking]:
    """The same where token vectors find passages of their own."""
    return {
        "late": replace(default, retriever="late"),
        "default, late finds too": default,
    }


@dataclass
class Table:
    """Rows as they come, each printed at once; the first is the one to compare with."""

    base: list[float] = field(default_factory=list)
    rows: dict[str, dict[str, float]] = field(default_factory=dict)

    def add(self, label: str, measured: Measured) -> None:
        """Compare a row, keep it and print it."""
        row, scores = dict(measured[0]), measured[1]
        if not self.rows:
            self.base = scores
            print(f"{'':24}" + "".join(f"{key:>11}" for key in (*row, "p")))
        row["p"] = paired_randomisation(scores, self.base)
        self.rows[label] = {key: round(value, 4) for key, value in row.items()}
        print(f"{label:24}" + "".join(_cell(*cell) for cell in row.items()), flush=True)

    def result(self, questions: int) -> dict[str, Any]:
        """What is kept: with p-values adjusted for the number of rows (Holm)."""
        others = [row for label, row in self.rows.items() if label != DEFAULT]
        for row, p in zip(others, holm([row["p"] for row in others]), strict=True):
            row["p_holm"] = round(p, 4)
        return {"questions": questions, "rows": self.rows}


def main() -> None:
    """Run, print the tables, and keep the results."""
    arguments = _arguments()
    for name in arguments.sets:
        questions, source, measure = (spans if name == SPANS else documents)(name, arguments)
        table = Table()
        print(f"\n{name}: {questions} questions")
        for dragtor, label, ranking in _ways(name, source, arguments):
            table.add(label, measure(dragtor, ranking))
        if not arguments.rows and not arguments.set:
            _, dragtor = common.product(common.workplace(name))
            by = {"default": str(dragtor.ranking), "index": PARTS}
            dragtor.close()
            common.store_part("fusions", name, {**by, **table.result(questions)})


def documents(name: str, arguments: argparse.Namespace) -> tuple[int, str, Measure]:
    """How well the documents of a set are found."""
    folder = common.data(name)
    found = read_set(folder)
    asked = {question.id for question in found.judged(DEV.get(name))}
    most = 0 if name in DEV else arguments.questions
    cases = _sample([case for case in set_cases(found) if case.id in asked], most)
    judge = SetJudge(found.qrels)

    def measure(dragtor: Dragtor, ranking: Ranking) -> Measured:
        asked = Examination(Query("", ranking=ranking))
        outcomes = list(evaluate(dragtor, cases, judge, asked, common.quiet))
        averages = means(outcomes)
        shown = {metric: averages[metric] or 0.0 for metric in ("nDCG@10", "recall@100")}
        shown |= {p: averages[f"latency_{p}_ms"] or 0.0 for p in ("p50", "p95")}
        return shown, [one.scores["nDCG@10"] for one in outcomes]

    return len(cases), str(folder / "corpus.jsonl"), measure


def spans(name: str, arguments: argparse.Namespace) -> tuple[int, str, Measure]:
    """How much of the gold characters is read."""
    source, every = splitting.SETS[name](common.workplace(name))
    questions = _sample(every, arguments.questions)

    def measure(dragtor: Dragtor, ranking: Ranking) -> Measured:
        scores, seconds = [], []
        for number, question in enumerate(questions):
            common.quiet(number, len(questions), question.text)
            started = time.perf_counter()
            dragtor.search(Query(question.text, ranking=ranking))
            seconds.append(time.perf_counter() - started)
            deep = Query(question.text, k=splitting.MOST_HITS, ranking=ranking)
            scores.append(splitting.score(dragtor.search(deep).hits, question))
        recalls = [score.recall[BUDGET] for score in scores]
        precisions = [score.precision[BUDGET] for score in scores]
        ordered = sorted(seconds)
        shown = {
            "recall": sum(recalls) / len(recalls),
            "precision": sum(precisions) / len(precisions),
            "p50": 1000 * ordered[len(ordered) // 2],
            "p95": 1000 * ordered[int(0.95 * len(ordered))],
        }
        return shown, recalls

    return len(questions), str(source), measure


def _ways(
    name: str, source: str, arguments: argparse.Namespace
) -> Iterator[tuple[Dragtor, str, Ranking]]:
    """Every ranking with the program to ask, whose index has what it needs."""
    for settings, make in ((PARTS, rows), (BY_ITSELF, rows_by_itself)):
        place = common.workplace(name)
        _, dragtor = common.product(place, [*settings, *arguments.set])
        wanted = {
            label: ranking
            for label, ranking in make(dragtor.ranking).items()
            if not arguments.rows or label in (DEFAULT, *arguments.rows)
        }
        if not wanted:
            continue
        dragtor.load("main", [], [source], refresh=False, progress=common.quiet)
        dragtor.index(rebuild=False, progress=common.quiet)
        for label, ranking in wanted.items():
            yield dragtor, label, ranking
        dragtor.close()


def _cell(key: str, value: float) -> str:
    if key in ("p50", "p95"):
        return f"{value:11.0f}"
    return f"{value:11.4f}" if key == "p" else f"{100 * value:11.1f}"


def _sample(questions: Sequence[Asked], most: int) -> list[Asked]:
    """So many of them, always the same; all for 0."""
    if not most or len(questions) <= most:
        return list(questions)
    chosen = sorted(Random(0).sample(range(len(questions)), most))
    return [questions[number] for number in chosen]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    sets = [*SETS, SPANS]
    parser.add_argument("--sets", nargs="+", choices=[*sets, *MORE], default=sets)
    parser.add_argument("--questions", type=int, default=300, help="of a set, at most; 0: all")
    parser.add_argument("--rows", nargs="+", help="only these rows, beside the default; not kept")
    parser.add_argument("--set", action="append", default=[], help="a setting; results not kept")
    return parser.parse_args()


if __name__ == "__main__":
    main()
