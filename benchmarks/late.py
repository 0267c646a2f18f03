"""What packing token vectors costs, and how many of the best their fixed dimensions find.

Of each question the best passages by words and meaning are ordered by MaxSim, over vectors as the
encoder gives them and over packed ones of several sizes: nDCG@10, and r, the mean correlation with
the exact scores question by question, which shows what nDCG hides. Then, among all passages that
were read for any question: the share of the ten best by exact MaxSim that are among the first 40
and 100 by fixed dimensional vectors. Usage:

    DRAGTOR_DATA=… python benchmarks/late.py [--sets scifact …] [--questions 100] [--depth 40]
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

import common
import numpy as np

from dragtor.build import build_encoder
from dragtor.encode.tokens import EncoderTokens
from dragtor.evaluate.metrics import MEASURES
from dragtor.evaluate.sets import read_set
from dragtor.evaluate.significance import paired_randomisation
from dragtor.late.codec import TokenCodec
from dragtor.late.muvera import FixedDimensions
from dragtor.types import Hit, Query, Ranking, Vectors

SETS = ("scifact", "bioasq")
DEV = {"scifact": "dev"}
SIZES = (16, 32, 64, 128, 384)
"""Bytes that a vector may have; with 384 dimensions, 64 allow one bit of each, 384 eight."""
BASE = Ranking(retriever="keyword+dense")
TOGETHER = 256


def main() -> None:
    """Run, print the tables, and keep the results."""
    arguments = _arguments()
    results = {name: measure(name, arguments) for name in arguments.sets}
    common.store("late", {"questions": arguments.questions, "sets": results})


def measure(name: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """All figures of one set."""
    questions = read_set(common.data(name))
    settings, dragtor = common.product(common.workplace(f"late-{name}"), ["late.model=none"])
    corpus = common.data(name) / "corpus.jsonl"
    dragtor.load("main", [], [str(corpus)], refresh=False, progress=common.quiet)
    dragtor.index(rebuild=False, progress=common.quiet)
    judged = questions.judged(DEV.get(name))
    asked = Random(0).sample(judged, min(arguments.questions, len(judged)))
    query = Query("", k=arguments.depth, ranking=BASE)
    hits = {q.id: dragtor.search(replace(query, text=q.text)).hits for q in asked}
    generation = dragtor.library.active()
    assert generation is not None
    encoder = EncoderTokens(build_encoder(settings, generation))  # type: ignore[arg-type]
    found = {hit.passage.id: hit for some in hits.values() for hit in some}
    passages = _read(encoder, found)
    tokens = {q.id: encoder.encode_question_tokens(q.text) for q in asked}
    print(f"\n{name}: {len(asked)} questions, {len(passages)} passages")

    def ndcg(scores: Mapping[str, Sequence[float]]) -> list[float]:
        return [
            MEASURES["nDCG@10"](_documents(hits[id], scores[id]), questions.qrels[id])
            for id in (q.id for q in asked)
        ]

    exact = {
        id: [_max_sim(tokens[id], passages[hit.passage.id]) for hit in some]
        for id, some in hits.items()
    }
    best = ndcg(exact)
    rows = {"exact": {"bytes": 4 * encoder.dimension, "ndcg@10": float(np.mean(best))}}
    _show("exact", rows["exact"])
    for size in SIZES:
        codec = TokenCodec(encoder.dimension, size)
        packed = {id: codec.encode(one) for id, one in passages.items()}
        scores = {
            id: codec.max_sim(
                codec.rotate(tokens[id]), [packed[hit.passage.id] for hit in some]
            ).tolist()
            for id, some in hits.items()
        }
        values = ndcg(scores)
        rows[f"{codec.kept} x {codec.bits} bit"] = row = {
            "bytes": codec.width,
            "ndcg@10": float(np.mean(values)),
            "p": paired_randomisation(values, best),
            "r": float(np.mean([np.corrcoef(exact[id], scores[id])[0, 1] for id in exact])),
        }
        _show(f"{codec.kept} x {codec.bits} bit", row)
    first_stage = _first_stage(encoder.dimension, list(tokens.values()), list(passages.values()))
    _show("first stage", first_stage)
    return {"passages": len(passages), "codecs": rows, "first_stage": first_stage}


def _first_stage(
    dimension: int, questions: Sequence[Vectors], passages: Sequence[Vectors]
) -> dict[str, float]:
    """How many of the best by exact MaxSim, over packed vectors, are found in all that was read."""
    codec = TokenCodec(dimension)
    fixed = FixedDimensions(codec.kept)
    packed = [codec.encode(one) for one in passages]
    vectors = np.stack([fixed.passage(codec.decode(one)) for one in packed])
    means = np.stack([codec.decode(one).mean(axis=0) for one in packed])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    shares: dict[str, list[float]] = {}
    for vector in map(codec.rotate, questions):
        best = set(np.argsort(-codec.max_sim(vector, packed))[:10].tolist())
        for label, near in (
            ("fixed", vectors @ fixed.question(vector)),
            ("mean", means @ vector.sum(axis=0)),
        ):
            order = np.argsort(-near).tolist()
            for depth in (40, 100):
                share = len(best.intersection(order[:depth])) / 10
                shares.setdefault(f"{label}@{depth}", []).append(share)
    return {label: float(np.mean(values)) for label, values in shares.items()}


def _read(encoder: EncoderTokens, found: dict[str, Hit]) -> dict[str, Vectors]:
    """Token vectors of passages under their titles, as they are indexed."""
    texts = {id: f"{hit.document.title}\n{hit.passage.text}".strip() for id, hit in found.items()}
    ids, made = list(texts), dict[str, Vectors]()
    for start in range(0, len(ids), TOGETHER):
        common.quiet(start, len(ids), "passages")
        some = ids[start : start + TOGETHER]
        rows = encoder.encode_passage_tokens([texts[id] for id in some])
        made.update((id, one) for id, one in zip(some, rows, strict=True))
    return made


def _documents(hits: Sequence[Hit], scores: Sequence[float]) -> list[str]:
    """Documents by their best passage, best first."""
    order = np.argsort(-np.asarray(scores), kind="stable")
    uris = (hits[place].document.uri for place in order)
    return list(dict.fromkeys(uri.partition("#")[2] for uri in uris))


def _max_sim(question: Vectors, passage: Vectors) -> float:
    return float((question @ passage.T).max(axis=1).mean())


def _show(label: str, row: dict[str, float]) -> None:
    cells = (f"{key} {value:.4g}" for key, value in row.items())
    print(f"{label:14}" + "  ".join(f"{cell:16}" for cell in cells), flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sets", nargs="+", default=list(SETS))
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--depth", type=int, default=40)
    return parser.parse_args()


if __name__ == "__main__":
    warnings.simplefilter("error")
    main()
