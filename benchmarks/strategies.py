"""What each way of gathering evidence is worth, and what it costs.

Each question is gathered for once, ten passages deep, which gives nDCG@10; of these, the answer is
made from as many as the settings say, in quotes (what the starter model defaults to) or as --mode
says, and scored by token F1 against the human answers. Each strategy is compared with the plain
search by a paired test over questions. Usage:

    DRAGTOR_DATA=… python benchmarks/strategies.py [--questions 40] [--strategies plain hyde …]

What was asked is kept in kept/strategies, so that an interrupted run goes on where it stopped, as
long as the committed package and --set are the same (--fresh begins anew all the same).
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import common
from answers import references

from dragtor.build import STRATEGIES
from dragtor.evaluate.metrics import ndcg, token_f1
from dragtor.evaluate.sets import Question, read_set
from dragtor.evaluate.significance import paired_randomisation
from dragtor.pipeline import Dragtor
from dragtor.types import Answer, Gathered, Notice, Query, Step

SETS = ("bioasq", "clapnq_dev")
DEPTH = 10
PLAIN = "plain"
Row = dict[str, Any]
Qrels = Mapping[str, Mapping[str, int]]


def main() -> int:
    """Run, print the tables, and keep the result."""
    arguments = _arguments()
    results: dict[str, Any] = {}
    for name in arguments.sets:
        results[name] = evaluate(name, arguments)
        print(_table(name, results[name]))
    if not arguments.set and set(arguments.strategies) >= set(STRATEGIES):
        what = {"mode": arguments.mode, "questions": arguments.questions}
        common.store("strategies", {**what, "sets": results})
    return 0


def evaluate(name: str, arguments: argparse.Namespace) -> Row:
    """All strategies over the same questions of one set."""
    folder = common.data(name)
    judged = read_set(folder)
    questions = judged.judged()
    sample = random.Random(0).sample(questions, min(arguments.questions, len(questions)))
    settings, dragtor = common.product(common.workplace(name), arguments.set)
    corpus = folder / "corpus.jsonl"
    dragtor.load("main", [], [str(corpus)], refresh=False, progress=common.quiet)
    dragtor.index(rebuild=False, progress=common.quiet)
    by_strategy: dict[str, list[Row]] = {}
    for strategy in arguments.strategies:
        query = Query("", k=settings.answer.passages, strategy=strategy, mode=arguments.mode)
        path = common.workplace("strategies") / f"{name}-{strategy}-{arguments.mode}.jsonl"
        if arguments.fresh:
            path.unlink(missing_ok=True)
        made_by = [common.code(), *arguments.set]
        by_strategy[strategy] = _asked(dragtor, query, sample, judged.qrels, path, made_by)
    dragtor.close()
    return {strategy: _summary(rows, by_strategy) for strategy, rows in by_strategy.items()}


def _asked(
    dragtor: Dragtor,
    query: Query,
    questions: list[Question],
    qrels: Qrels,
    path: Path,
    made_by: list[str],
) -> list[Row]:
    rows = {}
    if path.exists():
        before = map(json.loads, path.read_text(encoding="utf-8").splitlines())
        rows = {row["id"]: row for row in before if row["made_by"] == made_by}
    with path.open("a", encoding="utf-8") as file:
        for number, question in enumerate(questions, start=1):
            common.quiet(number, len(questions), path.stem)
            if question.id not in rows:
                row = _ask(dragtor, replace(query, text=question.text), question, qrels)
                row["made_by"] = made_by
                rows[question.id] = row
                file.write(json.dumps(row) + "\n")
                file.flush()
    return [rows[question.id] for question in questions]


def _ask(dragtor: Dragtor, query: Query, question: Question, qrels: Qrels) -> Row:
    started = time.perf_counter()
    *events, gathered = dragtor.gather(replace(query, k=DEPTH))
    assert isinstance(gathered, Gathered)
    found = dict.fromkeys(hit.document.uri.partition("#")[2] for hit in gathered.result.hits)
    if not gathered.whole:
        few = replace(gathered.result, hits=gathered.result.hits[: query.k])
        gathered = replace(gathered, result=few)
    *_, answer = dragtor.answer(query, gathered)
    assert isinstance(answer, Answer)
    return {
        "id": question.id,
        "ndcg": ndcg(list(found), qrels[question.id], DEPTH),
        "f1": 0.0 if answer.refused else token_f1(answer.text, references(question)),
        "kind": answer.kind,
        "calls": sum(isinstance(event, Step) and event.kind == "prompt" for event in events),
        "fell_back": any(isinstance(e, Notice) and e.code == "strategy_fallback" for e in events),
        "seconds": round(time.perf_counter() - started, 3),
    }


def _summary(rows: list[Row], by_strategy: dict[str, list[Row]]) -> Row:
    summary: Row = {
        "questions": len(rows),
        "refused": sum(row["kind"] == "refusal" for row in rows),
        "fell_back": sum(row["fell_back"] for row in rows),
        "calls": round(statistics.mean(row["calls"] for row in rows), 2),
        "seconds": round(statistics.median(row["seconds"] for row in rows), 2),
    }
    for metric in ("ndcg", "f1"):
        ours = [row[metric] for row in rows]
        plain = [row[metric] for row in by_strategy.get(PLAIN, rows)]
        summary[metric] = round(statistics.mean(ours), 4)
        summary[f"{metric}_against_plain"] = {
            "difference": round(statistics.mean(ours) - statistics.mean(plain), 4),
            "p": round(paired_randomisation(ours, plain), 4),
        }
    return summary


def _table(name: str, result: Row) -> str:
    number = max(summary["questions"] for summary in result.values())
    lines = [f"{name}: {number} questions; differences and p are against plain"]
    lines.append(
        f"{'':9}{'nDCG@10':>8}{'diff':>6}{'p':>6}{'token F1':>10}{'diff':>6}{'p':>6}"
        f"{'refused':>8}{'fell back':>10}{'calls':>6}{'s':>5}"
    )
    for strategy, one in result.items():
        cells = ""
        for metric, width in (("ndcg", 8), ("f1", 10)):
            against = one[f"{metric}_against_plain"]
            cells += f"{100 * one[metric]:{width}.1f}{100 * against['difference']:+6.1f}"
            cells += f"{against['p']:6.2f}"
        rest = f"{one['refused']:8}{one['fell_back']:10}{one['calls']:6.1f}{one['seconds']:5.1f}"
        lines.append(f"{strategy:9}{cells}{rest}")
    return "\n".join(lines) + "\n"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--sets", nargs="+", default=list(SETS), help="folders below DRAGTOR_DATA")
    parser.add_argument("--strategies", nargs="+", default=list(STRATEGIES), choices=STRATEGIES)
    parser.add_argument("--questions", type=int, default=40, help="of each set")
    parser.add_argument("--mode", default="quote", choices=("auto", "quote", "write"))
    parser.add_argument("--set", action="append", default=[], help="a setting, as dragtor takes it")
    parser.add_argument("--fresh", action="store_true", help="ask everything again")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
