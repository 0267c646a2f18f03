"""Asking a language model on the way to an answer, with all that was asked and said kept."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from typing import TypeVar

from pydantic import BaseModel

from dragtor.answer import trace
from dragtor.answer.stream import RepetitionGuard
from dragtor.answer.structured import Wording, structured
from dragtor.errors import EngineError, QueryError, StructureError
from dragtor.interfaces import Desk, LanguageModel
from dragtor.types import Message, Notice, Prompt, Step, Usage

T = TypeVar("T", bound=BaseModel)

REPAIRS = 1
"""How often a model is told that its JSON does not fit; a small one seldom learns from it."""


class Scribe:
    """Asks the desk's model in the name of a strategy. What a model says is data, never trusted.

    ``wording`` is for strategies that have it fill in forms. Raises QueryError where there is no
    model.
    """

    def __init__(self, strategy: str, desk: Desk, wording: Wording | None = None) -> None:
        model = desk.model
        if model is None:
            raise QueryError(
                f"the strategy {strategy} needs a language model and there is none (llm.model):"
                " choose --strategy plain"
            )
        self.name = strategy
        self._model: LanguageModel = model
        self._wording = wording
        self._steps: list[Step] = []

    def ask(self, messages: Sequence[Message], max_tokens: int) -> str:
        """What the model says, up to where it repeats itself; empty where it fails."""
        started = time.perf_counter()
        text, guard, usage = "", RepetitionGuard(), Usage(self._model.count(messages), 0)
        stream = self._model.stream(messages, max_tokens)
        try:
            for piece in stream:
                if isinstance(piece, Usage):
                    usage = piece
                    continue
                text += piece
                usage += Usage(0, 1)
                if (end := guard.feed(piece)) is not None:
                    text = text[:end]
                    break
        except EngineError as error:
            self._fail(messages, error)
            return ""
        finally:
            if isinstance(stream, Generator):
                stream.close()
        self._heard(messages, text, time.perf_counter() - started, usage)
        return text.strip()

    def fill(self, messages: Sequence[Message], schema: type[T], max_tokens: int) -> T | None:
        """An instance of a schema out of the model; None where it gives none, or fails."""
        assert self._wording is not None, "a strategy that fills in forms says how they are asked"
        try:
            return structured(
                self._model,
                messages,
                schema,
                max_tokens,
                self._wording,
                REPAIRS,
                heard=self._heard,
            )
        except StructureError:
            return None
        except EngineError as error:
            self._fail(messages, error)
            return None

    def steps(self) -> Iterator[Step]:
        """What was asked and said since the last time."""
        steps, self._steps = self._steps, []
        yield from steps

    def decided(self, **detail: object) -> Step:
        """What was made of it."""
        return Step("decision", self.name, detail)

    def fallback(self, why: str) -> Iterator[Step | Notice]:
        """Say that the model was of no help, and that the question itself is what is searched."""
        yield self.decided(fallback="plain", because=why)
        text = f"{self.name}: {why}; the answer rests on the plain search"
        yield Notice("strategy_fallback", text)

    def _heard(self, messages: Sequence[Message], text: str, seconds: float, usage: Usage) -> None:
        self._asked(messages)
        self._steps.append(trace.replied(self.name, text, seconds, usage))

    def _fail(self, messages: Sequence[Message], error: EngineError) -> None:
        self._asked(messages)
        self._steps.append(self.decided(failed=str(error)))

    def _asked(self, messages: Sequence[Message]) -> None:
        tokens = self._model.count(messages)
        self._steps.append(trace.asked(self.name, Prompt(tuple(messages), (), tokens)))
