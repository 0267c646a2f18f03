from __future__ import annotations

from itertools import groupby

import pytest

from dragtor.errors import ConfigError
from dragtor.split.large import LargeSplitter
from dragtor.split.parent_child import ParentChildSplitter
from dragtor.split.structure import StructureSplitter
from dragtor.split.whole import WholeSplitter
from dragtor.types import Cut, Span
from tests.contracts.splitter import TEXT, count, markdown
from tests.split.readers import WordTokenizer

WORDS = WordTokenizer()


def test_parents_hold_whole_sections_and_passages_lie_within_one() -> None:
    one = "# One\n\n" + "Five words are in here. " * 6
    two = "# Two\n\n" + "Six words are in this one. " * 6
    text = f"{one.strip()}\n\n{two.strip()}"
    cuts = ParentChildSplitter(WORDS, 20, 7, parent_tokens=50).split(markdown(text))
    first, second = Span(0, len(one.strip())), Span(len(one.strip()) + 2, len(text))
    assert [parent for parent, _ in groupby(cut.parent for cut in cuts)] == [first, second]
    assert sum(cut.parent == first for cut in cuts) > 1


def test_parents_are_cut_by_structure_and_do_not_overlap() -> None:
    text = TEXT * 30
    cuts = ParentChildSplitter(WORDS, 30, 10, parent_tokens=120).split(markdown(text))
    parents = [parent for parent, _ in groupby(cut.parent for cut in cuts)]
    previous = 0
    for parent in parents:
        assert parent is not None
        assert text[previous : parent.start].strip() == ""
        assert 60 < count(WORDS, text[parent.start : parent.end]) <= 120
        previous = parent.end
    assert len(cuts) > 3 * len(parents)


def test_a_short_document_is_its_own_parent() -> None:
    splitter = ParentChildSplitter(WORDS, 30, parent_tokens=60)
    assert splitter.split(markdown("A text.")) == [Cut(0, 7, Span(0, 7))]


@pytest.mark.parametrize("parent_tokens", [99, 100])
def test_parents_no_longer_than_passages_are_refused_with_both_numbers(parent_tokens: int) -> None:
    expected = rf"split.parent_tokens is {parent_tokens}.*split.max_tokens is 100"
    with pytest.raises(ConfigError, match=expected):
        ParentChildSplitter(WORDS, 100, parent_tokens=parent_tokens)


def test_large_passages_are_cut_as_smaller_ones_are() -> None:
    text = TEXT * 30
    large = LargeSplitter(WORDS, overlap_tokens=10, parent_tokens=120).split(markdown(text))
    assert large == StructureSplitter(WORDS, 120, 10).split(markdown(text))


def test_a_document_may_be_left_whole() -> None:
    text = f"\n {TEXT * 30} \n"
    stripped = text.strip()
    start = text.index(stripped)
    assert WholeSplitter(WORDS).split(markdown(text)) == [Cut(start, start + len(stripped))]
