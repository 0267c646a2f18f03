"""What is compared of two sentences: words and their weights, numbers, what turns them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from dragtor.text import STOP_WORDS, stems, words

_COMMON = Path(__file__).with_name("common_words.txt")
_LIST_MARKER = re.compile(r"^\s*(?:[-*+•·]|\d{1,3}[.)]|#{1,6})\s+")
_CITED = re.compile(r"\[\d{1,4}\]")
_NUMBER = re.compile(r"(?<![\w.])(?<![A-Za-z]-)[-+]?\d+(?:[.,]\d+)*")
_NUMBER_WORDS = {
    name: str(value)
    for value, name in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve".split()
    )
} | {"fifteen": "15", "twenty": "20", "thirty": "30", "forty": "40", "fifty": "50"}
_ROMAN = {"II": "2", "III": "3", "IV": "4", "VI": "6", "VII": "7", "VIII": "8", "IX": "9"}
_ROMAN_NUMERAL = re.compile(r"\b(?:II|III|IV|VI|VII|VIII|IX)\b")
_NEGATIONS = frozenset(
    """no not never none nor neither nothing nobody without cannot can't don't doesn't didn't isn't
    aren't wasn't weren't won't wouldn't shouldn't couldn't hasn't haven't hadn't lack lacks
    lacking absence""".split()
)
# Words on the left and on the right of a bar exclude each other.
_OPPOSITES = """
increase increases increased increasing rise rises rose raise raises raised grow grows grew higher
  greater more larger bigger
  | decrease decreases decreased decreasing reduce reduces reduced reducing reduction fall falls
    fell lower lowers lowered decline declines declined shrink fewer less smaller lesser
above over | below under
before prior | after
earlier | later
early | late
first | last
improve improves improved better | worsen worsens worsened worse
longer | shorter
stronger | weaker
fast faster quick quickly rapid rapidly | slow slower slowly
older | younger
always | never
common | rare
acute | chronic
mild | severe
likely | unlikely
possible | impossible
safe | unsafe dangerous harmful
effective | ineffective
positive | negative
prevent prevents prevented | cause causes caused
gain gains gained | lose loses lost
maximum | minimum
majority | minority
inside internal inner | outside external outer
upper | lower
left | right
warm hot | cold
open | closed
"""


def _sides() -> list[tuple[frozenset[str], frozenset[str]]]:
    lines = re.sub(r"\n\s+", " ", _OPPOSITES).strip().splitlines()
    pairs = [line.split("|") for line in lines]
    return [(frozenset(one.split()), frozenset(other.split())) for one, other in pairs]


_SIDES = _sides()


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

    @property
    def words(self) -> frozenset[str]:
        """The stems that are no numbers."""
        return frozenset(stem for stem in self.stems if not stem[0].isdigit())

    @property
    def opposed(self) -> frozenset[int]:
        """The sides that exclude those it takes, where it does not take both."""
        return frozenset(side ^ 1 for side in self.sides) - self.sides


@lru_cache(maxsize=4096)
def traits(text: str) -> Traits:
    """Read a sentence; the marker of a list item and citations like [1] say nothing."""
    plain = _LIST_MARKER.sub("", _CITED.sub(" ", text))
    said = [word.replace("’", "'") for word in words(plain)]
    parts = [part for word in said for part in re.split(r"[-']", word) if part]
    order = stems(parts)
    content = (stem for stem, part in zip(order, parts, strict=True) if part not in STOP_WORDS)
    numbers = frozenset(_plain_number(found) for found in _NUMBER.findall(plain))
    roman = {_ROMAN[found] for found in _ROMAN_NUMERAL.findall(plain)}
    known = frozenset(said)
    spelled = {_NUMBER_WORDS[word] for word in said if word in _NUMBER_WORDS}
    return Traits(
        order=tuple(order),
        stems=tuple(dict.fromkeys(content)),
        numbers=numbers,
        stated=numbers | spelled | roman,
        counted=numbers | roman | (spelled - {"0", "1"}),
        negated=not known.isdisjoint(_NEGATIONS),
        sides=frozenset(
            2 * number + right
            for number, pair in enumerate(_SIDES)
            for right in (0, 1)
            if not known.isdisjoint(pair[right])
        ),
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


def _plain_number(text: str) -> str:
    """One way of writing for a number: no thousands separators, no trailing zeros or sign."""
    digits = text.lstrip("+-")
    digits = re.sub(r",(?=\d{3}(?:\D|$))", "", digits).replace(",", ".")
    return digits.rstrip("0").rstrip(".") if "." in digits else digits.lstrip("0") or "0"
