"""Checks the sentences of an answer with a model of entailment."""

from __future__ import annotations

from collections.abc import Sequence

from dragtor.answer.citations import unsupported
from dragtor.answer.features import TOP
from dragtor.answer.reading import Encode, Reading, read
from dragtor.answer.support import Thresholds, numbers_ceiling
from dragtor.interfaces import EntailmentModel
from dragtor.types import Entailment, Hint, Hit, Sentence, Support

Chosen = tuple[int, ...]
_MOST_CHARACTERS = 2000
"""Of a premise or hypothesis; a model reads some 512 tokens of both."""


class NliChecker:
    """Fits :class:`dragtor.interfaces.SupportChecker` by entailment.

    What may bear a sentence out is found as the features find it. The model reads the sentence with
    each of the best three by itself, and with those to be cited together; the premise from which it
    follows most surely is cited. A premise that contradicts it more surely than any entails it ends
    in "no"; numbers are checked as ever. A sentence taken word for word needs no model.
    """

    def __init__(self, model: EntailmentModel, encode: Encode, thresholds: Thresholds) -> None:
        self.name = model.name
        self._model = model
        self._encode = encode
        self._thresholds = thresholds

    def check(
        self, text: str, hits: Sequence[Hit], hints: Sequence[Hint] = ()
    ) -> tuple[Sentence, ...]:
        """See SupportChecker: at most four pairs for each different sentence."""
        readings = read(text, hits, hints, self._encode)
        if not readings:
            return unsupported(text)
        premises = [_premises(reading) for reading in readings]
        judged = self._judged(readings, premises)
        return tuple(
            self._sentence(reading, {one: judged[_pair(reading, one)] for one in chosen})
            for reading, chosen in zip(readings, premises, strict=True)
        )

    def _judged(
        self, readings: Sequence[Reading], premises: Sequence[Sequence[Chosen]]
    ) -> dict[tuple[str, str], Entailment]:
        pairs = [
            _pair(reading, one)
            for reading, chosen in zip(readings, premises, strict=True)
            for one in chosen
        ]
        different = list(dict.fromkeys(pairs))
        return dict(zip(different, self._model.entail(different), strict=True))

    def _sentence(self, reading: Reading, judged: dict[Chosen, Entailment]) -> Sentence:
        if same := reading.verbatim():
            return reading.sentence(Support("yes", 1.0), same)
        if not judged:
            return reading.sentence(Support("no", 0.0), ())
        best = max(judged, key=lambda chosen: judged[chosen].entailed)
        probability = judged[best].entailed
        against = max(one.contradicted for one in judged.values())
        pieces = [reading.pieces[index].traits for index in best]
        ceiling = numbers_ceiling(reading.claim, pieces, reading.overlap.pool.stated)
        if against > probability:
            ceiling = "no"
        return reading.sentence(self._thresholds.support(probability, ceiling), best)


def _premises(reading: Reading) -> list[Chosen]:
    """What the model is to read with a sentence; nothing where that is clear without it."""
    if not reading.states or reading.verbatim():
        return []
    single: list[Chosen] = [(index,) for index in reading.seen.candidates[:TOP]]
    return list(dict.fromkeys([reading.evidence(), *single]))


def _pair(reading: Reading, chosen: Chosen) -> tuple[str, str]:
    premise = " ".join(reading.pieces[index].text for index in sorted(chosen))
    return premise[:_MOST_CHARACTERS], reading.text[:_MOST_CHARACTERS]
