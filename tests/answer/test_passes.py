from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragtor.answer import passes
from dragtor.answer.passes import Reader, in_windows
from dragtor.answer.prompt import Templates, build_prompt, excerpt_text
from dragtor.types import Excerpt, Hit, Notice, Prompt, Step
from tests.answer.conftest import hit
from tests.fakes import ScriptedModel, WordChecker, WordFinder

REFUSAL = "The sources do not answer this question."
TEMPLATES = Templates("Rules: {refusal}", "{passages}", "Question: {question}", REFUSAL)
QUESTION = "How do pulleys heal?"
PASSAGES = tuple(
    replace(hit(text, start=100 * number), rank=number)
    for number, text in enumerate(
        (
            "Pulleys heal in six weeks. A ring helps. Cats sleep a lot.",
            "Tape is no ring. Rest is not enough.",
            "Load the finger early. Pain may reach three of ten.",
            "Chalk dries the skin. Brush the holds.",
        ),
        start=1,
    )
)


def read(
    model: ScriptedModel, hits: Sequence[Hit] = PASSAGES, max_tokens: int = 20
) -> tuple[list[Step | Notice], tuple[Excerpt, ...]]:
    def make_prompt(excerpts: Sequence[Excerpt]) -> Prompt:
        return build_prompt(
            QUESTION, excerpts, (), TEMPLATES, model.count, model.context_tokens, max_tokens
        )

    room = model.context_tokens - max_tokens
    reader = Reader(model, WordChecker(), make_prompt, room, "Question:", REFUSAL)
    reading = reader.read(WordFinder().find(QUESTION, hits), hits)
    events: list[Step | Notice] = []
    while True:
        try:
            events.append(next(reading))
        except StopIteration as end:
            return events, end.value


def test_what_fits_is_read_at_once_and_no_model_is_asked_before() -> None:
    model = ScriptedModel([])
    events, excerpts = read(model)
    assert [excerpt.hit for excerpt in excerpts] == list(PASSAGES)
    assert events == []


def test_what_does_not_fit_is_read_window_by_window_and_what_holds_is_kept() -> None:
    drafts = [
        "A ring helps. Pulleys heal in six weeks. The moon is made of cheese.",
        "Pain may reach three of ten.",
    ]
    model = ScriptedModel(drafts, context_tokens=65)
    events, excerpts = read(model)
    assert model.answers == []
    assert [excerpt_text(excerpt) for excerpt in excerpts] == [
        "Pulleys heal in six weeks. A ring helps.",
        "Pain may reach three of ten.",
    ]
    assert [excerpt.hit.passage.id for excerpt in excerpts] == ["d1:100", "d1:300"]
    steps = [event for event in events if isinstance(event, Step)]
    assert [(step.kind, step.name) for step in steps] == [
        ("prompt", "pass 1 of 2"),
        ("reply", "pass 1 of 2"),
        ("prompt", "pass 2 of 2"),
        ("reply", "pass 2 of 2"),
        ("decision", "passes"),
    ]
    assert steps[-1].detail == {"passes": 2, "kept_sentences": 3}


def test_windows_that_hold_no_answer_leave_nothing() -> None:
    model = ScriptedModel([REFUSAL, "Bananas orbit Saturn nightly."], context_tokens=65)
    _, excerpts = read(model)
    assert excerpts == ()


def test_of_too_many_windows_those_that_bear_on_the_question_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(passes, "MOST_PASSES", 1)
    model = ScriptedModel(["A ring helps."], context_tokens=65)
    events, excerpts = read(model, (PASSAGES[3], PASSAGES[2], PASSAGES[0]))
    assert [excerpt.hit.passage.id for excerpt in excerpts] == ["d1:100"]
    (notice,) = [event for event in events if isinstance(event, Notice)]
    assert (notice.code, "1 of 2 parts" in notice.text) == ("partly_read", True)


@given(st.lists(st.integers(0, 9)), st.integers(1, 20))
def test_windows_hold_everything_in_order_and_as_much_as_fits(sizes: list[int], room: int) -> None:
    windows = in_windows(sizes, sizes, room)
    assert [size for window in windows for size in window] == sizes
    assert all(len(window) == 1 or sum(window) <= room for window in windows)
    for window, after in pairwise(windows):
        assert sum(window) + after[0] > room
