"""The keyword index beside bm25s, on the same passages and questions, in one run. Never a test.

    pip install bm25s PyStemmer      # bm25s is nothing that dragtor needs
    DRAGTOR_DATA=… python benchmarks/keyword_index.py [--large scale-100000]

Each question is asked of both, in turns. bm25s has its own English stop words, the Snowball stemmer
and the same k1 and b as SQLite's FTS5. A document counts by its best passage. ``--large`` names a
library below kept/ (see scale.py) of which only times are taken. Times are those of the processor,
in one thread, so that what else the machine does adds nothing to them.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import common
import numpy as np

from dragtor.evaluate.metrics import MEASURES
from dragtor.evaluate.sets import Question, read_set
from dragtor.evaluate.significance import paired_randomisation
from dragtor.store.keywords import SqliteKeywordIndex
from dragtor.store.library import SqliteLibrary

SETS = {"bioasq": None, "scifact": "dev"}
DEPTH = 100
WARM_UP = 20
LIKE_FTS5 = {"k1": 1.2, "b": 0.75}
Search = Callable[[str], list[str]]
Row = dict[str, Any]


def main() -> None:
    """Ask both, print, and keep."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--large", default="", help="a library of which only times are taken")
    large = parser.parse_args().large
    rows = {}
    for name, split in SETS.items():
        found = read_set(common.data(name))
        rows[name] = compared(common.workplace(name), found.judged(split), found.qrels)
        show(name, rows[name])
    if large:
        questions = read_set(common.data("bioasq")).questions[:300]
        rows[large] = compared(common.workplace(large) / "library", questions, {})
        show(large, rows[large])
    common.store("keyword_index", {"depth": DEPTH, "sets": rows})


def compared(
    folder: Path, questions: Sequence[Question], qrels: Mapping[str, Mapping[str, int]]
) -> Row:
    """Times of both in milliseconds, their ratio, and nDCG@10 where there are judgements."""
    with closing(SqliteLibrary(folder)) as library:
        ids, texts, documents = passages(library)
        theirs = bm25s_search(ids, texts)
        active = library.active()
        assert active is not None
        index = SqliteKeywordIndex(library.database)

        def ours(question: str) -> list[str]:
            return [one.id for one in index.search(active.id, question, DEPTH)]

        seconds: dict[str, list[float]] = {"fts5": [], "bm25s": []}
        scores: dict[str, list[float]] = {"fts5": [], "bm25s": []}
        for question in questions:
            for name, search in (("fts5", ours), ("bm25s", theirs)):
                started = time.thread_time()
                found = search(question.text)
                seconds[name].append(time.thread_time() - started)
                ranked = list(dict.fromkeys(documents[id] for id in found))
                scores[name].append(MEASURES["nDCG@10"](ranked, qrels.get(question.id, {})))
    row: Row = {"passages": len(ids), "questions": len(questions)}
    for name, times in seconds.items():
        row[f"{name}_ms"] = {p: percentile(times[WARM_UP:], p) for p in (50, 95)}
    row["times_as_long"] = round(row["fts5_ms"][50] / row["bm25s_ms"][50], 2)
    if qrels:
        row["ndcg@10"] = {name: round(float(np.mean(one)), 4) for name, one in scores.items()}
        row["p"] = paired_randomisation(scores["fts5"], scores["bm25s"])
    return row


def passages(library: SqliteLibrary) -> tuple[list[str], list[str], dict[str, str]]:
    """Ids and texts with their titles, in order, and the key of each passage's document."""
    active = library.active()
    assert active is not None
    ids, texts, documents = [], [], {}
    for info in library.documents("main"):
        for passage in library.passages(active.id, info.id):
            ids.append(passage.id)
            texts.append(f"{info.title}\n{passage.text}")
            documents[passage.id] = info.uri.rpartition("#")[2]
    return ids, texts, documents


def bm25s_search(ids: Sequence[str], texts: Sequence[str]) -> Search:
    """An index by bm25s."""
    try:
        import bm25s
        import Stemmer
    except ImportError as error:
        raise SystemExit(f"{error}: pip install bm25s PyStemmer") from error
    options = {"stopwords": "en", "stemmer": Stemmer.Stemmer("english"), "show_progress": False}
    retriever = bm25s.BM25(**LIKE_FTS5)
    retriever.index(bm25s.tokenize(list(texts), **options), show_progress=False)

    def search(question: str) -> list[str]:
        asked = bm25s.tokenize(question, **options)
        rows, scores = retriever.retrieve(asked, k=min(DEPTH, len(ids)), show_progress=False)
        return [ids[row] for row, score in zip(rows[0], scores[0], strict=True) if score > 0]

    return search


def percentile(seconds: Sequence[float], which: int) -> float:
    """In milliseconds."""
    return round(1000 * float(np.percentile(seconds, which)), 2)


def show(name: str, row: Row) -> None:
    """A few lines of at most 80 columns."""
    print(f"{name}: {row['passages']:,} passages, {row['questions']} questions")
    for which in ("fts5", "bm25s"):
        ms, ndcg = row[f"{which}_ms"], row.get("ndcg@10", {}).get(which)
        quality = "" if ndcg is None else f"   nDCG@10 {100 * ndcg:.1f}"
        print(f"  {which:6} p50 {ms[50]:6.2f} ms  p95 {ms[95]:6.2f} ms{quality}")
    print(f"  FTS5 takes {row['times_as_long']} times as long at the median; p {row.get('p')}")


if __name__ == "__main__":
    main()
