"""One vector per token with a model of the ColBERT kind, on ONNX Runtime.

Khattab and Zaharia 2020, https://arxiv.org/abs/2004.12832; Santhanam et al. 2022 (ColBERTv2),
https://arxiv.org/abs/2112.01488.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from dragtor.catalogue import LateCard
from dragtor.encode.colbert_card import Manner, manner_of
from dragtor.encode.files import checksum, graph_file
from dragtor.encode.safetensors import read_safetensors
from dragtor.encode.session import Output, TokenModel, Tokens
from dragtor.encode.vectors import unit
from dragtor.errors import ModelError
from dragtor.types import Vectors

_QUESTIONS = 16
"""Questions whose vectors are remembered."""
_VERSION = "1"
"""Rises when the same weights and settings come to give other vectors."""
_MASKS = ("[MASK]", "<mask>", "<|mask|>")


class OnnxColbert:
    """A :class:`dragtor.interfaces.TokenEncoder` of the ONNX graph of a folder.

    The folder holds ``tokenizer.json``, a graph as :func:`dragtor.encode.files.graph_file` finds
    it, and, where the graph does not hold it, the projection of sentence-transformers
    (``1_Dense/model.safetensors``). What the card leaves open is read from the folder; see
    :func:`dragtor.encode.colbert_card.manner_of`. It is read at the first use, so the first use
    raises ModelError. Safe to use from several threads.
    """

    def __init__(
        self,
        folder: Path,
        card: LateCard,
        *,
        name: str = "",
        threads: int = 0,
        batch_tokens: int = 256,
    ) -> None:
        self.name = name or folder.name
        self.dimension = card.dimension
        self._folder = folder
        self._card = card
        # One token less than it reads: the marker is put in afterwards.
        self._model = TokenModel(
            folder, max_tokens=card.max_tokens - 1, threads=threads, batch_tokens=batch_tokens
        )
        self._question = lru_cache(_QUESTIONS)(self._read_question)

    @cached_property
    def fingerprint(self) -> str:
        """Depends on the bytes of graph, tokenizer and projection, and on all that is set."""
        try:
            tokenizer = (self._folder / "tokenizer.json").read_bytes()
            dense = self._dense_file.read_bytes() if self._dense_file.exists() else b""
        except OSError as error:
            raise ModelError(
                f"cannot read {self._folder} ({error}); pull the model again"
            ) from None
        made_of = (
            _VERSION,
            checksum(graph_file(self._folder)),
            hashlib.sha256(tokenizer).hexdigest(),
            hashlib.sha256(dense).hexdigest(),
            str(self.dimension),
            str(self._card.max_tokens),
            repr(self._manner),
        )
        return hashlib.sha256("\0".join(made_of).encode()).hexdigest()[:32]

    def encode_passage_tokens(self, texts: Sequence[str]) -> list[Vectors]:
        """See :class:`dragtor.interfaces.TokenEncoder`; of punctuation nothing is kept.

        Raises ModelError or EngineError.
        """
        marker = self._id(self._manner.passage_marker)
        inputs = [_marked(tokens, marker) for tokens in self._model.tokenize(texts)]
        found: list[Vectors] = [np.empty((0, self.dimension), dtype=np.float32)] * len(texts)
        for rows, hidden, _ in self._model.run(inputs) if texts else ():
            for row, vectors in zip(rows, self._projected(hidden), strict=True):
                ids = inputs[row][0]
                found[row] = unit(vectors[: len(ids)][~np.isin(ids, self._skipped)])
        return found

    def encode_question_tokens(self, text: str) -> Vectors:
        """See :class:`dragtor.interfaces.TokenEncoder`; the last one is remembered a while."""
        return self._question(text)

    def _read_question(self, text: str) -> Vectors:
        (tokens,) = self._model.tokenize([text])
        tokens = _marked(tokens, self._id(self._manner.question_marker))
        if self._manner.expand:
            missing = max(0, self._manner.question_tokens - tokens.shape[1])
            filling = [[self._mask] * missing, [0] * missing]
            seen = np.ones((1, tokens.shape[1] + missing), dtype=np.int64)
            if not self._manner.attend:
                seen[:, tokens.shape[1] :] = 0
            tokens = np.concatenate([tokens, np.array(filling, dtype=np.int64)], axis=1)
            tokens = np.concatenate([tokens, seen])
        ((_, hidden, _),) = self._model.run([tokens])
        vectors = unit(self._projected(hidden)[0])
        vectors.flags.writeable = False
        return vectors

    def _projected(self, hidden: Output) -> Vectors:
        """Output of the graph, shape (texts, tokens, dimension)."""
        if hidden.ndim == 3 and hidden.shape[2] == self.dimension:
            return hidden
        projection = self._projection
        if hidden.ndim != 3 or projection is None or hidden.shape[2] != projection.shape[1]:
            raise ModelError(f"{self.name} gives {hidden.shape}, not (texts, tokens, dimension)")
        projected: Vectors = hidden @ projection.T
        return projected

    @cached_property
    def _projection(self) -> Vectors | None:
        """Weights of shape (dimension, width of the graph's output), if there are any."""
        if not self._dense_file.exists():
            return None
        return read_safetensors(self._dense_file).get("linear.weight")

    @property
    def _dense_file(self) -> Path:
        return self._folder / "1_Dense" / "model.safetensors"

    @cached_property
    def _manner(self) -> Manner:
        return manner_of(self._card, self._folder)

    @cached_property
    def _mask(self) -> int:
        return next(filter(None, map(self._model.tokenizer.token_to_id, _MASKS)), 0)

    @cached_property
    def _skipped(self) -> list[int]:
        """Ids of tokens of passages that are left out."""
        tokenizer = self._model.tokenizer
        alone = [tokenizer.encode(word, add_special_tokens=False).ids for word in self._manner.skip]
        ids = {ids[0] for ids in alone if ids}
        ids.update(filter(None, map(tokenizer.token_to_id, self._manner.skip)))
        return sorted(ids)

    def _id(self, marker: str) -> int | None:
        """The id of a marker; ``None`` for no marker at all. Raises ModelError."""
        if not marker:
            return None
        tokenizer = self._model.tokenizer
        id = tokenizer.token_to_id(marker)
        if id is None:
            raise ModelError(
                f"the tokenizer of {self.name} has no token {marker!r}: set question_marker and "
                "passage_marker under late in its entry of models"
            )
        return int(id)


def _marked(tokens: Tokens, marker: int | None) -> Tokens:
    """Tokens with a marker behind the first one, which begins the text."""
    if marker is None:
        return tokens
    return np.insert(tokens, 1, [marker, 0], axis=1)
