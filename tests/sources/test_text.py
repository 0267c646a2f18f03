from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragtor.errors import NothingToRead, SourceError
from dragtor.sources.builder import TextBuilder
from dragtor.sources.decoding import decode, decode_html
from dragtor.sources.text import MarkdownExtractor, TextExtractor, markdown_marks
from dragtor.text import clean
from dragtor.types import Mark

from .documents import check_marks, original


def test_a_text_file_is_its_own_text_and_named_like_the_file() -> None:
    (content,) = TextExtractor().extract(original("one\r\ntwo\x0b", "my notes.txt"))
    assert (content.text, content.title, content.kind) == ("one\ntwo\x0b", "my notes", "text")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("naïve café".encode(), "naïve café"),
        ("naïve".encode("utf-8-sig"), "naïve"),
        ("naïve".encode("utf-16"), "naïve"),
        ("Le café est très chaud, l’été".encode("cp1252"), "Le café est très chaud, l’été"),
        ("Все люди рождаются свободными и равными в своем достоинстве".encode("cp1251"), None),
        ("Zażółć gęślą jaźń. Wszyscy ludzie rodzą się wolni i równi".encode("cp1250"), None),
    ],
)
def test_text_is_decoded_whatever_its_encoding(data: bytes, text: str | None) -> None:
    decoded = decode(data, "file:///x.txt")
    assert decoded == (text or data.decode("cp1251" if b"\xc2\xf1" in data else "cp1250"))


def test_text_with_one_broken_character_is_still_what_it_says() -> None:
    cut = "Ringbänder für Kletterer, größer und schöner, überall, täglich, möglichst früh. " * 2
    assert decode(cut.encode() + "ä".encode()[:1], "u") == cut + "\ufffd"


@pytest.mark.parametrize("data", [b"PK\x03\x04\x00\x00" * 9, bytes(range(128, 256)) * 20])
def test_a_binary_file_named_txt_is_refused(data: bytes) -> None:
    with pytest.raises(SourceError, match=r"/documents/x\.txt is not text \(binary\)"):
        list(TextExtractor().extract(original(data, "x.txt")))


def test_a_page_is_decoded_as_it_declares() -> None:
    page = '<meta charset="iso-8859-1"><p>“Für 5 €”</p>'.encode("cp1252")
    assert decode_html(page, "u") == '<meta charset="iso-8859-1"><p>“Für 5 €”</p>'
    assert decode_html(b'<?xml version="1.0" encoding="koi8-r"?>\xf0', "u").endswith("П")


@pytest.mark.parametrize("data", ["", "  \n\t", "---\ntitle: x\n---\n"])
def test_a_file_without_text_has_nothing_to_read(data: str) -> None:
    with pytest.raises(NothingToRead, match="is empty"):
        list(MarkdownExtractor().extract(original(data, "x.md")))


def test_markdown_keeps_its_text_and_marks_its_headings() -> None:
    text = (
        "# A **bold** title\n\nText\n\nUnder\n=====\n\n```\n# no heading\n```\n\n## [Two](x) ##\n"
    )
    (content,) = MarkdownExtractor().extract(original(text, "x.md"))
    assert content.text == text
    assert content.title == "A bold title"
    assert [(mark.heading, mark.level) for mark in content.marks] == [
        ("A bold title", 1),
        ("Under", 1),
        ("Two", 2),
    ]
    assert [text[mark.offset :].split()[0] for mark in content.marks] == ["#", "Under", "##"]


def test_front_matter_becomes_metadata_and_leaves_the_text() -> None:
    text = "---\ntitle: T\ndate: 2024-05-01\ntags: [a, b]\nauthor: Me\n---\n\n# H\n\nBody\n"
    (content,) = MarkdownExtractor().extract(original(text, "x.md"))
    assert content.text == "# H\n\nBody\n"
    assert (content.title, content.author, content.published) == ("T", "Me", "2024-05-01")
    assert dict(content.metadata) == {"tags": "a, b"}
    assert content.marks[0] == Mark(0, heading="H", level=1)


def test_a_thematic_break_at_the_top_is_no_front_matter() -> None:
    text = "---\nnot: [yaml\n---\nBody\n"
    (content,) = MarkdownExtractor().extract(original(text, "x.md"))
    assert content.text == text


def test_a_byline_gives_author_and_date() -> None:
    text = "# Title\n\n*By Jo Doe · 2026-11-20*\n\nText\n"
    (content,) = MarkdownExtractor().extract(original(text, "x.md"))
    assert (content.author, content.published) == ("Jo Doe", "2026-11-20")


@given(st.text(alphabet="#=-`~ ab\n*[]()", max_size=80))
def test_headings_lie_at_the_start_of_a_line(text: str) -> None:
    for mark in markdown_marks(text):
        assert mark.offset == 0 or text[mark.offset - 1] == "\n"
        assert mark.heading
        assert mark.heading.strip("*`[]() ")[:1] in text[mark.offset :].split("\n")[0]


@given(st.lists(st.tuples(st.text(max_size=9), st.booleans(), st.integers(0, 9)), max_size=9))
def test_what_is_built_is_clean_and_its_marks_are_exact(
    pieces: list[tuple[str, bool, int]],
) -> None:
    builder = TextBuilder()
    for text, is_heading, level in pieces:
        if is_heading:
            builder.heading(text, level)
        else:
            builder.block(text)
    text, marks = builder.build()
    assert clean(text) == text
    headings = [" ".join(clean(piece).split()) for piece, is_heading, _ in pieces if is_heading]
    assert [mark.heading for mark in marks] == [heading for heading in headings if heading]
    for mark in marks:
        assert mark.heading is not None
        assert text.startswith(mark.heading, mark.offset)
        assert 1 <= (mark.level or 0) <= 6


def test_marks_of_empty_pages_lie_where_the_next_text_begins() -> None:
    builder = TextBuilder()
    builder.mark(Mark(0, page=1))
    builder.block("one")
    builder.mark(Mark(0, page=2))
    builder.mark(Mark(0, page=3))
    builder.block("two")
    builder.mark(Mark(0, page=4))
    text, marks = builder.build()
    assert text == "one\n\ntwo"
    assert [(mark.page, mark.offset) for mark in marks] == [(1, 0), (2, 5), (3, 5), (4, 8)]


def test_marks_of_markdown_are_checked_like_all_others() -> None:
    (content,) = MarkdownExtractor().extract(original("# A\n\nx\n\n## B\n\ny\n", "x.md"))
    check_marks(content)
