"""How likely it is that what was found holds the answer to a question.

A logistic regression over eight figures of the question and its evidence. None of them depends on
how large a library is or on how its passages were cut; cosines are those of the encoder the
coefficients were fitted with (``answerability.json``, written by ``benchmarks/refusal.py --fit``).
A library of its own kind has the outcome adjusted by two numbers (Platt, "Probabilistic Outputs
for Support Vector Machines", 1999)::

    p = sigmoid(slope x logit + shift)
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from typing import Any

from dragtor.answer.evidence import heading
from dragtor.answer.traits import traits
from dragtor.text import content_stems, words
from dragtor.types import Evidence, Hit

_NEGATIONS = frozenset("no not never none nor neither nothing without cannot".split())
_ASKING = frozenset(
    content_stems(
        "many much list describe explain name give tell find mean kind type call get make use"
    )
)
"""Words that say what is wanted of the answer, not what it is about."""


@dataclass(frozen=True, slots=True)
class Coefficient:
    """What a figure adds to the logit: ``weight x (figure - centre) / scale``."""

    centre: float
    scale: float
    weight: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """When to refuse: the coefficients of :func:`figures`, and what adjusts their sum.

    ``threshold`` is the probability under which to refuse. ``draft`` are the coefficients of
    :func:`draft_figures`, which count once a model has written something.
    """

    coefficients: Mapping[str, Coefficient]
    intercept: float
    threshold: float
    draft: Mapping[str, Coefficient]
    slope: float = 1.0
    shift: float = 0.0

    def logit(self, figures: Mapping[str, float]) -> float:
        """The unadjusted sum; a figure that is not known adds nothing."""
        return self.intercept + _sum(self.coefficients, figures)

    def probability(self, figures: Mapping[str, float]) -> float:
        """How likely the sources hold the answer, in (0, 1)."""
        return sigmoid(self.slope * self.logit(figures) + self.shift)

    def with_draft(self, probability: float, figures: Mapping[str, float]) -> float:
        """The same once the draft is known."""
        return sigmoid(log_odds(probability) + _sum(self.draft, figures))


def figures(question: str, hits: Sequence[Hit], evidence: Sequence[Evidence]) -> dict[str, float]:
    """What the decision is made of, by name; empty without evidence.

    ``passage_cosine``: of the best passage. ``margin``: how far that is above the second.
    ``sentence_cosine``: of the best sentence. ``sentence_match``: the best product of cosine and
    share of the question's words. ``missing_words``: log(1 + words of the question that no
    sentence holds together with its neighbours, title and heading). ``missing_numbers`` and
    ``missing_names``: share of those of the question that nothing found holds, or not the best
    sentence. ``only_question_negated``: 1 where the question says "not" and the best sentence does
    not. The first two are absent where no passage has a cosine, the second also with one passage.
    """
    if not evidence:
        return {}
    asked = subject(question)
    held = [frozenset(content_stems(item.text)) for item in evidence]
    above = [_above(item) for item in evidence]
    matches = [
        _cosine(item) * _share(asked, stems.union(content_stems(heading(item))))
        for item, stems in zip(evidence, held, strict=True)
    ]
    at = max(range(len(evidence)), key=lambda i: (matches[i], evidence[i].cosine))
    return {
        **_cosines(hits),
        "sentence_cosine": max(map(_cosine, evidence)),
        "sentence_match": max(matches),
        "missing_words": math.log1p(_fewest_missing(asked, evidence, held, above)),
        "missing_numbers": _missing(sorted(traits(question).counted), _numbers(evidence)),
        "missing_names": _missing(names(question), held[at] | above[at]),
        "only_question_negated": float(negated(question) and not negated(evidence[at].text)),
    }


def draft_figures(best_support: float, model_refused: bool) -> dict[str, float]:
    """What a draft says: the support of its best sentence, in [0, 1], and whether it refuses."""
    return {"best_support": best_support, "model_refused": float(model_refused)}


def subject(question: str) -> list[str]:
    """Stems of what a question is about, each once.

    >>> subject("How many pulleys does the finger have?")
    ['pulley', 'finger']
    """
    stems = list(dict.fromkeys(content_stems(question)))
    return [stem for stem in stems if stem not in _ASKING] or stems


def names(question: str) -> list[str]:
    """Stems of the words with a capital letter, but for the first one and Roman numerals.

    >>> names("What did Joubert find in Austria?")
    ['joubert', 'austria']
    """
    later = (word for word in question.split()[1:] if word[:1].isupper())
    return [stem for word in later if not traits(word).stated for stem in content_stems(word)]


def negated(text: str) -> bool:
    """Whether a text says "not" in some way."""
    return any(word in _NEGATIONS or word.endswith(("n't", "n’t")) for word in words(text))


def sigmoid(logit: float) -> float:
    """Log odds as a probability, kept within (0, 1).

    >>> sigmoid(0.0)
    0.5
    """
    return 1 / (1 + math.exp(-min(max(logit, -30.0), 30.0)))


def log_odds(probability: float) -> float:
    """The inverse of :func:`sigmoid`."""
    return math.log(probability / (1 - probability))


@cache
def default() -> Calibration:
    """The packaged calibration."""
    text = resources.files("dragtor.answer").joinpath("answerability.json").read_text("utf-8")
    return from_data(json.loads(text))


def from_data(data: Mapping[str, Any]) -> Calibration:
    """Read what :func:`to_data` gave. Raises KeyError, TypeError or ValueError."""
    return Calibration(
        coefficients=_read(data["coefficients"]),
        intercept=float(data["intercept"]),
        threshold=float(data["threshold"]),
        draft=_read(data["draft"]),
        slope=float(data.get("slope", 1.0)),
        shift=float(data.get("shift", 0.0)),
    )


def to_data(calibration: Calibration) -> dict[str, Any]:
    """A calibration as JSON can say it."""
    return asdict(calibration)


def _read(data: Mapping[str, Mapping[str, float]]) -> dict[str, Coefficient]:
    return {name: Coefficient(**values) for name, values in data.items()}


def _sum(coefficients: Mapping[str, Coefficient], figures: Mapping[str, float]) -> float:
    return sum(
        each.weight * (figures[name] - each.centre) / each.scale
        for name, each in coefficients.items()
        if name in figures
    )


def _cosines(hits: Sequence[Hit]) -> dict[str, float]:
    cosines = sorted((hit.scores["dense"] for hit in hits if "dense" in hit.scores), reverse=True)
    found = {"passage_cosine": cosines[0]} if cosines else {}
    return found | ({"margin": cosines[0] - cosines[1]} if len(cosines) > 1 else {})


def _cosine(item: Evidence) -> float:
    """How near a sentence is to the question, or the heading it stands under if that is nearer."""
    return max(item.cosine, -1.0 if item.heading_cosine is None else item.heading_cosine)


def _above(item: Evidence) -> frozenset[str]:
    """Stems of the title and the heading a sentence stands under."""
    return frozenset(content_stems(f"{item.hit.document.title} {heading(item)}"))


def _numbers(evidence: Sequence[Evidence]) -> frozenset[str]:
    """All numbers of sentences, titles and headings, in digits, words or Roman."""
    above = {f"{item.hit.document.title}. {heading(item)}" for item in evidence}
    texts = [item.text for item in evidence] + sorted(above)
    return frozenset().union(*(traits(text).stated for text in texts))


def _fewest_missing(
    asked: Sequence[str],
    evidence: Sequence[Evidence],
    held: Sequence[frozenset[str]],
    above: Sequence[frozenset[str]],
) -> int:
    """How many of the question's words the best sentence lacks, its surroundings counted in."""
    passages = [item.hit.passage.id for item in evidence]
    fewest = len(asked)
    for at, passage in enumerate(passages):
        near = [
            held[i] for i in (at - 1, at, at + 1) if 0 <= i < len(held) and passages[i] == passage
        ]
        window = above[at].union(*near)
        fewest = min(fewest, sum(stem not in window for stem in asked))
    return fewest


def _share(asked: Sequence[str], stems: frozenset[str]) -> float:
    return sum(stem in stems for stem in asked) / len(asked) if asked else 0.0


def _missing(wanted: Sequence[str], stems: frozenset[str]) -> float:
    return 1 - _share(wanted, stems) if wanted else 0.0
