"""Makes small documents of each format, so that no binary file lies in the repository."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from zipfile import ZipFile

from dragtor.types import Content, Original

CORE = (
    '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/'
    'core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:dcterms="http://purl.org/dc/terms/">{}</cp:coreProperties>'
)
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
MATH = "http://schemas.openxmlformats.org/officeDocument/2006/math"


def original(data: bytes | str, name: str = "file.txt", media_type: str = "text/plain") -> Original:
    uri = name if "://" in name else Path("/documents", name).as_uri()
    return Original(uri, media_type, data.encode() if isinstance(data, str) else data)


def check_marks(content: Content) -> None:
    """Marks are in order, and a heading's text stands where its mark points to."""
    offsets = [mark.offset for mark in content.marks]
    assert offsets == sorted(offsets)
    for mark in content.marks:
        if mark.heading is not None:
            line = content.text[mark.offset :].split("\n\n")[0]
            assert "".join(mark.heading.split()) in "".join(line.split())


def pdf(
    pages: Sequence[Sequence[str]],
    *,
    title: str = "",
    author: str = "",
    password: str | None = None,
    heading: str | None = None,
) -> bytes:
    """Pages of lines in 10 points; ``heading`` stands on the first one in 20 points."""
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.pdfgen.canvas import Canvas

    written = io.BytesIO()
    lock = StandardEncryption(password) if password else None
    canvas = Canvas(written, pagesize=(595, 842), encrypt=lock)
    canvas.setTitle(title)
    canvas.setAuthor(author)
    for number, lines in enumerate(pages):
        height = 780.0
        if heading and number == 0:
            canvas.setFont("Helvetica", 20)
            canvas.drawString(60, height, heading)
            height -= 40
        canvas.setFont("Helvetica", 10)
        for line in lines:
            canvas.drawString(60, height, line)
            height -= 12 if line else 14
        canvas.showPage()
    canvas.save()
    return written.getvalue()


def docx(body: str, core: str = "") -> bytes:
    """A Word file with this body in WordprocessingML (prefixes ``w`` and ``m``)."""
    document = f'<w:document xmlns:w="{WORD}" xmlns:m="{MATH}"><w:body>{body}</w:body></w:document>'
    parts = {
        "[Content_Types].xml": (
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
            'relationships+xml"/><Override PartName="/word/document.xml" ContentType='
            '"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>'
            '<Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-'
            'officedocument.wordprocessingml.styles+xml"/></Types>'
        ),
        "_rels/.rels": (
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
            'relationships/officeDocument" Target="word/document.xml"/></Relationships>'
        ),
        "word/_rels/document.xml.rels": (
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            '<Relationship Id="r2" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
            'relationships/styles" Target="styles.xml"/></Relationships>'
        ),
        "word/styles.xml": (
            f'<w:styles xmlns:w="{WORD}"><w:style w:type="paragraph" w:styleId="H1">'
            '<w:name w:val="heading 1"/></w:style><w:style w:type="paragraph" w:styleId="T">'
            '<w:name w:val="Title"/></w:style></w:styles>'
        ),
        "word/document.xml": document,
        "docProps/core.xml": CORE.format(core),
    }
    return zipped(parts)


def paragraph(text: str, style: str = "") -> str:
    styled = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{styled}<w:r><w:t>{text}</w:t></w:r></w:p>"


def epub(chapters: Sequence[str], *, encrypted: str = "") -> bytes:
    """A book with these chapter bodies; ``encrypted`` names a part as copy-protected."""
    items = "".join(
        f'<item id="c{n}" href="text/c%20{n}.xhtml" media-type="application/xhtml+xml"/>'
        for n in range(len(chapters))
    )
    spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    parts = {
        "META-INF/container.xml": (
            '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
        ),
        "OEBPS/book.opf": (
            '<package xmlns="http://www.idpf.org/2007/opf"><metadata '
            'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>On Climbing</dc:title>'
            "<dc:creator>A. Climber</dc:creator><dc:date>2024-05-01</dc:date></metadata>"
            f"<manifest>{items}</manifest><spine>{spine}</spine></package>"
        ),
    }
    for number, body in enumerate(chapters):
        parts[f"OEBPS/text/c {number}.xhtml"] = (
            '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml">'
            f"<head><title>chapter</title></head><body>{body}</body></html>"
        )
    if encrypted:
        parts["META-INF/encryption.xml"] = (
            '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><EncryptedData '
            'xmlns="http://www.w3.org/2001/04/xmlenc#"><CipherData>'
            f'<CipherReference URI="{encrypted}"/></CipherData></EncryptedData></encryption>'
        )
    return zipped(parts)


def zipped(parts: dict[str, str]) -> bytes:
    written = io.BytesIO()
    with ZipFile(written, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return written.getvalue()
