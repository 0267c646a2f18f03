"""How well dragtor finds: nDCG@10 and more on sets with human judgements.

Each set goes the way of a person's files: `load` its corpus.jsonl, `index`, then `search` by words,
by meaning, and as the settings say (hybrid). A document counts by its best passage. Usage:

    DRAGTOR_DATA=… python benchmarks/retrieval.py [--sets scifact …] [--set split.max_tokens=128 …]
    DRAGTOR_DATA=… python benchmarks/retrieval.py --check    # against results/retrieval.json
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import common

from dragtor.evaluate.metrics import METRICS
from dragtor.evaluate.run import run, score
from dragtor.evaluate.sets import read_set
from dragtor.evaluate.significance import paired_randomisation
from dragtor.types import Hit, Query

SETS = {"bioasq": None, "clapnq_dev": None, "scifact": "dev"}
"""Development sets, with the split whose questions are asked."""
HALVES = ("keyword", "dense")
HEADLINE = "ndcg@10"
DEPTH = 50
TOLERANCE = 0.005
"""Scores this far from the stored ones are the noise of other library versions and machines."""

Result = dict[str, Any]


def main() -> int:
    """Run, print the table, and keep or check the result."""
    arguments = _arguments()
    results = {name: evaluate(name, arguments.set) for name in arguments.sets}
    for name, result in results.items():
        print(_lines(name, result))
    if arguments.check:
        return _check(results)
    if not arguments.set and set(results) >= set(SETS):
        settings, _ = common.product(Path())
        made_by = settings.model_dump(mode="json", include={"split", "encoder", "retrieve"})
        common.store("retrieval", {"settings": made_by, "sets": results})
    return 0


def evaluate(name: str, assignments: list[str]) -> Result:
    """Load, index and search one set; means of all metrics, and the hybrid against its halves."""
    folder = common.data(name)
    questions = read_set(folder)
    judged = questions.judged(SETS.get(name))
    _, dragtor = common.product(common.workplace(name), assignments)
    corpus = folder / "corpus.jsonl"
    dragtor.load("main", [], [str(corpus)], refresh=False, progress=common.quiet)
    dragtor.index(rebuild=False, progress=common.quiet)
    rankings = {name: replace(dragtor.ranking, retriever=name) for name in HALVES}
    rankings["hybrid"] = dragtor.ranking
    scores = {
        retriever: score(
            run(dragtor.search, judged, DEPTH, _document_id, Query("", ranking=ranking)),
            questions.qrels,
        )
        for retriever, ranking in rankings.items()
    }
    active = dragtor.library.active()
    return {
        "documents": len(questions.documents),
        "passages": len(dragtor.library.passage_ids(active.id)) if active else 0,
        "questions": len(judged),
        "scores": {
            retriever: {metric: round(_mean(values), 4) for metric, values in by_metric.items()}
            for retriever, by_metric in scores.items()
        },
        "hybrid_against": {
            half: {
                "difference": round(
                    _mean(scores["hybrid"][HEADLINE]) - _mean(scores[half][HEADLINE]), 4
                ),
                "p": round(
                    paired_randomisation(scores["hybrid"][HEADLINE], scores[half][HEADLINE]), 5
                ),
            }
            for half in HALVES
        },
    }


def _document_id(hit: Hit) -> str:
    """The id a document has in its set, which JSON Lines keeps behind the file's own address."""
    return hit.document.uri.partition("#")[2]


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _lines(name: str, result: Result) -> str:
    lines = [f"{name}: {result['questions']} questions, {result['passages']} passages"]
    lines.append(" " * 10 + "".join(f"{metric:>12}" for metric in METRICS))
    for retriever, by_metric in result["scores"].items():
        cells = "".join(f"{100 * value:12.1f}" for value in by_metric.values())
        lines.append(f"{retriever:10}{cells}")
    for half, against in result["hybrid_against"].items():
        lines.append(
            f"hybrid - {half}: {100 * against['difference']:+.1f} {HEADLINE} (p = {against['p']})"
        )
    return "\n".join(lines) + "\n"


def _check(results: dict[str, Result]) -> int:
    """Print each score beside the stored one; 1 if any is further off than the tolerance."""
    expected, worst = common.stored("retrieval").get("sets", {}), 0.0
    for name, result in results.items():
        for retriever, by_metric in result["scores"].items():
            before = expected.get(name, {}).get("scores", {}).get(retriever, {}).get(HEADLINE, 0.0)
            off = abs(by_metric[HEADLINE] - before)
            worst = max(worst, off)
            verdict = "OK" if off <= TOLERANCE else f"FAIL: {before} was expected"
            print(f"{name} {retriever} {HEADLINE} {by_metric[HEADLINE]} [{verdict}]")
    return int(worst > TOLERANCE)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--sets", nargs="+", default=list(SETS), help="folders below DRAGTOR_DATA")
    parser.add_argument("--set", action="append", default=[], help="a setting, as dragtor takes it")
    parser.add_argument("--check", action="store_true", help="compare with the stored result")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
