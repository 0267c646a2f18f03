"""The words that tell one stretch of a text from the others."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from dragtor.text import content_stems, stems, word_spans

_LEAST_CHARS = 3
_JOINED = re.compile(r"[ \n]")
_LEAST_COUNT = 2
"""What stands in a text once is no topic of it."""
_NO_TOPIC = frozenset(
    "every everything everyone always never often sometimes usually also even still yet now without"
    " within least less best better well good many much several another else one two three four"
    " five six seven eight nine ten first second third last next begin begins keep keeps kept make"
    " makes made use uses used using call called done take takes taken get gets go goes going gone"
    " come comes coming give gives given like likely may might must cannot want need needs mean"
    " means know let lets say says said see sees seen put puts rather almost around however"
    " therefore though whether either neither per via across along among toward towards since back"
    " thing things way ways something anything nothing second seconds minute minutes hour hours"
    " day days week weeks month months year years example really actually".split()
)
"""Words that are frequent in any text, and are never what it is about."""
_BEFORE_VERBS = frozenset(
    "to i you we they he she it who not can could may might must shall should will would do does"
    " did let's don't".split()
)


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    stem: str
    start: int
    end: int
    acts: bool
    """Whether it stands where a verb does."""


def telling(texts: Sequence[str], most: int) -> list[list[str]]:
    """Of each text its most telling words or pairs of words, best first, none of the same stem.

    A word of a kind that no text is about, that stands there once, or mostly as a verb does, is
    none. Another counts as often as it stands there, times log((n + 1) / k), where k of the n texts
    hold it: what is everywhere, as fillers are in speech, tells nothing. A pair that stands there
    twice counts as its words together. Each is written as it is written most often.
    """
    found = [_phrases(text) for text in texts]
    holders = Counter(stem for words, _ in found for stem in {word.stem for word in words})
    weight = {stem: math.log((len(texts) + 1) / k) for stem, k in holders.items()}
    return [_best(words, pairs, weight, most) for words, pairs in found]


def _best(
    words: Sequence[_Word],
    pairs: Sequence[tuple[_Word, _Word]],
    weight: dict[str, float],
    most: int,
) -> list[str]:
    forms: dict[tuple[str, ...], Counter[str]] = {}
    for word in words:
        forms.setdefault((word.stem,), Counter())[word.text] += 1
    for first, second in pairs:
        written = f"{first.text} {second.text}"
        forms.setdefault((first.stem, second.stem), Counter())[written] += 1
    acting = Counter(word.stem for word in words if word.acts)
    scores = {
        key: written.total() * sum(weight[stem] for stem in key)
        for key, written in forms.items()
        if written.total() >= _LEAST_COUNT
        and (len(key) > 1 or 2 * acting[key[0]] < written.total())
    }
    chosen: list[str] = []
    taken: set[str] = set()
    for key in sorted(scores, key=lambda key: (-scores[key], key)):
        if len(chosen) == most:
            break
        if not taken.intersection(key):
            taken.update(key)
            chosen.append(forms[key].most_common(1)[0][0])
    return chosen


def _phrases(text: str) -> tuple[list[_Word], list[tuple[_Word, _Word]]]:
    """The content words of a text, and the pairs of them with one space between."""
    words = list(_content_words(text))
    pairs = [
        (first, second)
        for first, second in pairwise(words)
        if _JOINED.fullmatch(text, first.end, second.start) and first.stem != second.stem
    ]
    return words, pairs


def _content_words(text: str) -> Iterator[_Word]:
    before = ""
    for span in word_spans(text):
        written = text[span.start : span.end]
        acts = before in _BEFORE_VERBS
        before = written.lower()
        if len(written) >= _LEAST_CHARS or not written.isalpha():
            if written.isdigit() or before in _NO_TOPIC or not content_stems(written):
                continue
            yield _Word(written, stems([before])[0], span.start, span.end, acts)
