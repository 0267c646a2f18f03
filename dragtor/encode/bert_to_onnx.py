"""Converts models of the BERT family from safetensors to ONNX, without torch.

The architecture is that of Devlin et al. 2019 (https://arxiv.org/abs/1810.04805) as the
transformers library names its tensors: ``BertModel`` gives ``last_hidden_state`` of shape
(batch, tokens, hidden), ``BertForSequenceClassification`` gives ``logits`` of shape
(batch, labels). Only standard operators are used; ONNX Runtime fuses them where that pays (its
own fused attention operator was measured to be slower on a CPU).
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from dragtor.encode.files import GRAPH, PRODUCER, WEIGHTS, is_current
from dragtor.encode.safetensors import Tensor, read_safetensors
from dragtor.errors import ModelError

_OPSET = 17
_IR_VERSION = 8
_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_CLASSIFIER = "BertForSequenceClassification"
_ARCHITECTURES = ("BertModel", _CLASSIFIER)
# What the graph below assumes, and what transformers assumes where config.json is silent.
_ASSUMED = {
    "model_type": "bert",
    "hidden_act": "gelu",
    "position_embedding_type": "absolute",
    "is_decoder": False,
    "add_cross_attention": False,
}


def convert(folder: Path) -> Path:
    """Write ``model.onnx`` beside ``config.json`` and ``model.safetensors``; returns its path.

    Nothing happens if it is there already and not older than the weights, or if it was not made
    here. The graph computes in float32; its inputs ``input_ids``, ``attention_mask`` and
    ``token_type_ids`` are int64 of shape (batch, tokens). Raises ModelError for anything but a
    plain BERT, for missing tensors, and if the folder cannot be written to.
    """
    weights, target = folder / WEIGHTS, folder / GRAPH
    if is_current(target, weights):
        return target
    config = _read_config(folder / "config.json")
    model = build(config, read_safetensors(weights))
    try:
        _write(target, model.SerializeToString())
    except OSError as error:
        raise ModelError(
            f"cannot write {target}: {error.strerror}; make {folder} writable"
        ) from None
    return target


def build(config: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> onnx.ModelProto:
    """Build the graph of a BERT. Raises ModelError for what it does not support."""
    architecture = _check(config)
    graph = _Graph(config, tensors)
    hidden = _encode(graph)
    if architecture == _CLASSIFIER:
        output, shape = _classify(graph, hidden), ["batch", graph.labels]
        name = "logits"
    else:
        output, shape = hidden, ["batch", "tokens", graph.hidden]
        name = "last_hidden_state"
    graph.add("Identity", output, output=name)
    return graph.model(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))


class _Graph:
    """Nodes and initializers under construction; operators are added in the order they run."""

    def __init__(self, config: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
        try:
            self.hidden = int(config["hidden_size"])
            self.heads = int(config["num_attention_heads"])
            self.layers = int(config["num_hidden_layers"])
            self.wide = int(config["intermediate_size"])
        except KeyError as missing:
            raise ModelError(f"config.json lacks the key {missing}; pull the model again") from None
        self.epsilon = float(config.get("layer_norm_eps", 1e-12))
        self.tensors = tensors
        self.prefix = "bert." if any(name.startswith("bert.") for name in tensors) else ""
        self.labels = len(tensors["classifier.bias"]) if "classifier.bias" in tensors else -1
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: dict[str, onnx.TensorProto] = {}

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: object) -> str:
        output = output or f"{operator}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [output], **attributes))
        return output

    def constant(self, value: npt.NDArray[Any], name: str = "") -> str:
        name = name or f"constant_{value.dtype}_{value.tolist()}"
        if name not in self.initializers:
            array = np.asarray(
                value, order="C"
            )  # keeps a scalar one, as ascontiguousarray does not
            self.initializers[name] = numpy_helper.from_array(array, name)
        return name

    def integers(self, *values: int) -> str:
        return self.constant(np.array(values, dtype=np.int64))

    def number(self, value: float) -> str:
        return self.constant(np.array(value, dtype=np.float32))

    def weight(self, name: str, *shape: int, transposed: bool = False) -> str:
        """Add a tensor of the file; -1 in ``shape`` is any size."""
        tensor = self.tensors.get(name)
        if tensor is None:
            raise ModelError(f"{WEIGHTS} has no tensor {name!r} in F32, F16 or BF16: not a BERT")
        fits = len(shape) == tensor.ndim and all(
            want in (-1, got) for want, got in zip(shape, tensor.shape, strict=True)
        )
        if not fits:
            raise ModelError(f"{name!r} has shape {tensor.shape}, config.json wants {shape}")
        return self.constant(tensor.T if transposed else tensor, name)

    def linear(self, x: str, name: str, outputs: int, inputs: int) -> str:
        weight = self.weight(f"{name}.weight", outputs, inputs, transposed=True)
        return self.add("Add", self.add("MatMul", x, weight), self.weight(f"{name}.bias", outputs))

    def norm(self, x: str, name: str) -> str:
        scale, bias = (self.weight(f"{name}.{part}", self.hidden) for part in ("weight", "bias"))
        return self.add("LayerNormalization", x, scale, bias, axis=-1, epsilon=self.epsilon)

    def model(self, output: onnx.ValueInfoProto) -> onnx.ModelProto:
        inputs = [
            helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"])
            for name in _INPUTS
        ]
        graph = helper.make_graph(
            self.nodes, "bert", inputs, [output], list(self.initializers.values())
        )
        opset = helper.make_opsetid("", _OPSET)
        return helper.make_model(
            graph, opset_imports=[opset], ir_version=_IR_VERSION, producer_name=PRODUCER
        )


def _encode(graph: _Graph) -> str:
    x = _embed(graph)
    mask = graph.add("Unsqueeze", "attention_mask", graph.integers(1, 2))
    hidden_from = graph.add("Sub", graph.number(1), graph.add("Cast", mask, to=TensorProto.FLOAT))
    bias = graph.add("Mul", hidden_from, graph.number(float(np.finfo(np.float32).min)))
    for i in range(graph.layers):
        x = _layer(graph, x, bias, f"{graph.prefix}encoder.layer.{i}.")
    return x


def _embed(graph: _Graph) -> str:
    names = ("word_embeddings", "position_embeddings", "token_type_embeddings")
    words, positions, types = (
        graph.weight(f"{graph.prefix}embeddings.{name}.weight", -1, graph.hidden) for name in names
    )
    tokens = graph.add("Shape", "input_ids", start=1, end=2)
    x = graph.add("Gather", words, "input_ids")
    x = graph.add("Add", x, graph.add("Gather", types, "token_type_ids"))
    first = graph.add("Slice", positions, graph.integers(0), tokens, graph.integers(0))
    return graph.norm(graph.add("Add", x, first), f"{graph.prefix}embeddings.LayerNorm")


def _layer(graph: _Graph, x: str, bias: str, name: str) -> str:
    attended = graph.linear(
        _attend(graph, x, bias, f"{name}attention.self."),
        f"{name}attention.output.dense",
        graph.hidden,
        graph.hidden,
    )
    x = graph.norm(graph.add("Add", attended, x), f"{name}attention.output.LayerNorm")
    wide = _gelu(graph, graph.linear(x, f"{name}intermediate.dense", graph.wide, graph.hidden))
    narrow = graph.linear(wide, f"{name}output.dense", graph.hidden, graph.wide)
    return graph.norm(graph.add("Add", narrow, x), f"{name}output.LayerNorm")


def _attend(graph: _Graph, x: str, bias: str, name: str) -> str:
    """Scaled dot-product attention; inside, heads come before tokens."""
    size = graph.hidden // graph.heads

    def heads(part: str, order: list[int]) -> str:
        y = graph.linear(x, f"{name}{part}", graph.hidden, graph.hidden)
        y = graph.add("Reshape", y, graph.integers(0, 0, graph.heads, size))
        return graph.add("Transpose", y, perm=order)

    query, value = heads("query", [0, 2, 1, 3]), heads("value", [0, 2, 1, 3])
    scores = graph.add("MatMul", query, heads("key", [0, 2, 3, 1]))
    scores = graph.add("Div", scores, graph.number(size**0.5))
    shares = graph.add("Softmax", graph.add("Add", scores, bias), axis=-1)
    mixed = graph.add("Transpose", graph.add("MatMul", shares, value), perm=[0, 2, 1, 3])
    return graph.add("Reshape", mixed, graph.integers(0, 0, graph.hidden))


def _gelu(graph: _Graph, x: str) -> str:
    """x/2 (1 + erf(x/√2)), in the form that ONNX Runtime knows and fuses."""
    erf = graph.add("Erf", graph.add("Div", x, graph.number(2**0.5)))
    twice = graph.add("Mul", x, graph.add("Add", erf, graph.number(1)))
    return graph.add("Mul", twice, graph.number(0.5))


def _classify(graph: _Graph, hidden: str) -> str:
    first = graph.add("Gather", hidden, graph.constant(np.array(0, dtype=np.int64)), axis=1)
    pooled = graph.linear(first, f"{graph.prefix}pooler.dense", graph.hidden, graph.hidden)
    return graph.linear(graph.add("Tanh", pooled), "classifier", graph.labels, graph.hidden)


def _read_config(path: Path) -> Mapping[str, Any]:
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"cannot read {path} ({error}); pull the model again") from None
    if not isinstance(config, dict):
        raise ModelError(f"{path} holds no settings of a model; pull the model again")
    return config


def _check(config: Mapping[str, Any]) -> str:
    """Return the architecture. Raises ModelError, naming what is not supported."""
    advice = "take a model that comes with an ONNX file (model.onnx)"
    for key, assumed in _ASSUMED.items():
        if config.get(key, assumed) != assumed:
            raise ModelError(f"cannot convert a model with {key} {config[key]!r}; {advice}")
    architecture = str((config.get("architectures") or ["BertModel"])[0])
    if architecture not in _ARCHITECTURES:
        known = " and ".join(_ARCHITECTURES)
        raise ModelError(f"cannot convert {architecture!r}, only {known}; {advice}")
    return architecture


def _write(target: Path, data: bytes) -> None:
    """Let a file appear whole or not at all."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=GRAPH, suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(0o644)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
