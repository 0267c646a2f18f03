from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from dragtor.errors import ModelError
from dragtor.weights import Weights

pytest.importorskip("fastembed")

NAME = "BAAI/bge-small-en-v1.5"
FOLDER = "BAAI--bge-small-en-v1.5"


def test_a_model_of_fastembed_is_pulled_like_any_other(
    tmp_path: Path, httpserver: HTTPServer
) -> None:
    repository = "Qdrant/bge-small-en-v1.5-onnx-Q"
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json", "model_optimized.onnx"):
        address = f"/{repository}/resolve/main/{name}"
        checksum = {"X-Linked-Etag": f'"{hashlib.sha256(name.encode()).hexdigest()}"'}
        httpserver.expect_request(address).respond_with_data(name, headers=checksum)
    weights = Weights(tmp_path, [], httpserver.url_for(""))
    assert not weights.present(NAME)
    with pytest.raises(ModelError, match=f"dragtor models pull {FOLDER}"):
        weights.path(NAME)
    assert weights.pull(NAME) == tmp_path / FOLDER
    assert weights.path(NAME) == weights.path(FOLDER) == tmp_path / FOLDER
    assert (tmp_path / FOLDER / "model_optimized.onnx").read_text() == "model_optimized.onnx"


def test_a_language_model_is_not_looked_for_at_fastembed(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model called 'owner/name'"):
        Weights(tmp_path, []).entry("owner/name", "llm")
