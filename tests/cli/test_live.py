"""What people see while an answer is made, and what stays of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dragtor.cli import live, render
from dragtor.cli.live import _doing, _Seen
from dragtor.types import Answer, Notice, Step, Token

Shown = Callable[[], list[str]]
REFUSAL = Answer("Who?", "refusal", "Not said.", (), (), "m")
URGENT = Notice("emergency", "This may be an emergency. Seek medical help now, before reading on.")


def test_a_draft_that_is_refused_does_not_stay(shown: Shown) -> None:
    events: list[Step | Token | Answer] = [
        Step("query", "plain", {"text": "Who?"}),
        Token("Bananas "),
        Token("won."),
        REFUSAL,
    ]
    assert live.stream(events, live=True) is REFUSAL
    assert shown() == []


def test_a_long_draft_leaves_nothing_either(shown: Shown) -> None:
    assert live.stream([*[Token("word " * 9)] * 40, REFUSAL], live=True) is REFUSAL
    assert shown() == []


def test_the_newest_words_are_seen_where_not_all_have_room(shown: Shown) -> None:
    seen = _Seen()
    seen.note(Token("\n".join(f"line {number}" for number in range(100))))
    render.out.print(seen.shown())
    lines = shown()
    assert len(lines) < render.out.height
    assert lines[-3:-1] == ["line 99", ""]


def test_an_emergency_is_said_before_any_word_and_once(shown: Shown) -> None:
    seen: list[list[str]] = []

    def events() -> object:
        yield URGENT
        seen.append(shown())
        yield Token("Bananas")
        yield REFUSAL

    live.stream(events(), live=True)  # type: ignore[arg-type]
    assert seen[0][:2] == [
        "! This may be an emergency. Seek medical",
        "! help now, before reading on.",
    ]
    render.notices([URGENT], set())
    assert " ".join(shown()).count("emergency") == 1


def test_programs_see_nothing_before_the_end(shown: Shown) -> None:
    live.stream([URGENT, Token("x"), REFUSAL], live=False, traced=False)
    assert shown() == []


def test_what_stands_with_every_answer_is_said_once(shown: Shown) -> None:
    said: set[Notice] = set()
    for _ in range(2):
        render.notices([Notice("domain", "No medical advice.")], said)
    assert shown() == ["No medical advice."]


@pytest.mark.parametrize(
    ("step", "line"),
    [
        (Step("query", "hybrid", {"text": "finger pulley"}), "searching: finger pulley"),
        (Step("hits", "hybrid", {"hits": [1, 2]}), "reading 2 passages"),
        (Step("prompt", "answer", {"tokens": 812}), "reading 812 tokens"),
        (Step("prompt", "decompose", {"tokens": 1}), "decompose: asking the model, 1 token"),
        (Step("reply", "answer", {"text": "x"}), "checking each sentence"),
        (Step("decision", "sources hold it", {}), ""),
    ],
)
def test_each_step_says_what_comes_next(step: Step, line: str) -> None:
    assert _doing(step) == line


def test_what_is_being_done_keeps_to_one_line(shown: Shown, terminal: bool) -> None:
    seen = _Seen()
    seen.note(Step("query", "hybrid", {"text": "long \x1b word\n" * 20}))
    render.out.print(seen.shown())
    (line,) = shown()
    assert len(line) <= 40
    assert line.endswith("…")


def test_steps_are_printed_as_they_are_done_if_wanted(shown: Shown) -> None:
    steps = [
        Step("query", "hybrid", {"text": "Who?", "k": 4}),
        Step(
            "hits",
            "hybrid",
            {"hits": [{"rank": 1, "title": "T", "score": 0.5, "text": "a\nb"}]},
            0.123,
        ),
        Step("prompt", "answer", {"messages": [{"role": "user", "content": "Who?\n\nNow."}]}),
        Step("decision", "draft holds", {"answerable": 0.5, "refuse": False, "near": ["a", "b"]}),
    ]
    live.stream([*steps, REFUSAL], live=True, traced=True)
    assert [line for line in shown() if line] == [
        " 1 query hybrid",
        "   text: Who?",
        "   k: 4",
        " 2 hits hybrid · 0.12 s",
        "   1  T  0.5",
        "      a b",
        " 3 prompt answer",
        "   ── user",
        "   Who?",
        "   Now.",
        " 4 decision draft holds",
        "   answerable: 0.5",
        "   refuse: false",
        '   near: ["a", "b"]',
    ]
