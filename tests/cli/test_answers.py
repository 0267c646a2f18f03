"""Answers as people see them, on a terminal of 40 columns and in a pipe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from dragtor.cli import answers
from dragtor.types import Answer, Decision, Location, Step, Usage
from tests.cli.conftest import citation, hit, sentence

Shown = Callable[[], list[str]]
FIRST = citation("A grade II injury is a complete rupture.", location=Location(page=4))
SECOND = citation("Rings heal in six weeks.", "file:///notes/rings.md", passage="f" * 16)
QUOTES = Answer(
    "How long?",
    "quote",
    f"{FIRST.quote}\n{SECOND.quote}",
    (sentence(FIRST.quote, "yes", FIRST), sentence(SECOND.quote, "yes", SECOND)),
    (hit(FIRST, "pdf"), hit(SECOND, "markdown")),
    None,
    timings={"total_s": 0.04},
)


def written() -> Answer:
    sentences = (
        sentence("Six weeks.", "yes", SECOND, FIRST),
        sentence("With a ring.", "partly", FIRST),
        sentence("Bananas help.", "no"),
    )
    text = " ".join(one.text for one in sentences)
    return Answer("How long?", "answer", text, sentences, QUOTES.hits, "m", usage=Usage(7, 3))


def joined(shown: Shown) -> str:
    return " ".join(" ".join(shown()).split())


def test_sentences_carry_the_numbers_of_their_footnotes(shown: Shown) -> None:
    answers.answer(written())
    page = joined(shown)
    assert page.startswith(
        "Six weeks. [1][2] With a ring. [2] (partly) Bananas help. (no source) Sources"
    )
    assert "[1] Pulleys “Rings heal in six weeks.” Healing · /notes/rings.md · ffffffff" in page
    assert "[2] Pulleys “A grade II injury is a complete rupture.” p. 4" in page
    assert page.endswith("m · 0.0 s · 7 tokens read · 3 written")


def test_lines_keep_to_a_terminal_but_for_addresses(shown: Shown, terminal: bool) -> None:
    answers.answer(written())
    assert all(len(line) <= 40 or "://" in line for line in shown() if terminal)


def test_a_place_too_long_for_its_line_stands_above_its_address(
    shown: Shown, terminal: bool
) -> None:
    answers.answer(QUOTES)
    lines = [line.strip() for line in shown()]
    if terminal:
        at = lines.index("p. 4 · 01234567")
        assert lines[at + 1] == FIRST.uri
    else:
        assert f"p. 4 · {FIRST.uri} · 01234567" in lines


def test_quotes_are_shown_as_the_sources_own_words_and_said_once(shown: Shown) -> None:
    answers.answer(QUOTES)
    lines = shown()
    assert lines[0] == "In the words of your sources:"
    assert [line for line in lines if "“" in line] == [
        line for line in lines if line.startswith("│ “")
    ]
    page = joined(shown).replace("│ ", "")
    assert "“A grade II injury is a complete rupture.” [1] “Rings heal in six weeks.” [2]" in page
    assert page.endswith("no model was asked · 0.0 s")


@pytest.mark.parametrize(
    ("asked", "model", "said"),
    [
        (3, None, "quoted · the model was asked 3 times on the way · 0.0 s · 90 tokens read"),
        (1, "m", "m · the model was asked 1 time on the way · 0.0 s · 90 tokens read"),
    ],
)
def test_the_model_that_only_searched_is_counted(
    shown: Shown, asked: int, model: str | None, said: str
) -> None:
    steps = [Step("prompt", "agent")] * asked + [Step("prompt", "answer")] * (model is not None)
    answers.answer(replace(QUOTES, model=model, trace=tuple(steps), usage=Usage(90, 9)))
    assert said in joined(shown)
    assert "no model was asked" not in joined(shown)


def test_what_a_footnote_shares_with_the_one_above_is_said_once(shown: Shown) -> None:
    cited = [citation(f"{n}. Sentence {n}.", passage=f"{n:016}") for n in range(1, 12)]
    text = " ".join(one.quote for one in cited)
    sentences = tuple(sentence(one.quote, "yes", one) for one in cited)
    answers.answer(Answer("q?", "answer", text, sentences, (), "m"))
    lines = shown()[shown().index("Sources") + 1 :]
    assert sum("Pulleys" in line for line in lines) == 1
    assert sum("https://" in line for line in lines) == 1
    assert lines[lines.index("[2] “Sentence 2.”") + 1] == "    Healing · 00000000"
    assert "[11] “Sentence 11.”" in lines


def test_a_refusal_shows_the_nearest_and_how_likely_an_answer_was(shown: Shown) -> None:
    refusal = Answer(
        "Who won?",
        "refusal",
        "The sources do not say.",
        (),
        QUOTES.hits,
        None,
        nearest=(SECOND, FIRST),
        decision=Decision(0.124, refuse=True),
    )
    assert answers.footnotes(refusal) == (SECOND, FIRST)
    answers.answer(refusal)
    page = joined(shown)
    assert page.startswith("The sources do not say. Nearest in your sources [1] Pulleys “Rings")
    assert "[2] Pulleys “A grade" in page
    assert page.endswith("chance of an answer: 12%")


def test_a_refusal_without_anything_near_is_one_sentence(shown: Shown) -> None:
    answers.answer(Answer("Who?", "refusal", "Not said.", (), (), None))
    assert shown() == ["Not said.", "", "no model was asked · 0.0 s"]


def test_a_question_back_stands_alone(shown: Shown) -> None:
    answers.answer(Answer("does it?", "clarification", "What do you mean by it?", (), (), None))
    assert shown() == ["What do you mean by it?"]


def test_a_follow_up_is_shown_as_it_was_understood(shown: Shown) -> None:
    answers.answer(replace(QUOTES, rewritten="How long does a ring heal?"))
    assert joined(shown).startswith("understood as: How long does a ring heal? In the words")


@pytest.mark.parametrize("make", [lambda: QUOTES, written], ids=["quote", "answer"])
def test_no_source_talks_to_the_terminal(shown: Shown, make: Callable[[], Answer]) -> None:
    evil = "\x1b]0;x\x07 \u202eabc עברית"
    value = make()
    bad = replace(FIRST, quote=evil, title=evil, location=Location(heading=evil))
    answers.answer(
        replace(value, text=evil, rewritten=evil, sentences=(sentence(evil, "yes", bad),))
    )
    page = "\n".join(shown())
    assert "עברית" in page
    assert not any(mark in page for mark in "\x1b\x07\u202e")
