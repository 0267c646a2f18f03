"""Scoring passages token by token: late interaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from dragtor.interfaces import Library, TokenEncoder, TokenStore
from dragtor.types import Scored, Vectors


class LateScorer:
    """Scores by MaxSim over the number of the question's tokens, so that it lies in [-1, 1].

    Each token of the question is compared with its nearest one of the passage (Khattab and Zaharia
    2020, https://arxiv.org/abs/2004.12832).
    """

    name = "late"
    kind: Literal["keyword", "dense"] = "dense"

    def __init__(
        self, library: Library, store: TokenStore, encoder: TokenEncoder, generation: int
    ) -> None:
        self._library = library
        self._store = store
        self._encoder = encoder
        self._generation = generation

    def ask(self, question: str) -> AskedTokens:
        """See :class:`dragtor.interfaces.Scorer`."""
        tokens = self._encoder.encode_question_tokens(question)
        space = self._encoder.fingerprint
        return AskedTokens(self._library, self._store, space, self._generation, tokens)


@dataclass(frozen=True, slots=True)
class AskedTokens:
    """A question as token vectors, shape (tokens, dimension)."""

    library: Library
    store: TokenStore
    space: str
    generation: int
    tokens: Vectors

    def search(self, k: int, among: Collection[str] | None = None) -> list[Scored]:
        """Nothing: token vectors only score what other parts find."""
        return []

    def score(self, ids: Sequence[str]) -> dict[str, float]:
        """See :class:`dragtor.interfaces.Asked`."""
        keys = self.library.input_hashes(self.generation, ids)
        stored = self.store.get(self.space, list(set(keys.values())))
        return {id: max_sim(self.tokens, stored[key]) for id, key in keys.items() if key in stored}


def max_sim(question: Vectors, passage: Vectors) -> float:
    """Mean over the question's tokens of the greatest dot product with a token of the passage.

    Shapes (tokens, dimension).
    """
    return float((question @ passage.T).max(axis=1).mean())
