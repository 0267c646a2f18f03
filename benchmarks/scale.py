"""How fast a library of 10,000 and of 100,000 passages is, and how large. Never a test.

    DRAGTOR_DATA=… python benchmarks/scale.py [--documents 13449 100000] [--questions 300]

The documents are those of bioasq, then those of Wikipedia, then all of these ever again with every
fifth word another's. Encoding 100,000 passages takes more than an hour here, so each text that
comes again gets the vector of what it was made from, moved by noise to a cosine of about 0.8, by
way of the vector cache: the program's own indexing finds it there. Time does not depend on what
vectors mean. What is asked are the questions of bioasq, through the program's own search.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import common
import numpy as np
import psutil

from dragtor.build.answering import AnsweringParts
from dragtor.build.choices import make_splitter
from dragtor.evaluate.sets import read_set
from dragtor.passages import make_passages
from dragtor.pipeline import Dragtor
from dragtor.split.context import contextualize
from dragtor.store.cache import SqliteVectorCache
from dragtor.types import Filter, Query, Vectors

PARTS = 1_000
"""Documents are numbered from 0 to 999, again and again, for filters to choose by."""
FILTERS = {
    "0.1 %": (Filter("part", "=", "0"),),
    "10 %": (Filter("part", "<", "100"),),
    "90 %": (Filter("part", "<", "900"),),
}
WARM_UP = 20
AT_ONCE = 4
BARE = 300
"""Passages that the encoder alone reads, to know its speed."""
STEP = 512
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
    sizes = {}
    for count in options.documents:
        place = common.workplace(f"scale-{count}")
        built = make(place, count, afresh=options.afresh)
        found = search(place, questions[: options.questions + WARM_UP], options.assignments)
        sizes[str(count)] = {**before.get(str(count), {}), **built, **found}
        show(sizes[str(count)])
    if not options.assignments:
        common.store("scale", {"questions": options.questions, "sizes": {**before, **sizes}})


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
    wall, steps = [], []
    for question in questions:
        started = time.perf_counter()
        result = dragtor.search(Query(question, filters=filters))
        wall.append(time.perf_counter() - started)
        steps.append(result.timings)
    names = dict.fromkeys(name for one in steps for name in one)
    by_step = {name: p95([one.get(name, 0.0) for one in steps[WARM_UP:]]) for name in names}
    return {**percentiles(wall[WARM_UP:]), "steps_p95": by_step}


def at_once(dragtor: Dragtor, questions: Sequence[str]) -> Row:
    """Several questions at a time."""

    def one(question: str) -> float:
        started = time.perf_counter()
        dragtor.search(Query(question))
        return time.perf_counter() - started

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(one, questions[:WARM_UP]))
        started = time.perf_counter()
        wall = list(pool.map(one, questions[WARM_UP:]))
        rate = len(wall) / (time.perf_counter() - started)
    return {**percentiles(wall), "per_second": round(rate, 1)}


def show(row: Row) -> None:
    """A table of at most 80 columns."""
    print(f"{row['passages']:,} passages, {row['memory_mb']} MB of memory")
    print("  bytes per passage:", row["bytes_per_passage"])
    for name, one in row["searches"].items():
        print(f"  {name:24} p50 {one['p50']:6.1f} ms  p95 {one['p95']:6.1f} ms")
        for step, ms in one.get("steps_p95", {}).items():
            print(f"      {step:20} {ms:6.1f}")
    for name, value in row.items():
        if name.endswith(("_s", "share")):
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


# --- what is searched --------------------------------------------------------------------


def make(place: Path, count: int, *, afresh: bool) -> Row:
    """Load and index so many documents, if that was not done before; how long it took."""
    library = place / "library"
    if afresh:
        for name in ("library.db", "library.db-wal", "library.db-shm"):
            (library / name).unlink(missing_ok=True)
        for name in ("chroma", "tokens", "originals"):
            shutil.rmtree(library / name, ignore_errors=True)
    settings, dragtor = common.product(library)
    if dragtor.library.active() is not None:
        return {}
    corpus = place / "corpus.jsonl"
    real = write(corpus, count)
    load_s = timed(
        lambda: dragtor.load("main", [], [str(corpus)], refresh=False, progress=common.quiet)
    )
    parts = AnsweringParts(settings)
    encoder = parts.encoder(parts.recipe)
    splitter = make_splitter(settings.split, encoder)
    mode = settings.split.context

    def passages(id: str) -> list[str]:
        document = dragtor.library.newest(id)
        made = make_passages(
            document, splitter.split(document), lambda text, span: contextualize(text, span, mode)
        )
        return [passage.encoder_input for passage in made]

    inputs = [passages(info.id) for info in dragtor.library.documents("main")]
    rate = know(library / "vectors.db", encoder, inputs, real)
    index_s = timed(lambda: dragtor.index(rebuild=False, progress=common.quiet))
    dragtor.close()
    encoding_s = sum(map(len, inputs)) / rate
    return {
        "load_s": round(load_s, 1),
        "index_but_for_the_encoder_s": round(index_s, 1),
        "bare_encoder_s": round(encoding_s, 1),
        "encoder_share": round(encoding_s / (encoding_s + index_s), 3),
    }


def write(corpus: Path, count: int) -> int:
    """Write so many documents, and return after how many they come again."""
    read: list[tuple[str, str]] = []
    for name in ("bioasq", "distractors_wiki"):
        with (common.data(name) / "corpus.jsonl").open(encoding="utf-8") as lines:
            read += [(one["title"], one["text"]) for one in map(json.loads, lines)]
    with corpus.open("w", encoding="utf-8") as lines:
        for number, (title, text) in enumerate(islice(endless(read), count)):
            part = str(number % PARTS)
            record = {"id": f"d{number}", "title": title, "text": text, "part": part}
            lines.write(json.dumps(record) + "\n")
    return len(read)


def endless(read: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Titles and texts: as they are, then ever again with every fifth word another's."""
    yield from read
    pool = [word for _, text in read for word in text.split()]
    chance = random.Random(1)
    while True:
        for title, text in read:
            changed = text.split()
            changed[::5] = chance.choices(pool, k=len(changed[::5]))
            yield title, " ".join(changed)


