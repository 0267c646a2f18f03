"""Whether the sources hold the answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from dragtor.text import words
from dragtor.types import Decision, Evidence, Hit, Sentence

_ALIKE = 0.85
_REFUSING = re.compile(
    r"\b(?:passages?|sources?|context|texts?|documents?)\b[^.]{0,40}"
    r"\b(?:do|does|did)(?: not|n['’]t) (?:\w+ )?"
    r"(?:hold|contain|provide|mention|answer|include|say|give|specify|discuss|address)",
    re.IGNORECASE,
)


class ScoreRefuser:
    """Fits :class:`dragtor.interfaces.Refuser`."""

    def before(self, question: str, hits: Sequence[Hit], evidence: Sequence[Evidence]) -> Decision:
        """See Refuser."""
        return Decision(float(bool(evidence)), refuse=not evidence)

    def after(
        self, before: Decision, sentences: Sequence[Sentence], model_refused: bool
    ) -> Decision:
        """See Refuser."""
        return Decision(before.answerable, before.refuse or model_refused)


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
