"""Text functions: their offsets are what every citation rests on."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dragtor.text
from dragtor.text import (
    blocks,
    clean,
    content_stems,
    heading_path,
    locate,
    sentences,
    stems,
    word_spans,
    words,
)
from dragtor.types import Location, Mark, Span

messy = st.text(st.sampled_from("abC é日。.!?…\"'’ -#|*1,\n\r\t\x00\u2028\u200b😀"), max_size=200)


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(dragtor.text).failed == 0


@given(messy)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert not set(once) & set("\r\x00\u2028")


def test_lone_surrogates_become_storable() -> None:
    assert clean("a\ud800b").encode() == "a\ufffdb".encode()


@given(messy)
def test_sentences_are_stripped_ordered_and_hold_all_that_is_not_space(text: str) -> None:
    found = sentences(text)
    position = 0
    for span in found:
        assert position <= span.start < span.end <= len(text)
        assert text[position : span.start].strip() == ""
        assert text[span.start : span.end].strip() == text[span.start : span.end]
        position = span.end
    assert text[position:].strip() == ""


def test_sentences_end_at_points_but_not_at_abbreviations_or_decimals() -> None:
    text = "Dr. Smith found 2.5 kg vs. 3 kg. Is that so? It is."
    assert [text[s.start : s.end] for s in sentences(text)] == [
        "Dr. Smith found 2.5 kg vs. 3 kg.",
        "Is that so?",
        "It is.",
    ]


def test_headings_list_items_and_paragraphs_end_sentences() -> None:
    text = "# Healing\nRest helps\n- tape\n- load\n\nSlowly"
    assert [text[s.start : s.end] for s in blocks(text)] == [
        "# Healing\nRest helps",
        "- tape",
        "- load",
        "Slowly",
    ]


def test_sentences_within_a_span_keep_the_whole_texts_offsets() -> None:
    text = "One. Two. Three."
    assert sentences(text, Span(5, 16)) == [Span(5, 9), Span(10, 16)]


@given(messy)
def test_words_lie_where_their_spans_say(text: str) -> None:
    assert words(text) == [text[s.start : s.end].lower() for s in word_spans(text)]


def test_stems_join_forms_of_a_word() -> None:
    assert stems(["climbing", "climbed", "climbs"]) == ["climb"] * 3
    assert content_stems("What are the A2-pulleys' grades?") == ["a2", "pulley", "grade"]


@pytest.mark.parametrize(
    ("offset", "location"),
    [
        (0, Location()),
        (5, Location(page=1)),
        (12, Location(page=1, heading="Grades")),
        (20, Location(page=2, heading="Grade II")),
        (99, Location(page=2, heading="Grade II", seconds=61.5, speaker="s1")),
    ],
)
def test_a_place_is_what_the_marks_before_it_say(offset: int, location: Location) -> None:
    marks = (
        Mark(5, page=1),
        Mark(12, heading="Grades", level=1),
        Mark(20, page=2),
        Mark(20, heading="Grade II", level=2),
        Mark(50, seconds=61.5, speaker="s1"),
    )
    assert locate(marks, offset) == location


def test_the_heading_path_forgets_deeper_and_equal_headings() -> None:
    marks = (
        Mark(0, heading="A", level=1),
        Mark(10, heading="A.1", level=2),
        Mark(20, heading="A.2", level=2),
        Mark(30, heading="B", level=1),
    )
    assert heading_path(marks, 15) == ("A", "A.1")
    assert heading_path(marks, 25) == ("A", "A.2")
    assert heading_path(marks, 35) == ("B",)
