"""Answers that rest on passages: prompt, model, citations, and the refusal when there is none."""

from __future__ import annotations

import re
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from dragtor.answer.citations import Encode, cite, quote
from dragtor.answer.prompt import Templates, build_prompt
from dragtor.answer.stream import Hint, MarkerFilter, RepetitionGuard
from dragtor.answer.support import Thresholds
from dragtor.interfaces import LanguageModel
from dragtor.text import sentences, words
from dragtor.types import Answer, Hit, Notice, Prompt, Query, Sentence, Token, Turn, Usage

_ALIKE = 0.85
_EMPTY_ITEM = re.compile(r"(?:(?:^|\n)\s*(?:[-*+•·]|\d{1,3}[.)]))+\s*\Z")
_QUOTED = Notice(
    "quoted", "the model wrote no answer: these are the passages' own words nearest to the question"
)
_REFUSING = re.compile(
    r"\b(?:passages?|sources?|context|texts?|documents?)\b[^.]{0,40}"
    r"\b(?:do|does|did)(?: not|n['’]t) (?:\w+ )?"
    r"(?:hold|contain|provide|mention|answer|include|say|give|specify|discuss|address)",
    re.IGNORECASE,
)


@dataclass
class _Writing:
    """What a model has written so far."""

    usage: Usage
    text: str = ""
    hints: Sequence[Hint] = ()
    first_token_s: float = 0.0
    repeats_from: int | None = None


class GroundedAnswerer:
    """Fits :class:`dragtor.interfaces.Answerer`.

    The tokens' texts joined are ``Answer.text``, but for what is cut off at its end (white space,
    repetition, an item or a lead-in with nothing after it), and but for quotes that stand in where
    nothing is left.

    Parameters
    ----------
    model
        Asked only when there are passages.
    encode
        Texts to vectors of length 1, by which sentences are compared.
    max_tokens
        The longest answer; the prompt leaves room for it.
    notices
        Said with every answer the model wrote, such as how to get a better model.
    """

    def __init__(
        self,
        model: LanguageModel,
        encode: Encode,
        templates: Templates,
        thresholds: Thresholds,
        max_tokens: int,
        notices: Sequence[Notice] = (),
    ) -> None:
        self._model = model
        self._encode = encode
        self._templates = templates
        self._thresholds = thresholds
        self._max_tokens = max_tokens
        self._notices = tuple(notices)

    def prompt(self, query: Query, hits: Sequence[Hit], history: Sequence[Turn] = ()) -> Prompt:
        """What the model would be asked. Raises QueryError where the question alone is too long."""
        return build_prompt(
            query.text,
            hits,
            history,
            self._templates,
            self._model.count,
            self._model.context_tokens,
            self._max_tokens,
        )

    def answer(
        self, query: Query, hits: Sequence[Hit], history: Sequence[Turn] = ()
    ) -> Iterator[Token | Notice | Answer]:
        """Tokens and notices as they come; the last item is the answer.

        Without hits it refuses and asks no model. Raises EngineError and QueryError.
        """
        started = time.perf_counter()
        if not hits:
            yield Token(self._templates.refusal)
            yield _refusal(query, self._templates.refusal)
            return
        prompt = self.prompt(query, hits, history)
        yield from prompt.notices
        writing = _Writing(Usage(prompt.tokens, 0))
        yield from self._write(prompt, writing, started)
        answer = self._judge(query, hits, prompt, writing, started)
        yield from answer.notices[len(prompt.notices) :]
        yield answer

    def _write(self, prompt: Prompt, writing: _Writing, started: float) -> Iterator[Token]:
        """The model's tokens without its markers; ``writing`` is filled in on the way."""
        lead = self._templates.question.partition("{")[0].strip()
        markers, guard = MarkerFilter(), RepetitionGuard(lead)
        stream = self._model.stream(prompt.messages, self._max_tokens)
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

    def _judge(
        self,
        query: Query,
        hits: Sequence[Hit],
        prompt: Prompt,
        writing: _Writing,
        started: float,
    ) -> Answer:
        text = tidied(writing.text[: writing.repeats_from])
        judged = cite(text, prompt.hits, self._encode, self._thresholds, writing.hints)
        notices = (*prompt.notices, *self._notices, *_cut_short(writing, self._max_tokens))
        kind: Literal["answer", "quote", "refusal"] = "answer"
        if not text and (judged := quote(query.text, prompt.hits, self._encode)):
            kind, text = "quote", "\n".join(sentence.text for sentence in judged)
            notices = (*notices, _QUOTED)
        elif not text or refuses(judged, self._templates.refusal):
            kind, text, judged = "refusal", text or self._templates.refusal, ()
        return Answer(
            question=query.text,
            kind=kind,
            text=text,
            sentences=judged,
            hits=tuple(hits),
            model=self._model.name,
            notices=(*notices, *_unsupported(judged)),
            usage=writing.usage,
            timings={
                "first_token_s": writing.first_token_s,
                "total_s": time.perf_counter() - started,
            },
        )


def tidied(text: str) -> str:
    r"""An answer without what leads nowhere at its end: the marker of an empty item, "It is:".

    >>> tidied("Rest helps.\n2.")
    'Rest helps.'
    >>> tidied("The answer is:")
    ''
    """
    text = _EMPTY_ITEM.sub("", text).rstrip()
    while text.endswith(":"):
        text = text[: sentences(text)[-1].start].rstrip()
    return text


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


def _refusal(query: Query, text: str) -> Answer:
    return Answer(
        question=query.text,
        kind="refusal",
        text=text,
        sentences=(),
        hits=(),
        model=None,
        timings={"first_token_s": 0.0, "total_s": 0.0},
    )


def _taken(piece: str, writing: _Writing) -> Iterator[Token]:
    if piece:
        writing.text += piece
        yield Token(piece)


def _cut_short(writing: _Writing, max_tokens: int) -> Iterator[Notice]:
    if writing.repeats_from is not None:
        yield Notice("repetition", "the model began to repeat itself, and was stopped")
    elif writing.usage.completion_tokens >= max_tokens:
        text = f"the answer was cut off after {max_tokens} tokens; raise llm.max_tokens"
        yield Notice("truncated", text)


def _unsupported(judged: Sequence[Sentence]) -> Iterator[Notice]:
    number = sum(sentence.support.verdict == "no" for sentence in judged)
    if number:
        text = f"{number} of {len(judged)} sentences are not borne out by the passages"
        yield Notice("unsupported", text)
