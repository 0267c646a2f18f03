"""What an answer takes over from the question must stand in what it cites."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dragtor.answer.answerability import subject
from dragtor.answer.support import ceiling
from dragtor.answer.traits import traits, weight
from dragtor.text import content_stems
from dragtor.types import Sentence, Support

REPEATED = 0.6
"""Share of a sentence's words that the question holds from which it repeats the question."""
_BELOW = 0.01


def without_presumptions(
    question: str, sentences: Sequence[Sentence], yes: float
) -> tuple[Sentence, ...]:
    """The sentences, held to what they cite where they repeat what only the question says.

    "Why do X-rays show the hook?" tempts a model into "X-rays show the hook", which shares most
    words with a source that says they miss it. A word that sentence and question share, and
    neither a cited quote nor its title or heading holds, is presumed: such a sentence is borne out
    in part at most. One that says little else than the question is not borne out at all if it
    presumes a word, or if its quotes say it otherwise. ``yes`` is the score from which a sentence
    is borne out.
    """
    asked = frozenset(subject(question))
    return tuple(_held_to(asked, sentence, yes) for sentence in sentences)


def takes_for_granted(question: str, sentences: Sequence[Sentence]) -> bool:
    """Whether an answer repeats the question in a sentence that nothing bears out."""
    asked = frozenset(subject(question))
    unsupported = (one for one in sentences if one.support.verdict == "no")
    return any(asked and _repeats(asked, one.text) for one in unsupported)


def _held_to(asked: frozenset[str], sentence: Sentence, yes: float) -> Sentence:
    if sentence.support.verdict == "no":
        return sentence
    presumes = _presumes(asked, sentence)
    if _repeats(asked, sentence.text) and (presumes or _otherwise(sentence)):
        return Sentence(sentence.text, Support("no", 0.0))
    if not presumes or sentence.support.verdict != "yes":
        return sentence
    return replace(sentence, support=Support("partly", min(sentence.support.score, yes - _BELOW)))


def _presumes(asked: frozenset[str], sentence: Sentence) -> bool:
    quotes = (f"{c.quote} {c.title} {c.location.heading or ''}" for c in sentence.citations)
    cited = frozenset[str]().union(*(content_stems(quote) for quote in quotes))
    return not asked.intersection(content_stems(sentence.text)) <= cited


def _repeats(asked: frozenset[str], text: str) -> bool:
    stems = traits(text).stems
    repeated = sum(weight(stem) for stem in stems if stem in asked)
    return bool(stems) and repeated >= REPEATED * sum(map(weight, stems))


def _otherwise(sentence: Sentence) -> bool:
    """Whether its quotes do not say it so: by their numbers, opposites and what goes with what."""
    claim, quotes = traits(sentence.text), [traits(one.quote) for one in sentence.citations]
    return bool(quotes) and ceiling(claim, quotes, frozenset()) != "yes"
