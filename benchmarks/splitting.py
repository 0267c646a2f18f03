"""What passages should be like: how much of the gold evidence a fixed number of tokens brings.

For each way of splitting, the documents of a set are indexed and its questions asked. What a model
would read of the hits (the parent, where a passage has one) is read in order until the token budget
is used up, and cut there, so that large and small passages compete on equal terms: recall is the
share of the gold characters that were read, precision the share of the characters read that are
gold, nDCG@10 that of documents by their best passage. Usage:

    DRAGTOR_DATA=… python benchmarks/splitting.py [--sets sample …] [--only window …] [--set a=b …]

Each way is compared with the first one by a paired randomisation test over the questions, of the
mean recall of all budgets; p-values are adjusted for the number of ways (Holm).
"""

from __future__ import annotations

import argparse
import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import common
import yaml

from dragtor.config import Settings
from dragtor.evaluate.significance import holm, paired_randomisation
from dragtor.pipeline import Dragtor
from dragtor.types import Hit, Query

ASSETS = Path(__file__).parents[1] / "assets"
PAPERS = 20
"""Papers of COVID-QA that are taken: the first by name."""
BUDGETS = (400, 800, 1600)
"""Tokens that are read; the last is about what a prompt of 8 passages holds."""
CHARACTERS_PER_TOKEN = 4.5
MOST_HITS = 50
KEYWORD_AND_DENSE = ["encoders=[]", "late.model=none", "retrieve.reranker=none"]
"""What is measured is the splitter: nothing looks again at what it gave."""

Span = tuple[str, int, int]
"""Name of a document, and from where to where in its text."""


@dataclass(frozen=True)
class Question:
    """A question and where its evidence stands."""

    text: str
    gold: tuple[Span, ...]


@dataclass(frozen=True)
class Scores:
    """Of one question: recall and precision by budget, and nDCG@10 of documents."""

    recall: dict[int, float]
    precision: dict[int, float]
    ndcg: float


def ways() -> dict[str, list[str]]:
    """Settings by what they are called; the first is what others are compared with."""
    sizes = ["200/32", "128/32", "240/48"]
    found = {f"structure {size}": _split("structure", size) for size in sizes}
    for splitter in ("paragraph", "recursive", "markdown", "semantic"):
        found[f"{splitter} 200/32"] = _split(splitter, "200/32")
    found["window of 2"] = _split("window", "200/32", "window_sentences=2")
    found["parent_child 128/32 of 600"] = _split("parent_child", "128/32", "parent_tokens=600")
    found["large 600/32"] = _split("large", "200/32", "parent_tokens=600")
    found["whole"] = _split("whole", "200/32")
    return found


