"""Ask a more general question, too: it finds what the particular one is a case of.

Zheng et al., "Take a Step Back: Evoking Reasoning via Abstraction in Large Language Models" (2023).
"""

from __future__ import annotations

from collections.abc import Iterator

from dragtor.answer.merge import fused
from dragtor.answer.script import Script
from dragtor.answer.strategies.replies import is_echo, lines, share
from dragtor.answer.strategies.scribe import Scribe
from dragtor.answer.strategies.widen import widen
from dragtor.interfaces import Desk
from dragtor.types import Gathered, Notice, Query, Step

MAX_TOKENS = 40
"""Enough for one question."""


class StepBackStrategy:
    """Fits :class:`dragtor.interfaces.Strategy`. ``prompt`` holds ``{question}``."""

    name = "step_back"

    def __init__(self, prompt: str) -> None:
        self._script = Script.parse("step_back", prompt, "question")

    def gather(self, query: Query, desk: Desk) -> Iterator[Step | Notice | Gathered]:
        """See Strategy."""
        scribe = Scribe(self.name, desk)
        yield from widen(query, desk, scribe, self._general, fused, "no more general question")

    def _general(self, scribe: Scribe, question: str) -> list[str]:
        reply = lines(scribe.ask(self._script.messages(question=question), MAX_TOKENS))
        return [line for line in reply[:1] if share(line, question) and not is_echo(line, question)]
