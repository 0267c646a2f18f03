"""Speaks the protocol of dragtor.encode.hf_worker without torch: a text is its words' mean."""

from __future__ import annotations

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


def main() -> None:
    most = 0
    while (request := frames.read(sys.stdin.buffer)) is not None:
        said = request[0]
        if said["do"] == "load":
            most = said["max_tokens"]
            frames.write(sys.stdout.buffer, {"device": "cpu"})
            continue
        frames.write(sys.stdout.buffer, *read(said["texts"], said["spans"], said["keep"], most))


if __name__ == "__main__":
    main()