def main() -> None:
    """Run, print the tables, and keep the results."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--only", nargs="+", help="beginnings of the names of ways to split")
    parser.add_argument("--set", action="append", default=[], help="a setting, as dragtor takes it")
    arguments = parser.parse_args()
    chosen = {
        name: settings
        for name, settings in ways().items()
        if not arguments.only or name.startswith(tuple(arguments.only))
    }
    for name in arguments.sets:
        result = table(name, chosen, arguments.set)
        if not arguments.only:
            common.store_part("splitting", name, result, budgets=BUDGETS)


def table(name: str, ways: dict[str, list[str]], assignments: Sequence[str]) -> dict[str, Any]:
    """Measure each way of splitting on a set, and print it."""
    place = common.workplace(f"splitting-{name}")
    source, questions = SETS[name](place)
    print(f"\n{name}: {len(questions)} questions\n")
    print(f"{'':27}passages  recall 400   800  1600  precision 800  nDCG@10      p")
    rows: dict[str, dict[str, Any]] = {}
    recalls: list[list[float]] = []
    for way, settings in ways.items():
        passages, scores = measure(place, source, questions, [*settings, *assignments])
        recalls.append([mean(score.recall.values()) for score in scores])
        rows[way] = {
            "passages": passages,
            "recall": {b: _percent([score.recall[b] for score in scores]) for b in BUDGETS},
            "precision": {b: _percent([score.precision[b] for score in scores]) for b in BUDGETS},
            "nDCG@10": _percent([score.ndcg for score in scores]),
            "mean_recall": _percent(recalls[-1]),
        }
        p = paired_randomisation(recalls[-1], recalls[0]) if len(recalls) > 1 else 1.0
        rows[way]["p"] = round(p, 4)
        _show(way, rows[way])
    others = list(rows.values())[1:]
    for row, p in zip(others, holm([row["p"] for row in others]), strict=True):
        row["p_holm"] = round(p, 4)
    return {"questions": len(questions), "ways": rows}


def measure(
    place: Path, source: Path, questions: Sequence[Question], settings: Sequence[str]
) -> tuple[int, list[Scores]]:
    """Index the documents one way and ask; how many passages, and the scores of each question."""
    configured, dragtor = common.product(place, settings)
    dragtor.load("main", [str(source)], [], refresh=False, progress=common.quiet)
    dragtor.index(rebuild=False, progress=common.quiet)
    active = dragtor.library.active()
    assert active is not None
    scores = [score(ask(configured, dragtor, question.text), question) for question in questions]
    return len(dragtor.library.passage_ids(active.id)), scores


def ask(settings: Settings, dragtor: Dragtor, question: str) -> tuple[Hit, ...]:
    """The best hits, as a model would read them."""
    return dragtor.search(Query(question, k=MOST_HITS)).hits


def score(hits: Sequence[Hit], question: Question) -> Scores:
    """Recall and precision of what is read first, and how far up the right document is."""
    gold = {(name, i) for name, start, end in question.gold for i in range(start, end)}
    seen = {b: set(_characters(hits, round(b * CHARACTERS_PER_TOKEN))) for b in BUDGETS}
    wanted = {name for name, _, _ in question.gold}
    ranked = list(dict.fromkeys(_name(hit) for hit in hits))[:10]
    gains = [(name in wanted) / math.log2(rank + 1) for rank, name in enumerate(ranked, start=1)]
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, len(wanted) + 1))
    return Scores(
        {b: len(gold & seen[b]) / len(gold) for b in BUDGETS},
        {b: len(gold & seen[b]) / max(1, len(seen[b])) for b in BUDGETS},
        sum(gains) / ideal,
    )


# --- sets


def chunking_eval(place: Path) -> tuple[Path, list[Question]]:
    """Five long documents without headings, questions written by a language model."""
    folder = common.data("chunking_eval")
    texts = {file.stem: file.read_text("utf-8") for file in (folder / "documents").glob("*.md")}
    questions = [
        Question(
            row["text"],
            tuple((row["meta"]["document"], *span) for span in row["meta"]["spans"]),
        )
        for row in _lines(folder / "queries.jsonl")
    ]
    return _documents(place, texts), questions


def covidqa(place: Path) -> tuple[Path, list[Question]]:
    """Papers put together again from their passages; answers are where experts marked them."""
    folder = common.data("covidqa")
    texts: dict[str, str] = {}
    for row in _lines(folder / "corpus.jsonl"):
        name = row["id"].partition("#")[0]
        texts[name] = f"{texts.get(name, '')}\n\n{row['text']}".strip()
    texts = {name: texts[name] for name in sorted(texts)[:PAPERS]}
    questions = []
    for row in _lines(folder / "queries.jsonl"):
        name = row["meta"]["document"]
        if name in texts:
            found = _find(row["answers"][0], texts[name])
            questions.append(Question(row["text"], ((name, *found.span()),)))
    return _documents(place, texts), questions


def sample(place: Path) -> tuple[Path, list[Question]]:
    """The sample library, which has headings, with the evidence of its questions."""
    _, dragtor = common.product(place, KEYWORD_AND_DENSE)
    source = ASSETS / "library"
    dragtor.load("main", [str(source)], [], refresh=False, progress=common.quiet)
    texts = {
        Path(info.uri).name: dragtor.library.document(info.id).text
        for info in dragtor.library.documents("main")
    }
    questions = []
    for row in yaml.safe_load((ASSETS / "questions.yml").read_text(encoding="utf-8")):
        evidence = [
            (item["document"], *_find(item["quote"], texts[item["document"]]).span())
            for item in row.get("evidence", [])
        ]
        if evidence:
            questions.append(Question(row["question"], tuple(evidence)))
    return source, questions


SETS: dict[str, Callable[[Path], tuple[Path, list[Question]]]] = {
    "chunking_eval": chunking_eval,
    "covidqa": covidqa,
    "sample": sample,
}


def _documents(place: Path, texts: dict[str, str]) -> Path:
    """Documents as JSON Lines, so that their text and its offsets are kept as they are."""
    file = place / "documents.jsonl"
    rows = [{"id": name, "title": name, "text": text} for name, text in sorted(texts.items())]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def _find(quote: str, text: str) -> re.Match[str]:
    """Where a quote first stands, whatever white space there is between its words."""
    found = re.search(r"\s+".join(map(re.escape, quote.split())), text)
    assert found, f"not in its document: {quote}"
    return found


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


# --- reading


def _name(hit: Hit) -> str:
    """What the set calls the document of a hit."""
    return hit.document.uri.partition("#")[2] or Path(hit.document.uri).name


def _characters(hits: Sequence[Hit], budget: int) -> Iterator[tuple[str, int]]:
    """(document, offset) of the first so many characters of the hits, read in order."""
    for hit in hits:
        length = min(budget, len(hit.passage.text))
        start = hit.passage.start
        yield from ((_name(hit), i) for i in range(start, start + length))
        budget -= length


def _split(splitter: str, size: str, *options: str) -> list[str]:
    most, overlap = size.split("/")
    given = [f"splitter={splitter}", f"max_tokens={most}", f"overlap_tokens={overlap}", *options]
    return [*KEYWORD_AND_DENSE, *(f"split.{option}" for option in given)]


def _show(way: str, row: dict[str, Any]) -> None:
    recall = "".join(f"{row['recall'][b]:6}" for b in BUDGETS)
    figures = f"{row['precision'][800]:15}{row['nDCG@10']:9}{row['p']:7.3f}"
    print(f"{way:27}{row['passages']:8}{'':6}{recall}{figures}", flush=True)


def _percent(values: Sequence[float]) -> float:
    return round(100 * sum(values) / len(values), 1)


if __name__ == "__main__":
    main()
