from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dragtor.encode.bert_to_onnx import convert
from dragtor.encode.onnx import OnnxEncoder
from dragtor.errors import EngineError, ModelError
from tests.contracts.encoder import TEXTS, EncoderContract, approx_ones, cosines
from tests.tiny import make_tiny_bert, write_safetensors

pytest.importorskip("fastembed")

from dragtor.encode.fastembed import FastembedEncoder
from dragtor.types import Span
from dragtor.weights.fastembed import entry_of

MEAN = "sentence-transformers/all-MiniLM-L6-v2"
"""The mean of tokens of model.onnx, as fastembed knows it; the weights here are random."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_tiny_bert(tmp_path_factory.mktemp("fastembed") / "tiny")
    settings = {"model_max_length": 128, "pad_token": "[PAD]"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    convert(folder)
    return folder


def tiny(folder: Path, model: str = MEAN, **more: Any) -> FastembedEncoder:
    return FastembedEncoder(folder, model=model, dimension=64, threads=1, **more)


class TestFastembed(EncoderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def encoder(cls, folder: Path) -> FastembedEncoder:
        return tiny(folder)

    # A span is read by itself, wherever it lies.
    test_a_span_that_is_not_seen_has_the_vector_of_its_text = None


def test_vectors_are_those_of_the_same_graph_by_our_own_engine(folder: Path) -> None:
    ours = OnnxEncoder(folder, max_tokens=128, threads=1).encode_passages(TEXTS)
    assert cosines(tiny(folder).encode_passages(TEXTS), ours) == approx_ones(len(TEXTS))


def test_prefixes_are_put_once_before_questions_and_passages_and_spans(folder: Path) -> None:
    plain = tiny(folder)
    prefixed = tiny(folder, query_prefix="query: ", passage_prefix="passage: ")
    asked, told = prefixed.encode_queries(["pulley"]), prefixed.encode_passages(["pulley"])
    assert cosines(asked, plain.encode_passages(["query: pulley"])) == approx_ones(1)
    assert cosines(told, plain.encode_passages(["passage: pulley"])) == approx_ones(1)
    _, (spans,) = prefixed.encode_spans(["a pulley"], [[Span(2, 8)]])
    assert cosines(spans, told) == approx_ones(1)
    assert len({plain.fingerprint, prefixed.fingerprint}) == 2


def test_a_question_is_read_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = tiny(folder)
    first = encoder.encode_queries(["pulley"])
    monkeypatch.setattr(encoder, "_loaded", None)
    monkeypatch.setattr(encoder, "_load", None)
    assert np.array_equal(encoder.encode_queries(["pulley"]), first)


def test_the_fingerprint_depends_on_files_and_on_how_vectors_are_made(
    folder: Path, tmp_path: Path
) -> None:
    other = make_tiny_bert(tmp_path, seed=1)
    convert(other)
    (other / "tokenizer_config.json").write_text((folder / "tokenizer_config.json").read_text())
    by_first_token = tiny(folder, "BAAI/bge-large-en-v1.5")  # reads model.onnx, too
    prints = {tiny(folder).fingerprint, tiny(other).fingerprint, by_first_token.fingerprint}
    assert len(prints) == 3
    assert tiny(folder).fingerprint in prints


def test_a_damaged_model_says_so_in_one_line(folder: Path, tmp_path: Path) -> None:
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "model.onnx").write_bytes(b"nothing")
    with pytest.raises(ModelError, match="pull it again") as caught:
        tiny(tmp_path).encode_passages(["pulley"])
    assert "\n" not in str(caught.value)


def test_what_fails_while_running_says_so_in_one_line(folder: Path) -> None:
    wrong = FastembedEncoder(folder, model=MEAN, dimension=32)
    with pytest.raises(EngineError, match="all-MiniLM-L6-v2 failed") as caught:
        wrong.encode_passages(["pulley"])
    assert "\n" not in str(caught.value)


def test_a_static_model_runs_without_a_graph(folder: Path, tmp_path: Path) -> None:
    """Its vector is the mean of its tokens' vectors, looked up by number."""
    (tmp_path / "tokenizer.json").write_text((folder / "tokenizer.json").read_text())
    table = np.random.default_rng(0).standard_normal((2000, 256)).astype(np.float32)
    write_safetensors(tmp_path / "model.safetensors", {"embeddings": table})
    encoder = FastembedEncoder(tmp_path, model="minishlab/potion-base-8M", dimension=256, threads=2)
    ids = encoder._tokenizer.encode("a pulley", add_special_tokens=False).ids
    mean = table[ids].mean(axis=0)
    (vector,) = encoder.encode_passages(["a pulley"])
    assert vector == pytest.approx(mean / np.linalg.norm(mean), abs=1e-5)
    assert encoder.max_tokens == 512


# --- entries --------------------------------------------------------------------------------


def test_an_entry_names_the_files_of_the_hub_and_the_prefixes_of_its_card() -> None:
    entry = entry_of("baai/BGE-small-en-v1.5")
    assert entry == entry_of("BAAI--bge-small-en-v1.5")
    assert entry.encoder is not None
    assert (entry.encoder.engine, entry.encoder.dimension) == ("fastembed", 384)
    assert entry.encoder.query_prefix.startswith("Represent this sentence")
    assert entry.encoder.passage_prefix == ""
    assert {file.name for file in entry.files} > {"tokenizer.json", "tokenizer_config.json"}
    assert all(file.sha256 is None for file in entry.files)


def test_a_name_that_fastembed_does_not_know_has_neighbours() -> None:
    with pytest.raises(ModelError, match=r"did you mean .*BAAI/bge-small-en-v1\.5"):
        entry_of("BAAI/bge-smal-en-v1.5")


def test_every_model_of_fastembed_that_is_on_the_hub_has_an_entry() -> None:
    from fastembed import TextEmbedding

    for model in TextEmbedding.list_supported_models():
        entry = entry_of(model["model"])
        assert entry.encoder is not None
        assert all(size < entry.encoder.dimension for size in entry.encoder.matryoshka)
