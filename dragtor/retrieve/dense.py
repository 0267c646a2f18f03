"""Scoring passages by what the question means, as an encoder sees it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from dragtor.interfaces import Encoder, VectorStore
from dragtor.types import Scored, Vectors


class DenseScorer:
    """Scores by the cosine of vectors; ``space`` holds those that ``encoder`` made of passages.

    Of a long question, the encoder sees the first ``max_tokens`` tokens.
    """

    kind: Literal["keyword", "dense"] = "dense"
    finds = True

    def __init__(self, vectors: VectorStore, encoder: Encoder, space: str, name: str) -> None:
        self.name = name
        self._vectors = vectors
        self._encoder = encoder
        self._space = space

    def ask(self, question: str) -> AskedVector:
        """See :class:`dragtor.interfaces.Scorer`."""
        return AskedVector(self._vectors, self._space, self._encoder.encode_queries([question])[0])


@dataclass(frozen=True, slots=True)
class AskedVector:
    """A question as a vector, shape (dimension,)."""

    vectors: VectorStore
    space: str
    vector: Vectors

    def search(self, k: int, among: Collection[str] | None = None) -> list[Scored]:
        """See :class:`dragtor.interfaces.Asked`."""
        return self.vectors.search(self.space, self.vector, k, among)

    def score(self, ids: Sequence[str]) -> dict[str, float]:
        """See :class:`dragtor.interfaces.Asked`."""
        stored = self.vectors.get(self.space, ids)
        return {id: float(row @ self.vector) for id, row in stored.items()}
