"""Models to encode with: a tiny random one always, the real one where it is present."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tiny import make_tiny_bert

MINILM = Path(__file__).parents[2] / "models" / "all-MiniLM-L6-v2"


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a tiny BertModel; not to be changed."""
    return make_tiny_bert(tmp_path_factory.mktemp("models") / "tiny-encoder")


@pytest.fixture(scope="session")
def tiny_reranker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a tiny BertForSequenceClassification with one label; not to be changed."""
    return make_tiny_bert(tmp_path_factory.mktemp("models") / "tiny-reranker", labels=1)


@pytest.fixture(scope="session")
def minilm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of all-MiniLM-L6-v2 as it was pulled, without a graph made earlier."""
    if not (MINILM / "model.safetensors").exists():
        pytest.skip("needs the starter models: run `dragtor models pull all-MiniLM-L6-v2`")
    folder = tmp_path_factory.mktemp("models") / "all-MiniLM-L6-v2"
    folder.mkdir()
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (folder / name).symlink_to(MINILM / name)
    return folder
