from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from dragtor.asking import Asking, Event
from dragtor.errors import QueryError
from dragtor.types import (
    Answer,
    Gathered,
    Notice,
    Query,
    Rewritten,
    SearchResult,
    Step,
    Token,
    Turn,
    Usage,
)

PENDING, DOMAIN = Notice("pending", "1 document"), Notice("domain", "no advice")
LOOKED = Step("query", "keyword", {"text": "x"})


class Pipeline:
    """What Asking is given: each part notes what it was asked."""

    def __init__(self, rewritten: Rewritten | None = None) -> None:
        self.rewritten = rewritten
        self.gathered: list[Query] = []
        self.answered: list[tuple[Query, Sequence[Turn]]] = []

    def gather(self, query: Query) -> Iterator[Step | Notice | Gathered]:
        self.gathered.append(query)
        yield LOOKED
        yield Gathered(SearchResult(query.text, (), {}, (PENDING,)))

    def answer(self, query: Query, gathered: Gathered, history: Sequence[Turn]) -> Iterator[Event]:
        self.answered.append((query, history))
        yield Token("Weeks.")
        timings = {"first_token_s": 0.5, "total_s": 0.7}
        usage = Usage(7, 2)
        yield Answer(
            query.text, "answer", "Weeks.", (), (), "m", (PENDING,), usage, timings=timings
        )

    def rewrite(self, question: str, history: Sequence[Turn]) -> Rewritten:
        return self.rewritten or Rewritten(question)

    def ask(self, question: str, history: Sequence[Turn] = ()) -> tuple[list[Event], Answer]:
        asking = Asking(self.gather, self.answer, self, lambda _: (DOMAIN,))
        *events, answer = asking.ask(Query(question), history)
        assert isinstance(answer, Answer)
        return events, answer


def test_events_come_in_order_and_the_answer_holds_them_all() -> None:
    events, answer = Pipeline().ask("How long?")
    rewrite = Step("decision", "rewrite", {"text": "How long?", "by": "asked"})
    assert events == [DOMAIN, rewrite, LOOKED, PENDING, Token("Weeks.")]
    assert answer.trace == (rewrite, LOOKED)
    assert answer.notices == (DOMAIN, PENDING)
    assert answer.rewritten is None


def test_the_time_to_the_first_word_counts_from_the_question() -> None:
    _, answer = Pipeline().ask("How long?")
    assert answer.timings["first_token_s"] == 0.5 + answer.timings["retrieve_s"]
    assert 0 < answer.timings["retrieve_s"] <= answer.timings["total_s"] < 1


def test_a_follow_up_is_answered_as_it_was_understood_and_kept_as_it_was_asked() -> None:
    parts = Pipeline(Rewritten("How long does the A2 take?", "rules"))
    _, answer = parts.ask("How long does it take?", [Turn("Which pulley?", "The A2.")])
    assert parts.gathered[0].text == "How long does the A2 take?"
    assert parts.answered[0][0].text == "How long does the A2 take?"
    assert answer.question == "How long does it take?"
    assert answer.rewritten == "How long does the A2 take?"


def test_the_model_is_shown_only_turns_that_are_to_be_shown() -> None:
    parts = Pipeline()
    shown = Turn("Which pulley?", "The A2.")
    parts.ask("How long?", [Turn("Who?", "Nothing found.", shown=False), shown])
    assert list(parts.answered[0][1]) == [shown]


def test_what_cannot_be_understood_is_asked_back_and_nothing_is_searched() -> None:
    parts = Pipeline(Rewritten("Does it?", clarify="What is “it”?"))
    events, answer = parts.ask("Does it?")
    assert (answer.kind, answer.text, answer.model) == ("clarification", "What is “it”?", None)
    assert (parts.gathered, parts.answered) == ([], [])
    decided = {"text": "Does it?", "by": "asked", "asks_back": "What is “it”?"}
    assert events == [DOMAIN, Step("decision", "rewrite", decided)]
    assert answer.trace == (events[1],)


def test_all_that_models_read_and_wrote_on_the_way_is_counted() -> None:
    said = Step("reply", "rewrite", {"text": "How long?"}, 0.5, Usage(30, 4))
    parts = Pipeline(Rewritten("How long?", "model", steps=(said,)))
    _, answer = parts.ask("And?")
    assert answer.usage == Usage(30 + 7, 4 + 2)
    assert answer.trace[0] == said


def test_a_question_without_a_word_is_refused() -> None:
    with pytest.raises(QueryError, match="nothing to search for"):
        Pipeline().ask("?!")
