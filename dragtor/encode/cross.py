"""Pairs of question and passage to scores, with a cross-encoder on ONNX Runtime."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dragtor.encode.session import TokenModel
from dragtor.errors import ModelError


class OnnxCrossEncoder:
    """Reads question and passage together (Nogueira & Cho 2019, https://arxiv.org/abs/1901.04085).

    The folder is as for :class:`dragtor.encode.onnx.OnnxEncoder`, with a graph that gives one
    logit for each pair, and read at the first use. ``max_tokens`` is for question, passage and
    special tokens together; the longer of the two is cut off first.
    """

    def __init__(
        self,
        folder: Path,
        *,
        max_tokens: int = 512,
        threads: int = 0,
        batch_tokens: int = 256,
        name: str = "",
    ) -> None:
        self.name = name or folder.name
        self._model = TokenModel(
            folder, max_tokens=max_tokens, threads=threads, batch_tokens=batch_tokens
        )

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """One logit for each text, higher is better. Raises ModelError or EngineError."""
        if not texts:
            return []
        scores = np.empty(len(texts), dtype=np.float32)
        tokens = self._model.tokenize([(question, text) for text in texts])
        for rows, logits, _ in self._model.run(tokens):
            if logits.ndim != 2 or logits.shape[1] != 1:
                raise ModelError(
                    f"{self.name} gives {logits.shape[1:]} scores for a pair, not one: "
                    "it is no reranker"
                )
            scores[rows] = logits[:, 0]
        return [float(score) for score in scores]
