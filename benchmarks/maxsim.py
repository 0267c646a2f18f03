"""MaxSim of a question against 50 and 200 passages: packed vectors, a plain loop, other programs.

The vectors are random and of length 1; what is timed does not depend on them. "packed" is
what a search does: it unpacks vectors and compares them block by block. The others are given
vectors of 32 bits that lie ready in memory, eight times as many bytes. PyLate and maxsim-cpu are
timed where they can be imported (PYTHONPATH). One thread each. Usage:

    OMP_NUM_THREADS=1 python benchmarks/maxsim.py [--rounds 30]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import common
import numpy as np

from dragtor.late.codec import TokenCodec
from dragtor.types import Vectors

ASKED = 20
TOKENS = (84, 256)
"""Tokens of a passage: between these, 170 on average."""
DIMENSIONS = {"MiniLM": 384, "ColBERTv2": 128}
PASSAGES = (50, 200)


def main() -> None:
    """Run, print the table, and keep the results."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    table: dict[str, dict[str, float]] = {}
    for model, dimension in DIMENSIONS.items():
        for count in PASSAGES:
            for label, run in _ways(dimension, count):
                milliseconds = _timed(run, rounds)
                table.setdefault(f"{model}, {count} passages", {})[label] = milliseconds
                print(f"{model:10} {count:4} passages  {label:12} {milliseconds:8.2f} ms")
    common.store("maxsim", {"rounds": rounds, "question_tokens": ASKED, "ms": table})


def _ways(dimension: int, count: int) -> Iterator[tuple[str, Callable[[], object]]]:
    """What is compared, after a look that all give the same scores."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(*TOKENS, count, endpoint=True)
    passages = [_unit(rng.normal(size=(n, dimension))) for n in lengths]
    question = _unit(rng.normal(size=(ASKED, dimension)))
    codec = TokenCodec(dimension)
    packed = [codec.encode(one) for one in passages]
    rotated = codec.rotate(question)
    exact = np.array(_loop(question, passages))
    ways: dict[str, Callable[[], Any]] = {
        "packed": lambda: codec.max_sim(rotated, packed),
        "numpy loop": lambda: _loop(question, passages),
        **_pylate(question, passages),
        **_maxsim_cpu(question, passages),
    }
    for label, run in ways.items():
        scores = np.asarray(run(), dtype=float).ravel()
        assert np.abs(scores - exact).max() < (0.1 if label == "packed" else 1e-4), label
        yield label, run


def _loop(question: Vectors, passages: Sequence[Vectors]) -> list[float]:
    return [float((question @ one.T).max(axis=1).mean()) for one in passages]


def _pylate(question: Vectors, passages: Sequence[Vectors]) -> dict[str, Callable[[], Any]]:
    """Padded to the longest and masked, as PyLate's reranking has it."""
    try:
        import torch
        from pylate.scores import colbert_scores  # type: ignore[import-not-found]
    except ImportError:
        return {}
    torch.set_num_threads(1)
    longest = max(map(len, passages))
    padded = torch.zeros(len(passages), longest, question.shape[1])
    mask = torch.zeros(len(passages), longest)
    for row, one in enumerate(passages):
        padded[row, : len(one)] = torch.from_numpy(one)
        mask[row, : len(one)] = 1
    asked = torch.from_numpy(question)[None]

    def run() -> object:
        return colbert_scores(asked, padded, documents_mask=mask)[0] / len(question)

    return {"PyLate": run}


def _maxsim_cpu(question: Vectors, passages: Sequence[Vectors]) -> dict[str, Callable[[], Any]]:
    if question.shape[1] > 128:
        return {}  # 0.1.0 then gives other scores, of 1e34 even
    try:
        import maxsim_cpu  # type: ignore[import-not-found]
    except ImportError:
        return {}
    whole = list(passages)
    return {
        "maxsim-cpu": lambda: maxsim_cpu.maxsim_scores_variable(question, whole) / len(question)
    }


def _timed(run: Callable[[], object], rounds: int) -> float:
    """Median of the time on the processor in milliseconds, whatever else the machine does."""
    seconds = []
    for _ in range(rounds):
        started = time.process_time()
        run()
        seconds.append(time.process_time() - started)
    return round(1000 * statistics.median(seconds), 3)


def _unit(rows: Any) -> Vectors:  # noqa: ANN401 (of 64 bits)
    unit: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


if __name__ == "__main__":
    main()
