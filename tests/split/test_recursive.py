"""Expected cuts are those of RecursiveCharacterTextSplitter (langchain-text-splitters 1.1.3) with
its default separators and a length_function that counts what WordTokenizer finds. 1,580 texts at
random and at several sizes came out alike as well.
"""

from __future__ import annotations

import pytest

from dragtor.split.recursive import RecursiveSplitter
from tests.contracts.splitter import document
from tests.split.readers import WordTokenizer

TEXT = """Rest the finger.

Cool it for ten minutes, twice a day, and keep the hand above the heart; tape the finger to its neighbour
with two strips of tape, one above and one below the joint, and leave the joint itself free to move a little.
Ask a physician.

Climb again after six weeks."""  # noqa: E501


def cut(text: str, max_tokens: int, overlap_tokens: int = 0) -> list[str]:
    cuts = RecursiveSplitter(WordTokenizer(), max_tokens, overlap_tokens).split(document(text))
    return [text[cut.start : cut.end] for cut in cuts]


def test_paragraphs_then_lines_then_words_are_parted_and_merged_again() -> None:
    # Paragraph 2 has 53 tokens. Its lines 1 and 2 have 24 and 25, so each goes on to its words,
    # of which 16 tokens fit; line 3 (4 tokens) is merged with nothing, as it is by itself between.
    assert cut(TEXT, 16) == [
        "Rest the finger.",
        "Cool it for ten minutes, twice a day, and keep the hand above the",
        "heart; tape the finger to its neighbour",
        "with two strips of tape, one above and one below the joint, and leave",
        "the joint itself free to move a little.",
        "Ask a physician.",
        "Climb again after six weeks.",
    ]


def test_an_overlap_is_what_fits_of_the_end_of_the_passage_before() -> None:
    # "day," has two tokens: "day, and keep the hand above the" are 8, with "a" 9, beyond 8.
    # The first line of a paragraph ends one merge and the next begins another: no overlap there.
    assert cut(TEXT, 16, 8) == [
        "Rest the finger.",
        "Cool it for ten minutes, twice a day, and keep the hand above the",
        "day, and keep the hand above the heart; tape the finger to its neighbour",
        "with two strips of tape, one above and one below the joint, and leave",
        "and one below the joint, and leave the joint itself free to move a",
        "leave the joint itself free to move a little.",
        "Ask a physician.",
        "Climb again after six weeks.",
    ]


def test_a_piece_as_long_as_the_budget_is_parted_too() -> None:
    # 24 tokens are not fewer than 24: line 1 goes on to its words, and is whole again by merging;
    # so does line 2, of 25, of which the words up to "a" are 23 and with "little." 25.
    first, second = TEXT.split("\n")[2:4]
    assert cut(TEXT, 24, 6)[1:4] == [
        first,
        second.removesuffix(" little."),
        "joint itself free to move a little.",
    ]


@pytest.mark.parametrize(("letter", "each"), [("x", 100), ("각", 33)])
def test_a_word_beyond_the_budget_is_parted_between_tokens(letter: str, each: int) -> None:
    # A word of more than 100 letters is no token; a syllable of three letters counts as three.
    passages = cut(letter * 990, 100)
    assert {len(passage) for passage in passages[:-1]} == {each}
    assert "".join(passages) == letter * 990
