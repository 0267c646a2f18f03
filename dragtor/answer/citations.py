"""Which sentences of the passages bear out each sentence of an answer."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from dragtor.answer.support import Scorer, Thresholds, Traits, together, traits
from dragtor.passages import sentence_spans
from dragtor.text import locate
from dragtor.types import Citation, Hint, Hit, Sentence, Span, Support, Vectors

Encode = Callable[[Sequence[str]], Vectors]
"""Texts to vectors of length 1, shape (n, dimension)."""

_CANDIDATES = 12
"""Evidence sentences that are embedded for each answer sentence: those that share most words."""
_HINT_MARGIN = 0.05
"""How much worse the passage may be that the model itself named, and still be cited."""
_SECOND_GAIN = 0.08
"""How much a second sentence must add to be cited beside the first."""


@dataclass(frozen=True, slots=True)
class _Evidence:
    """A sentence of a passage, ``span`` counted from the passage's start."""

    number: int
    hit: Hit
    span: Span
    traits: Traits
    around: Traits = field(repr=False)

    @property
    def text(self) -> str:
        return self.hit.passage.text[self.span.start : self.span.end]


class FeatureChecker:
    """Fits :class:`dragtor.interfaces.SupportChecker` by what can be counted and compared."""

    name = "features"

    def __init__(self, encode: Encode, thresholds: Thresholds) -> None:
        self._encode = encode
        self._thresholds = thresholds

    def check(
        self, text: str, hits: Sequence[Hit], hints: Sequence[Hint] = ()
    ) -> tuple[Sentence, ...]:
        """See SupportChecker."""
        return cite(text, hits, self._encode, self._thresholds, hints)


def cite(
    text: str,
    hits: Sequence[Hit],
    encode: Encode,
    thresholds: Thresholds,
    hints: Sequence[Hint] = (),
) -> tuple[Sentence, ...]:
    """The sentences of an answer, each with the one or two passage sentences it rests on.

    ``hints`` are the passages the model named, numbered from 1 as in ``hits``; they decide between
    evidence that is nearly as good, and nothing else. Each quote is a whole sentence of a passage,
    as it stands there.
    """
    spans = sentence_spans(text)
    evidence = _evidence(hits)
    answer = [text[span.start : span.end] for span in spans]
    if not answer or not evidence:
        return tuple(Sentence(sentence, Support("no", 0.0)) for sentence in answer)
    scorer = Scorer.over([item.traits for item in evidence], thresholds)
    claims = [traits(sentence) for sentence in answer]
    named = _named(spans, hints)
    rows = [
        _candidates(claim, evidence, numbers, scorer)
        for claim, numbers in zip(claims, named, strict=True)
    ]
    cosines = _cosines(answer, rows, encode)
    return tuple(
        _sentence(*parts, scorer)
        for parts in zip(answer, claims, named, rows, cosines, strict=True)
    )


def _evidence(hits: Sequence[Hit]) -> list[_Evidence]:
    """All sentences of the passages; where passages overlap, each sentence once."""
    found = []
    seen: set[tuple[str, int, int]] = set()
    for number, hit in enumerate(hits, 1):
        passage = hit.passage
        heading = hit.location.heading or ""
        around = traits(f"{hit.document.title}\n{heading}\n{passage.text}")
        headings = {heading, *(mark.heading for mark in hit.marks)}
        for span in sentence_spans(passage.text):
            place = (hit.document.id, passage.start + span.start, passage.start + span.end)
            text = passage.text[span.start : span.end]
            # A heading names what is said below it and says nothing itself.
            if place not in seen and text.lstrip("# ") not in headings:
                seen.add(place)
                found.append(_Evidence(number, hit, span, traits(text), around))
    return found


def _named(spans: Sequence[Span], hints: Iterable[Hint]) -> list[frozenset[int]]:
    """For each sentence the passages named in it or right after it."""
    numbers: list[set[int]] = [set() for _ in spans]
    limits = [*(span.start for span in spans[1:]), None]
    for hint in hints:
        for own, limit in zip(numbers, limits, strict=True):
            if limit is None or hint.offset <= limit:
                own.add(hint.number)
                break
    return [frozenset(own) for own in numbers]


def _candidates(
    claim: Traits, evidence: Sequence[_Evidence], named: frozenset[int], scorer: Scorer
) -> list[_Evidence]:
    """The evidence that shares most words, with the best of the passages the model named."""

    def shared(item: _Evidence) -> float:
        return scorer.coverage(claim, item.traits, item.around)

    best = heapq.nlargest(_CANDIDATES, evidence, key=shared)
    hinted = heapq.nlargest(2, (item for item in evidence if item.number in named), key=shared)
    return best + [item for item in hinted if not any(item is other for other in best)]


def _cosines(
    claims: Sequence[str], candidates: Sequence[Sequence[_Evidence]], encode: Encode
) -> list[list[float]]:
    """For each claim the cosine to each of its candidates; every text is encoded once."""
    texts = list(dict.fromkeys([*claims, *(item.text for row in candidates for item in row)]))
    vectors = dict(zip(texts, np.asarray(encode(texts), dtype=np.float32), strict=True))
    return [
        [float(vectors[claim] @ vectors[item.text]) for item in row]
        for claim, row in zip(claims, candidates, strict=True)
    ]


def _sentence(
    text: str,
    claim: Traits,
    named: frozenset[int],
    candidates: Sequence[_Evidence],
    cosines: Sequence[float],
    scorer: Scorer,
) -> Sentence:
    """The sentence with its best evidence: one passage sentence, or two where two say more."""
    scores = [
        scorer.score(claim, item.traits, item.around, cosine)
        for item, cosine in zip(candidates, cosines, strict=True)
    ]
    favour = [_HINT_MARGIN * (item.number in named) for item in candidates]
    first = max(range(len(scores)), key=lambda index: scores[index] + favour[index])
    chosen, score = [candidates[first]], scores[first]
    for item, cosine in zip(candidates, cosines, strict=True):
        # A number alone is no reason: it could be of something else.
        if not claim.words & item.traits.words - chosen[0].traits.words:
            continue
        both = scorer.score(
            claim,
            together([candidates[first].traits, item.traits]),
            together([candidates[first].around, item.around]),
            max(cosine, cosines[first]),
        )
        if both >= scores[first] + _SECOND_GAIN and both > score:
            chosen, score = [candidates[first], item], both
    support = scorer.support(score)
    if support.verdict == "no":
        return Sentence(text, support)
    return Sentence(text, support, tuple(citation(item.hit, item.span) for item in chosen))


def citation(hit: Hit, span: Span) -> Citation:
    """What leads to a piece of a passage; ``span`` counts from the passage's start."""
    start = hit.passage.start + span.start
    return Citation(
        passage_id=hit.passage.id,
        document_id=hit.document.id,
        uri=hit.document.uri,
        title=hit.document.title,
        quote=hit.passage.text[span.start : span.end],
        start=start,
        end=hit.passage.start + span.end,
        location=locate(hit.marks, start, hit.location),
    )
