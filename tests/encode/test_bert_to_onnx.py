from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from dragtor.encode.bert_to_onnx import build, convert
from dragtor.encode.session import open_session
from dragtor.errors import ModelError
from tests.encode import reference
from tests.tiny import HEADS, LAYERS, make_tiny_bert, tiny_config, tiny_weights, write_safetensors

VOCABULARY = 50
LENGTHS = (1, 2, 3, 7, 33, 256)


def random_batch(
    lengths: tuple[int, ...], vocabulary: int, types: int = 2
) -> dict[str, np.ndarray]:
    """Inputs of these lengths, padded on the right with rubbish, which the mask has to hide."""
    rng = np.random.default_rng(7)
    shape = len(lengths), max(lengths)
    mask = (np.arange(shape[1]) < np.array(lengths)[:, None]).astype(np.int64)
    return {
        "input_ids": rng.integers(0, vocabulary, shape),
        "attention_mask": mask,
        "token_type_ids": rng.integers(0, types, shape),
    }


def run(graph: Path, feed: Mapping[str, np.ndarray]) -> np.ndarray:
    (output,) = open_session(graph, threads=1).run(None, dict(feed))
    return output


def least_cosine(ours: np.ndarray, theirs: np.ndarray) -> float:
    product = np.sum(ours * theirs, axis=-1)
    return float(np.min(product / np.linalg.norm(ours, axis=-1) / np.linalg.norm(theirs, axis=-1)))


def expected_hidden(weights: dict[str, Any], feed: Any, row: int, prefix: str = "") -> np.ndarray:
    length = int(feed["attention_mask"][row].sum())
    ids, types = (feed[name][row, :length] for name in ("input_ids", "token_type_ids"))
    return reference.hidden_state(weights, ids, types, heads=HEADS, layers=LAYERS, prefix=prefix)


def write_model(folder: Path, config: Mapping[str, object], weights: Mapping[str, Any]) -> Path:
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    write_safetensors(folder / "model.safetensors", dict(weights))
    return folder


def test_an_encoder_computes_what_the_paper_says(tmp_path: Path) -> None:
    weights = tiny_weights(VOCABULARY)
    feed = random_batch(LENGTHS, VOCABULARY)
    hidden = run(convert(write_model(tmp_path, tiny_config(VOCABULARY), weights)), feed)
    for row, length in enumerate(LENGTHS):
        expected = expected_hidden(weights, feed, row)
        assert hidden[row, :length] == pytest.approx(expected, abs=2e-5)
        assert least_cosine(hidden[row, :length], expected) > 0.999999


@pytest.mark.parametrize("labels", [1, 3])
def test_a_cross_encoder_computes_what_the_paper_says(tmp_path: Path, labels: int) -> None:
    weights = tiny_weights(VOCABULARY, labels=labels)
    feed = random_batch(LENGTHS, VOCABULARY)
    logits = run(convert(write_model(tmp_path, tiny_config(VOCABULARY, labels), weights)), feed)
    assert logits.shape == (len(LENGTHS), labels)
    for row in range(len(LENGTHS)):
        expected = reference.logits(weights, expected_hidden(weights, feed, row, "bert."))
        assert logits[row] == pytest.approx(expected, abs=2e-5)


def test_tensor_names_may_begin_with_bert_in_an_encoder_too(tmp_path: Path) -> None:
    weights = tiny_weights(VOCABULARY)
    prefixed = {f"bert.{name}": tensor for name, tensor in weights.items()}
    feed = random_batch((5,), VOCABULARY)
    hidden = run(convert(write_model(tmp_path, tiny_config(VOCABULARY), prefixed)), feed)
    assert hidden[0] == pytest.approx(expected_hidden(weights, feed, 0), abs=2e-5)


