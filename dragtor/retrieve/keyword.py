"""Scoring passages by the words of the question."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from dragtor.interfaces import KeywordIndex
from dragtor.types import Scored


class KeywordScorer:
    """Scores by BM25. A passage without a word of the question scores 0."""

    name = "keyword"
    kind: Literal["keyword", "dense"] = "keyword"
    finds = True

    def __init__(self, index: KeywordIndex, generation: int) -> None:
        self._index = index
        self._generation = generation

    def ask(self, question: str) -> AskedWords:
        """See :class:`dragtor.interfaces.Scorer`."""
        return AskedWords(self._index, self._generation, question)


@dataclass(frozen=True, slots=True)
class AskedWords:
    """A question to the keyword index."""

    index: KeywordIndex
    generation: int
    question: str

    def search(self, k: int, among: Collection[str] | None = None) -> list[Scored]:
        """See :class:`dragtor.interfaces.Asked`; only passages that share a word are found."""
        return self.index.search(self.generation, self.question, k, among)

    def score(self, ids: Sequence[str]) -> dict[str, float]:
        """See :class:`dragtor.interfaces.Asked`."""
        return self.index.score(self.generation, self.question, ids)
