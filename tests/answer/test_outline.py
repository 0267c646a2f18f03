from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragtor.answer import outline
from dragtor.answer.outline import Outliner
from dragtor.config import Settings
from dragtor.types import Document, DocumentInfo, Location, Mark, Section
from tests.fakes import WORDING, ScriptedModel

PROMPT = Settings().prompts.outline

PULLEYS = "A pulley holds the tendon. The torn pulley heals in a ring. Tape is no ring. " * 40
ANKLES = "An ankle is sprained on landing. Ankles swell. A boot supports the ankle. " * 40


def document(text: str, *marks: Mark) -> Document:
    return Document(DocumentInfo("d", "file:///d", "Climbing", "text"), 1, text, marks)


def sections(made: Document, model: ScriptedModel | None = None) -> list[Section]:
    told: list[tuple[int, int]] = []
    found = Outliner(model, PROMPT, WORDING).outline(
        made, lambda done, total, _: told.append((done, total))
    )
    assert told == [(done, len(found)) for done in range(len(found) + 1)]
    return found


def check(made: Document, found: list[Section]) -> None:
    """Sections follow one another and hold all that is no white space."""
    edges = [0, *(edge for one in found for edge in (one.start, one.end)), len(made.text)]
    assert edges == sorted(edges)
    assert all(one.start < one.end for one in found)
    gaps = [(a, b) for number, (a, b) in enumerate(pairwise(edges)) if number % 2 == 0]
    assert not "".join(made.text[a:b] for a, b in gaps).strip()
    assert all(one.title.strip() and "\n" not in one.title for one in found)


def test_headings_are_sections() -> None:
    text = "# Fingers\n\n## Pulleys\n\nPulleys tear.\n\n## Joints\n\nJoints swell.\n"
    marks = (
        Mark(0, heading="Fingers", level=1),
        Mark(11, heading="Pulleys", level=2),
        Mark(11, page=1),
        Mark(38, heading="Joints", level=2),
    )
    made = document(text, *marks)
    found = sections(made)
    check(made, found)
    assert [(one.start, one.title, one.level, one.titled) for one in found] == [
        (0, "Pulleys", 2, "heading"),
        (38, "Joints", 2, "heading"),
    ]
    assert found[1].location == Location(page=1, heading="Joints")
    assert found[1].topics == ()  # its heading says all


def test_bylines_references_and_headings_are_no_topics() -> None:
    text = (
        "Elbows\n\n*By Ann Library · 2026-11-20*\nBy Ann Library, 2026-11-20\n\n"
        "The tendon of an elbow thickens; a tendon of elbows needs load.\n\n"
        "References\n\nSmith, Journal of Sports. Jones, Journal of Sports.\n"
    )
    at = text.index("References")
    made = document(text, Mark(0, heading="Elbows", level=1), Mark(at, heading="References"))
    elbows, references = sections(made)
    assert elbows.topics == ("tendon",)
    assert references.topics == ()


def test_a_transcript_is_cut_where_its_topic_changes_and_named_by_its_words() -> None:
    made = document(PULLEYS + ANKLES, Mark(0, seconds=0.0), Mark(len(PULLEYS), seconds=600.0))
    pulleys, ankles = found = sections(made)
    check(made, found)
    assert ankles.start == len(PULLEYS)
    assert ankles.location.seconds == 600.0
    assert pulleys.titled == "words"
    assert "ring" in pulleys.title.lower()
    assert "ankle" in ankles.title.lower()


def test_speech_without_punctuation_is_cut_as_well() -> None:
    made = document((PULLEYS + ANKLES).replace(".", "").lower())
    found = sections(made)
    check(made, found)
    change = len(PULLEYS.replace(".", ""))
    assert min(abs(one.start - change) for one in found) < 400


def test_the_model_names_what_has_no_heading() -> None:
    said = [{"title": "Healing a torn pulley", "topics": ["thermoplastic ring", "tape", "Tape"]}]
    said.append({"title": "Sprained ankles", "topics": ["boot"]})
    model = ScriptedModel([json.dumps(one) for one in said])
    found = sections(document(PULLEYS + ANKLES), model)
    assert [(one.title, one.titled) for one in found] == [
        ("Healing a torn pulley", "model"),
        ("Sprained ankles", "model"),
    ]
    assert found[0].topics == ("thermoplastic ring", "tape")
    assert len(model.prompts[0][-1].content.split()) < 600


def test_what_does_not_speak_of_the_section_is_not_taken() -> None:
    said = json.dumps({"title": "The history of Rome", "topics": ["Caesar", "ankle boot"]})
    model = ScriptedModel([said, "nonsense", "nonsense", "nonsense"])
    pulleys, ankles = sections(document(PULLEYS + ANKLES), model)
    assert (pulleys.titled, ankles.titled) == ("words", "words")
    assert "Rome" not in pulleys.title
    assert not {"Caesar", "ankle boot"} & set(pulleys.topics)


def test_a_heading_stays_whatever_the_model_says() -> None:
    model = ScriptedModel([json.dumps({"title": "Tears", "topics": ["how pulleys tear"]})])
    made = document("Pulleys\n\nPulleys tear.", Mark(0, heading="Pulleys", level=1))
    (found,) = sections(made, model)
    assert (found.title, found.titled, found.topics) == (
        "Pulleys",
        "heading",
        ("how pulleys tear",),
    )


def test_the_calls_of_the_model_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outline, "MOST_SECTIONS", 3)
    parts = [f"Part {n} is about thing{n} and stuff{n}. " * 60 for n in range(12)]
    model = ScriptedModel(['{"title": "Part", "topics": []}'] * 3)
    found = sections(document("".join(parts)), model)
    assert len(found) <= 3
    assert len(model.prompts) == len(found)


def test_a_document_without_text_has_no_sections() -> None:
    assert sections(document(" \n ")) == []


@given(
    st.lists(st.text(alphabet="ab c.\n🧗é", max_size=40), max_size=8),
    st.lists(st.tuples(st.integers(0, 60), st.sampled_from(["H", "ab", "é 🧗"])), max_size=4),
)
def test_any_document_is_covered_in_order(
    pieces: list[str], headings: list[tuple[int, str]]
) -> None:
    marks = [Mark(offset, heading=heading, level=2) for offset, heading in sorted(headings)]
    made = document("\n\n".join(pieces), *marks)
    check(made, sections(made))
