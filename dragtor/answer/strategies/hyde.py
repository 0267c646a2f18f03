"""Search for what an answer would look like: passages are more like answers than like questions.

Gao et al., "Precise Zero-Shot Dense Retrieval without Relevance Labels" (2022). The passage that
the model makes up is searched for and nothing else: no answer rests on it.
"""

from __future__ import annotations

from collections.abc import Iterator

from dragtor.answer.merge import fused
from dragtor.answer.script import Script
from dragtor.answer.strategies.replies import share
from dragtor.answer.strategies.scribe import Scribe
from dragtor.answer.strategies.widen import widen
from dragtor.interfaces import Desk
from dragtor.types import Gathered, Notice, Query, Step

MAX_TOKENS = 80
"""Enough for two or three sentences."""


class HydeStrategy:
    """Fits :class:`dragtor.interfaces.Strategy`. ``prompt`` holds ``{question}``."""

    name = "hyde"

    def __init__(self, prompt: str) -> None:
        self._script = Script.parse("hyde", prompt, "question")

    def gather(self, query: Query, desk: Desk) -> Iterator[Step | Notice | Gathered]:
        """See Strategy."""
        scribe = Scribe(self.name, desk)
        yield from widen(query, desk, scribe, self._imagined, fused, "no passage on the question")

    def _imagined(self, scribe: Scribe, question: str) -> list[str]:
        passage = scribe.ask(self._script.messages(question=question), MAX_TOKENS)
        # It speaks of the question, and says more than the question does.
        return [f"{question}\n{passage}"] if 0 < share(passage, question) < 1 else []
