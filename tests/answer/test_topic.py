from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragtor.answer.topic import ASIDE, OTHER, strangeness
from dragtor.passages import sentence_spans
from dragtor.types import Evidence, Hit, Location
from tests.answer.conftest import hit


def evidence(*hits: Hit) -> list[Evidence]:
    return [
        Evidence(one, span, 0.5, 0.5, 0.5)
        for one in hits
        for span in sentence_spans(one.passage.text)
    ]


def losses(question: str, *hits: Hit) -> dict[str, float]:
    found = evidence(*hits)
    return {item.text: loss for item, loss in zip(found, strangeness(question, found), strict=True)}


@pytest.mark.parametrize(
    ("question", "kept", "other"),
    [
        ("rest for grade 4?", ["Grade IV needs surgery."], ["Grade II heals.", "Grades 1-3 rest."]),
        (
            "rest for grade II?",
            ["Grade II heals.", "Grades 1-3 rest."],
            ["Grade IV needs surgery."],
        ),
        (
            "a grade three tear?",
            ["Grades 1-3 rest."],
            ["Grade II heals.", "Grade IV needs surgery."],
        ),
        ("which grades are there?", ["Grade II heals.", "Grade IV needs surgery."], []),
        ("rest in week 4?", ["Grade II heals.", "Grade IV needs surgery."], []),
    ],
)
def test_another_grade_is_another_thing(question: str, kept: list[str], other: list[str]) -> None:
    text = "Grade II heals. Grade IV needs surgery. Grades 1-3 rest. Rest is good."
    found = losses(question, hit(text, title=""))
    assert found["Rest is good."] == 0.0
    assert [found[sentence] for sentence in kept] == [0.0] * len(kept)
    assert [found[sentence] for sentence in other] == [OTHER] * len(other)


def test_where_a_source_is_about_children_the_others_are_about_somebody_else() -> None:
    adults = hit("The joint swells. In adolescents it may be a fracture.", title="Joints")
    children = hit("The bone cracks.", document="d2", title="Young climbers")
    found = losses("My child has a sore joint", adults, children)
    assert found["The joint swells."] >= OTHER
    assert found["In adolescents it may be a fracture."] < OTHER
    assert found["The bone cracks."] < OTHER
    assert losses("I have a sore wrist", adults, children)["The joint swells."] == 0.0
    alone = hit("The joint swells.", title="Joints")
    assert losses("My child has a sore joint", alone) == {"The joint swells.": 0.0}


def test_what_holds_nothing_that_is_named_gives_way_to_what_does() -> None:
    knee = hit("The anterior cruciate ligament tears. Rest it.", title="Knees")
    finger = hit("The treatment of a torn muscle is tape.", document="d2", title="Fingers")
    found = losses("treatment for a torn ACL?", knee, finger)
    assert list(found.values()) == [0.0, 0.0, OTHER]
    assert losses("treatment for a torn ACL?", finger) == {finger.passage.text: 0.0}


def test_a_sentence_that_lacks_what_another_source_is_called_after_loses_a_little_or_much() -> None:
    named = hit("Rest heals it in weeks.", title="Lumbrical tears")
    beside = hit("A torn pulley is operated on. Lumbricals too.", document="d2", title="Pulleys")
    found = losses("Is a torn lumbrical treated by rest?", named, beside)
    assert found["Rest heals it in weeks."] == 0.0
    assert 0.0 < found["A torn pulley is operated on."] < ASIDE
    assert found["Lumbricals too."] == 0.0
    assert losses("Which lumbrical tears?", named, beside)["A torn pulley is operated on."] > OTHER
    below = replace(beside, location=Location(heading="Lumbrical tears"))
    assert not any(losses("Which lumbrical tears?", named, below).values())


@given(st.text(), st.lists(st.text(min_size=1, max_size=80), max_size=3))
def test_no_text_loses_more_than_both(question: str, texts: list[str]) -> None:
    found = evidence(*(hit(text, document=f"d{n}") for n, text in enumerate(texts)))
    lost = strangeness(question, found)
    assert len(lost) == len(found)
    assert all(0.0 <= loss <= ASIDE + OTHER + 1e-9 for loss in lost)