def test_weights_of_half_width_are_computed_with_in_float32(tmp_path: Path) -> None:
    half = {name: tensor.astype(np.float16) for name, tensor in tiny_weights(VOCABULARY).items()}
    widened = {name: tensor.astype(np.float32) for name, tensor in half.items()}
    feed = random_batch((9, 4), VOCABULARY)
    hidden = run(convert(write_model(tmp_path, tiny_config(VOCABULARY), half)), feed)
    assert hidden.dtype == np.float32
    assert hidden[0] == pytest.approx(expected_hidden(widened, feed, 0), abs=2e-5)


def test_an_encoder_needs_no_pooler(tmp_path: Path) -> None:
    weights = tiny_weights(VOCABULARY)
    without = {name: tensor for name, tensor in weights.items() if "pooler" not in name}
    config = tiny_config(VOCABULARY)
    assert build(config, without).SerializeToString() == build(config, weights).SerializeToString()


def test_the_graph_is_valid_onnx_and_the_same_every_time(tmp_path: Path) -> None:
    first = convert(make_tiny_bert(tmp_path / "a")).read_bytes()
    second = convert(make_tiny_bert(tmp_path / "b")).read_bytes()
    assert first == second
    onnx.checker.check_model(onnx.load_from_string(first), full_check=True)


def test_a_graph_as_new_as_its_weights_is_kept(tmp_path: Path) -> None:
    graph = convert(make_tiny_bert(tmp_path))
    graph.write_bytes(b"kept")
    assert convert(tmp_path) == graph
    assert graph.read_bytes() == b"kept"


def test_a_graph_older_than_its_weights_is_made_again(tmp_path: Path) -> None:
    graph = convert(make_tiny_bert(tmp_path))
    before = graph.read_bytes()
    make_tiny_bert(tmp_path, seed=1)
    os.utime(graph, (1, 1))
    assert convert(tmp_path).read_bytes() != before


def test_a_graph_that_came_from_elsewhere_is_never_overwritten(tmp_path: Path) -> None:
    graph = make_tiny_bert(tmp_path) / "model.onnx"
    graph.write_bytes(b"\x08\x08\x12\x07pytorch: the graph of somebody else")
    os.utime(graph, (1, 1))
    convert(tmp_path)
    assert b"somebody else" in graph.read_bytes()


def test_a_failed_conversion_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    make_tiny_bert(tmp_path)
    before = sorted(tmp_path.iterdir())
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ModelError, match=r"cannot write .*model.onnx: No space left on device"):
        convert(tmp_path)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("model_type", "roberta"),
        ("hidden_act", "relu"),
        ("position_embedding_type", "alibi"),
        ("is_decoder", True),
    ],
)
def test_what_is_no_plain_bert_is_refused_by_name(key: str, value: object) -> None:
    config = {**tiny_config(VOCABULARY), key: value}
    with pytest.raises(ModelError, match=f"cannot convert a model with {key} {value!r}; take a"):
        build(config, tiny_weights(VOCABULARY))


def test_an_unknown_architecture_is_refused_by_name() -> None:
    config = {**tiny_config(VOCABULARY), "architectures": ["BertForQuestionAnswering"]}
    with pytest.raises(ModelError, match="cannot convert 'BertForQuestionAnswering', only BertM"):
        build(config, tiny_weights(VOCABULARY))


def test_a_missing_tensor_is_named() -> None:
    weights = tiny_weights(VOCABULARY)
    del weights["encoder.layer.1.output.dense.bias"]
    with pytest.raises(ModelError, match=r"no tensor 'encoder.layer.1.output.dense.bias'"):
        build(tiny_config(VOCABULARY), weights)


def test_a_cross_encoder_without_its_head_is_refused() -> None:
    weights = tiny_weights(VOCABULARY, labels=1)
    del weights["classifier.bias"]
    with pytest.raises(ModelError, match=r"no tensor 'classifier.bias'"):
        build(tiny_config(VOCABULARY, 1), weights)