def know(path: Path, encoder: Any, inputs: list[list[str]], real: int) -> float:  # noqa: ANN401
    """Have a vector in the cache for every text; returns texts that the encoder reads a second.

    ``inputs`` are the texts of each document; from ``real`` on, they are others changed.
    """
    kept = common.workplace("bioasq") / "vectors.db"
    if kept.exists() and not path.exists():
        shutil.copy(kept, path)
    cache, chance = SqliteVectorCache(path), np.random.default_rng(1)
    texts = [text for one in inputs[:real] for text in one]
    known = cache.get(encoder.fingerprint, texts)
    missing = [text for text in texts if text not in known]
    for start in range(0, len(missing), STEP):
        step = missing[start : start + STEP]
        rows = encoder.encode_passages(step)
        cache.put(encoder.fingerprint, step, rows)
        known.update(zip(step, rows, strict=True))
        common.quiet(start, len(missing), "encoded")
    first = [np.stack([known[text] for text in one]) for one in inputs[:real]]
    changed = [
        (text, first[number % real][i % len(first[number % real])])
        for number, one in enumerate(inputs[real:], start=real)
        for i, text in enumerate(one)
    ]
    for start in range(0, len(changed), STEP):
        some = changed[start : start + STEP]
        rows = noisy(np.stack([row for _, row in some]), chance)
        cache.put(encoder.fingerprint, [text for text, _ in some], rows)
    sample = random.Random(1).sample(texts, BARE)
    encoder.encode_passages(sample[:8])
    return BARE / timed(lambda: encoder.encode_passages(sample))


def noisy(rows: Vectors, chance: np.random.Generator) -> Vectors:
    """Vectors of length 1 whose cosine with these is about 0.8, shape of ``rows``."""
    noise = chance.standard_normal(rows.shape, dtype=np.float32)
    moved = 0.8 * rows + 0.6 * noise / np.linalg.norm(noise, axis=1, keepdims=True)
    unit: Vectors = moved / np.linalg.norm(moved, axis=1, keepdims=True)
    return unit


def timed(work: Callable[[], object]) -> float:
    """Seconds that something takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
