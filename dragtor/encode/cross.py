"""Pairs of texts to scores or to entailment, with a cross-encoder on ONNX Runtime."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dragtor.encode.session import Output, TokenModel
from dragtor.errors import ModelError
from dragtor.types import Entailment

_ENTAILED = frozenset({"entailment", "entails", "entailed", "consistent", "supported", "supports"})
_CONTRADICTED = frozenset({"contradiction", "contradicts", "contradicted", "refuted", "refutes"})


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


class OnnxEntailment:
    """Fits :class:`dragtor.interfaces.EntailmentModel` with a classifier of pairs.

    The folder is as for :class:`OnnxCrossEncoder`. Which class is which, ``id2label`` in its
    config.json says. Three classes or two go through softmax; where two have no names, the second
    is entailment. A single logit goes through the logistic function. A graph that gives logits
    for every token (T5) is read at the first. With ``template``, a text with {premise} and
    {hypothesis}, the model reads one text instead of a pair.
    """

    def __init__(
        self,
        folder: Path,
        *,
        max_tokens: int = 512,
        threads: int = 0,
        batch_tokens: int = 1024,
        template: str = "",
        name: str = "",
    ) -> None:
        self.name = name or folder.name
        self._template = template
        self._model = TokenModel(
            folder, max_tokens=max_tokens, threads=threads, batch_tokens=batch_tokens
        )

    def entail(self, pairs: Sequence[tuple[str, str]]) -> list[Entailment]:
        """See EntailmentModel. Raises ModelError or EngineError."""
        if not pairs:
            return []
        found = [Entailment(0.0)] * len(pairs)
        for rows, logits, _ in self._model.run(self._model.tokenize(self._inputs(pairs))):
            first = logits[:, 0] if logits.ndim == 3 else logits
            for row, judged in zip(rows, self._judged(first), strict=True):
                found[row] = judged
        return found

    def _inputs(
        self, pairs: Sequence[tuple[str, str]]
    ) -> Sequence[str] | Sequence[tuple[str, str]]:
        if not self._template:
            return pairs
        # Not str.format: what stands in the texts must not be filled in again.
        before, _, rest = self._template.partition("{premise}")
        between, _, after = rest.partition("{hypothesis}")
        return [f"{before}{premise}{between}{hypothesis}{after}" for premise, hypothesis in pairs]

    def _judged(self, logits: Output) -> list[Entailment]:
        if logits.ndim == 2 and logits.shape[1] == 1:
            return [Entailment(float(one)) for one in 1 / (1 + np.exp(-logits[:, 0]))]
        entailed, contradicted = self._classes(logits.shape)
        exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares = exponents / exponents.sum(axis=1, keepdims=True)
        return [
            Entailment(
                float(row[entailed]), 0.0 if contradicted is None else float(row[contradicted])
            )
            for row in shares
        ]

    def _classes(self, shape: tuple[int, ...]) -> tuple[int, int | None]:
        """Which logits stand for entailment and, if there is one, contradiction."""
        if len(shape) != 2 or shape[1] not in (2, 3):
            raise ModelError(
                f"{self.name} gives {shape[1:]} scores for a pair, not one to three: "
                "it is no model of kind nli"
            )
        named = self._model.config.get("id2label") or {}
        labels = {str(label).lower(): int(number) for number, label in named.items()}
        entailed = [number for label, number in labels.items() if label in _ENTAILED]
        contradicted = [number for label, number in labels.items() if label in _CONTRADICTED]
        if entailed:
            return entailed[0], next(iter(contradicted), None)
        if shape[1] == 2:
            return 1, None
        raise ModelError(
            f"{self.name} does not say which of its classes is entailment: write id2label into "
            f"{self._model.folder / 'config.json'}"
        )
