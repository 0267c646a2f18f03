"""What sentence-transformers puts behind a transformer: pooling, dense layers, normalisation."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dragtor.encode.safetensors import read_safetensors
from dragtor.errors import ModelError

_POOLINGS = {
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_cls_token": "cls",
    "pooling_mode_lasttoken": "lasttoken",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
}
"""How the files say it: a key that is true, or one key ``pooling_mode`` in newer ones."""
_ACTIVATIONS = ("Identity", "Tanh", "ReLU", "GELU", "Sigmoid", "SiLU")
_WITHOUT_EFFECT = ("Transformer", "Dropout")

Layer = Callable[[Any], Any]


@dataclass(frozen=True)
class Modules:
    """``pooling`` is mean, cls or lasttoken; ``layers`` follow it, in order."""

    pooling: str
    layers: Sequence[Layer]

    def pool(self, hidden: Any, mask: Any) -> Any:  # noqa: ANN401 (tensors)
        """One vector per text from (texts, tokens, size) and (texts, tokens)."""
        if self.pooling == "mean":
            weights = mask.unsqueeze(-1).to(hidden.dtype)
            return (hidden * weights).sum(dim=1) / weights.sum(dim=1)
        # Texts may be filled up on either side; argmax finds the first of the largest.
        ranks = mask.cumsum(dim=1) if self.pooling == "lasttoken" else mask
        at = ranks.argmax(dim=1)
        return hidden[range(len(hidden)), at]

    def finish(self, rows: Any) -> Any:  # noqa: ANN401 (a tensor)
        """What the layers behind the pooling make of (n, size)."""
        for layer in self.layers:
            rows = layer(rows)
        return rows


def read_modules(folder: Path, pooling: str, torch: Any, device: str) -> Modules:  # noqa: ANN401
    """What ``modules.json`` says; ``pooling`` and nothing else without one. Raises ModelError."""
    if not (folder / "modules.json").exists():
        return Modules(pooling, ())
    layers: list[Layer] = []
    for module in _json(folder / "modules.json", list):
        kind, within = str(module["type"]).rpartition(".")[2], folder / str(module["path"])
        if kind == "Pooling":
            pooling = _pooling(within)
        elif kind == "Dense":
            layers.append(_dense(within, torch, device))
        elif kind == "Normalize":
            layers.append(torch.nn.functional.normalize)
        elif kind not in _WITHOUT_EFFECT:
            raise ModelError(f"{folder.name} has a module {kind!r}, which dragtor cannot run")
    return Modules(pooling, layers)


def _pooling(folder: Path) -> str:
    config = _json(folder / "config.json", dict)
    modes = [name for key, name in _POOLINGS.items() if config.get(key)]
    modes = modes or [str(config.get("pooling_mode", "mean"))]
    if len(modes) > 1 or modes[0] not in ("mean", "cls", "lasttoken"):
        raise ModelError(f"{folder} pools by {' and '.join(modes)}, which dragtor cannot do")
    return modes[0]


def _dense(folder: Path, torch: Any, device: str) -> Layer:  # noqa: ANN401 (a module)
    config = _json(folder / "config.json", dict)
    activation = str(config.get("activation_function", "Identity")).rpartition(".")[2]
    if activation not in _ACTIVATIONS:
        raise ModelError(f"{folder} has the activation {activation!r}, which dragtor cannot run")
    linear = torch.nn.Linear(
        config["in_features"], config["out_features"], bias=config.get("bias", True)
    )
    try:
        weights = _weights(folder, torch)
        # They are called linear.weight and linear.bias.
        linear.load_state_dict({key.rpartition(".")[2]: value for key, value in weights.items()})
    except Exception as error:  # of any kind, by what is in the file
        raise ModelError(f"cannot read the weights in {folder} ({error})") from None
    layer: Layer = torch.nn.Sequential(linear, getattr(torch.nn, activation)())
    return layer.float().eval().to(device)  # type: ignore[attr-defined,no-any-return]


def _weights(folder: Path, torch: Any) -> dict[str, Any]:  # noqa: ANN401 (a module)
    """Safetensors, or of a pickle nothing but weights."""
    if (folder / "model.safetensors").exists():
        tensors = read_safetensors(folder / "model.safetensors")
        return {name: torch.from_numpy(values.copy()) for name, values in tensors.items()}
    pickled: dict[str, Any] = torch.load(
        folder / "pytorch_model.bin", map_location="cpu", weights_only=True
    )
    return pickled


def _json(path: Path, kind: type) -> Any:  # noqa: ANN401 (JSON)
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"cannot read {path} ({error}); pull the model again") from None
    if not isinstance(found, kind):
        raise ModelError(f"{path} is no {kind.__name__}; pull the model again")
    return found
