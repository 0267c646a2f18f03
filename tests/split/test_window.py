from __future__ import annotations

import pytest

from dragtor.errors import ConfigError
from dragtor.split.window import WindowSplitter
from dragtor.types import Cut, Span
from tests.contracts.splitter import markdown
from tests.split.readers import WordTokenizer


def test_each_sentence_is_a_passage_and_its_neighbours_are_its_parent() -> None:
    text = "One is. Two is. Three is. Four is. Five is."
    starts = [0, 8, 16, 26, 35]
    ends = [7, 15, 25, 34, 43]
    # One sentence on each side; fewer at the ends of the document.
    windows = [(0, 15), (0, 25), (8, 34), (16, 43), (26, 43)]
    assert WindowSplitter(WordTokenizer(), 20, window_sentences=1).split(markdown(text)) == [
        Cut(start, end, Span(*window))
        for start, end, window in zip(starts, ends, windows, strict=True)
    ]


def test_a_heading_goes_with_the_sentence_below_it() -> None:
    text = "# Pulleys\n\nThe A2 tears. Rest it."
    cuts = WindowSplitter(WordTokenizer(), 20, window_sentences=2).split(markdown(text))
    assert [text[cut.start : cut.end] for cut in cuts] == [
        "# Pulleys\n\nThe A2 tears.",
        "Rest it.",
    ]


def test_a_sentence_beyond_the_budget_is_several_passages() -> None:
    text = " ".join(f"w{i}" for i in range(40)) + ". The end."
    cuts = WindowSplitter(WordTokenizer(), 16, window_sentences=1).split(markdown(text))
    assert [len(text[cut.start : cut.end].split()) for cut in cuts] == [16, 16, 8, 2]


def test_a_window_without_a_sentence_on_each_side_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"split.window_sentences is 0: set it to 1"):
        WindowSplitter(WordTokenizer(), 100, window_sentences=0)
