"""Ask: a question is understood, evidence is gathered, an answer is made of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from dragtor.interfaces import Rewriter
from dragtor.log import logger
from dragtor.text import require_words
from dragtor.types import (
    Answer,
    Gathered,
    Notice,
    Query,
    Rewritten,
    Step,
    Token,
    Turn,
)

Event = Token | Notice | Step | Answer
Gather = Callable[[Query], Iterator[Step | Notice | Gathered]]
MakeAnswer = Callable[[Query, Gathered, Sequence[Turn]], Iterator[Event]]


class Asking:
    """Takes a question from how it was typed to its answer.

    ``advise`` says what goes before any answer to a question.
    """

    def __init__(
        self,
        gather: Gather,
        answer: MakeAnswer,
        rewriter: Rewriter,
        advise: Callable[[str], Sequence[Notice]],
    ) -> None:
        self._gather = gather
        self._answer = answer
        self._rewriter = rewriter
        self._advise = advise

    def ask(self, query: Query, history: Sequence[Turn]) -> Iterator[Event]:
        """Tokens, notices and steps as they come; the last item is the answer, with all of them."""
        course = _Course(query)
        for event in self._events(query, history, course):
            course.note(event)
            yield course.complete(event) if isinstance(event, Answer) else event

    def _events(self, query: Query, history: Sequence[Turn], course: _Course) -> Iterator[Event]:
        require_words(query.text)
        yield from self._advise(query.text)
        rewritten = self._rewriter.rewrite(query.text, history)
        yield from rewritten.steps
        yield _decided(rewritten)
        if rewritten.clarify:
            yield Answer(query.text, "clarification", rewritten.clarify, (), (), None)
            return
        course.understood = rewritten
        query = replace(query, text=rewritten.text)
        gathered = None
        for item in self._gather(query):
            if isinstance(item, Gathered):
                gathered = item
            else:
                yield item
        assert gathered is not None, "a strategy ends with what it gathered"
        course.gathered()
        yield from gathered.result.notices
        yield from self._answer(query, gathered, [turn for turn in history if turn.shown])


def _decided(rewritten: Rewritten) -> Step:
    """What the question is taken to be."""
    asked_back = {"asks_back": rewritten.clarify} if rewritten.clarify else {}
    return Step("decision", "rewrite", {"text": rewritten.text, "by": rewritten.by, **asked_back})


class _Course:
    """How an answer comes about: what was said and done, and when."""

    def __init__(self, query: Query) -> None:
        self.understood: Rewritten | None = None
        self._query = query
        self._started = time.perf_counter()
        self._retrieve_s = 0.0
        self._notices: list[Notice] = []
        self._steps: list[Step] = []

    def note(self, event: Event) -> None:
        """Keep a notice or a step."""
        if isinstance(event, Notice):
            self._notices.append(event)
        elif isinstance(event, Step):
            self._steps.append(event)

    def gathered(self) -> None:
        """Everything up to now was retrieval."""
        self._retrieve_s = time.perf_counter() - self._started

    def complete(self, answer: Answer) -> Answer:
        """The answer with all that was said and done on the way to it."""
        logger.info("ask: {} by {}, {}", answer.kind, answer.model, answer.usage)
        asked, understood = self._query.text, self.understood
        first = self._retrieve_s + answer.timings.get("first_token_s", 0.0)
        return replace(
            answer,
            question=asked,
            rewritten=understood.text if understood and understood.text != asked else None,
            usage=sum((step.usage for step in self._steps), answer.usage),
            notices=tuple(dict.fromkeys((*self._notices, *answer.notices))),
            trace=tuple(self._steps),
            timings={
                **answer.timings,
                "retrieve_s": self._retrieve_s,
                "first_token_s": first,
                "total_s": time.perf_counter() - self._started,
            },
        )
