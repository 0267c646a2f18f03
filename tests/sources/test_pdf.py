from __future__ import annotations

import pytest

from dragtor.errors import NothingToRead, SourceError
from dragtor.sources.pdf import PdfExtractor
from dragtor.sources.pdf_layout import SOFT_HYPHEN, mend
from dragtor.types import Content

from .documents import check_marks, original, pdf

LONG = "The second annular pulley is the one that climbers hurt most often, and it heals"


def read(data: bytes) -> Content:
    (content,) = PdfExtractor().extract(original(data, "my file.pdf", "application/pdf"))
    check_marks(content)
    return content


def test_pages_are_marked_and_described() -> None:
    content = read(pdf([["One."], [], ["Three."]], title="A title", author="Jo Doe"))
    assert content.text == "One.\n\nThree."
    assert [(mark.offset, mark.page) for mark in content.marks] == [(0, 1), (6, 2), (6, 3)]
    assert (content.title, content.author, content.kind) == ("A title", "Jo Doe", "pdf")
    assert content.published is not None
    assert len(content.published) == len("2026-11-20")


def test_lines_become_paragraphs_again() -> None:
    lines = [LONG, "without surgery in most cases.", "", LONG, "when it is taped."]
    content = read(pdf([lines]))
    assert content.text == f"{LONG} without surgery in most cases.\n\n{LONG} when it is taped."


def test_a_sentence_that_goes_on_over_the_page_is_not_cut() -> None:
    content = read(pdf([[LONG], ["without surgery."]]))
    assert content.text == f"{LONG} without surgery."
    assert content.marks[1].offset == content.text.index("without")


def test_list_items_stay_apart() -> None:
    content = read(pdf([[LONG, "- rest for a week", "- tape the finger"]]))
    assert content.text == f"{LONG}\n- rest for a week\n- tape the finger"


def test_cells_of_a_row_are_told_apart_and_rows_are_not_joined() -> None:
    rows = ["Grade          Weeks", "one            3 to 6", "two            8 to 12"]
    assert read(pdf([rows])).text == ("| Grade | Weeks |\n| one | 3 to 6 |\n| two | 8 to 12 |")


def test_a_word_that_was_broken_is_put_together() -> None:
    broken = "The second annular pulley is the one that climbers hurt most often, and it recov-"
    assert read(pdf([[broken, "ers slowly."]])).text.endswith("and it recovers slowly.")


@pytest.mark.parametrize(
    ("texts", "whole"),
    [
        (["im\x02portant"], "important"),
        (["on\x02going", "an on-going thing"], "on-going"),
        (["chat\x02optimized", "to chat is optimized"], "chat-optimized"),
        (["frame\x02works", "frame works frameworks"], "frameworks"),
        (["a \x02 b"], "a - b"),
    ],
)
def test_a_hyphen_stays_where_the_document_says_so(texts: list[str], whole: str) -> None:
    assert SOFT_HYPHEN == "\x02"
    assert mend(texts)[0] == whole


def test_a_larger_line_is_a_heading_and_the_title() -> None:
    content = read(pdf([[LONG, LONG]], heading="Pulleys and hands"))
    assert content.title == "Pulleys and hands"
    assert [(mark.heading, mark.level) for mark in content.marks if mark.heading] == [
        ("Pulleys and hands", 1)
    ]


def test_a_line_that_all_pages_repeat_is_left_out_with_its_page_number() -> None:
    body = ["", LONG, LONG, LONG, "and so on.", "", "A last line."]
    content = read(pdf([[f"Journal of Hands, page {n}", *body] for n in range(1, 6)]))
    assert "Journal" not in content.text
    assert content.text.count(LONG) == 15


def test_short_pages_that_resemble_each_other_keep_all_their_lines() -> None:
    content = read(pdf([[f"Slide {n}", "", "A sentence."] for n in range(1, 6)]))
    assert content.text.count("Slide") == content.text.count("A sentence.") == 5


def test_a_title_that_says_nothing_gives_way_to_the_first_line() -> None:
    assert read(pdf([["Hands and feet", "", LONG]], title="untitled")).title == "Hands and feet"
    assert read(pdf([[LONG + LONG, "x"]], title="out_3.pdf")).title == "my file"


def test_an_encrypted_file_is_refused_with_the_reason() -> None:
    with pytest.raises(SourceError, match=r"/documents/my file\.pdf is encrypted"):
        read(pdf([["secret"]], password="key"))


@pytest.mark.parametrize("data", [b"%PDF-1.7 broken", b"no pdf at all", pdf([["x"]])[:200]])
def test_a_broken_file_is_refused_with_the_reason(data: bytes) -> None:
    with pytest.raises(SourceError, match="is broken or not a PDF"):
        read(data)


def test_a_file_without_text_has_nothing_to_read() -> None:
    with pytest.raises(NothingToRead, match=r"has no text layer \(scanned\?\)"):
        read(pdf([[], []]))
