"""Whether the sources hold the answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from dragtor.answer.answerability import Calibration, draft_figures, figures
from dragtor.text import words
from dragtor.types import Decision, Evidence, Hit, Sentence

_ALIKE = 0.85
_REFUSING = re.compile(
    r"\b(?:passages?|sources?|context|texts?|documents?)\b[^.]{0,40}"
    r"\b(?:do|does|did)(?: not|n['’]t) (?:\w+ )?"
    r"(?:hold|contain|provide|mention|answer|include|say|give|specify|discuss|address)",
    re.IGNORECASE,
)


class CalibratedRefuser:
    """Fits :class:`dragtor.interfaces.Refuser`.

    ``refuse_below`` is the probability of an answer under which to refuse, in [0, 1]; ``None``
    takes the one that was fitted. Without any evidence it refuses in any case.
    """

    def __init__(self, calibration: Calibration, refuse_below: float | None = None) -> None:
        self._calibration = calibration
        self._below = calibration.threshold if refuse_below is None else refuse_below

    def before(self, question: str, hits: Sequence[Hit], evidence: Sequence[Evidence]) -> Decision:
        """See Refuser."""
        found = figures(question, hits, evidence)
        if not found:
            return Decision(0.0, refuse=True)
        probability = self._calibration.probability(found)
        because = {**found, "refuse_below": self._below}
        return Decision(probability, probability < self._below, because)

    def after(
        self, before: Decision, sentences: Sequence[Sentence], model_refused: bool
    ) -> Decision:
        """See Refuser. What was refused before stays refused."""
        if before.refuse:
            return before
        best = max((sentence.support.score for sentence in sentences), default=0.0)
        said = draft_figures(best, model_refused)
        probability = self._calibration.with_draft(before.answerable, said)
        return Decision(probability, probability < self._below, {**before.because, **said})


def refuses(answer: Sequence[Sentence], refusal: str) -> bool:
    """Whether an answer is a refusal: its first sentence is, and nothing after it is borne out."""
    if not answer:
        return False
    first, *rest = answer
    if any(sentence.support.verdict == "yes" for sentence in rest):
        return False
    said, wanted = " ".join(words(first.text)), " ".join(words(refusal))
    alike = SequenceMatcher(None, said, wanted, autojunk=False).ratio() >= _ALIKE
    return alike or (first.support.verdict != "yes" and bool(_REFUSING.search(first.text)))
