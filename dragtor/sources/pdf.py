"""PDF files, by pdfium: text page by page, with pages and headings as marks."""

from __future__ import annotations

import ctypes
import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from dragtor.errors import NothingToRead, SourceError
from dragtor.sources import pdf_layout as layout
from dragtor.sources.address import shown, stem
from dragtor.sources.builder import TextBuilder
from dragtor.text import clean
from dragtor.types import Content, Mark, Original

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfTextPage

_DATE = re.compile(r"D:(\d{4})(\d{2})(\d{2})")
_NO_TITLE = re.compile(r"(?i)\(?(untitled|anonymous|unspecified|unknown)\)?|\S*_\S*|.*\.\w{2,4}")
_LIGATURES = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB07)}
_CONTROL = re.compile("[\x00-\x01\x03-\x08\x0b\x0c\x0e-\x1f]")
# A bullet or a section's number stands apart from its line, and is no cell.
_ITEM = re.compile(r"^([•●▪◦‣∙·*–-]|[\dA-Z]{1,2}(?:\.\d+)*\.?) \| ([^|]*[^\W\d][^|]*)$")
_PROSE_WORDS = 5
_PASSWORD_NEEDED = 4


@dataclass(frozen=True, slots=True)
class _Entry:
    """A bookmark: ``page`` counts from 0, ``level`` from 1."""

    title: str
    page: int
    level: int


class PdfExtractor:
    """Reads the text layer of PDFs; scanned pages have none."""

    def __init__(self) -> None:
        self.version = f"pdf 1, pypdfium2 {version('pypdfium2')}"

    def extract(self, original: Original) -> Iterator[Content]:
        """Read one document.

        Raises SourceError if it is encrypted or broken, NothingToRead if it has no text layer.
        """
        where = shown(original.uri)
        document = _open(original.data, where)
        try:
            pages = [_lines(document, number) for number in range(len(document))]
            outline = _outline(document)
            described = {key: clean(value) for key, value in document.get_metadata_dict().items()}
        finally:
            document.close()
        if not any(pages):
            raise NothingToRead(
                f"{where} has no text layer (scanned?): run it through text recognition first"
            )
        yield _content(original.uri, pages, outline, described)


def _open(data: bytes, where: str) -> PdfDocument:
    import pypdfium2

    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if error.err_code == _PASSWORD_NEEDED:
            raise SourceError(f"{where} is encrypted: save a copy without its password") from error
        raise SourceError(f"{where} is broken or not a PDF ({error})") from error


def _content(
    uri: str, pages: list[list[layout.Line]], outline: list[_Entry], described: dict[str, str]
) -> Content:
    blocks = [layout.blocks_of(lines) for lines in layout.without_running_lines(pages)]
    headings = _outline_headings(blocks, outline) or _set_headings(blocks)
    text, marks = _render(blocks, headings)
    title, author = described.get("Title", "").strip(), described.get("Author", "").strip()
    created = _DATE.match(described.get("CreationDate", ""))
    front = min((at for at in _set_headings(blocks) if at[0] == 0), default=None)
    first = " ".join(blocks[0][front[1]].text.split()) if front else text.split("\n", 1)[0]
    return Content(
        text=text,
        title=title
        if title and not _NO_TITLE.fullmatch(title)
        else (first if len(first) <= 150 and layout.CELL not in first else stem(uri)),
        kind="pdf",
        marks=marks,
        author=author if author and not _NO_TITLE.fullmatch(author) else None,
        published="-".join(created.groups()) if created else None,
        metadata={
            key.lower(): described[key]
            for key in ("Subject", "Keywords")
            if described.get(key) and not _NO_TITLE.fullmatch(described[key])
        },
    )


def _render(
    pages: list[list[layout.Block]], headings: dict[tuple[int, int], int]
) -> tuple[str, tuple[Mark, ...]]:
    """Text and marks; ``headings`` gives levels by (page, block), both from 0."""
    mended = iter(layout.mend([block.text for blocks in pages for block in blocks]))
    builder = TextBuilder()
    above = ""
    for page, blocks in enumerate(pages):
        builder.mark(Mark(0, page=page + 1))
        for index, block in enumerate(blocks):
            text = next(mended)
            level = headings.get((page, index))
            if level:
                builder.mark(Mark(0, heading=" ".join(text.split()), level=level))
            cut = index == 0 and not level and layout.runs_on(above, text)
            builder.block(text, after=" " if cut else block.after)
            above = text
    return builder.build()


def _set_headings(pages: list[list[layout.Block]]) -> dict[tuple[int, int], int]:
    levels = layout.heading_levels(block for blocks in pages for block in blocks)
    return {
        (page, index): levels[layout.round_size(block.size)]
        for page, blocks in enumerate(pages)
        for index, block in enumerate(blocks)
        if layout.is_heading(block, levels)
    }


