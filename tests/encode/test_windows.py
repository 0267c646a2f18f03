from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from dragtor.encode.windows import windows
from dragtor.types import Span


def by_word(text: str) -> list[tuple[int, int]]:
    """Each run of two characters of a word is a token, as is what is left."""
    spans, start = [], 0
    while start < len(text):
        if text[start].isspace():
            start += 1
            continue
        end = start + 1 if text[start + 1 : start + 2].isspace() else min(start + 2, len(text))
        spans.append((start, end))
        start = end
    return spans


@settings(max_examples=30)
@given(text=st.text("ab \n漢", max_size=80), size=st.integers(1, 7))
def test_windows_follow_one_another_and_none_has_too_many_tokens(text: str, size: int) -> None:
    tokens = by_word(text)
    made = windows(text, tokens, size)
    assert "".join(text[span.start : span.end] for span in made) == text
    for span in made:
        assert sum(span.start <= start < span.end for start, _ in tokens) <= size
    assert len(made) <= max(1, 2 * -(-len(tokens) // size))


def test_a_window_ends_between_words_where_it_can() -> None:
    text = "aa bb cccc dd"  # tokens: aa bb cc cc dd
    assert windows(text, by_word(text), 3) == [Span(0, 6), Span(6, 13)]


def test_a_word_is_cut_where_a_window_would_be_less_than_half_otherwise() -> None:
    text = "aa bbbbbb cc"  # tokens: aa bb bb bb cc
    assert windows(text, by_word(text), 3) == [Span(0, 7), Span(7, 12)]


def test_windows_are_alike_in_length() -> None:
    text = " ".join(["aa"] * 12)
    assert [span.end - span.start for span in windows(text, by_word(text), 11)] == [18, 17]


def test_a_character_of_several_tokens_is_not_taken_apart() -> None:
    tokens = [(0, 1), (1, 2), (1, 2), (1, 2), (2, 3)]
    assert windows("a한b", tokens, 4) == [Span(0, 1), Span(1, 3)]
