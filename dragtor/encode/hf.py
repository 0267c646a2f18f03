"""Texts to vectors with any model of the hub, by transformers and torch in a child process."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from dragtor.encode.child import Child
from dragtor.encode.files import checksum
from dragtor.encode.session import open_tokenizer
from dragtor.errors import ModelError
from dragtor.types import Encoded, Span, Vectors

if TYPE_CHECKING:
    from tokenizers import Tokenizer

WORKER = (sys.executable, "-m", "dragtor.encode.hf_worker")
_QUESTIONS = 16
"""Questions whose vectors are remembered."""
_TEXTS = 512
"""Texts of one request: those of like length among them are computed together."""
_VERSION = "hf 1"
"""Rises when the same weights and settings come to give other vectors."""
_WEIGHTS = (".safetensors", ".bin")


class HfEncoder:
    """Encodes with a folder as the hub has it, in a child process that starts at the first use.

    The folder holds ``config.json``, weights (safetensors rather than pickles) and a tokenizer, and
    ``modules.json`` where the model was made with sentence-transformers, whose pooling and dense
    layers then hold; without it, pooling is as given. Code in the folder runs only with
    ``trust_remote_code``; ``config`` overrides what ``config.json`` says. ``dimension`` is what has
    to come out, ``max_tokens`` counts special tokens, ``threads`` 0 is all physical cores.
    It computes on Metal or CUDA where torch finds them. Safe to use from several threads.
    """

    def __init__(
        self,
        folder: Path,
        *,
        max_tokens: int,
        dimension: int,
        pooling: Literal["mean", "cls"] = "mean",
        query_prefix: str = "",
        passage_prefix: str = "",
        trust_remote_code: bool = False,
        config: Mapping[str, Any] | None = None,
        threads: int = 0,
        name: str = "",
        worker: Sequence[str] = WORKER,
    ) -> None:
        self.name = name or folder.name
        self.max_tokens = max_tokens
        self.dimension = dimension
        self._folder = folder
        self._query_prefix = query_prefix
        self._passage_prefix = passage_prefix
        self._settings = {
            "max_tokens": max_tokens,
            "dimension": dimension,
            "pooling": pooling,
            "trust_remote_code": trust_remote_code,
            "config": dict(config or {}),
        }
        hello = {"do": "load", "folder": str(folder), "name": self.name, "threads": threads}
        self._child = Child(worker, self.name, {**hello, **self._settings})
        self._question = lru_cache(_QUESTIONS)(self._encode_question)

    @cached_property
    def fingerprint(self) -> str:
        """Depends on the bytes of all files, and on all that is set. Raises ModelError."""
        made_of = [_VERSION, self._query_prefix, self._passage_prefix]
        made_of += [f"{key}={value}" for key, value in sorted(self._settings.items())]
        files = [path for path in sorted(self._folder.rglob("*")) if self._counts(path)]
        if not any(path.suffix in _WEIGHTS for path in files):
            raise ModelError(
                f"no model in {self._folder}; get it by `dragtor models pull {self.name}`"
            )
        for path in files:
            big = path.suffix in _WEIGHTS
            sha256 = checksum(path) if big else hashlib.sha256(path.read_bytes()).hexdigest()
            made_of.append(f"{path.relative_to(self._folder).as_posix()} {sha256}")
        return hashlib.sha256("\0".join(made_of).encode()).hexdigest()[:32]

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors of shape (len(texts), dimension), in the order of the texts.

        Raises ModelError, EngineError and MissingExtra.
        """
        return self._read([self._passage_prefix + text for text in texts], ()).vectors

    def encode_spans(
        self, texts: Sequence[str], spans: Sequence[Sequence[Span]]
    ) -> tuple[Vectors, list[Vectors]]:
        """See :meth:`dragtor.encode.onnx.OnnxEncoder.encode_spans`."""
        read = self._read_passages(texts, spans, keep=False)
        return read.vectors, read.spans

    def read(self, texts: Sequence[str], spans: Sequence[Sequence[Span]]) -> Encoded:
        """See :class:`dragtor.interfaces.TokenReader`."""
        return self._read_passages(texts, spans, keep=True)

    def read_question(self, text: str, spans: Sequence[Span]) -> Vectors:
        """See :class:`dragtor.interfaces.TokenReader`."""
        shift = len(self._query_prefix)
        places = [(one.start + shift, one.end + shift) for one in spans]
        return self._read([self._query_prefix + text], [places]).spans[0]

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """The same for questions. One alone is remembered a while: several stages ask for it."""
        if len(texts) == 1:
            return self._question(texts[0])
        return self._read([self._query_prefix + text for text in texts], ()).vectors

    def token_spans(self, text: str) -> Sequence[tuple[int, int]]:
        """(start, end) of each token in code points, in order, special tokens left out."""
        offsets = self._tokenizer.encode(text, add_special_tokens=False).offsets
        return [(start, end) for start, end in offsets if start < end]

    def close(self) -> None:
        """End the child process; it starts again when it is needed again."""
        self._child.close()

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        if not (self._folder / "tokenizer.json").exists():
            self._child.ask({"do": "tokenizer"})  # the worker makes one of other kinds
        return open_tokenizer(self._folder)

    def _counts(self, path: Path) -> bool:
        """Whether a file may change what comes out."""
        hidden = any(part.startswith(".") for part in path.relative_to(self._folder).parts)
        ours = path.name in ("checksums.json", "snapshot.json") or path.name.endswith(
            (".sha256.json", ".part", ".id")
        )
        return path.is_file() and not hidden and not ours

    def _encode_question(self, text: str) -> Vectors:
        vectors = self._read([self._query_prefix + text], ()).vectors
        vectors.flags.writeable = False
        return vectors

    def _read_passages(
        self, texts: Sequence[str], spans: Sequence[Sequence[Span]], *, keep: bool
    ) -> Encoded:
        shift = len(self._passage_prefix)
        places = [[(one.start + shift, one.end + shift) for one in within] for within in spans]
        return self._read([self._passage_prefix + text for text in texts], places, keep=keep)

    def _read(
        self,
        texts: Sequence[str],
        spans: Sequence[Sequence[tuple[int, int]]],
        *,
        keep: bool = False,
    ) -> Encoded:
        vectors: Vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        pooled: list[Vectors] = []
        kept: list[Vectors] = []
        for start in range(0, len(texts), _TEXTS):
            some = texts[start : start + _TEXTS]
            within = list(spans[start : start + _TEXTS]) or [()] * len(some)
            answer, row = self._child.ask(
                {"do": "read", "texts": some, "spans": within, "keep": keep}
            )
            counts = [len(some), *map(len, within), *answer["tokens"]]
            rows = np.split(row.reshape(-1, self.dimension), np.cumsum(counts)[:-1])
            vectors[start : start + len(some)] = rows[0]
            pooled += rows[1 : 1 + len(some)]
            kept += rows[1 + len(some) :]
        return Encoded(vectors, pooled, kept)
