"""BERT as its paper has it, one text at a time in float64: no batches, no padding, no mask."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]

_erf = np.vectorize(math.erf, otypes=[np.float64])


def hidden_state(
    weights: Mapping[str, npt.NDArray[np.float32]],
    ids: Sequence[int],
    types: Sequence[int],
    *,
    heads: int,
    layers: int,
    prefix: str = "",
) -> Matrix:
    """Last hidden state of shape (tokens, hidden)."""
    w = {name.removeprefix(prefix): tensor.astype(np.float64) for name, tensor in weights.items()}
    x = (
        w["embeddings.word_embeddings.weight"][list(ids)]
        + w["embeddings.token_type_embeddings.weight"][list(types)]
        + w["embeddings.position_embeddings.weight"][: len(ids)]
    )
    x = _norm(x, w, "embeddings.LayerNorm")
    for i in range(layers):
        at = f"encoder.layer.{i}."
        q, k, v = (
            _linear(x, w, f"{at}attention.self.{part}") for part in ("query", "key", "value")
        )
        width = q.shape[1] // heads
        mixed = np.empty_like(q)
        for head in range(heads):
            one = slice(head * width, (head + 1) * width)
            mixed[:, one] = _softmax(q[:, one] @ k[:, one].T / math.sqrt(width)) @ v[:, one]
        attended = _linear(mixed, w, f"{at}attention.output.dense")
        x = _norm(attended + x, w, f"{at}attention.output.LayerNorm")
        wide = _linear(x, w, f"{at}intermediate.dense")
        wide = wide * (1 + _erf(wide / math.sqrt(2))) / 2
        x = _norm(_linear(wide, w, f"{at}output.dense") + x, w, f"{at}output.LayerNorm")
    return x


def logits(weights: Mapping[str, npt.NDArray[np.float32]], hidden: Matrix) -> Matrix:
    """Logits of shape (labels,), from the first token through pooler and classifier."""
    w = {name: tensor.astype(np.float64) for name, tensor in weights.items()}
    pooled = np.tanh(_linear(hidden[:1], w, "bert.pooler.dense"))
    scores: Matrix = _linear(pooled, w, "classifier")[0]
    return scores


def _linear(x: Matrix, w: Mapping[str, Matrix], name: str) -> Matrix:
    return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]


def _norm(x: Matrix, w: Mapping[str, Matrix], name: str) -> Matrix:
    centred = x - x.mean(axis=1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-12)
    return scaled * w[f"{name}.weight"] + w[f"{name}.bias"]


def _softmax(x: Matrix) -> Matrix:
    powers = np.exp(x - x.max(axis=1, keepdims=True))
    shares: Matrix = powers / powers.sum(axis=1, keepdims=True)
    return shares
