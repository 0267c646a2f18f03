"""Speaks the protocol of dragtor.encode.hf_worker without torch: a text is the sum of its words.

Some texts make it misbehave, each in the way it says.
"""

from __future__ import annotations

import os
import re
import sys
import zlib
from typing import Any

import numpy as np

from dragtor.encode import frames
from dragtor.types import Vectors

DIMENSION = 32


def vector(word: str) -> Vectors:
    row = np.random.default_rng(zlib.crc32(word.lower().encode())).standard_normal(DIMENSION)
    return row.astype(np.float32)


def unit(rows: Vectors) -> Vectors:
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def read(texts: list[str], spans: list[list[list[int]]], keep: bool, most: int) -> Any:
    wholes, pooled, kept = [], [], []
    for text, within in zip(texts, spans, strict=True):
        words = list(re.finditer(r"\w+", text))[: most - 1]
        tokens = np.stack([vector(""), *(vector(word.group()) for word in words)])
        whole = tokens.mean(axis=0)
        means = np.empty((len(within), DIMENSION), dtype=np.float32)
        for row, (start, end) in zip(means, within, strict=True):
            inside = [n for n, w in enumerate(words, 1) if w.start() < end and w.end() > start]
            row[:] = tokens[inside].mean(axis=0) if inside else whole
        wholes.append(whole)
        pooled.append(unit(means))
        kept.append(unit(tokens))
    kept = kept if keep else []
    return {"tokens": [len(rows) for rows in kept]}, [unit(np.stack(wholes)), *pooled, *kept]


def misbehave(text: str) -> None:
    """Do what a text asks for."""
    if text == "say garbage":
        os.write(1, b"Loading weights: 100%\n")
        sys.exit(0)
    if text == "break off":
        os.write(1, frames.MAGIC + b"\0\0")
        sys.exit(0)
    if text == "die":
        os.write(2, b"a warning\nMemoryError: no room for weights\n")
        os._exit(3)
    if text == "be killed":
        os.kill(os.getpid(), 9)


def main() -> None:
    most = 0
    while (request := frames.read(sys.stdin.buffer)) is not None:
        said = request[0]
        if said["do"] == "load":
            most = said["max_tokens"]
            if said["config"].get("fails"):
                error = {"error": "tiny gives vectors of 3", "kind": "ModelError"}
                frames.write(sys.stdout.buffer, error)
                continue
            frames.write(sys.stdout.buffer, {"device": "cpu"})
            continue
        misbehave(said["texts"][0])
        if said["texts"] == ["fail"]:
            error = {"error": "tiny failed: RuntimeError: no", "kind": "EngineError"}
            frames.write(sys.stdout.buffer, error)
            continue
        frames.write(sys.stdout.buffer, *read(said["texts"], said["spans"], said["keep"], most))


if __name__ == "__main__":
    main()
