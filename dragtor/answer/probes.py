"""Questions that are made without a language model, to see how a library answers."""

from __future__ import annotations

from importlib import resources

from dragtor.passages import sentence_spans
from dragtor.text import STOP_WORDS, word_spans

LEAST, MOST = 8, 40
"""Words of a sentence that says enough, and not too much."""
ASKED = 6
"""Most words of a question that is made."""


def telling_sentence(passage: str) -> str | None:
    """The sentence of a passage with most words that carry meaning; ``None`` without a whole one.

    Table rows and headings are no sentences.
    """
    pieces = (passage[span.start : span.end] for span in sentence_spans(passage))
    whole = [piece for piece in pieces if piece[-1:] in ".!" and "|" not in piece]
    fitting = [piece for piece in whole if LEAST <= len(list(word_spans(piece))) <= MOST]
    return max(fitting, key=lambda piece: len(_telling(piece)), default=None)


def question_about(sentence: str) -> str:
    """A question to which a sentence is the answer, from some of its words.

    Every third word that carries meaning is left out, as a person who asks does not know all of
    the answer; so are numbers.

    >>> question_about("The deep tendon of 2 fingers ends on the last segment of each finger.")
    'What about deep tendon ends last finger?'
    """
    telling = [word for word in _telling(sentence) if not any(map(str.isdigit, word))]
    asked = [word for at, word in enumerate(telling) if at % 3 != 2]
    return f"What about {' '.join(asked[:ASKED])}?"


def foreign_questions() -> list[str]:
    """Everyday questions on many topics, of which a library on one topic answers hardly any."""
    text = resources.files("dragtor.answer").joinpath("foreign.txt").read_text("utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def _telling(sentence: str) -> list[str]:
    found = (sentence[span.start : span.end] for span in word_spans(sentence))
    return list(dict.fromkeys(word for word in found if word.lower() not in STOP_WORDS))
