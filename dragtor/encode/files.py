"""Finds the graph of a model in its folder, and says which weights it holds."""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path

from dragtor.errors import ModelError

GRAPH = "model.onnx"
WEIGHTS = "model.safetensors"
PRODUCER = "dragtor"
"""Name that a converted graph gives as its producer."""


def graph_file(folder: Path) -> Path:
    """Return ``model.onnx`` or ``onnx/model.onnx``, made of safetensors if need be.

    Raises ModelError if there is none of the three, or if they cannot be converted.
    """
    graph, nested, weights = folder / GRAPH, folder / "onnx" / GRAPH, folder / WEIGHTS
    if is_current(graph, weights):
        return graph
    if nested.exists() and not graph.exists():
        return nested
    if not weights.exists():
        raise ModelError(f"no model in {folder}; get it by `dragtor models pull {folder.name}`")
    from dragtor.encode.bert_to_onnx import convert

    return convert(folder)


def is_current(graph: Path, weights: Path) -> bool:
    """Whether a graph needs no conversion: it is as new as its weights, or not of our making."""
    if not graph.exists():
        return False
    if not weights.exists() or graph.stat().st_mtime >= weights.stat().st_mtime:
        return True
    with graph.open("rb") as file:
        # The producer's name is the second field of a serialised model, before the weights.
        return PRODUCER.encode() not in file.read(32)


def checksum(graph: Path) -> str:
    """SHA-256 of a graph and of the file beside it that holds weights too large for it, if any.

    The sum is kept in ``model.onnx.sha256.json`` with size and time of the files, so that a cold
    start need not read them all; where that cannot be written, the files are read every time.
    """
    parts = [graph, *(graph.with_name(graph.name + end) for end in ("_data", ".data"))]
    parts = [part for part in parts if part.exists()]
    state = [[part.name, part.stat().st_size, part.stat().st_mtime_ns] for part in parts]
    record = graph.with_name(graph.name + ".sha256.json")
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        kept = json.loads(record.read_text(encoding="utf-8"))
        if kept["files"] == state:
            return str(kept["sha256"])
    sha256 = _hash(parts)
    with contextlib.suppress(OSError):
        record.write_text(json.dumps({"files": state, "sha256": sha256}), encoding="utf-8")
    return sha256


def _hash(parts: list[Path]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        with part.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
