"""What an answer takes over from the question must stand in what it cites."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dragtor.answer.answerability import subject
from dragtor.text import content_stems
from dragtor.types import Sentence, Support

_BELOW = 0.01


def without_presumptions(
    question: str, sentences: Sequence[Sentence], yes: float
) -> tuple[Sentence, ...]:
    """The sentences; borne out in part at most where they repeat what only the question says.

    "Why do X-rays show the hook?" tempts a model into "X-rays show the hook", which shares most
    words with a source that says they miss it. A word that sentence and question share, and
    neither a cited quote nor its title or heading holds, is presumed. ``yes`` is the score from
    which a sentence is borne out.
    """
    asked = frozenset(subject(question))
    return tuple(_held_to(asked, sentence, yes) for sentence in sentences)


def _held_to(asked: frozenset[str], sentence: Sentence, yes: float) -> Sentence:
    if sentence.support.verdict != "yes":
        return sentence
    quotes = (f"{c.quote} {c.title} {c.location.heading or ''}" for c in sentence.citations)
    cited = frozenset().union(*(content_stems(quote) for quote in quotes))
    if asked.intersection(content_stems(sentence.text)) <= cited:
        return sentence
    return replace(sentence, support=Support("partly", min(sentence.support.score, yes - _BELOW)))
