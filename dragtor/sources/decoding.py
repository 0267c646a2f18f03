"""Bytes to text, for files and pages that do not say, or wrongly say, how they are encoded."""

from __future__ import annotations

import codecs
import re

from dragtor.errors import SourceError
from dragtor.sources.address import shown

_MARKED = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_DECLARED_XML = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]+)""")
_SAMPLE = 65_536
_EQUAL_MESS = 0.01


def decode(data: bytes, uri: str, declared: str | None = None) -> str:
    """Text of bytes: by byte order mark, as UTF-8, as declared, or by the look of it.

    Raises SourceError if the bytes are not text.
    """
    for mark, encoding in _MARKED:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    if b"\x00" in data[:_SAMPLE]:
        raise SourceError(f"{shown(uri)} is not text (binary)")
    for text in (_try(data, "utf-8"), _nearly_utf8(data), _try(data, declared)):
        if text is not None:
            return text
    return _guess(data, uri)


def decode_html(data: bytes, uri: str, declared: str | None = None) -> str:
    """The same for a page, which may declare its encoding inside."""
    head = data[:4096]
    inside = _DECLARED.search(head) or _DECLARED_XML.search(head)
    return decode(data, uri, inside.group(1).decode("ascii") if inside else declared)


def _nearly_utf8(data: bytes) -> str | None:
    """UTF-8 with a few broken characters: some pages are cut, or pasted together."""
    text = data.decode("utf-8", errors="replace")
    broken, beyond_ascii = text.count("\ufffd"), sum(char > "\x7f" for char in text)
    return text if 10 * broken <= beyond_ascii else None


def _try(data: bytes, encoding: str | None) -> str | None:
    if encoding is None:
        return None
    # Browsers read Latin-1 as Windows-1252, and pages are written for browsers.
    latin = encoding.lower() in {"latin-1", "latin1", "iso-8859-1", "us-ascii", "ascii"}
    try:
        return data.decode("cp1252" if latin else encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _guess(data: bytes, uri: str) -> str:
    from charset_normalizer import from_bytes

    matches = from_bytes(data[:_SAMPLE])
    best = matches.best()
    if best is None:
        raise SourceError(f"{shown(uri)} is not text (binary)")
    # A tie between the Latin code pages goes to Windows-1252, by far the most common of them.
    tied = any(m.encoding == "cp1252" and m.chaos <= best.chaos + _EQUAL_MESS for m in matches)
    text = _try(data, "cp1252") if tied else None
    return text if text is not None else data.decode(best.encoding, errors="replace")
