"""What passages should be like: how much of the gold evidence a fixed number of tokens brings.

For each splitter setting, the documents of chunking_eval are indexed and its questions asked. Hits
are read in order until the token budget is used up (the last one is cut there), so that large and
small passages compete on equal terms: recall is the share of the gold characters that were read,
precision the share of the characters read that are gold. Usage:

    DRAGTOR_DATA=… python benchmarks/splitting.py [--sizes 128/32 200/32 …] [--retriever hybrid]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import common

from dragtor.types import Hit, Query, Ranking

SIZES = ("128/32", "200/0", "200/32", "200/64", "240/48")
BUDGETS = (400, 800, 1600)
"""Tokens that are read; the last is about what a prompt of 8 passages holds."""
CHARACTERS_PER_TOKEN = 4.5
MOST_HITS = 50


def main() -> None:
    """Run, print the table, and keep the result."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--sizes", nargs="+", default=list(SIZES), help="max_tokens/overlap_tokens")
    parser.add_argument("--retriever", default="hybrid")
    arguments = parser.parse_args()
    folder = common.data("chunking_eval")
    questions = [json.loads(line) for line in (folder / "queries.jsonl").open(encoding="utf-8")]
    results = {}
    for size in arguments.sizes:
        results[size] = evaluate(folder, questions, size, arguments.retriever)
        print(size, json.dumps(results[size]))
    if arguments.sizes == list(SIZES):
        common.store("splitting", {"retriever": arguments.retriever, "sizes": results})


def evaluate(
    folder: Path, questions: Sequence[dict[str, Any]], size: str, retriever: str
) -> dict[str, Any]:
    """Index the documents with one setting; mean recall and precision for each budget."""
    max_tokens, overlap = size.split("/")
    settings = [f"split.max_tokens={max_tokens}", f"split.overlap_tokens={overlap}"]
    place = common.workplace("splitting")
    _, dragtor = common.product(place, settings)
    dragtor.load("main", [], [str(_corpus(folder, place))], refresh=False, progress=common.quiet)
    dragtor.index(rebuild=False, progress=common.quiet)
    read: dict[int, list[tuple[float, float]]] = {budget: [] for budget in BUDGETS}
    for question in questions:
        query = Query(question["text"], k=MOST_HITS, ranking=Ranking(retriever=retriever))
        hits = dragtor.search(query).hits
        document = question["meta"]["document"]
        gold = {(document, i) for span in question["meta"]["spans"] for i in range(*span)}
        for budget in BUDGETS:
            seen = set(_characters(hits, round(budget * CHARACTERS_PER_TOKEN)))
            read[budget].append((len(gold & seen) / len(gold), len(gold & seen) / len(seen)))
    active = dragtor.library.active()
    return {
        "passages": len(dragtor.library.passage_ids(active.id)) if active else 0,
        "recall": {b: _percent([recall for recall, _ in read[b]]) for b in BUDGETS},
        "precision": {b: _percent([precision for _, precision in read[b]]) for b in BUDGETS},
    }


def _characters(hits: Sequence[Hit], budget: int) -> Iterator[tuple[str, int]]:
    """(document, offset) of the first so many characters of the hits, read in order."""
    for hit in hits:
        name = hit.document.uri.partition("#")[2]
        length = min(budget, len(hit.passage.text))
        yield from ((name, i) for i in range(hit.passage.start, hit.passage.start + length))
        budget -= length


def _corpus(folder: Path, place: Path) -> Path:
    """The documents as JSON Lines, so that their text and its offsets are kept as they are."""
    file = place / "documents.jsonl"
    if not file.exists():
        documents = sorted((folder / "documents").glob("*.md"))
        rows = [{"id": d.stem, "title": d.stem, "text": d.read_text("utf-8")} for d in documents]
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def _percent(values: Sequence[float]) -> float:
    return round(100 * sum(values) / len(values), 1)


if __name__ == "__main__":
    main()
