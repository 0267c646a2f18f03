"""Reads the weights of a safetensors file with numpy alone.

The format (https://huggingface.co/docs/safetensors, "Format"): eight bytes with the length of a
JSON header, the header with dtype, shape and place of each tensor, and the tensors' bytes. It is
read here, and not by the library of that name, because numpy knows no bfloat16 and because the
file is mapped, so that nothing is copied before it is needed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dragtor.errors import ModelError

Tensor = npt.NDArray[np.float32]

_FLOATS = {"F32": "<f4", "F16": "<f2", "BF16": "<u2"}


def read_safetensors(path: Path) -> dict[str, Tensor]:
    """Read all tensors of real numbers (F32, F16, BF16) as float32; others are left out.

    Raises ModelError if the file is missing, cut short or something else.
    """
    try:
        data = np.memmap(path, dtype=np.uint8, mode="r")
        body = 8 + int.from_bytes(data[:8].tobytes(), "little")
        header = json.loads(data[8:body].tobytes())
        return {
            name: _tensor(data[body:], entry)
            for name, entry in header.items()
            if name != "__metadata__" and entry["dtype"] in _FLOATS
        }
    except FileNotFoundError:
        raise ModelError(f"{path} is missing; pull the model again") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{path} is damaged ({error}); pull the model again") from None


def _tensor(body: npt.NDArray[np.uint8], entry: Mapping[str, Any]) -> Tensor:
    start, end = entry["data_offsets"]
    raw = body[start:end].view(_FLOATS[entry["dtype"]])
    if entry["dtype"] == "BF16":
        # bfloat16 is the upper half of a float32.
        raw = (raw.astype(np.uint32) << 16).view(np.float32)
    tensor: Tensor = raw.astype(np.float32, copy=False).reshape(entry["shape"])
    return tensor
