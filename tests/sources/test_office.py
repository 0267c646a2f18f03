from __future__ import annotations

import io
from contextlib import suppress

import pytest
from pptx import Presentation
from pptx.util import Inches

from dragtor.errors import NothingToRead, SourceError
from dragtor.sources.epub import EpubExtractor
from dragtor.sources.extractors import Format
from dragtor.sources.office import DocxExtractor, PptxExtractor
from dragtor.types import Content

from .documents import check_marks, docx, epub, original, paragraph, zipped


def read(extractor: Format, data: bytes, name: str) -> Content:
    (content,) = extractor.extract(original(data, name))
    check_marks(content)
    return content


def test_a_word_file_keeps_headings_and_tables() -> None:
    def cell(text: str) -> str:
        return f"<w:tc>{paragraph(text)}</w:tc>"

    table = f"<w:tbl><w:tr>{cell('a')}{cell('b')}</w:tr><w:tr>{cell('1')}{cell('2')}</w:tr></w:tbl>"
    body = paragraph("Pulleys", "T") + paragraph("Healing", "H1") + paragraph("Slow.") + table
    core = "<dc:creator>Jo Doe</dc:creator><dcterms:created>2024-05-01T00:00:00Z</dcterms:created>"
    content = read(DocxExtractor(), docx(body, core), "file.docx")
    assert content.text == "Pulleys\n\nHealing\n\nSlow.\n\n| a | b |\n| 1 | 2 |"
    assert [mark.heading for mark in content.marks] == ["Pulleys", "Healing"]
    assert (content.title, content.author) == ("Pulleys", "Jo Doe")
    assert (content.published, content.kind) == ("2024-05-01T00:00:00Z", "docx")


def test_formulas_of_a_word_file_become_plain_text() -> None:
    def run(text: str) -> str:
        return f"<m:r><m:t>{text}</m:t></m:r>"

    fraction = f"<m:f><m:num>{run('a+b')}</m:num><m:den>{run('2')}</m:den></m:f>"
    power = f"<m:sSup><m:e>{run('x')}</m:e><m:sup>{run('2')}</m:sup></m:sSup>"
    root = f"<m:rad><m:e>{power}</m:e></m:rad>"
    alone = f"<m:oMathPara><m:oMath>{run('E=m')}</m:oMath></m:oMathPara>"
    body = (
        f"<w:p><w:r><w:t>So </w:t></w:r><m:oMath>{fraction}{run('=')}{root}</m:oMath></w:p>"
        f"<w:p>{alone}</w:p>"
    )
    assert read(DocxExtractor(), docx(body), "f.docx").text == "So (a+b)/2=sqrt(x^2)\n\nE=m"


def test_a_presentation_has_slides_as_pages_and_their_notes() -> None:
    deck = Presentation()
    deck.core_properties.author = "Jo Doe"
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "Pulleys"
    slide.placeholders[1].text = "They hold tendons."
    slide.notes_slide.notes_text_frame.text = "Say more."
    second = deck.slides.add_slide(deck.slide_layouts[6])
    table = second.shapes.add_table(2, 2, 0, Inches(3), Inches(2), Inches(1)).table
    for row, column, text in ((0, 0, "a"), (0, 1, "b"), (1, 0, "1"), (1, 1, "2")):
        table.cell(row, column).text = text
    second.shapes.add_textbox(0, 0, Inches(2), Inches(1)).text_frame.text = "Above the table"
    written = io.BytesIO()
    deck.save(written)
    content = read(PptxExtractor(), written.getvalue(), "deck.pptx")
    assert content.text == (
        "Pulleys\n\nThey hold tendons.\n\nNotes: Say more.\n\nAbove the table\n\n"
        "| a | b |\n| 1 | 2 |"
    )
    assert [(mark.offset, mark.page) for mark in content.marks if mark.page] == [(0, 1), (47, 2)]
    assert content.author == "Jo Doe"


def test_a_book_is_read_in_the_order_of_its_spine() -> None:
    chapters = ["<h1>First</h1><p>One.</p>", "<h1>Second</h1><p>Two é.</p>"]
    content = read(EpubExtractor(), epub(chapters), "book.epub")
    assert content.text == "First\n\nOne.\n\nSecond\n\nTwo é."
    assert [mark.heading for mark in content.marks] == ["First", "Second"]
    assert (content.title, content.author) == ("On Climbing", "A. Climber")
    assert (content.published, content.kind) == ("2024-05-01", "epub")


def test_a_copy_protected_book_is_refused_and_protected_fonts_do_not_matter() -> None:
    chapters = ["<p>One.</p>"]
    with pytest.raises(SourceError, match="copy-protected"):
        read(EpubExtractor(), epub(chapters, encrypted="OEBPS/text/c%200.xhtml"), "b.epub")
    fonts = epub(chapters, encrypted="OEBPS/fonts/a.otf")
    assert read(EpubExtractor(), fonts, "b.epub").text == "One."


@pytest.mark.parametrize("at", range(30, 400, 37))
def test_a_damaged_file_is_refused_or_read_but_never_crashes(at: int) -> None:
    for extractor, whole in (
        (DocxExtractor(), docx(paragraph("One."))),
        (EpubExtractor(), epub(["<p>One.</p>"])),
    ):
        damaged = whole[:at] + bytes(9) + whole[at + 9 :]
        # Nothing but our own error may come out of it.
        with suppress(SourceError):
            read(extractor, damaged, "x")


@pytest.mark.parametrize("extractor", [DocxExtractor(), PptxExtractor(), EpubExtractor()])
@pytest.mark.parametrize("data", [b"no archive", zipped({"other.txt": "x"})])
def test_a_broken_file_is_refused_with_its_name(extractor: Format, data: bytes) -> None:
    with pytest.raises(SourceError, match=r"/documents/x is broken or not a"):
        read(extractor, data, "x")


def test_an_encrypted_word_file_is_refused() -> None:
    with pytest.raises(SourceError, match="is encrypted or of an old format"):
        read(DocxExtractor(), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "x.docx")


def test_documents_without_text_have_nothing_to_read() -> None:
    with pytest.raises(NothingToRead, match="has no text"):
        read(DocxExtractor(), docx("<w:p/>"), "x.docx")
    with pytest.raises(NothingToRead, match="has no text"):
        read(EpubExtractor(), epub(["<p></p>"]), "x.epub")
