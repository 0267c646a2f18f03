"""Searching a library while it changes: what is found is right, and how quickly. Never a test.

    DRAGTOR_DATA=… python benchmarks/live.py [--passages 1000] [--base bioasq]

In a copy of a kept library, one thread adds documents of Wikipedia, ten at a time, each time
followed by `index`, and removes them again, while eight threads search without a pause. Each search
asks for a document by its own words. It is wrong to miss one whose adding had returned before and
whose removal had not begun after, to find one whose removal had returned before, and to find
passages of two editions of a document that is rewritten all the time, or not all of one.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import tempfile
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import common
import numpy as np

from dragtor.pipeline import Dragtor
from dragtor.types import Query, Ranking

THREADS = 8
STEP = 10
KEPT = 20
"""Batches that are there at a time, at most."""
STEADY = 3
"""Paragraphs of the document that is rewritten."""
RETRIEVERS = ("hybrid", "keyword", "dense", "keyword+late")
"""Of the eight threads each asks one of these."""


@dataclass
class State:
    """What is there and what is gone, by name; replaced, never changed."""

    steady: int
    there: dict[str, str] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    done: bool = False
    wrong: list[str] = field(default_factory=list)
    seconds: dict[str, list[float]] = field(default_factory=lambda: {one: [] for one in RETRIEVERS})


def main() -> None:
    """Run, print and keep."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--passages", type=int, default=1_000)
    parser.add_argument("--base", default="bioasq", help="a library below kept/")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        shutil.copytree(common.workplace(options.base), place / "library")
        _, dragtor = common.product(place / "library")
        dragtor.index(rebuild=False, progress=common.quiet)
        result = {"base": options.base, **run(dragtor, place, options.passages)}
        dragtor.close()
    for name, value in result.items():
        print(f"{name:28} {value}")
    common.store("live", result)


def run(dragtor: Dragtor, place: Path, count: int) -> dict[str, Any]:
    """Add and remove so many passages, at least, while threads search."""
    base = dragtor.library.status().passages
    rewrite(dragtor, place, 0)
    words = Ranking(retriever="keyword")
    state = State(len(dragtor.search(Query("steadystone", k=50, ranking=words)).hits))
    threads = [
        threading.Thread(target=search, args=(dragtor, state, RETRIEVERS[n % len(RETRIEVERS)], n))
        for n in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    writing: dict[str, list[float]] = {"add": [], "remove": []}
    started = time.perf_counter()
    try:
        added = change(dragtor, place, state, count, writing)
    finally:
        state.done = True
        for thread in threads:
            thread.join()
    spent = time.perf_counter() - started
    return {
        "passages_before": base,
        "passages_added_and_removed": added,
        "threads": THREADS,
        "violations": len(state.wrong),
        "first_violations": state.wrong[:3],
        "searches": {name: len(taken) for name, taken in state.seconds.items()},
        "searches_per_second": round(sum(map(len, state.seconds.values())) / spent, 1),
        "search_ms": {name: percentiles(taken) for name, taken in state.seconds.items()},
        "add_ten_documents_ms": percentiles(writing["add"]),
        "remove_ten_documents_ms": percentiles(writing["remove"]),
    }


def change(
    dragtor: Dragtor, place: Path, state: State, count: int, writing: dict[str, list[float]]
) -> int:
    """The thread that writes; returns how many passages came and went."""
    before = dragtor.library.status().passages
    chance, batches, total = random.Random(1), deque[tuple[Path, dict[str, str]]](), 0
    with (common.data("distractors_wiki") / "corpus.jsonl").open(encoding="utf-8") as lines:
        number = 0
        while total < count or batches:
            if total < count:
                path, names = place / f"{number}.jsonl", {}
                for record in map(json.loads, islice(lines, STEP)):
                    names[f"{path.as_uri()}#{record['id']}"] = record["text"][:200]
                    with path.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(record) + "\n")
                writing["add"].append(timed(lambda path=path: put(dragtor, path)))
                state.there = {**state.there, **names}
                batches.append((path, names))
                number += 1
                now = dragtor.library.status().passages
                total += now - before
                if number % 5 == 0:
                    rewrite(dragtor, place, number)
            if total >= count or len(batches) > KEPT:
                path, names = batches[chance.randrange(len(batches))]
                batches.remove((path, names))
                state.there = {k: v for k, v in state.there.items() if k not in names}
                removing = timed(lambda path=path: dragtor.remove("main", str(path)))
                writing["remove"].append(removing)
                state.gone |= frozenset(names)
            before = dragtor.library.status().passages
    return total


def search(dragtor: Dragtor, state: State, retriever: str, seed: int) -> None:
    """A thread that searches until all is done."""
    chance, ranking = random.Random(seed), Ranking(retriever=retriever)
    words = Ranking(retriever="keyword")
    while not state.done:
        there, gone = state.there, state.gone
        if not there:
            time.sleep(0.01)
            continue
        wanted = chance.choice(list(there))
        try:
            started = time.perf_counter()
            found = dragtor.search(Query(there[wanted], ranking=ranking)).hits
            state.seconds[retriever].append(time.perf_counter() - started)
            steady = dragtor.search(Query("steadystone", k=50, ranking=words)).hits
        except Exception as error:
            state.wrong.append(f"{retriever}: {error!r}")
            continue
        names = {hit.document.uri for hit in found}
        if wanted not in names and wanted in state.there:
            state.wrong.append(f"{retriever}: missed {wanted}")
        if late := gone & names:
            state.wrong.append(f"{retriever}: found again {late}")
        editions = {hit.passage.text.split()[-1] for hit in steady}
        if len(editions) != 1 or len(steady) != state.steady:
            state.wrong.append(f"{len(steady)} passages of the editions {editions}")


def put(dragtor: Dragtor, path: Path) -> None:
    """Add a file's documents, or replace them."""
    dragtor.load("main", [], [str(path)], refresh=False, progress=common.quiet)
    dragtor.index(rebuild=False, progress=common.quiet)


def rewrite(dragtor: Dragtor, place: Path, edition: int) -> None:
    """A document that is always there, of three long paragraphs."""
    line = "The steadystone lies where it has always been, and nobody has moved it yet. " * 9
    path = place / "steady.txt"
    text = "\n\n".join(f"{line}So says number {n} of edition {edition}" for n in range(STEADY))
    path.write_text(text, encoding="utf-8")
    put(dragtor, path)


def timed(work: Any) -> float:  # noqa: ANN401 (a function without arguments)
    """Seconds that something takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def percentiles(seconds: list[float]) -> dict[str, float]:
    """The 50th and the 95th, in milliseconds."""
    return {f"p{p}": round(1000 * float(np.percentile(seconds, p)), 1) for p in (50, 95)}


if __name__ == "__main__":
    main()
