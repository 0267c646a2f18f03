"""What two processes say to each other over pipes: JSON with raw numbers behind it, and no pickle.

A frame is :data:`MAGIC`, two lengths of 8 bytes (big-endian), a JSON object of the first length,
and float32 numbers (little-endian) of the second.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

import numpy as np

from dragtor.types import Vectors

MAGIC = b"dragtor1"
_LENGTHS = struct.Struct(">QQ")
_NUMBERS = np.dtype("<f4")


class NoFrame(Exception):
    """What came is no frame, or only the beginning of one."""


def write(stream: BinaryIO, header: Mapping[str, Any], arrays: Sequence[Vectors] = ()) -> None:
    """Write one frame, all numbers of the arrays in their order. Raises OSError."""
    said = json.dumps(header).encode("ascii")
    numbers = [np.ascontiguousarray(rows, dtype=_NUMBERS).tobytes() for rows in arrays]
    stream.write(MAGIC + _LENGTHS.pack(len(said), sum(map(len, numbers))) + said)
    for piece in numbers:
        stream.write(piece)
    stream.flush()


def read(stream: BinaryIO) -> tuple[dict[str, Any], Vectors] | None:
    """Read one frame, its numbers in one row; ``None`` at the end. Raises NoFrame and OSError."""
    begin = stream.read(len(MAGIC))
    if not begin:
        return None
    if begin != MAGIC:
        raise NoFrame(f"{begin + stream.read1(60)!r} is no frame")  # type: ignore[attr-defined]
    said, numbers = _LENGTHS.unpack(_exactly(stream, _LENGTHS.size))
    try:
        header = json.loads(_exactly(stream, said))
    except ValueError as error:
        raise NoFrame(f"no JSON: {error}") from None
    if not isinstance(header, dict):
        raise NoFrame("no JSON object")
    row = np.frombuffer(_exactly(stream, numbers), dtype=_NUMBERS)
    return header, row.astype(np.float32)


def _exactly(stream: BinaryIO, size: int) -> bytes:
    found = stream.read(size)
    if len(found) < size:
        raise NoFrame(f"it ends after {len(found)} of {size} bytes")
    return found
