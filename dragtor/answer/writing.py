"""A model's words as they come: markers taken out, repetition stopped, what leads nowhere cut."""

from __future__ import annotations

import re
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

from dragtor.answer.stream import MarkerFilter, RepetitionGuard
from dragtor.interfaces import LanguageModel
from dragtor.text import sentences
from dragtor.types import Hint, Notice, Prompt, Token, Usage

_EMPTY_ITEM = re.compile(r"(?:(?:^|\n)\s*(?:[-*+•·]|\d{1,3}[.)]))+\s*\Z")


@dataclass
class Writing:
    """What a model has written so far."""

    usage: Usage
    text: str = ""
    hints: Sequence[Hint] = ()
    first_token_s: float = 0.0
    repeats_from: int | None = None

    @property
    def draft(self) -> str:
        """The text without repetition and without what leads nowhere at its end."""
        return tidied(self.text[: self.repeats_from])

    def notices(self, max_tokens: int) -> tuple[Notice, ...]:
        """Why the text ends before the model would have ended it, if so."""
        if self.repeats_from is not None:
            return (Notice("repetition", "the model began to repeat itself, and was stopped"),)
        if self.usage.completion_tokens >= max_tokens:
            text = f"the answer was cut off after {max_tokens} tokens; raise llm.max_tokens"
            return (Notice("truncated", text),)
        return ()


def write(
    model: LanguageModel, prompt: Prompt, max_tokens: int, prompt_lead: str, writing: Writing
) -> Iterator[Token]:
    """The model's tokens without its markers; ``writing`` is filled in on the way.

    ``prompt_lead`` is how a question begins in the prompt: what repeats it is cut off.
    """
    started = time.perf_counter()
    markers, guard = MarkerFilter(), RepetitionGuard(prompt_lead)
    stream = model.stream(prompt.messages, max_tokens, passages=len(prompt.excerpts))
    try:
        for item in stream:
            if isinstance(item, Usage):
                writing.usage = item
                continue
            written = writing.usage.completion_tokens + 1
            writing.usage = Usage(prompt.tokens, written)
            writing.first_token_s = writing.first_token_s or time.perf_counter() - started
            piece = markers.feed(item)
            yield from _taken(piece, writing)
            writing.repeats_from = guard.feed(piece)
            if writing.repeats_from is not None:
                break
        else:
            rest = markers.finish()
            yield from _taken(rest, writing)
            writing.repeats_from = guard.feed(rest) or guard.finish()
    finally:
        if isinstance(stream, Generator):
            stream.close()
    writing.hints = markers.hints


def tidied(text: str) -> str:
    r"""An answer without what leads nowhere at its end: the marker of an empty item, "It is:".

    >>> tidied("Rest helps.\n2.")
    'Rest helps.'
    >>> tidied("The answer is:")
    ''
    >>> tidied("Rest helps.\n2. The answer is:")
    'Rest helps.'
    """
    text = _EMPTY_ITEM.sub("", text).rstrip()
    while text.endswith(":"):
        text = _EMPTY_ITEM.sub("", text[: sentences(text)[-1].start].rstrip()).rstrip()
    return text


def _taken(piece: str, writing: Writing) -> Iterator[Token]:
    if piece:
        writing.text += piece
        yield Token(piece)
