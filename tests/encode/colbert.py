"""A model of the ColBERT kind so small that every test can have one: random weights, real graph."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from dragtor.types import Vectors
from tests.tiny import tiny_tokenizer

DIMENSION = 16
MAX_TOKENS = 64
QUESTION_MARKER, PASSAGE_MARKER = "[UNK]", "[CLS]"
"""Those of ids 1 and 2 in the tiny tokenizer, as [unused0] and [unused1] have in BERT's."""


def make_tiny_colbert(folder: Path, *, width: int = DIMENSION) -> Path:
    """Write model.onnx, tokenizer.json and tokenizer_config.json; returns the folder.

    A token's vector is that of its word plus a third of the mean of all that are to be seen, so
    that what is masked, and what is not, shows. It is not of length 1, as not in all such models.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = tiny_tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {"model_max_length": MAX_TOKENS, "pad_token": "[PAD]"}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    onnx.save(_graph(words(tokenizer.get_vocab_size(), width)), folder / "model.onnx")
    return folder


def words(vocabulary: int, width: int) -> Vectors:
    """The graph's only weights, shape (vocabulary, width)."""
    rows: Vectors = np.random.default_rng(3).normal(size=(vocabulary, width)).astype(np.float32)
    return rows


def _graph(weights: Vectors) -> onnx.ModelProto:
    nodes = [
        helper.make_node("Gather", ["words", "input_ids"], ["read"]),
        helper.make_node("Cast", ["attention_mask"], ["seen"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["seen", "last"], ["seen3"]),
        helper.make_node("Mul", ["read", "seen3"], ["visible"]),
        helper.make_node("ReduceSum", ["visible", "middle"], ["sum"]),
        helper.make_node("ReduceSum", ["seen3", "middle"], ["count"]),
        helper.make_node("Div", ["sum", "count"], ["mean"]),
        helper.make_node("Mul", ["mean", "third"], ["context"]),
        helper.make_node("Add", ["read", "context"], ["contextual"]),
    ]
    shape = ["texts", "tokens"]
    graph = helper.make_graph(
        nodes,
        "colbert",
        [
            helper.make_tensor_value_info(name, TensorProto.INT64, shape)
            for name in ("input_ids", "attention_mask")
        ],
        [
            helper.make_tensor_value_info(
                "contextual", TensorProto.FLOAT, [*shape, weights.shape[1]]
            )
        ],
        [
            numpy_helper.from_array(weights, "words"),
            numpy_helper.from_array(np.array([2], dtype=np.int64), "last"),
            numpy_helper.from_array(np.array([1], dtype=np.int64), "middle"),
            numpy_helper.from_array(np.array(1 / 3, dtype=np.float32), "third"),
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
