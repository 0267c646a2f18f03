"""Passages end where neighbouring sentences are about different things."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from dragtor.errors import ConfigError
from dragtor.interfaces import Tokenizer
from dragtor.split.layout import Border, Layout, Unit
from dragtor.split.pack import Group, Row, cuts, sentence_cuts
from dragtor.split.tokens import check_overlap
from dragtor.types import Cut, Document, Vectors

NEIGHBOURS = 1
"""Sentences on each side that have a say in what a sentence is about."""

VERSION = 1

Distances = npt.NDArray[np.float64]


class Reader(Tokenizer, Protocol):
    """What of an encoder it takes to cut by meaning."""

    @property
    def fingerprint(self) -> str:
        """See :class:`dragtor.interfaces.Encoder`."""
        ...

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """See :class:`dragtor.interfaces.Encoder`."""
        ...


class SemanticSplitter:
    """Ends a passage before a sentence that is further from the one before than most are.

    A sentence is taken with its neighbours; the distance of two is 1 less their cosine. A passage
    ends where it is above the ``percentile`` (0 to 100) of the document's distances, as Kamradt
    describes it ("5 levels of text splitting", 2024; LlamaIndex's SemanticSplitterNodeParser).
    Neighbours are the mean of the sentences' vectors, so that every sentence is encoded once. A
    passage beyond ``max_tokens`` ends before the furthest sentence of the second half of what
    fits, and the next begins with its last whole sentences, up to ``overlap_tokens``. Raises
    ConfigError if the overlap is more than half of the budget.
    """

    def __init__(
        self,
        encoder: Reader,
        max_tokens: int,
        overlap_tokens: int = 0,
        *,
        percentile: float = 90,
    ) -> None:
        check_overlap(overlap_tokens, max_tokens)
        if not 0 <= percentile <= 100:
            raise ConfigError(f"split.percentile is {percentile}: set it between 0 and 100")
        # The encoder decides where passages end, so its fingerprint is part of this one.
        self.fingerprint = (
            f"semantic-{VERSION} max={max_tokens} overlap={overlap_tokens}"
            f" percentile={percentile:g} encoder={encoder.fingerprint}"
        )
        self._encoder = encoder
        self._max = max_tokens
        self._overlap = overlap_tokens
        self._percentile = percentile

    def split(self, document: Document) -> list[Cut]:
        """See :class:`dragtor.interfaces.Splitter`. Raises ModelError or EngineError."""
        layout = Layout(document, self._encoder)
        if layout.whole is None:
            return []
        if layout.tokens.count(layout.whole.start, layout.whole.end) <= self._max // 2:
            return [Cut(layout.whole.start, layout.whole.end)]
        sentences = sentence_cuts(layout, self._max - self._overlap)
        texts = [document.text[sentence.start : sentence.end] for sentence in sentences]
        apart = distances(self._encoder.encode_passages(texts))
        far = np.percentile(apart, self._percentile) if len(apart) else 0.0
        units = [Unit(sentences[0].start, Border.SECTION)]
        for sentence, distance in zip(sentences[1:], apart, strict=True):
            border = Border.SECTION if distance > far else Border.SENTENCE
            units.append(Unit(sentence.start, border))
        row = Row(layout, units, self._overlap)
        return cuts(layout, map(row.span, _groups(row, apart, self._max)))


def distances(vectors: Vectors) -> Distances:
    """1 less the cosine of each row, taken with its neighbours, to the next; shape (rows - 1,).

    ``vectors`` has shape (rows, dimension).
    """
    sums = np.vstack([np.zeros_like(vectors[:1]), vectors]).cumsum(axis=0, dtype=np.float64)
    rows = np.arange(len(vectors))
    ends = np.minimum(rows + NEIGHBOURS + 1, len(vectors))
    around = sums[ends] - sums[np.maximum(rows - NEIGHBOURS, 0)]
    around /= np.maximum(np.linalg.norm(around, axis=1, keepdims=True), 1e-12)
    apart: Distances = 1.0 - np.einsum("rd,rd->r", around[:-1], around[1:])
    return apart


def _groups(row: Row, apart: Distances, budget: int) -> list[Group]:
    """Units within sections and budget; ``apart[i]`` is how far unit i + 1 is from unit i."""
    sections = [i for i, border in enumerate(row.borders) if border == Border.SECTION]
    groups: list[Group] = []
    for start, stop in zip(sections, [*sections[1:], row.length], strict=True):
        begin = start
        while begin < stop:
            end = row.furthest(begin, budget)
            if end < stop:
                half = max(begin + 1, row.furthest(begin, budget // 2))
                end = half + int(np.argmax(apart[half - 1 : end]))
            groups.append((begin, min(end, stop)))
            begin = groups[-1][1]
    return groups
