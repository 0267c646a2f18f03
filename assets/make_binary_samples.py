"""Write the PDF and the DOCX of the sample library from the texts in ``assets/binary_sources``.

Needs ``reportlab`` (in the test group) and ``python-docx`` 1.x, which is no dependency of the
project: install it into an environment of your own together with reportlab, then run
``python assets/make_binary_samples.py``. The same versions write the same bytes again (the files in
the repository: reportlab 5.1.0, python-docx 1.2.0).

The sources use a small part of Markdown: ``#`` to ``###`` headings, paragraphs of one line, ``-``
lists, pipe tables, and lines in single asterisks for the byline and the closing note.
"""

import os
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import docx
from docx.document import Document
from docx.shared import Cm
from reportlab import rl_config
from reportlab.lib.enums import TA_LEFT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import cm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate

HERE = Path(__file__).parent
AUTHOR = "dragtor sample library"
DATE = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
Block = tuple[str, Any]


def blocks(source: str) -> Iterator[Block]:
    """Yield (kind, content): title, h2, h3, note, item, text with a string; table with rows."""
    for is_table, group in groupby(source.splitlines(), key=lambda line: line.startswith("|")):
        if is_table:
            rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in group]
            yield "table", [row for row in rows if not set("".join(row)) <= {"-"}]
        else:
            yield from (_line(line) for line in group if line.strip())


def _line(line: str) -> Block:
    for prefix, kind in (("### ", "h3"), ("## ", "h2"), ("# ", "title"), ("- ", "item")):
        if line.startswith(prefix):
            return kind, line.removeprefix(prefix)
    is_note = line.startswith("*") and line.endswith("*")
    return ("note", line.strip("*")) if is_note else ("text", line)


def _styles() -> dict[str, ParagraphStyle]:
    text = ParagraphStyle(
        "text", fontName="Times-Roman", fontSize=11.5, leading=16.5, spaceAfter=7, alignment=TA_LEFT
    )
    bold = "Helvetica-Bold"
    return {
        "text": text,
        "title": ParagraphStyle("title", text, fontName=bold, fontSize=20, leading=25),
        "h2": ParagraphStyle(
            "h2", text, fontName=bold, fontSize=13.5, spaceBefore=9, keepWithNext=1
        ),
        "h3": ParagraphStyle("h3", text, fontName=bold, spaceBefore=6, keepWithNext=1),
        "note": ParagraphStyle("note", text, fontName="Times-Italic", spaceBefore=5),
        "item": ParagraphStyle("item", text, leftIndent=16, bulletIndent=4, spaceAfter=4),
    }


class _Template(SimpleDocTemplate):
    """Adds an outline entry for every heading."""

    def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802 (reportlab's name)
        """Reportlab's hook: called after each flowable is drawn."""
        style = getattr(getattr(flowable, "style", None), "name", "")
        level = {"title": 0, "h2": 1}.get(style)
        if level is not None:
            key = f"heading-{self.canv.getPageNumber()}-{flowable.getPlainText()}"
            self.canv.bookmarkPage(key)
            self.canv.addOutlineEntry(flowable.getPlainText(), key, level)


def _page_furniture(canvas: Canvas, template: SimpleDocTemplate) -> None:
    canvas.saveState()
    canvas.setFont("Helvetica", 9)
    canvas.drawString(2.3 * cm, A4[1] - 1.4 * cm, AUTHOR)
    canvas.drawRightString(A4[0] - 2.3 * cm, 1.3 * cm, f"Page {template.page}")
    canvas.restoreState()


def write_pdf(source: str, target: Path) -> None:
    rl_config.invariant = 1
    os.environ["SOURCE_DATE_EPOCH"] = str(int(DATE.timestamp()))
    parts = list(blocks(source))
    styles = _styles()
    story = [
        Paragraph(escape(content), styles[kind], bulletText="•" if kind == "item" else None)
        for kind, content in parts
    ]
    template = _Template(
        str(target),
        pagesize=A4,
        leftMargin=2.3 * cm,
        rightMargin=2.3 * cm,
        topMargin=2.2 * cm,
        bottomMargin=2.2 * cm,
        title=next(content for kind, content in parts if kind == "title"),
        author=AUTHOR,
        subject="Finger strength training for climbers",
        lang="en",
    )
    template.build(story, onFirstPage=_page_furniture, onLaterPages=_page_furniture)


def write_docx(source: str, target: Path) -> None:
    document = docx.Document()
    page = document.sections[0]
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Cm(2.3)
    names = {"title": "Title", "h2": "Heading 1", "h3": "Heading 2", "item": "List Bullet"}
    for kind, content in blocks(source):
        if kind == "table":
            _add_table(document, content)
        elif kind == "note":
            document.add_paragraph().add_run(content).italic = True
        else:
            document.add_paragraph(content, style=names.get(kind, "Normal"))
    properties = document.core_properties
    properties.title = document.paragraphs[0].text
    properties.author = properties.last_modified_by = AUTHOR
    properties.created = properties.modified = DATE.replace(tzinfo=None)
    properties.comments = ""
    document.save(str(target))
    _fix_zip_times(target)


def _add_table(document: Document, rows: list[list[str]]) -> None:
    table = document.add_table(rows=len(rows), cols=len(rows[0]), style="Light Grid Accent 1")
    for row, cells in zip(table.rows, rows, strict=True):
        for cell, content in zip(row.cells, cells, strict=True):
            cell.text = content
    document.add_paragraph()


def _fix_zip_times(path: Path) -> None:
    """Write the archive again with one date for all members, so that its bytes never change."""
    with zipfile.ZipFile(path) as old:
        members = [(name, old.read(name)) for name in old.namelist()]
    with zipfile.ZipFile(path, "w") as new:
        for name, content in members:
            info = zipfile.ZipInfo(name, date_time=DATE.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, content)


def main() -> None:
    for suffix, name, write in (
        ("pdf", "hangboard-training-guide", write_pdf),
        ("docx", "return-to-climbing-after-injury", write_docx),
    ):
        source = (HERE / "binary_sources" / f"{name}.md").read_text(encoding="utf-8")
        write(source, HERE / "library" / f"{name}.{suffix}")


if __name__ == "__main__":
    main()
