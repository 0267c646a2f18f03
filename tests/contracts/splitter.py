"""What every splitter promises. A test class supplies ``splitter`` and ``limits``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import pytest

from dragtor.interfaces import Splitter, Tokenizer
from dragtor.sources.text import markdown_marks
from dragtor.split.tokens import Tokens
from dragtor.text import sentences
from dragtor.types import Cut, Document, DocumentInfo, Mark

TEXT = """# Pulley injuries

The A2 pulley is the one that most often tears. A crack is heard, and the finger swells.

## First days

Rest the finger. Cool it, and tape it with an H-tape; ask a physician about ultrasound.

\u200b

  - no crimping
  - no pockets \U0001f9d7\u200d\u2640\ufe0f

最初の日は休んでください。痛みが続く場合は医師に相談してください。
"""
TEXTS = {
    "ordinary": TEXT * 9,
    "one letter": " a ",
    "many words": "word " * 400,
    "one giant word": f"before {'x' * 900} after",
    "hangul": "한국어 텍스트입니다. " * 60 + "각" * 200,
    "combining marks": "e\u0301te\u0300 " * 150 + "a\u0301\u0323" * 200,
    "emoji": "\U0001f9d7\u200d\u2640\ufe0f tears \U0001f469\U0001f3fd\u200d\U0001f692. " * 60,
    "nothing but marks": "\u0301" * 300,
    "200 headings": "".join(f"## Heading {i}\n\nThree words here.\n\n" for i in range(200)),
    "headings alone": "".join(f"# Heading {i}\n" for i in range(60)),
    "a list and a table": "".join(f"- item {i}\n" for i in range(60)) + "| a | b |\n" * 60,
    "one-letter lines": "a\n" * 300,
    "no-break spaces": "one\u00a0two\u2003three. " * 60,
}
"""By name; those after the first are what splitters have stumbled over."""


@dataclass(frozen=True)
class Limits:
    """What a splitter was told. ``whole``: overlaps are whole sentences; no budget: ``None``."""

    tokenizer: Tokenizer
    budget: int | None
    overlap: int
    whole: bool = True


def document(text: str, marks: tuple[Mark, ...] = ()) -> Document:
    """A document around a text."""
    return Document(DocumentInfo("d1", "file:///d1", "Fingers", "markdown"), 1, text, marks)


def markdown(text: str) -> Document:
    """A document around a text, with a mark for each heading."""
    return document(text, markdown_marks(text))


def count(tokenizer: Tokenizer, text: str) -> int:
    """Tokens of a text by itself; over-long ones count by their characters."""
    return Tokens(tokenizer, text).count(0, len(text))


def assert_lawful(text: str, cuts: Sequence[Cut], limits: Limits) -> None:
    """Check all that holds for any text."""
    tokens, covered = Tokens(limits.tokenizer, text), 0
    for cut in cuts:
        assert text[covered : cut.start].strip() == "", "text is lost between passages"
        passage = text[cut.start : cut.end]
        assert passage == passage.strip() != "", "a passage begins and ends with text"
        assert cut.end > covered, "a passage brings something new"
        if limits.budget is not None:
            assert count(limits.tokenizer, passage) <= limits.budget
        if cut.start < covered:
            assert tokens.count(cut.start, covered) <= limits.overlap
        if cut.parent is not None:
            assert cut.parent.start <= cut.start < cut.end <= cut.parent.end <= len(text)
            parent = text[cut.parent.start : cut.parent.end]
            assert parent == parent.strip()
        covered = cut.end
    assert text[covered:].strip() == "", "the end is lost"
    starts = [cut.start for cut in cuts]
    assert starts == sorted(starts)


class SplitterContract:
    """Inherit from this and supply fixtures ``splitter`` and ``limits``."""

    @pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
    def test_every_text_is_covered_in_order_within_budget_and_overlap(
        self, splitter: Splitter, limits: Limits, text: str
    ) -> None:
        cuts = splitter.split(markdown(text))
        assert cuts
        assert_lawful(text, cuts, limits)

    @pytest.mark.parametrize("text", ["", " \n\t\n ", "\u2003\u00a0\n"])
    def test_a_document_without_text_has_no_passages(self, splitter: Splitter, text: str) -> None:
        assert splitter.split(document(text)) == []

    def test_the_same_document_is_always_cut_the_same_way(self, splitter: Splitter) -> None:
        assert splitter.split(markdown(TEXT * 9)) == splitter.split(markdown(TEXT * 9))

    def test_overlaps_are_whole_sentences_and_there_are_some(
        self, splitter: Splitter, limits: Limits
    ) -> None:
        if not (limits.overlap and limits.whole):
            pytest.skip("its passages overlap by no whole sentences")
        text = "Rest the finger. Then tape it. Hang for ten. " * 40
        starts = {sentence.start for sentence in sentences(text)}
        overlapping = list(_overlaps(splitter.split(document(text))))
        assert overlapping
        assert {start for start, _ in overlapping} <= starts
        tokens = Tokens(limits.tokenizer, text)
        longest = max(count(limits.tokenizer, text[s.start : s.end]) for s in sentences(text))
        for start, end in overlapping:
            # No further whole sentence would have fitted.
            assert tokens.count(start, end) > limits.overlap - longest

    def test_it_says_so_if_it_gives_parents(self, splitter: Splitter) -> None:
        given = any(cut.parent for cut in splitter.split(markdown(TEXT * 9)))
        assert given == getattr(splitter, "gives_parents", False)

    def test_it_has_a_fingerprint(self, splitter: Splitter) -> None:
        assert splitter.fingerprint


def _overlaps(cuts: Sequence[Cut]) -> Iterator[tuple[int, int]]:
    for before, after in pairwise(cuts):
        if after.start < before.end:
            yield after.start, before.end
