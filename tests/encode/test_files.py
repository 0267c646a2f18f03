from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from dragtor.encode import files
from dragtor.encode.files import checksum, graph_file
from dragtor.errors import ModelError
from tests.tiny import make_tiny_bert


def touch(path: Path, data: bytes = b"graph") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_a_graph_alone_is_taken(tmp_path: Path) -> None:
    assert graph_file(touch(tmp_path / "model.onnx").parent) == tmp_path / "model.onnx"


def test_a_graph_where_the_hub_keeps_it_is_taken_before_converting(tmp_path: Path) -> None:
    make_tiny_bert(tmp_path)
    nested = touch(tmp_path / "onnx" / "model.onnx")
    assert graph_file(tmp_path) == nested
    assert not (tmp_path / "model.onnx").exists()


def test_weights_alone_are_converted(tmp_path: Path) -> None:
    graph = graph_file(make_tiny_bert(tmp_path))
    assert graph == tmp_path / "model.onnx"
    assert graph.stat().st_size > 100_000


@pytest.mark.parametrize("make", [True, False])
def test_an_empty_or_absent_folder_says_how_to_get_the_model(tmp_path: Path, make: bool) -> None:
    folder = tmp_path / "mxbai"
    if make:
        folder.mkdir()
    with pytest.raises(ModelError, match=r"no model in .*mxbai; get it by `dragtor models pull mx"):
        graph_file(folder)


def test_the_checksum_is_that_of_the_bytes(tmp_path: Path) -> None:
    inner = hashlib.sha256(b"graph").digest()
    assert checksum(touch(tmp_path / "model.onnx")) == hashlib.sha256(inner).hexdigest()


def test_the_checksum_covers_weights_that_lie_beside_the_graph(tmp_path: Path) -> None:
    graph = touch(tmp_path / "model.onnx")
    alone = checksum(graph)
    weights = touch(tmp_path / "model.onnx_data", b"weights")
    first = checksum(graph)
    touch(weights, b"other weights")
    assert len({alone, first, checksum(graph)}) == 3


def test_an_unchanged_graph_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = touch(tmp_path / "model.onnx")
    before = checksum(graph)
    monkeypatch.setattr(files, "_hash", lambda parts: pytest.fail("read again"))
    assert checksum(graph) == before


def test_a_changed_graph_is_read_again(tmp_path: Path) -> None:
    graph = touch(tmp_path / "model.onnx")
    before = checksum(graph)
    os.utime(touch(graph, b"other"), (1, 1))
    assert checksum(graph) != before


@pytest.mark.parametrize("record", [b"", b"{}", b"[]", b"\xff", b'{"files": []}'])
def test_a_damaged_record_of_the_checksum_is_made_again(tmp_path: Path, record: bytes) -> None:
    graph = touch(tmp_path / "model.onnx")
    before = checksum(graph)
    touch(tmp_path / "model.onnx.sha256.json", record)
    assert checksum(graph) == before


def test_a_folder_that_cannot_be_written_to_still_has_a_checksum(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    graph = touch(tmp_path / "model.onnx")
    monkeypatch.setattr(Path, "write_text", refuse)
    assert checksum(graph) == checksum(graph)
    assert not (tmp_path / "model.onnx.sha256.json").exists()
