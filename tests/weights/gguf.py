"""Headers of GGUF files, after docs/gguf.md of ggml-org/ggml."""

from __future__ import annotations

import struct
from pathlib import Path


def text(value: str) -> bytes:
    """A string: its length in bytes, then the bytes."""
    return struct.pack("<Q", len(value.encode())) + value.encode()


def write_gguf(
    path: Path, size: int = 1000, architecture: str = "llama", tensors: int = 2, kind: str = ""
) -> Path:
    """Write a header and pad it to a size in bytes; the padding takes no room on the disk."""
    keys = [text("general.alignment") + struct.pack("<II", 4, 32)]
    keys += [text("general.type") + struct.pack("<I", 8) + text(kind)] if kind else []
    keys += [text("general.architecture") + struct.pack("<I", 8) + text(architecture)]
    keys += [text("tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, 0)]
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(struct.pack("<4sIQQ", b"GGUF", 3, tensors, len(keys)) + b"".join(keys))
        file.truncate(size)
    return path
