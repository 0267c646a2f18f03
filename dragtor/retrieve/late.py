"""Scoring passages token by token: late interaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from dragtor.interfaces import Library, TokenEncoder, TokenStore, VectorStore
from dragtor.late.codec import TokenCodec
from dragtor.late.muvera import FixedDimensions
from dragtor.types import Scored, Vectors

WIDER = 4
"""Candidates that are scored token by token, for each one that is wanted."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The token vectors of an index: ``space`` of a store, written through a codec."""

    library: Library
    generation: int
    store: TokenStore
    space: str
    codec: TokenCodec

    def score(self, question: Vectors, ids: Sequence[str]) -> dict[str, float]:
        """MaxSim of passages that have token vectors, by id; ``question`` is rotated."""
        keys = self.library.input_hashes(self.generation, ids)
        stored = self.store.get(self.space, list(set(keys.values())))
        scored = [id for id, key in keys.items() if key in stored and len(stored[key])]
        scores = self.codec.max_sim(question, [stored[keys[id]] for id in scored])
        return dict(zip(scored, scores.tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class FirstStage:
    """Finds candidates by one vector for each passage, in ``space`` of a vector store."""

    vectors: VectorStore
    space: str
    fixed: FixedDimensions

    def find(self, question: Vectors, k: int, among: Collection[str] | None) -> list[str]:
        """At most k passages, those most like to have a high MaxSim first."""
        vector = self.fixed.question(question)
        return [one.id for one in self.vectors.search(self.space, vector, k, among)]


class LateScorer:
    """Scores by MaxSim over the number of the question's tokens, so that it lies near [-1, 1].

    It finds passages by itself with a first stage only; without one it scores what others find.
    """

    name = "late"
    kind: Literal["keyword", "dense"] = "dense"

    def __init__(
        self, encoder: TokenEncoder, tokens: Tokens, first_stage: FirstStage | None = None
    ) -> None:
        self.finds = first_stage is not None
        self._encoder = encoder
        self._tokens = tokens
        self._first_stage = first_stage

    def ask(self, question: str) -> AskedTokens:
        """See :class:`dragtor.interfaces.Scorer`."""
        vectors = self._encoder.encode_question_tokens(question)
        return AskedTokens(self._tokens, self._first_stage, self._tokens.codec.rotate(vectors))


@dataclass(frozen=True, slots=True)
class AskedTokens:
    """A question as rotated token vectors, shape (tokens, dimension)."""

    tokens: Tokens
    first_stage: FirstStage | None
    question: Vectors

    def search(self, k: int, among: Collection[str] | None = None) -> list[Scored]:
        """See :class:`dragtor.interfaces.Asked`; nothing without a first stage."""
        if self.first_stage is None or k < 1:
            return []
        scores = self.score(self.first_stage.find(self.question, WIDER * k, among))
        scored = [Scored(id, score) for id, score in scores.items()]
        return sorted(scored, key=lambda one: (-one.score, one.id))[:k]

    def score(self, ids: Sequence[str]) -> dict[str, float]:
        """See :class:`dragtor.interfaces.Asked`."""
        return self.tokens.score(self.question, ids)
