"""What every splitter promises. A test class inherits this and supplies ``splitter``."""

from __future__ import annotations

import pytest

from dragtor.interfaces import Splitter
from dragtor.types import Document, DocumentInfo, Mark

TEXT = """# Pulley injuries

The A2 pulley is the one that most often tears. A crack is heard, and the finger swells.

## First days

Rest the finger. Cool it, and tape it with an H-tape; ask a physician about ultrasound.

\u200b

  - no crimping
  - no pockets \U0001f9d7\u200d\u2640\ufe0f

最初の日は休んでください。痛みが続く場合は医師に相談してください。
"""


def document(text: str, marks: tuple[Mark, ...] = ()) -> Document:
    """A document around a text."""
    return Document(DocumentInfo("d1", "file:///d1", "Fingers", "markdown"), 1, text, marks)


class SplitterContract:
    """Inherit from this and supply a fixture ``splitter``."""

    @pytest.mark.parametrize("text", [TEXT, TEXT * 30, "a", " a ", "word " * 5000, "x" * 20_000])
    def test_every_character_that_is_not_white_space_is_in_a_passage(
        self, splitter: Splitter, text: str
    ) -> None:
        seen = [False] * len(text)
        for span in splitter.split(document(text)):
            seen[span.start : span.end] = [True] * (span.end - span.start)
        missing = [i for i, there in enumerate(seen) if not there and not text[i].isspace()]
        assert missing == []

    def test_passages_are_in_text_order_and_begin_and_end_with_text(
        self, splitter: Splitter
    ) -> None:
        text = TEXT * 30
        spans = splitter.split(document(text))
        assert len(spans) > 1
        assert spans == sorted(spans, key=lambda span: (span.start, span.end))
        for span in spans:
            assert text[span.start : span.end] == text[span.start : span.end].strip() != ""

    @pytest.mark.parametrize("text", ["", " \n\t\n "])
    def test_a_document_without_text_has_no_passages(self, splitter: Splitter, text: str) -> None:
        assert splitter.split(document(text)) == []

    def test_the_same_document_is_always_cut_the_same_way(self, splitter: Splitter) -> None:
        assert splitter.split(document(TEXT * 9)) == splitter.split(document(TEXT * 9))

    def test_it_has_a_fingerprint(self, splitter: Splitter) -> None:
        assert splitter.fingerprint
