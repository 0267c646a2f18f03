from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragtor.answer.quoting import nearest, quote
from dragtor.passages import sentence_spans
from dragtor.types import Evidence, Hit, Location
from tests.answer.conftest import hit


def found(relevance: Sequence[float], *hits: Hit) -> tuple[Evidence, ...]:
    places = [(one, s) for one in hits for s in sentence_spans(one.passage.text)]
    return tuple(
        Evidence(one, span, worth, worth, worth)
        for (one, span), worth in zip(places, relevance, strict=True)
    )


def quoted(evidence: Sequence[Evidence], sentences: int) -> list[str]:
    return [sentence.text for sentence in quote(evidence, sentences)]


def test_the_best_are_quoted_in_the_order_they_stand() -> None:
    late = hit("Tape heals nothing at all. Hangboards need warm fingers.", start=100)
    early = hit("A pulley tears with a loud pop.", start=10)
    evidence = found([0.5, 0.8, 0.9], late, early)
    expected = ["A pulley tears with a loud pop.", "Hangboards need warm fingers."]
    assert quoted(evidence, 2) == expected
    first, second = quote(evidence, 2)
    assert (first.support.verdict, first.support.score) == ("yes", 1.0)
    assert second.citations[0].start == 100 + len("Tape heals nothing at all. ")
    assert second.citations[0].quote == second.text


def test_it_stops_where_relevance_falls_off() -> None:
    evidence = found(
        [0.8, 0.59, 0.61], hit("Rest it for weeks. Buy new ropes soon. Load it very slowly.")
    )
    assert quoted(evidence, 3) == ["Rest it for weeks.", "Load it very slowly."]


def test_what_was_said_is_not_quoted_again() -> None:
    said = hit("A complete tear heals in twelve weeks.")
    again = hit("The complete tear heals within twelve weeks.", document="d2")
    other = hit("Tape the finger for months.", document="d3")
    evidence = found([0.9, 0.89, 0.8], said, again, other)
    assert quoted(evidence, 2) == [said.passage.text, other.passage.text]


@pytest.mark.parametrize(
    "fragment", ["How long does a pulley take?", "| A2 | twelve weeks | tape |", "Pulley taping"]
)
def test_what_states_nothing_comes_after_what_does(fragment: str) -> None:
    evidence = found([0.9, 0.85], hit(fragment), hit("It takes twelve weeks to heal.", start=90))
    assert quoted(evidence, 1) == ["It takes twelve weeks to heal."]
    assert quoted(evidence[:1], 1) == [fragment]


def test_a_sentence_that_leans_brings_the_one_before_it_if_there_is_room() -> None:
    evidence = found(
        [0.1, 0.9, 0.2], hit("The A2 pulley is a ligament. It heals in twelve weeks. Buy a rope.")
    )
    assert quoted(evidence, 1) == ["It heals in twelve weeks."]
    assert quoted(evidence, 2) == ["The A2 pulley is a ligament.", "It heals in twelve weeks."]
    other = found([0.1, 0.9, 0.8], hit("A ligament it is. It heals in weeks. Tape helps fingers."))
    assert quoted(other, 2) == ["It heals in weeks.", "Tape helps fingers."]


def test_the_nearest_come_nearest_first() -> None:
    evidence = found([0.1, 0.9, 0.5], hit("One here. Two here. Three here."))
    assert [one.quote for one in nearest(evidence, 2)] == ["Two here.", "Three here."]
    assert nearest((), 2) == ()


@given(st.lists(st.text(min_size=1, max_size=80), min_size=1, max_size=3), st.data())
def test_quotes_of_any_text_are_in_it(texts: list[str], data: st.DataObject) -> None:
    hits = [hit(text, document=f"d{n}", start=7 * n) for n, text in enumerate(texts)]
    n = sum(len(sentence_spans(text)) for text in texts)
    worth = data.draw(st.lists(st.floats(-1, 1), min_size=n, max_size=n))
    evidence = found(worth, *hits)
    sentences = quote(evidence, 3)
    assert len(sentences) <= 3
    assert bool(sentences) == bool(evidence)
    for sentence in sentences:
        (citation,) = sentence.citations
        passage = next(h.passage for h in hits if h.passage.id == citation.passage_id)
        start, end = citation.start - passage.start, citation.end - passage.start
        assert passage.text[start:end] == citation.quote == sentence.text


@pytest.mark.parametrize("heading", ["References", "7. Further reading:"])
def test_a_list_of_references_is_the_last_thing_to_be_quoted(heading: str) -> None:
    work = replace(
        hit("Heel hooks and how they injure the knee."), location=Location(heading=heading)
    )
    said = hit("The hamstrings pull on the bent knee.", start=90)
    evidence = found([0.9, 0.5], work, said)
    assert quoted(evidence, 2) == [said.passage.text]
    assert [place.quote for place in nearest(evidence, 1)] == [said.passage.text]


def test_a_row_of_a_table_is_the_last_thing_to_be_quoted() -> None:
    row = hit("| A2 | twelve weeks | tape |")
    said = hit("It takes twelve weeks to heal.", start=90)
    evidence = found([0.9, 0.3], row, said)
    assert quoted(evidence, 2) == [said.passage.text]
    assert [place.quote for place in nearest(evidence, 1)] == [said.passage.text]
    assert quoted(evidence[:1], 1) == [row.passage.text]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A flapper is a torn callus. Wash it and cover it.", 2),
        ("Flappers are the torn calluses of climbers. Wash them and cover them.", 2),
        ("A flapper is a torn callus. What is to be done?", 1),
        ("A flapper is a torn callus. A split is a crack.", 1),
        ("A flapper hurts for many days. Wash it and cover it.", 1),
    ],
)
def test_what_follows_a_definition_comes_along_where_there_is_room(
    text: str, expected: int
) -> None:
    evidence = found([0.6, 0.35], hit(text))
    assert len(quoted(evidence, 2)) == expected
    assert len(quoted(evidence, 1)) == 1
    far = found([0.6, 0.25], hit(text))
    assert len(quoted(far, 2)) == 1


def test_what_is_about_something_else_gives_way() -> None:
    evidence = found([0.6, 0.5], hit("Grade IV is operated on here. Grade II heals by itself."))
    assert quoted(evidence, 1) == ["Grade IV is operated on here."]
    (sentence,) = quote(evidence, 1, "Is grade II operated on?")
    assert sentence.text == "Grade II heals by itself."
    (place,) = nearest(evidence, 1, "Is grade II operated on?")
    assert place.quote == sentence.text
