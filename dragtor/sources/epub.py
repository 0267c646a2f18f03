"""EPUB books: the chapters in the order of the book's spine."""

from __future__ import annotations

import io
import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import unquote
from zipfile import ZipFile

from dragtor.errors import NothingToRead, SourceError
from dragtor.sources.address import shown, stem
from dragtor.sources.builder import TextBuilder
from dragtor.sources.decoding import decode_html
from dragtor.sources.guard import reading
from dragtor.sources.html import parse_html
from dragtor.sources.markup import Renderer, squash
from dragtor.types import Content, Original

if TYPE_CHECKING:
    from lxml.etree import _Element

_CONTAINER = "{urn:oasis:names:tc:opendocument:xmlns:container}"
_OPF = "{http://www.idpf.org/2007/opf}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_ENCRYPTION = "META-INF/encryption.xml"


class EpubExtractor:
    """Reads books without copy protection; chapter headings become marks."""

    version = "epub 1"

    def extract(self, original: Original) -> Iterator[Content]:
        """Read one book. Raises SourceError if it is broken or copy-protected."""
        with (
            reading(original.uri, "book in EPUB format"),
            ZipFile(io.BytesIO(original.data)) as archive,
        ):
            content = _book(archive, original.uri)
        if not content.text:
            raise NothingToRead(f"{shown(original.uri)} has no text in it")
        yield content


def _book(archive: ZipFile, uri: str) -> Content:
    from lxml import etree

    container = etree.fromstring(archive.read("META-INF/container.xml"))
    opf_path = container.find(f".//{_CONTAINER}rootfile").get("full-path", "")  # type: ignore[union-attr]
    opf = etree.fromstring(archive.read(opf_path))
    builder = TextBuilder()
    protected = _protected(archive)
    for path in _spine(opf, posixpath.dirname(opf_path)):
        if path in protected:
            raise SourceError(f"{shown(uri)} is copy-protected (DRM), so it cannot be read")
        root = parse_html(decode_html(archive.read(path), uri))
        body = root.find("body") if root is not None else None
        if body is not None:
            Renderer(builder).render(body)
    text, marks = builder.build()
    published = _field(opf, "date")
    return Content(
        text=text,
        title=_field(opf, "title") or stem(uri),
        kind="epub",
        marks=marks,
        author=_field(opf, "creator"),
        published=published,
        metadata={
            key: value
            for key in ("publisher", "language", "subject", "description")
            if (value := _field(opf, key))
        },
    )


def _spine(opf: _Element, folder: str) -> Iterator[str]:
    """Paths of the chapters inside the archive."""
    items = {item.get("id"): item for item in opf.iter(f"{_OPF}item")}
    for reference in opf.iter(f"{_OPF}itemref"):
        item = items.get(reference.get("idref"))
        if item is not None and "html" in item.get("media-type", "xhtml"):
            yield posixpath.normpath(posixpath.join(folder, unquote(item.get("href", ""))))


def _protected(archive: ZipFile) -> set[str]:
    """Paths of encrypted parts; publishers encrypt fonts even in free books."""
    from lxml import etree

    if _ENCRYPTION not in archive.namelist():
        return set()
    root = etree.fromstring(archive.read(_ENCRYPTION))
    return {unquote(node.get("URI", "")) for node in root.iter("{*}CipherReference")}


def _field(opf: _Element, name: str) -> str | None:
    values = [squash(node.text or "") for node in opf.iter(f"{_DC}{name}")]
    return ", ".join(value for value in values if value) or None