def test_a_tensor_of_another_shape_than_configured_is_named() -> None:
    config = {**tiny_config(VOCABULARY), "intermediate_size": 32}
    with pytest.raises(ModelError, match=r"intermediate.dense.weight' has shape \(128, 64\), conf"):
        build(config, tiny_weights(VOCABULARY))


def test_a_config_without_a_size_is_refused() -> None:
    config = tiny_config(VOCABULARY)
    del config["hidden_size"]
    with pytest.raises(ModelError, match=r"config.json lacks the key 'hidden_size'"):
        build(config, tiny_weights(VOCABULARY))


@pytest.mark.parametrize("text", ["", "[]", "{"])
def test_a_damaged_config_is_refused(tmp_path: Path, text: str) -> None:
    (make_tiny_bert(tmp_path) / "config.json").write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match=r"config.json .*pull the model again"):
        convert(tmp_path)


# --- against torch and transformers, where they are installed ------------------------------


def random_model(classifier: bool, **options: Any) -> Any:
    """A random model with weights large enough for attention to be far from uniform."""
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=200,
        hidden_size=96,
        num_hidden_layers=3,
        num_attention_heads=6,
        intermediate_size=160,
        initializer_range=0.2,
        num_labels=options.pop("num_labels", 2),
    )
    make: Callable[..., Any] = (
        transformers.BertForSequenceClassification if classifier else transformers.BertModel
    )
    return make(config, **options).eval()


def run_torch(model: Any, feed: Mapping[str, np.ndarray]) -> np.ndarray:
    import torch

    with torch.no_grad():
        output = model(**{name: torch.from_numpy(array) for name, array in feed.items()})
    return (output.logits if hasattr(output, "logits") else output.last_hidden_state).numpy()


@pytest.mark.parametrize("add_pooling_layer", [True, False])
def test_an_encoder_agrees_with_transformers(tmp_path: Path, add_pooling_layer: bool) -> None:
    model = random_model(classifier=False, add_pooling_layer=add_pooling_layer)
    model.save_pretrained(tmp_path)
    feed = random_batch((*LENGTHS, 128, 200), 200)
    real = feed["attention_mask"] == 1
    ours, theirs = run(convert(tmp_path), feed), run_torch(model, feed)
    assert least_cosine(ours[real], theirs[real]) > 0.99999


@pytest.mark.parametrize("num_labels", [1, 2, 5])
def test_a_cross_encoder_agrees_with_transformers(tmp_path: Path, num_labels: int) -> None:
    model = random_model(classifier=True, num_labels=num_labels)
    model.save_pretrained(tmp_path)
    feed = random_batch((*LENGTHS, 128, 200), 200)
    ours, theirs = run(convert(tmp_path), feed), run_torch(model, feed)
    assert ours == pytest.approx(theirs, abs=1e-4)
    assert least_cosine(ours.T, theirs.T) > 0.99999


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_narrow_weights_agree_with_transformers(tmp_path: Path, dtype: str) -> None:
    import_torch = pytest.importorskip("torch")
    model = random_model(classifier=False).to(getattr(import_torch, dtype))
    model.save_pretrained(tmp_path)
    feed = random_batch((17, 64), 200)
    real = feed["attention_mask"] == 1
    ours, theirs = run(convert(tmp_path), feed), run_torch(model.float(), feed)
    assert least_cosine(ours[real], theirs[real]) > 0.99999


@pytest.mark.models
def test_minilm_agrees_with_transformers_for_texts_of_1_to_256_tokens(minilm: Path) -> None:
    pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    model = transformers.AutoModel.from_pretrained(minilm).eval()
    graph = convert(minilm)
    for lengths in ((1, 2, 5, 31, 100), (256, 3, 64, 200), (77,)):
        feed = random_batch(lengths, 30522, types=1)
        real = feed["attention_mask"] == 1
        ours, theirs = run(graph, feed), run_torch(model, feed)
        assert least_cosine(ours[real], theirs[real]) > 0.99999
