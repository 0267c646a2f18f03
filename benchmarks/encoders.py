"""What int8 costs and gains, and whether late chunking helps.

``precision``: questions against passages of sets with human judgements, by meaning alone, at full
precision and in int8: nDCG@10 of both, its paired randomisation test, and passages per second of
processor time, measured by turns in one run. ``late_chunking``: long documents, as in
benchmarks/splitting.py, with and without it, by meaning alone and with words. Usage:

    DRAGTOR_DATA=… python benchmarks/encoders.py [precision] [late_chunking]
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean, median
from typing import Any

import common
import numpy as np
import splitting

from dragtor.build.encoders import Encoders
from dragtor.build.language import weights_of
from dragtor.build.spec import Spec
from dragtor.evaluate.metrics import MEASURES
from dragtor.evaluate.sets import read_set
from dragtor.evaluate.significance import holm, paired_randomisation
from dragtor.interfaces import Encoder
from dragtor.store.cache import SqliteVectorCache
from dragtor.types import Vectors

MODEL = "all-MiniLM-L6-v2"
SETS = {"covidqa": None, "scifact": "dev"}
QUESTIONS = 150
PASSAGES = 700
"""At most so many of a set, with all that answer the questions among them; of COVID-QA, all."""
SIZES = {"covidqa": ("200/32", "100/16"), "chunking_eval": ("200/32",)}
RETRIEVERS = ("dense", "hybrid")


def main() -> None:
    """Run what was asked for, print it, and keep the results."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], help="all, if none is named")
    chosen = parser.parse_args().parts or list(PARTS)
    for name in chosen:
        common.store_part("encoders", name, PARTS[name](), under="parts")


# --- int8


def precision() -> dict[str, Any]:
    """Measure int8 against full precision."""
    settings, _ = common.product(Path("library"))
    threads = 1
    encoders = Encoders(weights_of(settings), threads)
    by_precision = {
        kind: encoders.get(Spec("onnx", MODEL, precision=kind)) for kind in ("fp32", "int8")
    }
    cache = SqliteVectorCache(common.workplace("encoders") / "vectors.db")
    found: dict[str, Any] = {"speed": _speed(by_precision), "sets": {}}
    print(f"\n{'':10}{'questions':>10}{'fp32':>8}{'int8':>8}{'p':>8}{'cosine':>9}")
    for name, split in SETS.items():
        row = _quality(name, split, by_precision, cache)
        found["sets"][name] = row
        print(
            f"{name:10}{row['questions']:10}{row['fp32']:8.1f}{row['int8']:8.1f}"
            f"{row['p']:8.3f}{row['cosine']:9.4f}",
            flush=True,
        )
    for row, p in zip(
        found["sets"].values(), holm([row["p"] for row in found["sets"].values()]), strict=True
    ):
        row["p_holm"] = round(p, 4)
    return found


def _speed(encoders: dict[str, Encoder]) -> dict[str, float]:
    """Passages per second of processor time, one thread, by turns; the median of five."""
    documents = read_set(common.data("scifact")).documents[:48]
    texts = [document.text[:900] for document in documents]
    rates: dict[str, list[float]] = {name: [] for name in encoders}
    for _ in range(5):
        for name, encoder in encoders.items():
            encoder.encode_passages(texts[:2])
            before = time.process_time()
            encoder.encode_passages(texts)
            rates[name].append(len(texts) / (time.process_time() - before))
    found = {name: round(median(values), 1) for name, values in rates.items()}
    found["ratio"] = round(found["int8"] / found["fp32"], 2)
    print(f"passages per second of processor time: {found}", flush=True)
    return found


def _quality(
    name: str, split: str | None, encoders: dict[str, Encoder], cache: SqliteVectorCache
) -> dict[str, Any]:
    """Mean nDCG@10 by meaning alone, in percent."""
    judged = read_set(common.data(name))
    asked = judged.judged(split)[: QUESTIONS if name != "covidqa" else None]
    gold = {id for one in asked for id, grade in judged.qrels[one.id].items() if grade > 0}
    by_id = {one.id: f"{one.title}\n{one.text}".strip() for one in judged.documents}
    others = sorted(set(by_id) - gold)
    most = PASSAGES if name != "covidqa" else len(by_id)
    random.Random(0).shuffle(others)
    ids = sorted(gold) + others[: max(0, most - len(gold))]
    texts = [by_id[id] for id in ids]
    scores: dict[str, list[float]] = {}
    vectors: dict[str, Vectors] = {}
    for kind, encoder in encoders.items():
        vectors[kind] = _vectors(encoder, texts, cache)
        queries = encoder.encode_queries([one.text for one in asked])
        best = np.argsort(-(queries @ vectors[kind].T), axis=1)[:, :10]
        ndcg = MEASURES["nDCG@10"]
        scores[kind] = [
            ndcg([ids[i] for i in row], judged.qrels[one.id])
            for one, row in zip(asked, best, strict=True)
        ]
    cosines = np.sum(vectors["fp32"] * vectors["int8"], axis=1)
    return {
        "questions": len(asked),
        "passages": len(ids),
        **{kind: round(100 * mean(values), 2) for kind, values in scores.items()},
        "p": round(paired_randomisation(scores["int8"], scores["fp32"]), 4),
        "cosine": round(float(cosines.mean()), 4),
    }


def _vectors(encoder: Encoder, texts: Sequence[str], cache: SqliteVectorCache) -> Vectors:
    known = cache.get(encoder.fingerprint, texts)
    missing = [text for text in dict.fromkeys(texts) if text not in known]
    for start in range(0, len(missing), 128):
        chunk = missing[start : start + 128]
        vectors = encoder.encode_passages(chunk)
        cache.put(encoder.fingerprint, chunk, vectors)
        known |= dict(zip(chunk, vectors, strict=True))
        common.quiet(start, len(missing), "passages")
    return np.stack([known[text] for text in texts])


# --- late chunking


def late_chunking() -> dict[str, Any]:
    """Measure late chunking on long documents."""
    return {"sets": {name: _late(name) for name in SIZES}}


def _late(name: str) -> dict[str, Any]:
    place = common.workplace(f"encoders-{name}")
    source, questions = splitting.SETS[name](place)
    rows: dict[str, Any] = {}
    print(f"\n{name}: {len(questions)} questions; mean recall of 400, 800 and 1600 tokens, nDCG@10")
    for size in SIZES[name]:
        for retriever in RETRIEVERS:
            recalls: dict[str, list[float]] = {}
            for late in (False, True):
                settings = [
                    *splitting._split("structure", size),
                    f"retrieve.retriever={retriever}",
                    "late.model=none",
                    "retrieve.reranker=none",
                    f"encoder.late_chunking={str(late).lower()}",
                ]
                passages, scores = splitting.measure(place, source, questions, settings)
                way = f"{size} {retriever}{' late' if late else ''}"
                recalls[way] = [mean(score.recall.values()) for score in scores]
                rows[way] = {
                    "passages": passages,
                    "recall": round(100 * mean(recalls[way]), 1),
                    "nDCG@10": round(100 * mean(score.ndcg for score in scores), 1),
                }
                print(f"{way:24}{rows[way]['recall']:8}{rows[way]['nDCG@10']:8}", flush=True)
            plain, with_it = recalls.values()
            rows[way]["p"] = round(paired_randomisation(with_it, plain), 4)
            print(f"{'':24}p = {rows[way]['p']}", flush=True)
    return {"questions": len(questions), "ways": rows}


PARTS: dict[str, Callable[[], dict[str, Any]]] = {
    "precision": precision,
    "late_chunking": late_chunking,
}

if __name__ == "__main__":
    main()
