"""What is compared of two sentences: words and their weights, numbers, what turns them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from dragtor.answer.numbers import NUMBER_WORDS, plain_number
from dragtor.answer.opposites import sides_of
from dragtor.answer.pairing import Word, words_of
from dragtor.text import STOP_WORDS, stems, words

_COMMON = Path(__file__).with_name("common_words.txt")
_LIST_MARKER = re.compile(r"^\s*(?:[-*+•·]|[*_]{0,3}\d{1,3}[.)][*_]{0,3}|#{1,6})(?:\s+|$)")
_CITED = re.compile(r"\[\d{1,4}\]")
_NUMBER = re.compile(r"(?<![\w.])(?<![A-Za-z]-)[-+]?\d+(?:[.,]\d+)*")
_ROMAN = {"II": "2", "III": "3", "IV": "4", "VI": "6", "VII": "7", "VIII": "8", "IX": "9"}
_ROMAN_NUMERAL = re.compile(r"\b(?:II|III|IV|VI|VII|VIII|IX)\b")
_NEGATIONS = frozenset(
    """no not never none nor neither nothing nobody without cannot can't don't doesn't didn't isn't
    aren't wasn't weren't won't wouldn't shouldn't couldn't hasn't haven't hadn't lack lacks
    lacking absence""".split()
)


@dataclass(frozen=True, slots=True)
class Traits:
    """What is compared of a sentence."""

    order: tuple[str, ...]
    """Stems of all words in text order, function words among them."""
    stems: tuple[str, ...]
    """Different stems that carry meaning, in text order."""
    numbers: frozenset[str]
    """Numbers in digits, each in one way of writing."""
    stated: frozenset[str]
    """The same and those in words or Roman: "two weeks" bears out "2 weeks"."""
    counted: frozenset[str]
    """Those stated but "one", which is rarely meant as a number."""
    negated: bool
    sides: frozenset[int]
    """Which sides it takes of the pairs of opposites: 2 k and 2 k + 1 exclude each other."""

    told: tuple[Word, ...]
    """Its words with what they go with."""

    @property
    def words(self) -> frozenset[str]:
        """The stems that are no numbers."""
        return frozenset(stem for stem in self.stems if not stem[0].isdigit())

    def share_in(self, other: Traits) -> float:
        """Weighted share of its words that another sentence holds, in [0, 1]."""
        total = sum(map(weight, self.stems))
        held = sum(weight(stem) for stem in self.stems if stem in other.order)
        return held / total if total else 0.0


@lru_cache(maxsize=4096)
def traits(text: str) -> Traits:
    """Read a sentence; the marker of a list item and citations like [1] say nothing."""
    plain = _LIST_MARKER.sub("", _CITED.sub(" ", text))
    said = [word.replace("’", "'") for word in words(plain)]
    parts = [part for word in said for part in re.split(r"[-']", word) if part]
    order = stems(parts)
    content = (stem for stem, part in zip(order, parts, strict=True) if part not in STOP_WORDS)
    numbers = frozenset(plain_number(found) for found in _NUMBER.findall(plain))
    roman = {_ROMAN[found] for found in _ROMAN_NUMERAL.findall(plain)}
    known = frozenset(said)
    spelled = {NUMBER_WORDS[word] for word in said if word in NUMBER_WORDS}
    return Traits(
        order=tuple(order),
        stems=tuple(dict.fromkeys(content)),
        numbers=numbers,
        stated=numbers | spelled | roman,
        counted=numbers | roman | (spelled - {"0", "1"}),
        negated=not known.isdisjoint(_NEGATIONS),
        sides=frozenset[int]().union(*map(sides_of, known)),
        told=words_of(plain),
    )


def weight(stem: str) -> float:
    """How much a word says, in [0.2, 1]: by Zipf's law, the logarithm of its rank among words.

    ``common_words.txt`` holds the 2,000 most frequent stems of general and medical English in
    order of their frequency; any other word, and any number, weighs 1.
    """
    ranks = _ranks()
    return math.log(ranks.get(stem, len(ranks)) + 4) / math.log(len(ranks) + 4)


@lru_cache(maxsize=1)
def _ranks() -> dict[str, int]:
    return {stem: rank for rank, stem in enumerate(_COMMON.read_text("utf-8").split())}
