"""Sentences of an answer beside the sentences of the passages: what is compared, and with what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import compress, islice

import numpy as np

from dragtor.answer.features import TOP, Overlap, Pool, Seen
from dragtor.answer.stating import headings, said_spans, states
from dragtor.answer.traits import Traits, traits
from dragtor.passages import sentence_spans
from dragtor.text import STOP_WORDS, encodable, locate, word_spans
from dragtor.types import Citation, Hint, Hit, Sentence, Span, Support, Vectors

Encode = Callable[[Sequence[str], Sequence[Sequence[Span]]], tuple[Vectors, list[Vectors]]]
"""Vectors of texts and of spans in them, in one run: see Encoder.encode_spans."""

SAME = 2
"""Words besides numbers that two sentences share that speak of the same."""
CANDIDATES = 12
"""Sentences of the passages that are embedded for each answer sentence: those that share most."""
HINT_MARGIN = 0.05
"""How much worse the passage may be that the model itself named, and still be cited."""
_MOST_WORDS = 60
"""Words of a sentence that are compared by meaning."""
GAIN = 0.12
"""Share of the claim's words a sentence must add to be cited beside a better one."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A sentence of a passage, ``span`` counted from the passage's start."""

    number: int
    hit: Hit
    span: Span
    traits: Traits
    around: Traits
    """Of title and heading."""

    @property
    def text(self) -> str:
        """As it stands in the passage."""
        return self.hit.passage.text[self.span.start : self.span.end]


@dataclass(frozen=True, slots=True)
class Reading:
    """A sentence of an answer with all that may bear it out.

    ``seen.candidates`` are in the order of ``merits``, half words and half cosine, best first.
    """

    text: str
    claim: Traits
    pieces: Sequence[Piece]
    overlap: Overlap
    seen: Seen
    merits: tuple[float, ...]
    named: frozenset[int]
    states: bool
    """Whether it says anything: see :func:`dragtor.answer.stating.states`."""

    def verbatim(self) -> tuple[int, ...]:
        """The piece that it is word for word, if there is one; the one named, if there are more."""
        if not self.states:
            return ()
        best = (self.evidence()[0], self.seen.candidates[0])
        same = (index for index in best if self.pieces[index].traits.order == self.claim.order)
        return tuple(same)[:1]

    def evidence(self) -> tuple[int, ...]:
        """Which pieces to cite, one to three; hints decide between those nearly as good."""
        hinted = [
            merit + HINT_MARGIN * (self.pieces[index].number in self.named)
            for index, merit in zip(self.seen.candidates, self.merits, strict=True)
        ]
        chosen = [self.seen.candidates[max(range(len(hinted)), key=hinted.__getitem__)]]
        while len(chosen) < TOP:
            held = self.overlap.together(chosen)
            gains = {
                index: self.overlap.together([*chosen, index]) - held
                for index in self.seen.candidates
                if self._adds_words(chosen, index)
            }
            best = max(gains, key=gains.__getitem__, default=chosen[0])
            if gains.get(best, 0.0) < GAIN:
                break
            chosen.append(best)
        return tuple([*chosen, *self._number_bringer(chosen)][:TOP])

    def elsewhere(self, cited: int) -> float:
        """Share of the claim's words that passages hold, but none of the cited document."""
        document = self.pieces[cited].hit.document.id
        own = [piece.hit.document.id == document for piece in self.pieces]
        around = {word for piece in compress(self.pieces, own) for word in piece.around.stems}
        held = self.overlap.held
        titled = np.array([stem in around for stem in self.claim.stems], dtype=np.bool_)
        away = np.logical_and(held.any(axis=1), ~np.logical_or(held[:, own].any(axis=1), titled))
        return float(self.overlap.share(away))

    def _number_bringer(self, chosen: Sequence[int]) -> list[int]:
        """A candidate that holds all the numbers still missing, and speaks of the same."""
        stated = frozenset[str]().union(*(self.pieces[index].traits.stated for index in chosen))
        missing = self.claim.counted - stated
        if not missing:
            return []
        return [
            index
            for index in self.seen.candidates
            if missing <= self.pieces[index].traits.stated
            and len(self.claim.words & self.pieces[index].traits.words) >= SAME
        ][:1]

    def _adds_words(self, chosen: Sequence[int], other: int) -> bool:
        """A number alone is no reason: it could be of something else."""
        known = frozenset[str]().union(*(self.pieces[index].traits.words for index in chosen))
        return not self.claim.words.isdisjoint(self.pieces[other].traits.words - known)

    def sentence(self, support: Support, cited: Iterable[int]) -> Sentence:
        """The sentence with its verdict, citing these pieces unless it is no."""
        if support.verdict == "no":
            return Sentence(self.text, support)
        chosen = (self.pieces[index] for index in cited)
        return Sentence(self.text, support, tuple(citation(one.hit, one.span) for one in chosen))


