"""How far a sentence of a passage bears out a sentence of an answer.

The score is between 0 and 1 and made of parts that a person can check::

    score = WORDS x coverage + (1 - WORDS) x cosine

``coverage`` is the share of the answer sentence's content words that the evidence holds, each word
weighted by how rare it is among the passages' sentences (a word that only the passage around the
evidence or its title holds counts half); ``cosine`` is that of the two sentence vectors. Two checks
cap it: a number that only the rest of the passage holds, or a "not" on one side only, ends in
"partly" at best; a number that not even the passage holds ends in "no".

The constants were chosen on the dev halves of AttributionBench and WiCE with MiniLM vectors. At 0.6
and 0.45, of what people found supported in AttributionBench 48 % is a yes and 17 % a no, of what
they did not 14 % is a yes (balanced accuracy 0.67; WiCE 0.64); of the human answers of CLAPNQ, on
their own passages, 93 % is a yes. It knows no synonyms and no contradiction, so on HealthVer, where
claims and evidence share few words, it hardly ever says yes.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dragtor.text import content_stems, words
from dragtor.types import Support

WORDS = 0.5
ELSEWHERE = 0.5
"""What a word counts that is not in the evidence but in its passage or title."""
_BELOW = 0.01
"""How far below a threshold a capped score ends."""

_LIST_MARKER = re.compile(r"^\s*(?:[-*+•·]|\d{1,3}[.)]|#{1,6})\s+")
_NUMBER = re.compile(r"(?<![\w.])(?<![A-Za-z]-)[-+]?\d+(?:[.,]\d+)*")
_NUMBER_WORDS = {
    name: str(value)
    for value, name in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve".split()
    )
}
_NEGATIONS = frozenset(
    """no not never none nor neither nothing without cannot can't don't doesn't didn't isn't aren't
    wasn't weren't won't wouldn't shouldn't couldn't hasn't haven't hadn't""".split()
)


@dataclass(frozen=True, slots=True)
class Traits:
    """What is compared of a sentence."""

    stems: frozenset[str]
    numbers: frozenset[str]
    """Numbers in digits, each in one way of writing."""
    stated: frozenset[str]
    """The same and those in words: "two weeks" bears out "2 weeks"."""
    negated: bool

    @property
    def words(self) -> frozenset[str]:
        """The stems that are no numbers."""
        return frozenset(stem for stem in self.stems if not stem[0].isdigit())


def traits(text: str) -> Traits:
    """Read a sentence; the marker of a list item says nothing."""
    plain = _LIST_MARKER.sub("", text)
    said = [word.replace("’", "'") for word in words(plain)]
    numbers = frozenset(_plain_number(found) for found in _NUMBER.findall(plain))
    return Traits(
        stems=frozenset(content_stems(plain)),
        numbers=numbers,
        stated=numbers | {_NUMBER_WORDS[word] for word in said if word in _NUMBER_WORDS},
        negated=any(word in _NEGATIONS for word in said),
    )


def together(parts: Sequence[Traits]) -> Traits:
    """Sentences taken as one piece of evidence; the first says whether it is negated."""
    return Traits(
        stems=frozenset().union(*(part.stems for part in parts)),
        numbers=frozenset().union(*(part.numbers for part in parts)),
        stated=frozenset().union(*(part.stated for part in parts)),
        negated=parts[0].negated,
    )


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Scores from which a sentence counts as borne out, and as partly so."""

    yes: float
    partly: float


@dataclass(frozen=True, slots=True)
class Scorer:
    """Scores evidence, with what words weigh among all the sentences there are."""

    thresholds: Thresholds
    weights: Mapping[str, float]
    unknown: float
    """Weight of a word that no passage holds."""

    @classmethod
    def over(cls, evidence: Sequence[Traits], thresholds: Thresholds) -> Scorer:
        """A word weighs log(1 + n / k), where k of the n sentences hold it."""
        holders = Counter(stem for item in evidence for stem in item.stems)
        weights = {stem: math.log(1 + len(evidence) / k) for stem, k in holders.items()}
        return cls(thresholds, weights, unknown=math.log(1 + 2 * len(evidence)))

    def coverage(self, claim: Traits, evidence: Traits, around: Traits) -> float:
        """Weighted share of the claim's words that the evidence holds, in [0, 1]."""
        total = held = 0.0
        for stem in claim.stems:
            weight = self.weights.get(stem, self.unknown)
            total += weight
            if stem in evidence.stems:
                held += weight
            elif stem in around.stems:
                held += weight * ELSEWHERE
        return held / total if total else 0.0

    def score(self, claim: Traits, evidence: Traits, around: Traits, cosine: float) -> float:
        """How far the evidence bears the claim out, in [0, 1]."""
        if not claim.stems:
            return 0.0
        covered = self.coverage(claim, evidence, around)
        score = WORDS * covered + (1 - WORDS) * min(max(cosine, 0.0), 1.0)
        if not claim.numbers <= evidence.stated | around.stated:
            return min(score, self.thresholds.partly - _BELOW)
        if not claim.numbers <= evidence.stated or claim.negated != evidence.negated:
            return min(score, self.thresholds.yes - _BELOW)
        return score

    def support(self, score: float) -> Support:
        """The verdict that goes with a score."""
        score = round(min(max(score, 0.0), 1.0), 4)
        if score >= self.thresholds.yes:
            return Support("yes", score)
        return Support("partly" if score >= self.thresholds.partly else "no", score)


def _plain_number(text: str) -> str:
    """One way of writing for a number: no thousands separators, no trailing zeros or sign."""
    digits = text.lstrip("+-")
    digits = re.sub(r",(?=\d{3}(?:\D|$))", "", digits).replace(",", ".")
    return digits.rstrip("0").rstrip(".") if "." in digits else digits.lstrip("0") or "0"
