from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dragtor.encode.safetensors import read_safetensors
from dragtor.errors import ModelError
from tests.tiny import write_safetensors


def test_numbers_of_all_three_widths_come_as_float32(tmp_path: Path) -> None:
    # 1.5 is 0x3fc00000 in float32, -2 is 0xc0000000; bfloat16 is the upper half of that.
    tensors = {
        "odd": np.array([7], dtype=np.float16),  # moves what follows off the 4-byte grid
        "single": np.array([[1.5, -2.0], [0.1, 3e38]], dtype=np.float32),
        "half": np.array([1.5, -2.0], dtype=np.float16),
        "brain": np.array([0x3FC0, 0xC000], dtype=np.uint16),
    }
    write_safetensors(tmp_path / "w", tensors)
    read = read_safetensors(tmp_path / "w")
    assert {tensor.dtype for tensor in read.values()} == {np.dtype(np.float32)}
    assert np.array_equal(read["single"], tensors["single"])
    assert read["half"].tolist() == read["brain"].tolist() == [1.5, -2.0]


def test_tensors_of_whole_numbers_are_left_out(tmp_path: Path) -> None:
    ids = np.arange(4, dtype=np.int64)
    write_safetensors(tmp_path / "w", {"position_ids": ids, "bias": ids.astype(np.float32)})
    assert list(read_safetensors(tmp_path / "w")) == ["bias"]


def test_a_file_cut_short_is_refused_wherever_it_ends(tmp_path: Path) -> None:
    write_safetensors(tmp_path / "w", {"bias": np.ones(3, dtype=np.float32)})
    whole = (tmp_path / "w").read_bytes()
    for length in range(len(whole)):
        (tmp_path / "w").write_bytes(whole[:length])
        with pytest.raises(ModelError, match=r"w is damaged .*pull the model again"):
            read_safetensors(tmp_path / "w")


@pytest.mark.parametrize(
    "data", [b"<html>not found</html>", b"\2" + bytes(7) + b"[]", b"\xff" * 64]
)
def test_another_kind_of_file_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "w").write_bytes(data)
    with pytest.raises(ModelError, match="w is damaged"):
        read_safetensors(tmp_path / "w")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="w is missing; pull the model again"):
        read_safetensors(tmp_path / "w")
