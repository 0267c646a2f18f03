"""Which language model to take: the best that is there and fits the machine's memory."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

USABLE_SHARE = 2 / 3
"""How much of a machine's memory a model may take; a Mac lets its GPU have about as much."""
CONTEXT_MB = 800
"""What a model the catalogue does not know is expected to need beside its weights."""

_SPLIT = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$")
_NO_LLM = {"bert", "clip", "whisper", "t5encoder", "wavtokenizer-dec", "gemma-embedding"}
_STRING, _SCALARS = 8, {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}


@dataclass(frozen=True, slots=True)
class LlmChoice:
    """A language model on disk. ``path`` is its GGUF; the higher ``quality``, the better."""

    name: str
    path: Path
    size_mb: int
    memory_mb: int
    quality: int
    starter: bool = False

    def fits(self, memory_bytes: int) -> bool:
        """Whether a machine with so much memory can run it beside everything else."""
        return self.memory_mb * 1e6 <= memory_bytes * USABLE_SHARE


def best(choices: Iterable[LlmChoice], memory_bytes: int) -> LlmChoice | None:
    """The best of those that fit; if none fits, the smallest."""
    candidates = list(choices)
    fitting = [choice for choice in candidates if choice.fits(memory_bytes)]
    if fitting:
        return max(fitting, key=lambda choice: (choice.quality, choice.name))
    return min(candidates, key=lambda choice: choice.memory_mb, default=None)


def dropped(path: Path) -> LlmChoice | None:
    """A GGUF the catalogue does not know, as a choice; ``None`` if it is no language model.

    Its quality is its size in MB. Of a model in several files the first stands for all, and it
    counts only if the others are there.
    """
    parts = _parts(path)
    if not parts or not _is_llm(path):
        return None
    return unknown(path, parts)


def unknown(path: Path, parts: Sequence[Path]) -> LlmChoice:
    """A choice of which nothing is known but its files."""
    size_mb = round(sum(part.stat().st_size for part in parts) / 1e6)
    name = _SPLIT.sub("", path.name).removesuffix(".gguf")
    return LlmChoice(name, path, size_mb, size_mb + CONTEXT_MB, size_mb)


def _parts(path: Path) -> list[Path]:
    match = _SPLIT.search(path.name)
    if match is None:
        return [path]
    stem, number, count = path.name[: match.start()], int(match.group(1)), int(match.group(2))
    if number != 1:
        return []
    names = [f"{stem}-{i:05}-of-{count:05}.gguf" for i in range(1, count + 1)]
    parts = [path.with_name(name) for name in names]
    return parts if all(part.exists() for part in parts) else []


def _is_llm(path: Path) -> bool:
    """Whether a file is a GGUF with the weights of a generative model, judged by its header.

    Left out are vocabularies without weights, encoders, projectors and adapters. Layout of the
    header: docs/gguf.md of ggml-org/ggml.
    """
    try:
        with path.open("rb") as file:
            magic, _version, tensors, keys = struct.unpack("<4sIQQ", file.read(24))
            if magic != b"GGUF" or not tensors:
                return False
            general = _general(file, keys)
    except (OSError, struct.error, UnicodeDecodeError):
        return False
    architecture = general.get("general.architecture", "")
    encoder = architecture in _NO_LLM or architecture.endswith(("-bert", "-bert-moe"))
    jina = architecture.startswith("jina-bert")
    return general.get("general.type", "model") == "model" and not encoder and not jina


def _general(file: BinaryIO, keys: int) -> dict[str, str]:
    """Text values of the first keys, up to one whose value is neither text nor a number."""
    found = {}
    for _ in range(keys):
        key = _text(file)
        (kind,) = struct.unpack("<I", file.read(4))
        if kind == _STRING:
            found[key] = _text(file)
        elif kind in _SCALARS:
            file.seek(_SCALARS[kind], 1)
        else:
            break
        if not key.startswith("general."):
            break
    return found


def _text(file: BinaryIO) -> str:
    (length,) = struct.unpack("<Q", file.read(8))
    if length > 1 << 20:
        raise struct.error("no text is that long")
    return file.read(length).decode()
