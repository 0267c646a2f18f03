"""One vector per token with a model of fastembed's catalogue."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from dragtor.catalogue import LateCard
from dragtor.encode.files import checksum, graph_file
from dragtor.encode.session import physical_cores
from dragtor.encode.vectors import unit
from dragtor.errors import EngineError, ModelError
from dragtor.types import Vectors

if TYPE_CHECKING:
    from fastembed import LateInteractionTextEmbedding

_QUESTIONS = 16
"""Questions whose vectors are remembered."""
_TOGETHER = 4
"""Texts computed together: few, because the shorter ones are padded."""


class FastembedTokens:
    """A :class:`dragtor.interfaces.TokenEncoder` of a folder that fastembed knows how to use.

    Beside graph and ``tokenizer.json``, the folder holds ``tokenizer_config.json``, which says
    where texts are cut off. It is read at the first use, so the first use raises ModelError.
    Safe to use from several threads.
    """

    def __init__(self, folder: Path, card: LateCard, *, name: str = "", threads: int = 0) -> None:
        self.name = name or folder.name
        self.dimension = card.dimension
        self._folder = folder
        self._known_as = card.fastembed
        self._threads = threads or physical_cores()
        self._guard = threading.Lock()
        self._question = lru_cache(_QUESTIONS)(self._read_question)

    @cached_property
    def fingerprint(self) -> str:
        """Depends on the bytes of graph and tokenizer, and on fastembed, which decides the rest."""
        files = sorted(self._folder.glob("*.json"))
        digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in files if _counts(path)]
        made_of = [
            checksum(graph_file(self._folder)),
            *digests,
            self._known_as,
            version("fastembed"),
        ]
        return hashlib.sha256("\0".join(made_of).encode()).hexdigest()[:32]

    def encode_passage_tokens(self, texts: Sequence[str]) -> list[Vectors]:
        """See :class:`dragtor.interfaces.TokenEncoder`. Raises ModelError or EngineError."""
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        found: list[Vectors] = [np.empty((0, self.dimension), dtype=np.float32)] * len(texts)
        made = self._run("embed", [texts[i] for i in order])
        for i, vectors in zip(order, made, strict=True):
            found[i] = vectors
        return found

    def encode_question_tokens(self, text: str) -> Vectors:
        """See :class:`dragtor.interfaces.TokenEncoder`; the last one is remembered a while."""
        return self._question(text)

    def _read_question(self, text: str) -> Vectors:
        (vectors,) = self._run("query_embed", [text])
        vectors.flags.writeable = False
        return vectors

    def _run(self, method: Literal["embed", "query_embed"], texts: Sequence[str]) -> list[Vectors]:
        model = self._model
        together = {"batch_size": _TOGETHER} if method == "embed" else {}
        try:
            made = list(getattr(model, method)(list(texts), **together)) if texts else []
        except Exception as error:  # fastembed and ONNX Runtime have no other common base
            reason = str(error).splitlines()[0]
            raise EngineError(f"{self.name} failed on {len(texts)} texts: {reason}") from error
        return [unit(np.asarray(vectors, dtype=np.float32)) for vectors in made]

    @property
    def _model(self) -> LateInteractionTextEmbedding:
        with self._guard:
            return self._loaded

    @cached_property
    def _loaded(self) -> LateInteractionTextEmbedding:
        from fastembed import LateInteractionTextEmbedding

        if not self._known_as:
            raise ModelError(
                f"{self.name} names no model of fastembed: set late.engine to onnx, or fastembed "
                "under late in its entry of models"
            )
        graph = graph_file(self._folder).relative_to(self._folder)
        try:
            model = LateInteractionTextEmbedding(
                self._known_as,
                specific_model_path=str(self._folder),
                threads=self._threads,
                providers=["CPUExecutionProvider"],
                lazy_load=True,
            )
            # fastembed's name of the graph is the hub's, which is not always ours.
            inner = model.model
            inner.model_description = replace(inner.model_description, model_file=str(graph))
            inner.load_onnx_model()
        except Exception as error:  # it raises plain ValueError and those of ONNX Runtime
            reason = str(error).splitlines()[0]
            raise ModelError(f"fastembed cannot load {self._folder}: {reason}") from error
        return model


def _counts(path: Path) -> bool:
    """Whether a file has a part in what comes out; ours, with the sum of the graph, has not."""
    return not path.name.endswith(".sha256.json") and path.name != "checksums.json"