def _outline_headings(
    pages: list[list[layout.Block]], outline: Sequence[_Entry]
) -> dict[tuple[int, int], int]:
    """Bookmarks whose title stands as a block on the page they lead to."""
    found: dict[tuple[int, int], int] = {}
    for entry in outline:
        if entry.page < len(pages):
            for index, block in enumerate(pages[entry.page]):
                if (entry.page, index) not in found and _same_words(entry.title, block.text):
                    found[entry.page, index] = min(entry.level, 6)
                    break
    return found


def _same_words(title: str, text: str) -> bool:
    def folded(value: str) -> str:
        return "".join(char for char in value.casefold() if char.isalnum())

    return len(text) <= 2 * len(title) + 20 and folded(title) == folded(text)


def _outline(document: PdfDocument) -> list[_Entry]:
    entries = []
    for bookmark in document.get_toc():
        target = bookmark.get_dest()
        page = target.get_index() if target is not None else None
        if page is not None and bookmark.get_title().strip():
            entries.append(_Entry(clean(bookmark.get_title()), page, bookmark.level + 1))
    return entries


def _lines(document: PdfDocument, number: int) -> list[layout.Line]:
    """The lines of a page in the order of the file; those set across (margin stamps) left out."""
    import pypdfium2

    try:
        page = document[number]
    except pypdfium2.PdfiumError:
        return []  # the other pages of a damaged file are still worth reading
    textpage = page.get_textpage()
    try:
        chars = _readable(textpage)
        angled: dict[int, list[layout.Line]] = {}
        start = 0
        for i in range(len(chars) + 1):
            if i == len(chars) or chars[i] in ("\r", "\n"):
                visible = [at for at in range(start, i) if chars[at].strip()]
                if visible:
                    line = _line(textpage, chars, visible)
                    angled.setdefault(_angle(textpage, visible[0]), []).append(line)
                start = i + 1
        return max(angled.values(), key=_weight, default=[])
    finally:
        textpage.close()
        page.close()


def _weight(lines: list[layout.Line]) -> int:
    return sum(len(line.text) for line in lines)


def _readable(textpage: PdfTextPage) -> list[str]:
    """The characters of a page; those that cannot be read are empty, so that indices hold."""
    import pypdfium2.raw as raw

    chars = [chr(raw.FPDFText_GetUnicode(textpage, i)) for i in range(textpage.count_chars())]
    if _CONTROL.search("".join(chars)):
        # Glyphs of a font that does not say which characters they are.
        for i, char in enumerate(chars):
            if raw.FPDFText_HasUnicodeMapError(textpage, i) == 1 or _CONTROL.match(char):
                chars[i] = ""
    return chars


def _line(textpage: PdfTextPage, chars: list[str], visible: list[int]) -> layout.Line:
    first, last = _box(textpage, visible[0]), _box(textpage, visible[-1])
    boxes = [_box(textpage, i) for i in visible[:: max(1, len(visible) // 5)]]
    size = median(top - bottom for _, bottom, _, top in boxes)
    text = _ITEM.sub(r"\1 \2", _characters(_with_cells(textpage, chars, visible, size)))
    return layout.Line(text, first[0], first[3], first[1], last[2], last[3], last[1], size)


def _with_cells(
    textpage: PdfTextPage, chars: list[str], visible: list[int], size: float
) -> list[str]:
    """The characters of a line, with a separator where a gap is too wide for a space."""
    ends = [(a, b) for a, b in pairwise(visible) if b - a > 1]
    gaps = [_box(textpage, b)[0] - _box(textpage, a)[2] for a, b in ends]
    # Words of a stretched line stand evenly apart; cells do not.
    narrow = max(size, 2 * min(median(gaps), size)) if gaps else size
    wide = [
        at
        for (at, _), gap in zip(ends, gaps, strict=True)
        # Some fonts set a wide space between sentences.
        if gap > (2 * size if chars[at] in ".!?" else narrow)
    ]
    if len(wide) == 1 and sum(at > wide[0] for at, _ in ends) >= _PROSE_WORDS:
        wide = []  # a heading that its paragraph follows on the same line
    pieces = []
    for i in range(visible[0], visible[-1] + 1):
        pieces.append(chars[i])
        if i in wide:
            pieces.append(layout.CELL)
    return pieces


def _angle(textpage: PdfTextPage, index: int) -> int:
    """The direction of a character in quarter turns, from 0 to 3."""
    import pypdfium2.raw as raw

    angle: float = raw.FPDFText_GetCharAngle(textpage, index)
    return round(angle / (math.pi / 2)) % 4


def _characters(chars: list[str]) -> str:
    text = " ".join("".join(chars).split())
    # pdfium gives characters beyond the basic plane as two surrogates.
    text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return clean(text).translate(_LIGATURES)


def _box(textpage: PdfTextPage, index: int) -> tuple[float, float, float, float]:
    """Left, bottom, right and top of a character, as high as its font."""
    import pypdfium2.raw as raw

    box = raw.FS_RECTF()
    raw.FPDFText_GetLooseCharBox(textpage, index, ctypes.byref(box))
    return box.left, box.bottom, box.right, box.top
