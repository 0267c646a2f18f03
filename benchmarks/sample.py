"""How well dragtor finds and answers in its sample library: assets/questions.yml.

    python benchmarks/sample.py              # where the evidence is found
    python benchmarks/sample.py --answers    # and what the language model makes of it

Evidence counts as found when a hit of its document holds at least half of its words. Answers are
scored by token F1 against the reference, and by the share of sentences that are borne out. Forty
questions are few: this shows that the main job works, not which of two settings is better.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import common
import yaml

from dragtor.pipeline import Dragtor
from dragtor.text import words
from dragtor.types import Answer, Hit, Query, Ranking

ASSETS = Path(__file__).parents[1] / "assets"
DEPTHS = (1, 3, 5, 8)
Question = dict[str, Any]


def main() -> int:
    """Run, print and keep the result."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--answers", action="store_true", help="ask the language model, too")
    parser.add_argument("--set", action="append", default=[], help="a setting, as dragtor takes it")
    arguments = parser.parse_args()
    questions = yaml.safe_load((ASSETS / "questions.yml").read_text(encoding="utf-8"))
    settings, dragtor = common.product(common.workplace("sample"), arguments.set)
    dragtor.load("main", [str(ASSETS / "library")], [], refresh=False, progress=common.quiet)
    dragtor.index(rebuild=False, progress=common.quiet)
    result: dict[str, Any] = {"retrieval": retrieval(dragtor, questions)}
    if arguments.answers:
        result["answers"] = answers(dragtor, questions, settings.answer.passages)
    print(yaml.safe_dump(result, sort_keys=False))
    if not arguments.set:
        common.store("sample", result)
    return 0


def retrieval(dragtor: Dragtor, questions: list[Question]) -> dict[str, dict[str, float]]:
    """Share of answerable questions whose evidence is among the best k hits, by retriever."""
    answerable = [question for question in questions if question["answerable"]]
    found: dict[str, dict[str, float]] = {}
    for retriever in ("keyword", "dense", "hybrid"):
        query = Query("", k=max(DEPTHS), ranking=Ranking(retriever=retriever))
        hits = [dragtor.search(replace(query, text=q["question"])).hits for q in answerable]
        found[retriever] = {
            f"evidence@{k}": _mean(
                [_found(q, h[:k]) for q, h in zip(answerable, hits, strict=True)]
            )
            for k in DEPTHS
        }
    return found


def answers(dragtor: Dragtor, questions: list[Question], passages: int) -> dict[str, Any]:
    """What the language model writes, and how much of it is borne out."""
    scores: list[float] = []
    verdicts: Counter[str] = Counter()
    refused: Counter[bool] = Counter()
    seconds: list[float] = []
    model: str | None = None
    for question in questions:
        events = dragtor.ask(Query(question["question"], k=passages))
        answer = next(event for event in events if isinstance(event, Answer))
        model = answer.model or model
        verdicts.update(sentence.support.verdict for sentence in answer.sentences)
        refused[question["answerable"]] += answer.refused
        seconds.append(answer.timings["total_s"])
        if question["answerable"]:
            scores.append(token_f1(answer.text, question["answer"]))
    return {
        "model": model,
        "token_f1": _mean(scores),
        "sentences": dict(verdicts),
        "refused_of_30_answerable": refused[True],
        "refused_of_10_unanswerable": refused[False],
        "median_s": round(sorted(seconds)[len(seconds) // 2], 2),
    }


def token_f1(text: str, reference: str) -> float:
    """Harmonic mean of precision and recall of words, as in SQuAD (Rajpurkar et al. 2016)."""
    said, wanted = Counter(words(text)), Counter(words(reference))
    shared = sum((said & wanted).values())
    return 2 * shared / (sum(said.values()) + sum(wanted.values())) if shared else 0.0


def _found(question: Question, hits: tuple[Hit, ...]) -> float:
    held = [any(_holds(hit, piece) for hit in hits) for piece in question["evidence"]]
    return float(any(held) if question.get("any_of") else all(held))


def _holds(hit: Hit, piece: dict[str, str]) -> bool:
    wanted, there = Counter(words(piece["quote"])), Counter(words(hit.passage.text))
    shared = sum((wanted & there).values()) / sum(wanted.values())
    return hit.document.uri.endswith(f"/{piece['document']}") and shared >= 0.5


def _mean(values: list[float]) -> float:
    return round(sum(values) / len(values), 4)


if __name__ == "__main__":
    sys.exit(main())
