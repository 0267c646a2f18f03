"""Word and PowerPoint files."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from typing import TYPE_CHECKING
from zipfile import ZipFile

from dragtor.errors import NothingToRead, SourceError
from dragtor.sources.address import shown, stem
from dragtor.sources.builder import TextBuilder
from dragtor.sources.guard import reading
from dragtor.sources.html import render_html
from dragtor.sources.markup import squash
from dragtor.sources.word_math import with_plain_math
from dragtor.text import clean
from dragtor.types import Content, Mark, Original

if TYPE_CHECKING:
    from pptx.chart.chart import Chart
    from pptx.shapes.base import BaseShape
    from pptx.slide import Slide
    from pptx.text.text import _Paragraph

_ENCRYPTED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PROPERTIES = {
    "title": "{http://purl.org/dc/elements/1.1/}title",
    "author": "{http://purl.org/dc/elements/1.1/}creator",
    "subject": "{http://purl.org/dc/elements/1.1/}subject",
    "published": "{http://purl.org/dc/terms/}created",
    "keywords": "{http://schemas.openxmlformats.org/package/2006/metadata/core-properties}keywords",
}
_WORD_TITLE = "p[style-name='Title'] => h1:fresh\np[style-name='Subtitle'] => p:fresh"


class DocxExtractor:
    """Word files: headings, lists and tables kept, formulas as plain text. Pages are unknown.

    Word decides where pages end when it shows a file, so that there are no page marks.
    """

    def __init__(self) -> None:
        self.version = f"docx 1, mammoth {version('mammoth')}"

    def extract(self, original: Original) -> Iterator[Content]:
        """Read one document. Raises SourceError if it is broken or encrypted."""
        with reading(original.uri, "Word file"):
            fields = _properties(original, "Word file (.docx)")
            text, marks = render_html(_docx_html(original.data))
        if not text:
            raise NothingToRead(f"{shown(original.uri)} has no text in it")
        first = marks[0].heading if marks and marks[0].offset == 0 else None
        yield Content(
            text=text,
            title=fields.get("title") or first or stem(original.uri),
            kind="docx",
            marks=marks,
            author=fields.get("author"),
            published=fields.get("published"),
            metadata=_rest(fields),
        )


class PptxExtractor:
    """PowerPoint files: slides as pages, their titles as headings, notes below each slide."""

    def __init__(self) -> None:
        self.version = f"pptx 1, python-pptx {version('python-pptx')}"

    def extract(self, original: Original) -> Iterator[Content]:
        """Read one presentation. Raises SourceError if it is broken or encrypted."""
        from pptx import Presentation

        builder = TextBuilder()
        with reading(original.uri, "PowerPoint file"):
            fields = _properties(original, "PowerPoint file (.pptx)")
            slides = Presentation(io.BytesIO(original.data)).slides
            for number, slide in enumerate(slides, start=1):
                builder.mark(Mark(0, page=number))
                _render_slide(slide, builder)
        text, marks = builder.build()
        if not text:
            raise NothingToRead(f"{shown(original.uri)} has no text on its slides")
        first = next((mark.heading for mark in marks if mark.heading), None)
        yield Content(
            text=text,
            title=fields.get("title") or first or stem(original.uri),
            kind="pptx",
            marks=marks,
            author=fields.get("author"),
            published=fields.get("published"),
            metadata=_rest(fields),
        )


def _rest(fields: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in fields.items() if key in ("subject", "keywords")}


def _properties(original: Original, what: str) -> dict[str, str]:
    """Title, author and the like, as far as they are given. Raises SourceError if encrypted."""
    from lxml import etree

    if original.data.startswith(_ENCRYPTED):
        where = shown(original.uri)
        raise SourceError(f"{where} is encrypted or of an old format: save it as a new {what}")
    with ZipFile(io.BytesIO(original.data)) as archive:
        if "docProps/core.xml" not in archive.namelist():
            return {}
        core = etree.fromstring(archive.read("docProps/core.xml"))
    found = {key: squash(core.findtext(tag) or "") for key, tag in _PROPERTIES.items()}
    return {key: value for key, value in found.items() if value}


def _docx_html(data: bytes) -> str:
    import mammoth

    html: str = mammoth.convert_to_html(
        io.BytesIO(with_plain_math(data)), style_map=_WORD_TITLE, ignore_empty_paragraphs=True
    ).value
    return html


def _render_slide(slide: Slide, builder: TextBuilder) -> None:
    title = slide.shapes.title
    if title is not None and title.has_text_frame:
        builder.heading(title.text_frame.text, 1)
    for shape in _in_reading_order(slide.shapes):
        if title is None or shape.shape_id != title.shape_id:
            _render_shape(shape, builder)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        notes = clean(slide.notes_slide.notes_text_frame.text).strip()
        if notes:
            builder.block(f"Notes: {notes}")


def _in_reading_order(shapes: Iterable[BaseShape]) -> list[BaseShape]:
    return sorted(shapes, key=lambda shape: (shape.top or 0, shape.left or 0))


def _render_shape(shape: BaseShape, builder: TextBuilder) -> None:
    if hasattr(shape, "shapes"):
        for part in _in_reading_order(shape.shapes):
            _render_shape(part, builder)
    elif getattr(shape, "has_table", False):
        after = "\n\n"
        for row in shape.table.rows:
            builder.block(f"| {' | '.join(squash(c.text) for c in row.cells)} |", after=after)
            after = "\n"
    elif getattr(shape, "has_chart", False):
        _render_chart(shape.chart, builder)
    elif shape.has_text_frame:
        lines = [_paragraph(paragraph) for paragraph in shape.text_frame.paragraphs]
        builder.block("\n".join(line for line in lines if line.strip()))


def _paragraph(paragraph: _Paragraph) -> str:
    text = squash(paragraph.text.replace("\v", " "))
    return f"{'  ' * (paragraph.level - 1)}- {text}" if paragraph.level and text else text


def _render_chart(chart: Chart, builder: TextBuilder) -> None:
    if chart.has_title and chart.chart_title.has_text_frame:
        builder.block(chart.chart_title.text_frame.text)
    for plot in chart.plots:
        builder.block(f"| | {' | '.join(str(name) for name in plot.categories)} |")
        for series in plot.series:
            values = " | ".join("" if value is None else f"{value:g}" for value in series.values)
            builder.block(f"| {series.name} | {values} |", after="\n")
