"""Web pages, saved or fetched: the main content without what surrounds it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from dragtor.errors import NothingToRead
from dragtor.sources.address import is_web, shown, stem
from dragtor.sources.builder import TextBuilder
from dragtor.sources.decoding import decode_html
from dragtor.sources.markup import Renderer, squash
from dragtor.text import clean
from dragtor.types import Content, Mark, Original

if TYPE_CHECKING:
    from lxml.etree import _Element
    from trafilatura.settings import Document

_LITTLE = 25
_METADATA = ("sitename", "url", "description", "language", "license")


class HtmlExtractor:
    """Finds the main content by trafilatura, or takes the whole body where that finds little."""

    def __init__(self) -> None:
        self.version = f"html 1, trafilatura {version('trafilatura')}"

    def extract(self, original: Original) -> Iterator[Content]:
        """Read one page. Raises NothingToRead if there is no text on it."""
        page = clean(decode_html(original.data, original.uri))
        found = _main_content(page, original.uri)
        text, marks = _render(found.body) if found is not None else ("", ())
        if len(text.split()) < _LITTLE:
            text, marks = max((text, marks), _whole_body(page), key=lambda both: len(both[0]))
        if not text:
            raise NothingToRead(f"{shown(original.uri)} has no text on it")
        described = found.as_dict() if found is not None else {}
        yield Content(
            text=text,
            title=_title(described, page, marks) or stem(original.uri),
            kind="web" if is_web(original.uri) else "html",
            marks=marks,
            author=described.get("author"),
            published=described.get("date"),
            metadata={key: clean(str(described[key])) for key in _METADATA if described.get(key)},
        )


def parse_html(page: str) -> _Element | None:
    """The tree of a page however broken it is; ``None`` if there is nothing in it."""
    from lxml import etree, html

    try:
        # An encoding declared inside would contradict the text, which is decoded already.
        parser = html.HTMLParser(encoding="utf-8", huge_tree=True)
        root: _Element = html.document_fromstring(page.encode(), parser=parser)
    except etree.ParserError:
        return None
    return root


def render_html(page: str, *, chrome: bool = True) -> tuple[str, tuple[Mark, ...]]:
    """Text and marks of a whole page."""
    root = parse_html(page)
    body = root.find("body") if root is not None else None
    return _render(body, chrome=chrome) if body is not None else ("", ())


def _main_content(page: str, uri: str) -> Document | None:
    from trafilatura import bare_extraction

    # It tells standard error about every page in which it finds nothing.
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    found = bare_extraction(
        page,
        url=uri if is_web(uri) else None,
        include_comments=False,
        include_formatting=True,
        # Measured on 181 pages: F1 0.968 instead of 0.958, and 0.002 less recall.
        favor_precision=True,
        with_metadata=True,
    )
    return found if found is not None and found.body is not None else None


def _whole_body(page: str) -> tuple[str, tuple[Mark, ...]]:
    return render_html(page, chrome=False)


def _render(body: _Element, *, chrome: bool = True) -> tuple[str, tuple[Mark, ...]]:
    builder = TextBuilder()
    Renderer(builder, chrome=chrome).render(body)
    return builder.build()


def _title(described: dict[str, Any], page: str, marks: tuple[Mark, ...]) -> str | None:
    if described.get("title"):
        return squash(described["title"])
    root = parse_html(page)
    title = root.findtext(".//title") if root is not None else None
    return squash(title or "") or next((mark.heading for mark in marks if mark.heading), None)
