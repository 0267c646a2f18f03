"""What filters cost every retriever, at 100,000 passages. A benchmark and never a test.

    DRAGTOR_DATA=… python benchmarks/filters.py [--passages 100000] [--questions 100]

The texts are those of bioasq and of Wikipedia, again and again with every fifth word changed, one
passage each. Vectors, of passages and of questions, are random, for time does not depend on what
they mean: so these figures hold without the model's own time, and say nothing of what is found.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import common
import numpy as np

from dragtor.evaluate.sets import read_set
from dragtor.interfaces import Retriever
from dragtor.passages import make_passages
from dragtor.retrieve.dense import DenseScorer
from dragtor.retrieve.fused import FusedRetriever
from dragtor.retrieve.keyword import KeywordScorer
from dragtor.store.chroma import ChromaStore
from dragtor.store.keywords import SqliteKeywordIndex
from dragtor.store.library import SqliteLibrary
from dragtor.types import Content, Cut, Document, Filter, Original, Query, Span, Vectors

DIMENSION = 384
BATCH = 2_000
SPACE = "g1-dense"
SHARES = {
    "no filter": (),
    "0.1 %": (Filter("part", "=", "0"),),
    "10 %": (Filter("part", "<", "100"),),
    "90 %": (Filter("part", "<", "900"),),
}
"""Filters by how much they let through: documents are numbered from 0 to 999, again and again."""
COLUMNS = ("p50_ms", "p95_ms", "cpu_p50_ms", "cpu_p95_ms", "cpu_first_ms")


class RandomEncoder:
    """A vector of length 1 for each text, always the same for the same."""

    fingerprint = "random"
    dimension = DIMENSION
    max_tokens = 256

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Shape (texts, dimension)."""
        return units(len(texts), sum(map(ord, texts[0])))


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--questions", type=int, default=100)
    options = parser.parse_args()
    place = common.workplace(f"filters-{options.passages}")
    library, vectors = SqliteLibrary(place), ChromaStore(place / "chroma")
    if library.active() is None:
        fill(library, vectors, options.passages)
    asked = [q.text for q in read_set(common.data("bioasq")).questions[: options.questions + 20]]
    rows = []
    print(f"{'':19} {'p50':>7} {'p95':>7} {'cpu p50':>7} {'cpu p95':>7} {'first':>7}")
    for name, retriever in retrievers(library, vectors):
        for share, filters in SHARES.items():
            library.close()  # so that the first search reads the scope
            rows.append({"retriever": name, "passes": share, **measured(retriever, asked, filters)})
            print(line(rows[-1]))
    common.store("filters", {"passages": options.passages, "rows": rows})
    vectors.close()
    library.close()


def retrievers(library: SqliteLibrary, vectors: ChromaStore) -> Iterator[tuple[str, Retriever]]:
    """Keyword, dense, and both."""
    words = KeywordScorer(SqliteKeywordIndex(library.database), 1)
    dense = DenseScorer(vectors, RandomEncoder(), SPACE, "dense")  # type: ignore[arg-type]
    yield "keyword", FusedRetriever(library, 1, [words])
    yield "dense", FusedRetriever(library, 1, [dense])
    yield "hybrid", FusedRetriever(library, 1, [words, dense])


def measured(
    retriever: Retriever, questions: Sequence[str], filters: tuple[Filter, ...]
) -> dict[str, Any]:
    """Milliseconds of searches, and of their steps; the first 20 warm up.

    Those of the processor do not depend on what else the machine does.
    """
    first, wall, busy, steps = 0.0, [], [], []
    for question in questions:
        started, worked = time.perf_counter(), time.process_time()
        result = retriever.retrieve(Query(question, filters=filters))
        busy.append(time.process_time() - worked)
        wall.append(time.perf_counter() - started)
        first = first or busy[0]
        steps.append(result.timings)
    return {
        "p50_ms": _ms(wall[20:], 50),
        "p95_ms": _ms(wall[20:], 95),
        "cpu_p50_ms": _ms(busy[20:], 50),
        "cpu_p95_ms": _ms(busy[20:], 95),
        "cpu_first_ms": round(1000 * first, 1),
        "steps_p50_ms": {name: _ms([one[name] for one in steps[20:]], 50) for name in steps[0]},
    }


def line(row: dict[str, Any]) -> str:
    """A row of the table, within 80 columns."""
    times = " ".join(f"{row[name]:7.1f}" for name in COLUMNS)
    return f"{row['retriever']:8} {row['passes']:10} {times}"


def _ms(seconds: Sequence[float], percentile: float) -> float:
    return round(1000 * float(np.percentile(seconds, percentile)), 1)


# --- what is searched --------------------------------------------------------------------


def fill(library: SqliteLibrary, vectors: ChromaStore, passages: int) -> None:
    """Store so many documents of one passage each, and their vectors."""
    texts = islice(endless(), passages)
    number = 0
    while batch := list(islice(texts, BATCH)):
        contents = [
            Content(text, title, "text", metadata={"part": str(i % 1000)}, key=str(i))
            for i, (title, text) in enumerate(batch, start=number)
        ]
        uri = f"file:///filters/{number}.jsonl"
        with library.writing():
            data = "\n".join(text for _, text in batch).encode()
            original = Original(uri, "application/jsonl", data)
            library.store("main", uri, original, contents, "benchmark 1")
        number += len(batch)
        common.quiet(number, passages, "stored")
    with library.writing():
        generation = library.generation("whole", {"dense": "random"}, {}, fresh=False)
        assert generation.id == 1
        vectors.create(SPACE, DIMENSION)
        pending = list(library.pending(generation.id))
        for start in range(0, len(pending), BATCH):
            documents = [library.newest(id) for id in pending[start : start + BATCH]]
            indexed = [(document, whole(document)) for document in documents]
            ids = [passage.id for _, found in indexed for passage in found]
            vectors.add(SPACE, ids, units(len(ids), start))
            library.commit(generation.id, indexed)
            common.quiet(start + len(documents), passages, "indexed")
        library.activate(generation.id)


def whole(document: Document) -> Any:  # noqa: ANN401
    """The one passage of a document."""

    def text(document: Document, span: Span) -> str:
        return document.text[span.start : span.end]

    return make_passages(document, [Cut(0, len(document.text))], text)


def endless() -> Iterator[tuple[str, str]]:
    """Titles and texts: as they are, then ever again with every fifth word another's."""
    read: list[tuple[str, str]] = []
    for name in ("bioasq", "distractors_wiki"):
        with Path(common.data(name) / "corpus.jsonl").open(encoding="utf-8") as lines:
            read += [(record["title"], record["text"]) for record in map(json.loads, lines)]
    yield from read
    pool = [word for _, text in read for word in text.split()]
    chance = random.Random(1)
    while True:
        for title, text in read:
            changed = text.split()
            changed[::5] = chance.choices(pool, k=len(changed[::5]))
            yield title, " ".join(changed)


def units(count: int, seed: int) -> Vectors:
    """Random vectors of length 1, shape (count, DIMENSION)."""
    rows = np.random.default_rng(seed).standard_normal((count, DIMENSION), dtype=np.float32)
    unit: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


if __name__ == "__main__":
    main()
