"""Answers that rest on passages: prompt, model, citations, and the refusal when there is none."""

from __future__ import annotations

import re
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from dragtor.answer.citations import Encode, cite
from dragtor.answer.prompt import Templates, build_prompt
from dragtor.answer.stream import Hint, MarkerFilter, RepetitionGuard
from dragtor.answer.support import Thresholds
from dragtor.interfaces import LanguageModel
from dragtor.text import words
from dragtor.types import Answer, Hit, Notice, Prompt, Query, Sentence, Token, Turn, Usage

_ALIKE = 0.85
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

    The tokens' texts joined are ``Answer.text``, but for white space at its end, and but for what
    is cut off where the model repeats itself.

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
        if not writing.text.strip():
            writing.text = self._templates.refusal
            yield Token(writing.text)
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
        text = writing.text[: writing.repeats_from].rstrip()
        judged = cite(text, prompt.hits, self._encode, self._thresholds, writing.hints)
        notices = (*prompt.notices, *self._notices, *_cut_short(writing, self._max_tokens))
        refused = refuses(judged, self._templates.refusal)
        return Answer(
            question=query.text,
            kind="refusal" if refused else "answer",
            text=text,
            sentences=() if refused else judged,
            hits=tuple(hits),
            model=self._model.name,
            notices=notices if refused else (*notices, *_unsupported(judged)),
            usage=writing.usage,
            timings={
                "first_token_s": writing.first_token_s,
                "total_s": time.perf_counter() - started,
            },
        )


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
