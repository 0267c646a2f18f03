"""How fast dragtor is, against its aims. A benchmark and never a test: clocks are no tests.

    DRAGTOR_DATA=… python benchmarks/speed.py [--only help search warm index unchanged]

Processes are timed from outside, start of Python included. Ratios and percentiles are of one run
on one machine: compare figures of the same run only.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

import common
import numpy as np

from dragtor.build import weights_of
from dragtor.config import Settings
from dragtor.encode.onnx import OnnxEncoder
from dragtor.evaluate.sets import read_set
from dragtor.pipeline import Dragtor
from dragtor.split.context import contextualize
from dragtor.types import Query, Span

DRAGTOR = [sys.executable, "-c", "from dragtor.cli import main; main()"]
SAMPLE = common.HERE.parent / "assets" / "library"
TEXTS = 1_000
FILES = 10_000
Figure = dict[str, Any]


def main() -> None:
    """Time what was asked for, print it, and keep it if all was timed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--only", nargs="+", choices=list(FIGURES), default=list(FIGURES))
    chosen = parser.parse_args().only
    figures = []
    for name in chosen:
        figures.append(FIGURES[name]())
        print(f"{figures[-1]['what']}: {figures[-1]['shown']} (aim {figures[-1]['aim']})")
    if chosen == list(FIGURES):
        common.store("speed", {"figures": figures})


def help_page() -> Figure:
    """`dragtor --help`."""
    seconds = statistics.median(_timed(["--help"]) for _ in range(7))
    return _seconds("`dragtor --help`", "≤ 0.3 s", seconds)


def cold_search() -> Figure:
    """`dragtor search` on the sample library, everything from cold but the disk's cache."""
    place = [f"--set=paths.library={common.workplace('sample')}"]
    _timed([*place, "load", str(SAMPLE), "--index"])
    ask = [*place, "search", "How do I know that my A2 pulley is torn?", "--json"]
    seconds = statistics.median(_timed(ask) for _ in range(5))
    return _seconds("`dragtor search`, sample library, cold process", "≤ 1.5 s", seconds)


def warm_search() -> Figure:
    """The program's search over bioasq, models loaded."""
    folder = common.data("bioasq")
    _, dragtor = common.product(common.workplace("bioasq"))
    corpus = str(folder / "corpus.jsonl")
    dragtor.load("main", [], [corpus], refresh=False, progress=common.quiet)
    dragtor.index(rebuild=False, progress=common.quiet)
    wall, steps = [], []
    for question in read_set(folder).questions[:520]:
        started = time.perf_counter()
        result = dragtor.search(Query(question.text))
        wall.append(time.perf_counter() - started)
        steps.append(result.timings)
    by_step = {step: _p95([one[step] for one in steps[20:]]) for step in steps[0]}
    active = dragtor.library.active()
    size = len(dragtor.library.passage_ids(active.id)) if active else 0
    what = f"warm hybrid search, {size:,} passages, 95th percentile"
    return {
        "what": what,
        "aim": "≤ 30 ms",
        "shown": f"{_p95(wall[20:])} ms",
        "retrieval_steps_ms": by_step,
    }


def indexing() -> Figure:
    """Indexing against the bare encoder on the very same texts, in turns."""
    place = common.workplace("speed")
    corpus, primer = place / "texts.jsonl", place / "primer.jsonl"
    with (common.data("scifact") / "corpus.jsonl").open(encoding="utf-8") as lines:
        corpus.write_text("".join(islice(lines, TEXTS)), encoding="utf-8")
    primer.write_text('{"id": "primer", "text": "So that the model is loaded."}\n')
    index_s, bare_s = [], []
    for _ in range(3):
        shutil.rmtree(place / "library", ignore_errors=True)
        settings, dragtor = common.product(place / "library")
        for file in (primer, corpus):
            dragtor.load("main", [], [str(file)], refresh=False, progress=common.quiet)
            started = time.perf_counter()
            dragtor.index(rebuild=False, progress=common.quiet)
        index_s.append(time.perf_counter() - started)
        texts, encoder = list(_encoder_inputs(dragtor, settings)), _encoder(settings)
        encoder.encode_passages(texts[:8])
        started = time.perf_counter()
        encoder.encode_passages(texts)
        bare_s.append(time.perf_counter() - started)
    # The least time of each: what else the machine did can only have added to it.
    ratio, rate = min(bare_s) / min(index_s), len(texts) / min(index_s)
    return {
        "what": f"indexing, as a share of the bare encoder's speed, {len(texts):,} passages",
        "aim": "≥ 90 %",
        "shown": f"{100 * ratio:.0f} % ({rate:.0f} passages/s)",
        "index_s": [round(one, 2) for one in index_s],
        "bare_s": [round(one, 2) for one in bare_s],
    }


def unchanged_files() -> Figure:
    """`dragtor load FOLDER --index` when nothing has changed."""
    place = common.workplace("unchanged")
    folder = place / "files"
    folder.mkdir(exist_ok=True)
    for number in range(FILES):
        file = folder / f"note-{number:05}.txt"
        if not file.exists():
            file.write_text(f"Note {number}.\n\nOn day {number} nothing happened worth a line.\n")
    command = [f"--set=paths.library={place / 'library'}", "load", str(folder), "--index"]
    _timed(command)
    seconds = statistics.median(_timed(command) for _ in range(3))
    return _seconds(f"`load --index` of {FILES:,} unchanged files", "≤ 3 s", seconds)


FIGURES: dict[str, Callable[[], Figure]] = {
    "help": help_page,
    "search": cold_search,
    "warm": warm_search,
    "index": indexing,
    "unchanged": unchanged_files,
}


def _encoder_inputs(dragtor: Dragtor, settings: Settings) -> Iterator[str]:
    """What the encoder saw of the library's passages."""
    active = dragtor.library.active()
    for info in dragtor.library.documents("main") if active else ():
        document = dragtor.library.document(info.id)
        for passage in dragtor.library.passages(active.id, info.id) if active else ():
            span = Span(passage.start, passage.end)
            yield contextualize(document, span, settings.split.context)


def _encoder(settings: Settings) -> OnnxEncoder:
    weights = weights_of(settings)
    entry = weights.entry(settings.encoder.model)
    assert entry.encoder is not None
    return OnnxEncoder(
        weights.path(entry.name),
        max_tokens=entry.encoder.max_tokens,
        pooling=entry.encoder.pooling,
        threads=settings.encoder.threads,
    )


def _timed(arguments: list[str]) -> float:
    """Seconds of a dragtor process that must succeed."""
    started = time.perf_counter()
    subprocess.run([*DRAGTOR, *arguments], check=True, capture_output=True, cwd=common.HERE.parent)
    return time.perf_counter() - started


def _p95(seconds: Sequence[float]) -> float:
    """95th percentile, in milliseconds."""
    return round(1000 * float(np.percentile(seconds, 95)), 1)


def _seconds(what: str, aim: str, seconds: float) -> Figure:
    return {"what": what, "aim": aim, "shown": f"{seconds:.2f} s", "seconds": round(seconds, 3)}


if __name__ == "__main__":
    main()
