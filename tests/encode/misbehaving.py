"""A worker that answers with 32 ones, and goes wrong in the way a text says. It knows the format of
frames by itself, and imports little, as many of them are started."""

from __future__ import annotations

import json
import os
import struct
import sys
from typing import Any

ONES = struct.pack("<32f", *[1.0] * 32)


def frame(header: dict[str, Any], numbers: bytes = b"") -> bytes:
    said = json.dumps(header).encode()
    return b"dragtor1" + struct.pack(">QQ", len(said), len(numbers)) + said + numbers


def answer(request: dict[str, Any]) -> bytes:
    if request["do"] == "load":
        fails = request["config"].get("fails")
        error = {"error": "tiny gives vectors of 3", "kind": "ModelError"}
        return frame(error if fails else {"device": "cpu"})
    text = request["texts"][0]
    if text == "say garbage":
        os.write(1, b"Loading weights: 100%\n")
        sys.exit(0)
    if text == "break off":
        os.write(1, b"dragtor1\0\0")
        sys.exit(0)
    if text == "die":
        os.write(2, b"a warning\nMemoryError: no room for weights\n")
        os._exit(3)
    if text == "be killed":
        os.kill(os.getpid(), 9)
    if text == "fail":
        return frame({"error": "tiny failed: RuntimeError: no", "kind": "EngineError"})
    return frame({"tokens": []}, ONES * len(request["texts"]))


def main() -> None:
    read = sys.stdin.buffer.read
    while begin := read(24):
        said, numbers = struct.unpack(">QQ", begin[8:])
        os.write(1, answer(json.loads(read(said + numbers)[:said])))


if __name__ == "__main__":
    main()
