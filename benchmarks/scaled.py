"""Libraries of any size, for scale.py, which says what they hold."""

from __future__ import annotations

import json
import random
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import common
import numpy as np

from dragtor.build.answering import AnsweringParts
from dragtor.build.choices import make_splitter
from dragtor.config import Settings
from dragtor.interfaces import TokenStore
from dragtor.passages import input_hash, make_passages
from dragtor.pipeline import Dragtor
from dragtor.split.context import contextualize
from dragtor.store.cache import SqliteVectorCache
from dragtor.token_spaces import TokenSpace
from dragtor.types import Passage, Vectors

PARTS = 1_000
"""Documents are numbered from 0 to 999, again and again, for filters to choose by."""
STEP = 512
TOKENS = 1_000
"""Passages whose token vectors are really read."""
BARE = 300
"""Passages that the encoder alone reads, to know its speed."""
Row = dict[str, Any]


def make(place: Path, count: int, *, afresh: bool) -> Row:
    """Load and index so many documents, if that was not done before; how long it took."""
    library = place / "library"
    if afresh:
        forget(library)
    settings, dragtor = common.product(library)
    parts = AnsweringParts(settings)
    active = dragtor.library.active()
    if active is not None and active.recipe == parts.recipe:
        return {}
    made: Row = {}
    if active is None:
        write(place / "corpus.jsonl", count)
        named = [str(place / "corpus.jsonl")]
        made["load"] = spent(
            lambda: dragtor.load("main", [], named, refresh=False, progress=common.quiet)
        )
    inputs, rate = know(dragtor, settings, parts, library / "vectors.db")
    parts.tokens.close()
    made["index_but_for_the_encoder"] = spent(
        lambda: dragtor.index(rebuild=False, progress=common.quiet)
    )
    dragtor.close()
    encoding_s = inputs / rate
    index_s = made["index_but_for_the_encoder"]["wall_s"]
    share = round(encoding_s / (encoding_s + index_s), 3)
    return {**made, "bare_encoder_s": round(encoding_s, 1), "encoder_share": share}


def forget(library: Path) -> None:
    """Delete all but the vector cache."""
    for name in ("library.db", "library.db-wal", "library.db-shm"):
        (library / name).unlink(missing_ok=True)
    for name in ("chroma", "tokens", "originals"):
        shutil.rmtree(library / name, ignore_errors=True)


def know(
    dragtor: Dragtor, settings: Settings, parts: AnsweringParts, path: Path
) -> tuple[int, float]:
    """Have vectors for every passage: how many there are, and how many the encoder reads a second.

    ``path`` is the vector cache.
    """
    encoder = parts.encoder(parts.recipe)
    splitter = make_splitter(settings.split, encoder)
    mode = settings.split.context

    def passages(id: str) -> list[Passage]:
        document = dragtor.library.newest(id)
        cuts = splitter.split(document)
        return make_passages(document, cuts, lambda text, span: contextualize(text, span, mode))

    found = [passages(info.id) for info in dragtor.library.documents("main")]
    inputs = [[passage.encoder_input for passage in one] for one in found]
    rate = know_vectors(path, encoder, inputs, len(real_texts()))
    for space in parts._spaces():
        if isinstance(space, TokenSpace):
            know_tokens(space, parts.tokens, [passage for one in found for passage in one])
    return sum(map(len, inputs)), rate


def real_texts() -> list[tuple[str, str]]:
    """Titles and texts that people wrote."""
    read: list[tuple[str, str]] = []
    for name in ("bioasq", "distractors_wiki"):
        with (common.data(name) / "corpus.jsonl").open(encoding="utf-8") as lines:
            read += [(one["title"], one["text"]) for one in map(json.loads, lines)]
    return read


def know_tokens(space: TokenSpace, store: TokenStore, passages: Sequence[Passage]) -> None:
    """Have token vectors in the store for every passage: those of the first thousand."""
    space.create(0)
    first = passages[:TOKENS]
    space.write(0, (), first, lambda done, encoded: common.quiet(done, encoded, "tokens"))
    codes = list(store.get(space.fingerprint, [input_hash(one) for one in first]).values())
    keys = store.missing(space.fingerprint, {input_hash(one) for one in passages})
    ordered = sorted(keys)
    for start in range(0, len(ordered), STEP):
        some = ordered[start : start + STEP]
        store.add(
            space.fingerprint, some, [codes[(start + i) % len(codes)] for i in range(len(some))]
        )


def write(corpus: Path, count: int) -> None:
    """Write so many documents."""
    with corpus.open("w", encoding="utf-8") as lines:
        for number, (title, text) in enumerate(islice(endless(real_texts()), count)):
            part = str(number % PARTS)
            record = {"id": f"d{number}", "title": title, "text": text, "part": part}
            lines.write(json.dumps(record) + "\n")


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


def know_vectors(path: Path, encoder: Any, inputs: list[list[str]], real: int) -> float:  # noqa: ANN401
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
    sample = random.Random(1).sample(texts, min(BARE, len(texts)))
    encoder.encode_passages(sample[:8])
    return len(sample) / spent(lambda: encoder.encode_passages(sample))["wall_s"]


def noisy(rows: Vectors, chance: np.random.Generator) -> Vectors:
    """Vectors of length 1 whose cosine with these is about 0.8, shape of ``rows``."""
    noise = chance.standard_normal(rows.shape, dtype=np.float32)
    moved = 0.8 * rows + 0.6 * noise / np.linalg.norm(noise, axis=1, keepdims=True)
    unit: Vectors = moved / np.linalg.norm(moved, axis=1, keepdims=True)
    return unit


def spent(work: Callable[[], object]) -> dict[str, float]:
    """Seconds that something takes, on the wall and of the processors."""
    started, used = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - started, time.process_time() - used
    return {"wall_s": round(wall, 1), "cpu_s": round(cpu, 1)}
