"""Ask the parts of a question one by one, so that each part is represented in what is found.

Press et al., "Measuring and Narrowing the Compositionality Gap in Language Models" (2022).
"""

from __future__ import annotations

from collections.abc import Iterator

from dragtor.answer.merge import interleaved
from dragtor.answer.script import Script
from dragtor.answer.strategies.replies import is_echo, lines, share
from dragtor.answer.strategies.scribe import Scribe
from dragtor.answer.strategies.widen import widen
from dragtor.interfaces import Desk
from dragtor.types import Gathered, Notice, Query, Step

MAX_TOKENS = 80
MAX_PARTS = 3
OWN_WORDS = 0.5
"""A part speaks of the question: so many of its words that carry meaning are the question's."""


class DecomposeStrategy:
    """Fits :class:`dragtor.interfaces.Strategy`. ``prompt`` holds ``{question}``."""

    name = "decompose"

    def __init__(self, prompt: str) -> None:
        self._script = Script.parse("decompose", prompt, "question")

    def gather(self, query: Query, desk: Desk) -> Iterator[Step | Notice | Gathered]:
        """See Strategy."""
        scribe = Scribe(self.name, desk)
        yield from widen(query, desk, scribe, self._parts, interleaved, "no parts of the question")

    def _parts(self, scribe: Scribe, question: str) -> list[str]:
        reply = lines(scribe.ask(self._script.messages(question=question), MAX_TOKENS))
        parts: list[str] = []
        for line in reply:
            known = any(is_echo(line, other) for other in (question, *parts))
            if not known and share(line, question) >= OWN_WORDS:
                parts.append(line)
        return parts[:MAX_PARTS]
