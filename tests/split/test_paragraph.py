from __future__ import annotations

from dragtor.split.markdown import MarkdownSplitter
from dragtor.split.paragraph import ParagraphSplitter
from tests.contracts.splitter import markdown
from tests.split.readers import WordTokenizer


def paragraphs(text: str, max_tokens: int, overlap_tokens: int = 0) -> list[str]:
    splitter = ParagraphSplitter(WordTokenizer(), max_tokens, overlap_tokens)
    return [text[cut.start : cut.end] for cut in splitter.split(markdown(text))]


def sections(text: str, max_tokens: int, overlap_tokens: int = 0) -> list[str]:
    splitter = MarkdownSplitter(WordTokenizer(), max_tokens, overlap_tokens)
    return [text[cut.start : cut.end] for cut in splitter.split(markdown(text))]


def test_paragraphs_are_packed_as_long_as_they_fit() -> None:
    # 4, 5, 8 and 6 tokens: 4 + 5 + 8 = 17 fit into 17, with 6 more it would be 23.
    text = "Rest it now.\n\nCool it, too.\n\nTape it with an H-tape.\n\nAsk after six weeks.."
    assert paragraphs(text, 17) == [text[: text.index("\n\nAsk")], "Ask after six weeks.."]


def test_a_paragraph_is_not_parted_where_the_next_one_begins_a_passage() -> None:
    # 7 tokens of paragraph 2 would fit beside the 4 of paragraph 1, and are kept together.
    text = "Rest it now.\n\nOne two three. Four five six. Seven eight nine. Ten eleven twelve."
    assert paragraphs(text, 16) == text.split("\n\n")


def test_a_paragraph_that_is_too_long_is_cut_between_sentences_and_its_end_shared() -> None:
    text = "One two three. Four five six. Seven eight nine. Ten more.\n\nA last one."
    assert paragraphs(text, 12) == [
        "One two three. Four five six. Seven eight nine.",
        "Ten more.\n\nA last one.",
    ]


def test_the_items_of_a_list_stay_together_where_they_fit() -> None:
    text = "One two three.\n\n- a b\n- c d\n- e f\n- g h\n\nThe end."
    assert paragraphs(text, 16) == ["One two three.\n\n- a b\n- c d\n- e f\n- g h", "The end."]
    assert paragraphs(text, 12) == ["One two three.", "- a b\n- c d\n- e f\n- g h", "The end."]


def test_overlap_is_the_last_sentences_of_the_paragraph_before() -> None:
    text = "One two three. Four five six.\n\nSeven eight nine. Ten more words."
    assert paragraphs(text, 12, 4) == [
        "One two three. Four five six.",
        "Four five six.\n\nSeven eight nine. Ten more words.",
    ]


def test_each_section_is_a_passage_however_short() -> None:
    text = "Before.\n\n# One\n\nShort.\n\n## Two\n\nAs short.\n\n# Three\n\nThe end."
    assert sections(text, 100) == [
        "Before.",
        "# One\n\nShort.",
        "## Two\n\nAs short.",
        "# Three\n\nThe end.",
    ]


def test_a_heading_without_text_goes_with_the_section_below_it() -> None:
    text = "# One\n\n## Two\n\nText.\n\n## Three\n\nMore."
    assert sections(text, 100) == ["# One\n\n## Two\n\nText.", "## Three\n\nMore."]


def test_a_long_section_is_cut_and_overlaps_only_within() -> None:
    text = "# One\n\nRest it now. Cool it now.\n\nTape it now. Move it now.\n\n# Two\n\nAsk now."
    assert sections(text, 14, 4) == [
        "# One\n\nRest it now. Cool it now.",
        "Cool it now.\n\nTape it now. Move it now.",
        "# Two\n\nAsk now.",
    ]
