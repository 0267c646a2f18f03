"""Which sentences of the passages bear out each sentence of an answer."""

from __future__ import annotations

from collections.abc import Sequence

from dragtor.answer.features import features
from dragtor.answer.reading import Encode, Reading, citation, read
from dragtor.answer.stating import said_spans
from dragtor.answer.support import SupportModel, Thresholds, Verdict, ceiling, packaged
from dragtor.types import Hint, Hit, Sentence, Support

__all__ = ["FeatureChecker", "citation", "most", "unsupported"]


ELSEWHERE = 0.15
"""Share of a sentence's words from which it mixes what two documents say."""


class FeatureChecker:
    """Fits :class:`dragtor.interfaces.SupportChecker` by what can be counted and compared."""

    name = "features"

    def __init__(
        self, encode: Encode, thresholds: Thresholds, model: SupportModel | None = None
    ) -> None:
        self._encode = encode
        self._thresholds = thresholds
        self._model = model or packaged()

    def check(
        self, text: str, hits: Sequence[Hit], hints: Sequence[Hint] = ()
    ) -> tuple[Sentence, ...]:
        """See SupportChecker."""
        readings = read(text, hits, hints, self._encode)
        known: dict[tuple[str, frozenset[int]], Sentence] = {}
        for reading in readings:
            key = (reading.text, reading.named)
            if key not in known:
                known[key] = self._judge(reading)
        if not readings:
            return unsupported(text)
        return tuple(known[reading.text, reading.named] for reading in readings)

    def _judge(self, reading: Reading) -> Sentence:
        if not reading.states:
            return reading.sentence(Support("no", 0.0), ())
        if same := reading.verbatim():
            return reading.sentence(Support("yes", 1.0), same)
        cited = reading.evidence()
        probability = self._model.probability(features(reading.overlap, reading.seen))
        return reading.sentence(self._thresholds.support(probability, most(reading, cited)), cited)


def most(reading: Reading, cited: Sequence[int]) -> Verdict:
    """The most that can be said of a sentence that is to rest on these pieces."""
    said = [reading.pieces[index].traits for index in cited]
    found = ceiling(reading.claim, said, reading.overlap.pool.stated)
    return "partly" if found == "yes" and reading.elsewhere(cited[0]) > ELSEWHERE else found


def unsupported(text: str) -> tuple[Sentence, ...]:
    """The sentences of a text that nothing bears out."""
    return tuple(
        Sentence(text[span.start : span.end], Support("no", 0.0)) for span in said_spans(text)
    )