def read(text: str, hits: Sequence[Hit], hints: Sequence[Hint], encode: Encode) -> list[Reading]:
    """One reading for each sentence of the text; none without evidence or without sentences.

    Each different text is encoded once: at most 1 + CANDIDATES + 2 for each sentence, and never
    more than there are sentences in the passages and the answer together.
    """
    spans, pieces = said_spans(text), collect(hits)
    if not spans or not pieces:
        return []
    pool = Pool.of([piece.traits for piece in pieces], {piece.around for piece in pieces})
    said = [text[span.start : span.end] for span in spans]
    overlaps = {one: Overlap(traits(one), pool) for one in dict.fromkeys(said)}
    named = _named(spans, hints)
    rows = [
        _candidates(overlaps[one], pieces, numbers)
        for one, numbers in zip(said, named, strict=True)
    ]
    texts = [*said, *(pieces[index].text for row in rows for index in row)]
    encoded = _encoded(texts, encode)
    names = headings(hits)
    return [
        _reading(one, pieces, overlaps[one], row, numbers, encoded, states(one, names))
        for one, row, numbers in zip(said, rows, named, strict=True)
    ]


def collect(hits: Sequence[Hit]) -> list[Piece]:
    """All sentences of the passages but headings; where passages overlap, each sentence once."""
    found = []
    seen: set[tuple[str, int, int]] = set()
    for number, hit in enumerate(hits, 1):
        passage = hit.passage
        heading = hit.location.heading or ""
        around = traits(f"{hit.document.title}\n{heading}")
        named = {heading, *(mark.heading for mark in hit.marks)}
        for span in sentence_spans(passage.text):
            place = (hit.document.id, passage.start + span.start, passage.start + span.end)
            text = passage.text[span.start : span.end]
            # A heading names what is said below it and says nothing itself.
            if place not in seen and not text.startswith("#") and text not in named:
                seen.add(place)
                found.append(Piece(number, hit, span, traits(text), around))
    return found


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


def _candidates(overlap: Overlap, pieces: Sequence[Piece], named: frozenset[int]) -> list[int]:
    """The pieces that share most words, with the best of the passages the model named."""
    order = np.argsort(-overlap.single, kind="stable").tolist()
    hinted = [index for index in order if pieces[index].number in named] if named else []
    return list(dict.fromkeys([*order[:CANDIDATES], *hinted[:2]]))


@dataclass(frozen=True, slots=True)
class _Encoded:
    """A text's vector, and those of its words that carry meaning, shape (words, dimension)."""

    whole: Vectors
    words: Vectors


def _encoded(texts: Iterable[str], encode: Encode) -> dict[str, _Encoded]:
    different = list(dict.fromkeys(texts))
    wholes, words = encode(
        [encodable(text) for text in different], [_content_spans(text) for text in different]
    )
    return {
        text: _Encoded(whole, own)
        for text, whole, own in zip(different, wholes, words, strict=True)
    }


def _content_spans(text: str) -> list[Span]:
    spans = word_spans(text)
    said = (span for span in spans if text[span.start : span.end].lower() not in STOP_WORDS)
    return list(islice(said, _MOST_WORDS))


def _reading(
    text: str,
    pieces: Sequence[Piece],
    overlap: Overlap,
    row: Sequence[int],
    named: frozenset[int],
    encoded: dict[str, _Encoded],
    stating: bool,
) -> Reading:
    found = [encoded[pieces[index].text] for index in row]
    vectors = np.stack([one.whole for one in found])
    cosines = (vectors @ encoded[text].whole).astype(np.float64)
    merits = 0.5 * overlap.single[list(row)] + 0.5 * np.clip(cosines, 0.0, 1.0)
    order = np.argsort(-merits, kind="stable").tolist()
    seen = Seen(
        candidates=tuple(row[index] for index in order),
        cosines=cosines[order],
        vectors=vectors[order],
        words=tuple(found[index].words for index in order),
        claim=encoded[text].whole,
        claim_words=encoded[text].words,
    )
    ranked = tuple(merits[order].tolist())
    return Reading(text, overlap.claim, pieces, overlap, seen, ranked, named, stating)
