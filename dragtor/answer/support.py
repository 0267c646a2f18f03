"""How likely the passages bear out a sentence, and the verdict that goes with it.

The probability is a logistic regression over figures that a person can check
(:func:`dragtor.answer.features.features`); ``support.json`` holds its coefficients and says how
they were fitted. Where as many sentences are borne out as are not, of those with a probability of
0.7 about seven in ten are.

Some checks no other figure outweighs. A number that the passages do not hold ends in "no". A number
that only another sentence holds, a "not" on one side only, a word on one side whose opposite stands
on the other ("increases", "decreases"), words that keep other company (see
:mod:`dragtor.answer.pairing`), and words that only another document holds ("A2 pulleys are found in
the knee", of an article on pulleys and one on knees) end in "partly" at best.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from dragtor.answer.pairing import at_odds
from dragtor.answer.traits import Traits
from dragtor.types import Support

Verdict = Literal["yes", "partly", "no"]

MODEL = Path(__file__).with_name("support.json")
_PREFIXES = (("un", 4), ("non", 4), ("in", 6), ("im", 6), ("dis", 6))
"""What turns a word, and how long its stem must be: "inform" is not the opposite of "form"."""
PLAIN = 0.6
"""Share of a claim's words that a sentence holds of which it is plain what it denies."""
_BELOW = 0.01
"""How far below a threshold a probability ends that a check holds down."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Probabilities from which a sentence counts as borne out, and as partly so."""

    yes: float
    partly: float

    def support(self, probability: float, ceiling: Verdict = "yes") -> Support:
        """The verdict on a probability, which no more than ``ceiling`` may come of."""
        if ceiling == "no":
            probability = min(probability, self.partly - _BELOW)
        elif ceiling == "partly":
            probability = min(probability, self.yes - _BELOW)
        score = round(min(max(probability, 0.0), 1.0), 4)
        if score >= self.yes and ceiling == "yes":
            return Support("yes", score)
        return Support("partly" if score >= self.partly and ceiling != "no" else "no", score)


@dataclass(frozen=True, slots=True)
class SupportModel:
    """A logistic regression: coefficients by the name of their feature."""

    intercept: float
    coefficients: Mapping[str, float]

    def probability(self, features: Mapping[str, float]) -> float:
        """Of being borne out, in (0, 1)."""
        logit = self.intercept + sum(
            coefficient * features[name] for name, coefficient in self.coefficients.items()
        )
        return 1 / (1 + math.exp(-min(max(logit, -30.0), 30.0)))


@lru_cache(maxsize=1)
def packaged() -> SupportModel:
    """The model that comes with the program."""
    stored = json.loads(MODEL.read_text(encoding="utf-8"))
    return SupportModel(float(stored["intercept"]), stored["coefficients"])


def ceiling(claim: Traits, cited: Sequence[Traits], elsewhere: frozenset[str]) -> Verdict:
    """The most that can be said of a claim, by its numbers, its "not" and opposites.

    ``cited`` are the sentences that are to bear it out, the one that says most first;
    ``elsewhere`` are the numbers that all the passages hold.
    """
    by_numbers = numbers_ceiling(claim, cited, elsewhere)
    if by_numbers != "yes":
        return by_numbers
    turned = _opposed(claim, cited[0]) or _turned(claim, cited)
    told = [sentence.told for sentence in cited]
    return "partly" if turned or at_odds(claim.told, told) else "yes"


def _opposed(claim: Traits, first: Traits) -> bool:
    """Whether the claim takes a side that the sentence does not, and that the other one."""
    sides = claim.sides - first.sides
    return any(side ^ 1 in first.sides for side in sides) or _prefixed(claim, first)


def _prefixed(claim: Traits, first: Traits) -> bool:
    """Whether one says "necessary" and the other "unnecessary"."""
    only, other = claim.words - frozenset(first.order), first.words - frozenset(claim.order)
    return any(
        f"{prefix}{stem}" in (other if stem in only else only)
        for stem in only | other
        for prefix, least in _PREFIXES
        if len(stem) >= least
    )


def _turned(claim: Traits, cited: Sequence[Traits]) -> bool:
    """Whether a "not" stands on one side only, and may be of what the claim says.

    Where a sentence holds most of the claim's words, it is plain which of them it denies.
    """
    first, *more = cited
    if not claim.negated and any(sentence.negated for sentence in more):
        return True
    if claim.negated == first.negated:
        return False
    plain = first.negated and any(word.denied for word in first.told)
    return not (plain and claim.share_in(first) >= PLAIN)


def numbers_ceiling(claim: Traits, cited: Sequence[Traits], elsewhere: frozenset[str]) -> Verdict:
    """The same, by its numbers alone."""
    stated = frozenset[str]().union(*(sentence.stated for sentence in cited))
    if not claim.numbers <= stated | elsewhere:
        return "no"
    return "yes" if claim.counted <= stated else "partly"
