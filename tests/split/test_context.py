from __future__ import annotations

from functools import partial

import pytest

from dragtor.passages import context_of, make_passages
from dragtor.split.context import Context, context_fingerprint, contextualize
from dragtor.types import Cut, Document, DocumentInfo, Mark, Span

TEXT = "Fingers\n\nPulleys\n\nThe A2 pulley tears."


def document(title: str) -> Document:
    marks = (Mark(0, heading="Fingers", level=1), Mark(9, heading="Pulleys", level=2))
    return Document(DocumentInfo("d", "u", title, "html"), 1, TEXT, marks)


@pytest.mark.parametrize(
    ("mode", "title", "expected"),
    [
        ("none", "Injuries", "The A2"),
        ("title", "Injuries", "Injuries\nThe A2"),
        ("title", "Finger \n injuries", "Finger injuries\nThe A2"),
        ("title", "", "The A2"),
        ("headings", "Injuries", "Injuries > Fingers > Pulleys\nThe A2"),
        ("headings", "fingers", "fingers > Pulleys\nThe A2"),
        ("headings", "", "Fingers > Pulleys\nThe A2"),
    ],
)
def test_a_passage_is_told_where_it_comes_from(mode: Context, title: str, expected: str) -> None:
    assert contextualize(document(title), Span(18, 24), mode) == expected


def test_indexes_of_other_contexts_are_told_apart() -> None:
    modes: tuple[Context, ...] = ("none", "title", "headings")
    assert len({context_fingerprint(mode) for mode in modes}) == 3


def test_what_is_above_a_passage_can_be_told_from_what_the_encoder_sees() -> None:
    lines: dict[Context, str] = {"none": "", "title": "Injuries", "headings": "Injuries > Fingers"}
    for mode, line in lines.items():
        read = partial(contextualize, mode=mode)
        (passage,) = make_passages(document("Injuries"), [Cut(0, 7)], read)
        assert context_of(passage) == line
