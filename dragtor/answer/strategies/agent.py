"""Let a model choose, step by step, what to look at: search, read, compare, finish.

Yao et al., "ReAct: Synergizing Reasoning and Acting in Language Models" (2022), with a fixed list
of actions, each chosen by filling in a form. An action can only look at what the question may see,
so no source and no model can make it fetch, run or write anything; what is found is evidence like
any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from dragtor.answer import trace
from dragtor.answer.merge import first, supplemented
from dragtor.answer.script import Script
from dragtor.answer.strategies.findings import Findings, Known
from dragtor.answer.strategies.scribe import Scribe
from dragtor.answer.strategies.widen import searched
from dragtor.answer.structured import Wording
from dragtor.errors import QueryError
from dragtor.interfaces import Desk
from dragtor.text import content_stems
from dragtor.types import Gathered, Notice, Query, Step

MOVE_TOKENS = 80
COMPARISON_TOKENS = 80
REFUSED = 2
"""So many moves that cannot be made are the last."""
QUOTED_CHARS = 1_200
"""So much of each of two sources is read to compare them."""


class Move(BaseModel):
    """What the model wants to do next."""

    model_config = ConfigDict(frozen=True)

    action: Literal["search", "read", "compare", "finish"]
    text: Annotated[str, Field(max_length=120, description="what to search for")] = ""
    sources: Annotated[tuple[int, ...], Field(max_length=2)] = ()

    @property
    def does(self) -> tuple[object, ...]:
        """The move without what its action does not look at."""
        if self.action == "search":
            return (self.action, frozenset(content_stems(self.text)))
        return (self.action, *sorted(self.sources))


class Comparison(BaseModel):
    """What two sources say on the same question."""

    model_config = ConfigDict(frozen=True)

    agree: Literal["yes", "no", "unclear"]
    point: Annotated[str, Field(max_length=160, description="where they agree or differ")]


class AgentStrategy:
    """Fits :class:`dragtor.interfaces.Strategy`.

    It begins with the plain search, whose best comes first; what only the model's moves found takes
    turns with it. Where the model gives no move, or the same one again, it ends with what there is
    by then.

    Parameters
    ----------
    prompt
        Holds ``{question}``, ``{sources}`` (those found, numbered) and ``{done}``.
    compare
        Holds ``{question}``, ``{first}`` and ``{second}``.
    wording
        How it is asked to fill in forms.
    max_steps
        Moves at most. Each costs up to two calls of the model, a comparison up to four.
    """

    name = "agent"

    def __init__(self, prompt: str, compare: str, wording: Wording, max_steps: int) -> None:
        self._script = Script.parse("agent", prompt, "question", "sources", "done")
        self._compare = Script.parse("compare", compare, "question", "first", "second")
        self._wording = wording
        self._max_steps = max_steps

    def gather(self, query: Query, desk: Desk) -> Iterator[Step | Notice | Gathered]:
        """See Strategy."""
        scribe = Scribe(self.name, desk, self._wording)
        own = yield from searched(query, query.text, desk)
        findings = Findings(query, own, self._script)
        yield from self._moves(scribe, findings, desk)
        found = findings.found()
        result = supplemented(query, own, found) if found else first(query, own)
        yield trace.listed(self.name, result.hits)
        yield Gathered(result)

    def _moves(self, scribe: Scribe, findings: Findings, desk: Desk) -> Iterator[Step | Notice]:
        made: set[tuple[object, ...]] = set()
        refused = 0
        for _ in range(self._max_steps):
            prompt = self._script.messages(
                question=findings.query.text, sources=findings.listed(), done=findings.done()
            )
            move = scribe.fill(prompt, Move, MOVE_TOKENS)
            yield from scribe.steps()
            if move is None or move.does in made:
                yield from self._end(scribe, findings, _why(move))
                return
            made.add(move.does)
            yield scribe.decided(**move.model_dump(mode="json"))
            if move.action == "finish":
                findings.choose(move.sources)
                return
            try:
                yield from self._make(move, scribe, findings, desk)
            except QueryError as error:
                refused += 1
                findings.note(str(error))
                yield scribe.decided(refused=str(error))
                if refused == REFUSED:
                    yield from self._end(scribe, findings, "the model's steps make no sense")
                    return
        steps = f"{self._max_steps} step{'' if self._max_steps == 1 else 's'}"
        text = f"the agent stopped after {steps} (agent.max_steps)"
        yield Notice("agent_stopped", f"{text}: the answer rests on what it had found by then")

    def _make(
        self, move: Move, scribe: Scribe, findings: Findings, desk: Desk
    ) -> Iterator[Step | Notice]:
        """Do what the model wants. Raises QueryError where that cannot be."""
        if move.action == "search":
            findings.check_search(move.text)
            result = yield from searched(findings.query, move.text, desk)
            findings.add_search(move.text, result)
            return
        sources = findings.sources(move.sources, 1 if move.action == "read" else 2)
        for source in sources:
            yield findings.read(source, desk.read(findings.query, source.id))
        if move.action == "compare":
            yield from self._comparison(scribe, findings, *sources)

    def _comparison(
        self, scribe: Scribe, findings: Findings, one: Known, other: Known
    ) -> Iterator[Step]:
        prompt = self._compare.messages(
            question=findings.query.text,
            first=one.text[:QUOTED_CHARS],
            second=other.text[:QUOTED_CHARS],
        )
        said = scribe.fill(prompt, Comparison, COMPARISON_TOKENS)
        yield from scribe.steps()
        agree, point = (said.agree, said.point) if said else ("unclear", "")
        findings.note(f"compared {one.number} and {other.number}: agree: {agree}. {point}".strip())
        yield scribe.decided(compared=[one.title, other.title], agree=agree, point=point)

    def _end(self, scribe: Scribe, findings: Findings, why: str) -> Iterator[Step | Notice]:
        if findings.found():
            yield scribe.decided(finish=why)
        else:
            yield from scribe.fallback(why)


def _why(move: Move | None) -> str:
    return "the model gave no next step" if move is None else "the model repeats itself"
