"""Questions made by rules: what they are made of, and what they are not made of."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragtor.evaluate.cloze import questions_of, questions_of_heading


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        (
            "Grade IV injuries are operated on, because the tendon can no longer be guided.",
            "Why are Grade IV injuries operated on?",
        ),
        (
            "A heel fracture calls for a scan of the spine because both break together.",
            "Why does a heel fracture call for a scan of the spine?",
        ),
        (
            "Injured fingers should be taped for about six months after surgery.",
            "How long should injured fingers be taped after surgery?",
        ),
        (
            "Torn pulleys heal within eight weeks under a thermoplastic ring.",
            "Within how many weeks do torn pulleys heal under a thermoplastic ring?",
        ),
        (
            "A flapper is a torn callus that hangs on one side.",
            "What is a flapper?",
        ),
        (
            "Cooling after climbing reduces pain for an hour or two, but heals nothing.",
            "What reduces pain for an hour or two?",
        ),
        (
            "Coaches can measure the standing height every three months.",
            "Who can measure the standing height every three months?",
        ),
        (
            "About 40 percent of boulderers fall on a straight arm.",
            "What share of boulderers fall on a straight arm?",
        ),
        (
            "- Climbing shoes are often worn three sizes smaller than street shoes.",
            "Are climbing shoes often worn three sizes smaller than street shoes?",
        ),
    ],
)
def test_a_sentence_becomes_a_question(sentence: str, question: str) -> None:
    made = list(questions_of(sentence))
    assert made[:1] == [question]


@pytest.mark.parametrize(
    "sentence",
    [
        "It should be taped for six months after surgery.",
        "These injuries are treated without surgery in most clinics.",
        "The bridge is a strip of tape under the middle joint.",  # which bridge?
        "Most patients are thirteen to fifteen years old.",  # which patients?
        "Grade II is a complete tear of one of the pulleys.",  # grade II of what?
        "Twelve weeks is a fair trial for tennis elbow.",
        "Pockets are found in jams, slots and side pulls of any wall.",  # a list goes on
        "The usual story is a foot that slips on a wet hold.",
        "A tear that is complete can be felt by most people.",
        "Engines had to be large, because the pressure was low in those days.",
        "Tape may explain why many climbers tear no pulley at all.",
        "The flow was increased and the level of the water fell by two metres.",
        "Headquartered in Bamberg the clinic is known for its care of climbers.",
        "Tape.",
        "Do climbing shoes have to hurt to be of any use?",
    ],
)
def test_what_cannot_stand_alone_becomes_none(sentence: str) -> None:
    assert list(questions_of(sentence)) == []


def test_names_keep_their_capital() -> None:
    text = "A trial by Schöffl of taping is known. Schöffl is a surgeon who climbs in Bamberg."
    assert list(questions_of("Schöffl may be a surgeon in Bamberg.", text))[-1] == (
        "May Schöffl be a surgeon in Bamberg?"
    )
    assert list(questions_of("Taping may be a habit in Bamberg.", text))[-1] == (
        "May taping be a habit in Bamberg?"
    )
    assert list(questions_of("Fresno may be a city in California.", text))[-1] == (
        "May Fresno be a city in California?"
    )


@pytest.mark.parametrize(
    ("heading", "question"),
    [
        ("Do I need surgery?", "Do I need surgery?"),
        ("How to tape a finger", "How do you tape a finger?"),
        ("Why tendons adapt slowly", None),
        ("Why load is the lever", "Why is load the lever?"),
        ("Symptoms", "What are the symptoms of tennis elbow?"),
        ("Prognosis", "What is the prognosis of tennis elbow?"),
        ("Further reading", None),
        ("Why?", None),
    ],
)
def test_a_heading_becomes_a_question(heading: str, question: str | None) -> None:
    made = list(questions_of_heading(heading, "Tennis elbow: what helps"))
    assert made == ([] if question is None else [question])


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=120))
def test_any_text_is_legal(text: str) -> None:
    for question in [*questions_of(f"{text}."), *questions_of_heading(text, text)]:
        assert question.endswith("?")
        assert question.strip() == question
