"""How fast a library of 10,000 and of 100,000 passages is, and how large. Never a test.

    DRAGTOR_DATA=… python benchmarks/scale.py [--documents 13449 100000] [--questions 300]

The documents are those of bioasq, then those of Wikipedia, then all of these ever again with every
fifth word another's. Encoding 100,000 passages takes more than an hour here, so each text that
comes again gets the vector of what it was made from, moved by noise to a cosine of about 0.8, by
way of the vector cache: the program's own indexing finds it there. Token vectors are read of 1,000
passages, and all others get those of one of these. Time does not depend on what vectors mean. What
is asked are the questions of bioasq, through the program's own search. Beside the time on the wall
stands that of the processors (cpu), to which nothing else that the machine does adds anything.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import common
import numpy as np
import psutil
from scaled import make

from dragtor.evaluate.sets import read_set
from dragtor.pipeline import Dragtor
from dragtor.types import Filter, Query

FILTERS = {
    "0.1 %": (Filter("part", "=", "0"),),
    "10 %": (Filter("part", "<", "100"),),
    "90 %": (Filter("part", "<", "900"),),
}
WARM_UP = 20
AT_ONCE = 4
FILES = {
    "library": "library.db",
    "vectors": "chroma",
    "vector cache": "vectors.db",
    "token vectors": "tokens",
    "originals": "originals",
}
Row = dict[str, Any]


def main() -> None:
    """Build what is missing, measure, print and keep."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--documents", type=int, nargs="+", default=[13_449, 100_000])
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--afresh", action="store_true", help="index anew, to measure that")
    parser.add_argument("--set", action="append", default=[], dest="assignments")
    options = parser.parse_args()
    questions = [one.text for one in read_set(common.data("bioasq")).questions]
    before = common.stored("scale").get("sizes", {})
    for count in options.documents:
        place, part = common.workplace(f"scale-{count}"), str(count)
        built = make(place, count, afresh=options.afresh)
        built = {"made": common.made(), **built} if built else before.get(part, {}).get("index", {})
        found = search(place, questions[: options.questions + WARM_UP], options.assignments)
        result = {"questions": options.questions, "index": built, **found}
        show(result)
        if not options.assignments:
            common.store_part("scale", part, result, under="sizes")


# --- measuring ---------------------------------------------------------------------------


def search(place: Path, questions: Sequence[str], assignments: Sequence[str]) -> Row:
    """Times of searches, in milliseconds, memory, and size on disk."""
    _, dragtor = common.product(place / "library", assignments)
    rows = {"one after another": in_turn(dragtor, questions, ())}
    rows[f"{AT_ONCE} at once"] = at_once(dragtor, questions)
    for name, filters in FILTERS.items():
        rows[f"of {name} of the documents"] = in_turn(dragtor, questions, filters)
    memory = psutil.Process().memory_info().rss
    status = dragtor.library.status()
    dragtor.close()
    sizes = {part: size(place / "library" / name) for part, name in FILES.items()}
    return {
        "documents": status.documents,
        "passages": status.passages,
        "searches": rows,
        "memory_mb": round(memory / 1e6),
        "bytes_per_passage": {part: round(n / status.passages) for part, n in sizes.items() if n},
    }


def in_turn(dragtor: Dragtor, questions: Sequence[str], filters: tuple[Filter, ...]) -> Row:
    """One question after another; by step as well."""
    wall, cpu, steps = [], [], []
    for question in questions:
        started, used = time.perf_counter(), time.process_time()
        result = dragtor.search(Query(question, filters=filters))
        wall.append(time.perf_counter() - started)
        cpu.append(time.process_time() - used)
        steps.append(result.timings)
    names = dict.fromkeys(name for one in steps for name in one)
    by_step = {name: p95([one.get(name, 0.0) for one in steps[WARM_UP:]]) for name in names}
    rows = {**percentiles(wall[WARM_UP:]), "cpu": percentiles(cpu[WARM_UP:])}
    return {**rows, "steps_p95": by_step}


def at_once(dragtor: Dragtor, questions: Sequence[str]) -> Row:
    """Several questions at a time."""

    def one(question: str) -> float:
        started = time.perf_counter()
        dragtor.search(Query(question))
        return time.perf_counter() - started

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(one, questions[:WARM_UP]))
        started, used = time.perf_counter(), time.process_time()
        wall = list(pool.map(one, questions[WARM_UP:]))
        rate = len(wall) / (time.perf_counter() - started)
        mean = (time.process_time() - used) / len(wall)
    cpu = {"mean": round(1000 * mean, 1)}
    return {**percentiles(wall), "per_second": round(rate, 1), "cpu": cpu}


def show(row: Row) -> None:
    """A table of at most 80 columns."""
    print(f"{row['passages']:,} passages, {row['memory_mb']} MB of memory")
    print("  bytes per passage:", row["bytes_per_passage"])
    for name, one in row["searches"].items():
        print(f"  {name:24} p50 {one['p50']:6.1f} ms  p95 {one['p95']:6.1f} ms  cpu {one['cpu']}")
        for step, ms in one.get("steps_p95", {}).items():
            print(f"      {step:20} {ms:6.1f}")
    for name, value in row["index"].items():
        if name != "made":
            print(f"  {name:36} {value}")


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """The 50th and the 95th, in milliseconds."""
    return {"p50": round(1000 * float(np.percentile(seconds, 50)), 1), "p95": p95(seconds)}


def p95(seconds: Sequence[float]) -> float:
    """95th percentile, in milliseconds."""
    return round(1000 * float(np.percentile(seconds, 95)), 1)


def size(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


if __name__ == "__main__":
    main()
