"""What is exported, read back by a parser of Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from dragtor.answer.export import markdown
from dragtor.types import Answer, Citation, Location, Sentence, Support

HOSTILE = (
    "# Heading",
    "- item",
    "1. item",
    "> said",
    "---",
    "===",
    "+ plus",
    "```python",
    "~~~",
    "    code",
    "| a | b |",
    "|---|---|",
    "<b>bold</b> <!-- gone",
    "*stars* and _lines_ and `ticks`",
    "[link](http://x) ![image](y) [^1]: note [1]: http://x",
    "&lt; &#65; a & b",
    "12) then",
    "\x1b[31mred\x07 \u202eback",
    "end\\",
    ":-:",
)
texts = st.sampled_from(HOSTILE) | st.text(alphabet="ab #-*_`[]()<>|\\\n.1!&;=+~:^", max_size=30)


def cited(quote: str, title: str = "A") -> Citation:
    return Citation("p", "d", "file:///a", title, quote, 0, max(1, len(quote)), Location(page=2))


def answer(kind: str, said: Sequence[str], question: str = "Why?", title: str = "A") -> Answer:
    yes = Support("yes", 1.0)
    sentences = tuple(Sentence(one, yes, (cited(one, title),)) for one in said)
    return Answer(question, kind, "\n".join(said), sentences, (), None)  # type: ignore[arg-type]


def parsed(text: str) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").enable("strikethrough").parse(text)


def opened(tokens: Sequence[Token]) -> list[str]:
    """Blocks in order, outermost ones with what is in them; closings left out."""
    return [token.type for token in tokens if token.nesting >= 0 and token.type != "inline"]


def words_of(token: Token) -> str:
    """What a reader sees of a line."""
    kinds = {child.type for child in token.children or ()}
    assert kinds <= {"text", "text_special", "softbreak", "link_open", "link_close"}
    return "".join(child.content or "\n" for child in token.children or () if child.nesting == 0)


@pytest.mark.parametrize("said", HOSTILE)
def test_whatever_a_source_says_is_one_quotation_with_its_footnote(said: str) -> None:
    tokens = parsed(markdown([answer("quote", [said, "Next."], question=said, title=said)]))
    quotation = ["blockquote_open", "paragraph_open"]
    body = [*quotation, *quotation]
    assert opened(tokens) == ["heading_open", *body, "paragraph_open"]
    heading, first, second, notes = (words_of(one) for one in tokens if one.type == "inline")
    plain = " ".join(re.sub(r"[\x00-\x1f\u202e]", "", said).split())
    assert heading == plain
    assert first.removesuffix("[^1]") == re.sub(r"^(?:[-+]|#|1\.|12\)) ", "", plain)
    assert second == "Next.[^2]"
    assert notes.count("\n[^2]: ") == 1
    assert f"“{plain}”" in notes


@given(st.lists(texts, min_size=1, max_size=4), texts)
def test_any_quotes_are_as_many_quotations(said: list[str], question: str) -> None:
    tokens = parsed(markdown([answer("quote", said, question)]))
    top = [token.type for token in tokens if token.level == 0 and token.nesting == 1]
    assert top == ["heading_open", *(["blockquote_open"] * len(said)), "paragraph_open"]
    assert {token.type for token in tokens if token.nesting == 1} <= {
        "heading_open",
        "blockquote_open",
        "paragraph_open",
    }


@given(texts)
def test_an_answer_in_words_has_no_blocks_but_paragraphs_and_lists(said: str) -> None:
    tokens = parsed(markdown([answer("answer", [said])]))
    assert [token.type for token in tokens].count("heading_open") == 1
    blocks = {token.type for token in tokens if token.nesting >= 0} - {"inline"}
    lists = {"bullet_list_open", "ordered_list_open", "list_item_open"}
    assert blocks <= {"heading_open", "paragraph_open", *lists}


def test_a_list_of_an_answer_ends_where_a_sentence_begins() -> None:
    said = ["There are two:", "- Rest.", "- Tape.", "Then load it."]
    tokens = parsed(markdown([answer("answer", said)]))
    item = ["list_item_open", "paragraph_open"]
    assert opened(tokens) == [
        "heading_open",
        "paragraph_open",
        "bullet_list_open",
        *item,
        *item,
        "paragraph_open",
        "paragraph_open",
    ]
    lines = [token.content for token in tokens if token.type == "inline"]
    assert lines[2:5] == ["Rest.[^2]", "Tape.[^3]", "Then load it.[^4]"]


def test_an_address_in_a_footnote_is_a_link_whatever_is_in_it() -> None:
    citation = Citation("p", "d", "https://example.org/a b<c>", "A", "Rest.", 0, 5, Location())
    sentence = Sentence("Rest.", Support("yes", 1.0), (citation,))
    made = markdown([Answer("Why?", "quote", "Rest.", (sentence,), (), None)])
    (*_, notes) = (token for token in parsed(made) if token.type == "inline")
    links = [child for child in notes.children or () if child.type == "link_open"]
    assert [link.attrs["href"] for link in links] == ["https://example.org/a%20b%3Cc%3E"]
