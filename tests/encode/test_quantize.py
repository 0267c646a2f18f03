from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from dragtor.encode.onnx import OnnxEncoder
from dragtor.encode.quantize import quantized
from dragtor.errors import ModelError
from tests.contracts.encoder import TEXTS, EncoderContract, cosines
from tests.tiny import make_tiny_bert


def int8(folder: Path) -> OnnxEncoder:
    return OnnxEncoder(folder, max_tokens=128, threads=1, precision="int8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_bert(tmp_path_factory.mktemp("int8") / "tiny")


class TestInt8(EncoderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def encoder(cls, folder: Path) -> OnnxEncoder:
        return int8(folder)


def test_int8_is_near_to_full_precision_and_is_told_apart(folder: Path) -> None:
    whole = OnnxEncoder(folder, max_tokens=128, threads=1)
    near = cosines(whole.encode_passages(TEXTS), int8(folder).encode_passages(TEXTS))
    assert np.all(near > 0.98)
    assert np.any(near < 0.999999)
    assert whole.fingerprint != int8(folder).fingerprint


def test_a_graph_is_quantised_once(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    int8(folder).encode_passages(TEXTS[:1])
    graph = folder / "model.onnx"
    made = quantized(graph)
    before = made.stat().st_mtime_ns
    assert quantized(graph) == made
    assert made.stat().st_mtime_ns == before
    assert made.stat().st_size < graph.stat().st_size / 2
    assert not list(folder.glob(".int8-*"))
    assert capfd.readouterr() == ("", "")


def test_another_graph_is_quantised_anew_and_the_old_one_goes(tmp_path: Path) -> None:
    folder = make_tiny_bert(tmp_path)
    int8(folder).encode_passages(TEXTS[:1])
    (old,) = folder.glob("*.int8-*.onnx")
    (folder / "model.onnx").unlink()
    make_tiny_bert(folder, seed=1)
    int8(folder).encode_passages(TEXTS[:1])
    (new,) = folder.glob("*.int8-*.onnx")
    assert new.name != old.name


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_to_is_named(folder: Path, tmp_path: Path) -> None:
    sealed = make_tiny_bert(tmp_path / "sealed")
    OnnxEncoder(sealed, max_tokens=128, threads=1).encode_passages(TEXTS[:1])
    sealed.chmod(0o555)
    with pytest.raises(ModelError, match="or set precision to fp32"):
        int8(sealed).encode_passages(TEXTS[:1])
    sealed.chmod(0o755)


def test_a_disk_that_refuses_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_tiny_bert(tmp_path)
    OnnxEncoder(folder, max_tokens=128, threads=1).encode_passages(TEXTS[:1])

    def refuse(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkdtemp", refuse)
    with pytest.raises(ModelError, match=r"Permission denied.*or set precision to fp32"):
        int8(folder).encode_passages(TEXTS[:1])
