"""A tokenizer and an ONNX graph that belong together, as encoders and cross-encoders need them."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from dragtor.encode.files import graph_file
from dragtor.encode.quantize import quantized
from dragtor.errors import EngineError, ModelError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

Tokens = npt.NDArray[np.int64]
"""Tokens of one input, shape (2, n): their ids, and which of a pair of texts they are of.

With a third row, that says which of them (1) the others are to see, and which not (0).
"""
Output = npt.NDArray[np.float32]
Precision = Literal["fp32", "int8"]

_SILENT = 4
_CHUNK = 1024


class TokenModel:
    """Reads texts, or pairs of texts; everything is loaded at the first use.

    ``max_tokens`` counts special tokens. ``threads`` 0 is all physical cores. ``batch_tokens``
    bounds the texts of a batch times the longest of them. ``precision`` int8 runs a quantised
    graph (:mod:`dragtor.encode.quantize`). Safe to use from several threads.
    """

    def __init__(
        self,
        folder: Path,
        *,
        max_tokens: int,
        threads: int,
        batch_tokens: int,
        precision: Precision = "fp32",
    ) -> None:
        self.folder = folder
        self._precision = precision
        self._max_tokens = max_tokens
        self._threads = threads or physical_cores()
        self._batch_tokens = batch_tokens
        self._lock = threading.Lock()
        self._session: InferenceSession | None = None

    @cached_property
    def config(self) -> dict[str, Any]:
        """What config.json says; empty without one."""
        path = self.folder / "config.json"
        if not path.exists():
            return {}
        try:
            config = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ModelError(f"cannot read {path} ({error}); pull the model again") from None
        return config if isinstance(config, dict) else {}

    @property
    def session(self) -> InferenceSession:
        """The graph in ONNX Runtime."""
        with self._lock:
            if self._session is None:
                graph = graph_file(self.folder)
                if self._precision == "int8":
                    graph = quantized(graph)
                self._session = open_session(graph, self._threads)
            return self._session

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """Cuts texts off at ``max_tokens`` and does not pad."""
        positions = self.config.get("max_position_embeddings", self._max_tokens)
        if self._max_tokens > positions:
            raise ModelError(
                f"{self.folder.name} reads at most {positions} tokens: "
                f"lower its max_tokens of {self._max_tokens}"
            )
        tokenizer = open_tokenizer(self.folder)
        tokenizer.enable_truncation(self._max_tokens)
        return tokenizer

    def tokenize(self, inputs: Sequence[str] | Sequence[tuple[str, str]]) -> list[Tokens]:
        """Turn texts or pairs into tokens, special ones included."""
        return [
            np.array([encoding.ids, encoding.type_ids], dtype=np.int64)
            for start in range(0, len(inputs), _CHUNK)
            for encoding in self.tokenizer.encode_batch_fast(inputs[start : start + _CHUNK])
        ]

    def tokenize_placed(self, texts: Sequence[str]) -> tuple[list[Tokens], list[Tokens]]:
        """The same for texts, with the (start, end) of each token in code points, shape (n, 2).

        Special tokens have (0, 0). Knowing places takes longer, so only who needs them asks.
        """
        inputs, places = [], []
        for start in range(0, len(texts), _CHUNK):
            for encoding in self.tokenizer.encode_batch(texts[start : start + _CHUNK]):
                inputs.append(np.array([encoding.ids, encoding.type_ids], dtype=np.int64))
                places.append(np.array(encoding.offsets, dtype=np.int64).reshape(-1, 2))
        return inputs, places

    def run(self, inputs: Sequence[Tokens]) -> Iterator[tuple[list[int], Output, Tokens]]:
        """Run the graph over inputs of like length together, longest first.

        Yields which inputs these are, the graph's output for them (shape (inputs, tokens, …) or
        (inputs, …)), and their mask of shape (inputs, tokens). Raises EngineError.
        """
        made = list(batches([tokens.shape[1] for tokens in inputs], self._batch_tokens))
        # Small batches, several at once, need half the time of large ones shared by all cores:
        # what they work on stays in the cache of a core, and cores need not wait for each other.
        with ThreadPoolExecutor(min(self._threads, len(made)) or 1) as pool:
            yield from pool.map(lambda batch: self._run_batch(inputs, batch), made)

    def _run_batch(
        self, inputs: Sequence[Tokens], batch: list[int]
    ) -> tuple[list[int], Output, Tokens]:
        session = self.session
        known = {node.name for node in session.get_inputs()}
        output = _wanted([node.name for node in session.get_outputs()])
        feed = _feed([inputs[i] for i in batch])
        mask = feed["attention_mask"]
        try:
            (result,) = session.run([output], {name: feed[name] for name in feed if name in known})
        except Exception as error:  # ONNX Runtime's exceptions have no other common base
            reason = str(error).splitlines()[0]
            raise EngineError(f"{self.folder.name} failed on {mask.shape}: {reason}") from error
        return batch, result, mask


def open_session(path: Path, threads: int) -> InferenceSession:
    """Load a graph. Raises ModelError if it does not load, EngineError for too many threads."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = _SILENT
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    # Threads that wait by spinning take the cores away from the language model and from any other
    # program: they doubled the CPU time of encoding, and with both cores busy the time it took.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    onnxruntime.disable_telemetry_events()
    try:
        options.intra_op_num_threads = threads
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except TypeError:
        raise EngineError(f"ONNX Runtime takes no {threads} threads: ask for fewer") from None
    except Exception as error:  # ONNX Runtime's exceptions have no other common base
        reason = str(error).splitlines()[0]
        raise ModelError(f"{path} does not load ({reason}); pull the model again") from None


def open_tokenizer(folder: Path) -> Tokenizer:
    """Load tokenizer.json, neither cutting off nor padding. Raises ModelError."""
    # Its threads gain nothing here, and older releases warn when a process forks after they ran.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from tokenizers import Tokenizer

    path = folder / "tokenizer.json"
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises nothing more specific
        raise ModelError(f"cannot read {path} ({error}); pull the model again") from None
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def batches(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Indices of inputs in batches, longest first: inputs times the longest is within the budget.

    An input longer than the budget is a batch of its own.

    >>> list(batches([3, 9, 4, 1], 8))
    [[1], [2, 0], [3]]
    """
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    start = 0
    while start < len(order):
        size = max(1, budget // max(1, lengths[order[start]]))
        yield order[start : start + size]
        start += size


def physical_cores() -> int:
    """Physical cores that this process may use, at least 1."""
    import psutil

    cores: int = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else cores
    return min(cores, allowed)


def _feed(inputs: Sequence[Tokens]) -> dict[str, Tokens]:
    """Pad to the longest, on the right; what is masked has no influence."""
    shape = len(inputs), max(tokens.shape[1] for tokens in inputs)
    ids, types, mask = (np.zeros(shape, dtype=np.int64) for _ in range(3))
    for row, tokens in enumerate(inputs):
        length = tokens.shape[1]
        ids[row, :length], types[row, :length] = tokens[:2]
        mask[row, :length] = tokens[2] if len(tokens) > 2 else 1
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}


def _wanted(outputs: Sequence[str]) -> str:
    """Name of the output to take: a graph may have others beside it, like a pooled one."""
    return next((name for name in outputs if name in ("last_hidden_state", "logits")), outputs[0])
