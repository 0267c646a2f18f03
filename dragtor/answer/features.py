"""A sentence of an answer beside all sentences of the passages, in a dozen figures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from dragtor.answer.traits import Traits, weight
from dragtor.types import Vectors

Flags = npt.NDArray[np.bool_]
Figures = npt.NDArray[np.float64]

TOP = 3
"""Sentences that are taken as the evidence."""
_WORST = 5
"""One word in so many is among the worst."""
_MOST = 40
"""Sentences of evidence from which more make no difference."""


@dataclass(frozen=True, slots=True)
class Pool:
    """All sentences that may be evidence."""

    sentences: tuple[Traits, ...]
    holders: dict[str, list[int]]
    """For each stem the sentences that hold it."""
    stated: frozenset[str]
    """All numbers, those of titles and headings included."""

    @classmethod
    def of(cls, sentences: Sequence[Traits], around: Iterable[Traits]) -> Pool:
        """Index sentences; ``around`` are the titles and headings of their passages."""
        holders: dict[str, list[int]] = {}
        for index, sentence in enumerate(sentences):
            for stem in dict.fromkeys(sentence.order):
                holders.setdefault(stem, []).append(index)
        return cls(
            tuple(sentences),
            holders,
            frozenset[str]().union(*(one.stated for one in (*sentences, *around))),
        )


class Overlap:
    """Which of a claim's words each sentence of a pool holds."""

    def __init__(self, claim: Traits, pool: Pool) -> None:
        self.claim, self.pool = claim, pool
        self.weights: Figures = np.array([weight(stem) for stem in claim.stems])
        self.held: Flags = np.zeros((len(claim.stems), len(pool.sentences)), dtype=np.bool_)
        for row, stem in enumerate(claim.stems):
            self.held[row, pool.holders.get(stem, [])] = True

    def share(self, held: Flags) -> Figures:
        """Weighted share of the claim's words, for held words of shape (words, …), in [0, 1]."""
        total = self.weights.sum()
        shares: Figures = self.weights @ held / total if total else np.zeros(held.shape[1:])
        return shares

    @cached_property
    def single(self) -> Figures:
        """Share that each sentence holds by itself."""
        return self.share(self.held)

    def together(self, chosen: Sequence[int]) -> float:
        """Share that these sentences hold together."""
        held: Flags = np.atleast_1d(self.held[:, list(chosen)].any(axis=1))
        return float(self.share(held))

    def greedy(self, first: int, most: int = TOP) -> list[int]:
        """Sentences that hold most together, beginning with one, each for what it adds."""
        chosen, have = [first], self.held[:, first]
        while len(chosen) < most:
            gains = self.share(self.held | have[:, None])
            best = int(gains.argmax())
            if gains[best] <= float(self.share(have)) + 1e-9:
                break
            chosen.append(best)
            have = have | self.held[:, best]
        return chosen


@dataclass(frozen=True, slots=True)
class Seen:
    """What was embedded: candidates by their index in the pool, best first, with their cosines."""

    candidates: tuple[int, ...]
    cosines: Figures
    vectors: Vectors
    """Of the candidates, shape (candidates, dimension)."""
    words: tuple[Vectors, ...]
    """Of the words of each candidate, shape (words, dimension)."""
    claim: Vectors
    claim_words: Vectors


def features(overlap: Overlap, seen: Seen) -> dict[str, float]:
    """The figures, by the names of ``support.json``.

    =================  ============================================================================
    cosine             of the claim and the sentence nearest to it, in [-1, 1]
    cosine_top         of the claim and the mean of the three best sentences
    meaning            how near each of its words comes to a word of those three, on average
    meaning_worst      the same for the fifth of its words that come least near
    words_squared      weighted share of its words that the best three together hold, squared
    rarest_missing     weight of the rarest of its words that none of these sentences holds
    numbers_missing    log(1 + numbers that no passage holds)
    negation_added     1 if the best sentence says "not" and the claim does not
    sides_missing      1 if it says "more", "before" … and none of the three does
    evidence           log of how many sentences there are, 40 at most: with many, some are alike
    =================  ============================================================================
    """
    claim, pool = overlap.claim, overlap.pool
    top = seen.candidates[:TOP]
    chosen = overlap.greedy(top[0])
    held = overlap.held[:, [*top, *chosen]].any(axis=1)
    sides = frozenset[int]().union(*(pool.sentences[index].sides for index in top))
    meant = _meant(seen)
    return {
        "cosine": float(seen.cosines.max()),
        "cosine_top": _cosine(seen.claim, seen.vectors[:TOP].sum(axis=0)),
        "meaning": float(meant.mean()),
        "meaning_worst": float(np.sort(meant)[: math.ceil(len(meant) / _WORST)].mean()),
        "words_squared": overlap.together(chosen) ** 2,
        "rarest_missing": float(overlap.weights[~held].max(initial=0.0)),
        "numbers_missing": math.log1p(len(claim.numbers - pool.stated)),
        "negation_added": float(pool.sentences[top[0]].negated and not claim.negated),
        "sides_missing": float(not claim.sides <= sides),
        "evidence": math.log(min(len(pool.sentences), _MOST)),
    }


def _meant(seen: Seen) -> Figures:
    """For each of the claim's words the cosine of the word nearest to it in the top sentences.

    As in BERTScore (Zhang et al. 2020, https://arxiv.org/abs/1904.09675); never empty.
    """
    evidence = np.concatenate(seen.words[:TOP])
    if not len(evidence) or not len(seen.claim_words):
        return np.zeros(1)
    nearest: Figures = (seen.claim_words @ evidence.T).max(axis=1).astype(np.float64)
    return nearest


def _cosine(one: Vectors, other: Vectors) -> float:
    length = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / length if length else 0.0
