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


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    stem: str
    start: int
    end: int


def telling(texts: Sequence[str], most: int) -> list[list[str]]:
    """Of each text its most telling words or pairs of words, best first, none of the same stem.

    A word counts as often as it stands there, times log((n + 1) / k), where k of the n texts hold
    it: what is everywhere, as fillers are in speech, tells nothing. A pair that stands there twice
    counts as its words together. Each is written as it is written most often.
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
    scores = {
        key: written.total() * sum(weight[stem] for stem in key)
        for key, written in forms.items()
        if len(key) == 1 or written.total() > 1
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
    for span in word_spans(text):
        written = text[span.start : span.end]
        if len(written) >= _LEAST_CHARS or not written.isalpha():
            if written.isdigit() or not content_stems(written):
                continue
            yield _Word(written, stems([written.lower()])[0], span.start, span.end)
