"""Texts to vectors with the encoders that fastembed knows."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dragtor.encode.files import checksum
from dragtor.encode.session import open_tokenizer, physical_cores
from dragtor.encode.vectors import unit
from dragtor.errors import EngineError, ModelError
from dragtor.types import Span, Vectors

if TYPE_CHECKING:
    from fastembed import TextEmbedding
    from tokenizers import Tokenizer

_QUESTIONS = 16
"""Questions whose vectors are remembered."""
_BATCH = 16
"""Texts that are padded to the same length and computed together."""
_VERSION = "fastembed 1"
"""Rises when the same files and settings come to give other vectors."""


class FastembedEncoder:
    """Encodes with a model that fastembed knows as ``model``, from the files in ``folder``.

    How the vector of a text is made of what the graph gives, fastembed knows for each model; where
    it tells questions and passages apart by itself, there is no prefix to give. ``threads`` 0 is
    all physical cores. It is loaded at the first use. Safe to use from several threads.
    """

    def __init__(
        self,
        folder: Path,
        *,
        model: str,
        dimension: int,
        query_prefix: str = "",
        passage_prefix: str = "",
        threads: int = 0,
    ) -> None:
        self.name = model
        self.dimension = dimension
        self._folder = folder
        self._query_prefix = query_prefix
        self._passage_prefix = passage_prefix
        self._threads = threads
        self._lock = threading.Lock()
        self._loaded: TextEmbedding | None = None
        self._question = lru_cache(_QUESTIONS)(self._encode_question)

    @cached_property
    def fingerprint(self) -> str:
        """Depends on the bytes of the model's files, on how vectors are made, and on prefixes."""
        kind, description = self._known
        parts = [_VERSION, kind, self._query_prefix, self._passage_prefix]
        beside = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")
        for name in (description.model_file, *description.additional_files, *beside):
            path = self._folder / name
            parts.append(f"{name} {checksum(path) if path.exists() else ''}")
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]

    @cached_property
    def max_tokens(self) -> int:
        """Tokens of a text beyond this many are not seen."""
        tokenizer: Any = self._model.model.tokenizer
        return int(tokenizer.truncation["max_length"])

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors of shape (len(texts), dimension), in the order of the texts.

        Raises ModelError or EngineError.
        """
        return self._encode([self._passage_prefix + text for text in texts], question=False)

    def encode_spans(
        self, texts: Sequence[str], spans: Sequence[Sequence[Span]]
    ) -> tuple[Vectors, list[Vectors]]:
        """Vectors of passages and of spans of each; fastembed gives none of tokens.

        So a span is encoded by itself, and has seen nothing of what stands around it.
        """
        cuts = [t[s.start : s.end] for t, asked in zip(texts, spans, strict=True) for s in asked]
        vectors = self.encode_passages([*texts, *cuts])
        ends = np.cumsum([len(texts), *map(len, spans)])
        return vectors[: len(texts)], [vectors[start:end] for start, end in pairwise(ends)]

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """The same for questions. One alone is remembered a while: several stages ask for it."""
        if len(texts) == 1:
            return self._question(texts[0])
        return self._encode([self._query_prefix + text for text in texts], question=True)

    def token_spans(self, text: str) -> Sequence[tuple[int, int]]:
        """(start, end) of each token in code points, in order, special tokens left out."""
        offsets = self._tokenizer.encode(text, add_special_tokens=False).offsets
        return [(start, end) for start, end in offsets if start < end]

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        return open_tokenizer(self._folder)

    @cached_property
    def _known(self) -> tuple[str, Any]:
        """How fastembed makes vectors with this model, and how it describes it."""
        from fastembed import TextEmbedding

        for kind in TextEmbedding.EMBEDDINGS_REGISTRY:
            for description in kind._list_supported_models():
                if description.model.lower() == self.name.lower():
                    return kind.__name__, description
        raise ModelError(f"fastembed has no model called {self.name!r}")

    @property
    def _model(self) -> TextEmbedding:
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _load(self) -> TextEmbedding:
        from fastembed import TextEmbedding

        _, description = self._known
        # Models that are no graph have nothing to set threads for, and warn.
        graph = description.model_file.endswith(".onnx")
        threads = (self._threads or physical_cores()) if graph else None
        try:
            return TextEmbedding(
                description.model, threads=threads, specific_model_path=str(self._folder)
            )
        except Exception as error:  # of ONNX Runtime, of tokenizers, of fastembed itself
            raise ModelError(
                f"{self.name} does not load from {self._folder} ({_line(error)}); pull it again"
            ) from None

    def _encode_question(self, text: str) -> Vectors:
        vectors = self._encode([self._query_prefix + text], question=True)
        vectors.flags.writeable = False
        return vectors

    def _encode(self, texts: Sequence[str], *, question: bool) -> Vectors:
        """Longest first, as those of a batch are padded to the longest of them."""
        vectors: Vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        if not texts:
            return vectors
        model = self._model
        embed = model.query_embed if question else model.passage_embed
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        try:
            rows: Iterable[Any] = embed([texts[i] for i in order], batch_size=_BATCH)
            for at, row in zip(order, rows, strict=True):
                vectors[at] = row
        except Exception as error:  # of ONNX Runtime, of tokenizers, of fastembed itself
            raise EngineError(f"{self.name} failed: {_line(error)}") from error
        return unit(vectors)


def _line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
