from __future__ import annotations

import pytest

from dragtor.split.context import Context, contextualize
from dragtor.types import Document, DocumentInfo, Mark, Span

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
