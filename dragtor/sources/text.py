"""Plain text and Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import yaml

from dragtor.errors import NothingToRead
from dragtor.sources.address import shown, stem
from dragtor.sources.decoding import decode
from dragtor.text import clean
from dragtor.types import Content, Mark, Original

_OWN_FIELDS = frozenset(("title", "author", "published"))
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ATX = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$")
_SETEXT = re.compile(r" {0,3}(=+|-{3,})[ \t]*$")
_BYLINE = re.compile(r"^[*_]By (.+?) · (\d{4}-\d{2}-\d{2})[*_]$", re.MULTILINE)
_EMPHASIS = re.compile(r"[*_`]{1,3}(\S(?:.*?\S)?)[*_`]{1,3}")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")


class TextExtractor:
    """A text file is its own text."""

    version = "text 1"

    def extract(self, original: Original) -> Iterator[Content]:
        """Read one document; its title is the file name."""
        text = read_text(original)
        yield Content(text=text, title=stem(original.uri), kind="text")


class MarkdownExtractor:
    """Markdown stays as it is written; headings become marks, front matter becomes metadata."""

    version = "markdown 1"

    def extract(self, original: Original) -> Iterator[Content]:
        """Read one document; its title is that of the front matter, or the first heading."""
        front, text = split_front_matter(read_text(original))
        if not text.strip():
            raise NothingToRead(f"{shown(original.uri)} is empty")
        marks = markdown_marks(text)
        byline = _BYLINE.search(text[:1000])
        said = {"author": byline[1], "published": byline[2]} if byline else {}
        if "date" in front:
            front.setdefault("published", front.pop("date"))
        first = next((mark.heading for mark in marks if mark.level == 1), None)
        yield Content(
            text=text,
            title=front.get("title") or first or stem(original.uri),
            kind="markdown",
            marks=marks,
            author=front.get("author") or said.get("author"),
            published=front.get("published") or said.get("published"),
            metadata={k: v for k, v in front.items() if k not in _OWN_FIELDS},
        )


def read_text(original: Original) -> str:
    """Clean text of an original. Raises NothingToRead if there is none, SourceError if binary."""
    text = clean(decode(original.data, original.uri))
    if not text.strip():
        raise NothingToRead(f"{shown(original.uri)} is empty")
    return text


def split_front_matter(text: str) -> tuple[dict[str, str], str]:
    """Metadata between ``---`` lines at the top, as strings, and the text below it."""
    found = _FRONT_MATTER.match(text)
    if not found:
        return {}, text
    try:
        front = yaml.safe_load(found.group(1))
    except yaml.YAMLError:
        return {}, text
    if not isinstance(front, Mapping):
        return {}, text
    return flatten(front), text[found.end() :].lstrip("\n")


def flatten(record: Mapping[Any, object]) -> dict[str, str]:
    """Fields as strings, as metadata needs them: lists joined by commas, nested ones left out."""
    flat = {}
    for key, value in record.items():
        if isinstance(value, list):
            value = ", ".join(str(item) for item in value if not isinstance(item, dict | list))
        if value is not None and value != "" and not isinstance(value, dict):
            flat[clean(str(key)).lower()] = clean(
                value.isoformat() if isinstance(value, date) else str(value)
            )
    return flat


def markdown_marks(text: str) -> tuple[Mark, ...]:
    """Headings of Markdown (``#`` and underlined), code blocks left out."""
    marks = []
    offset, fence, previous = 0, "", (0, "")
    for line in text.split("\n"):
        opened = _FENCE.match(line)
        if opened and (not fence or line.strip().startswith(fence)):
            fence = "" if fence else opened.group(1)
        elif not fence:
            mark = _heading(line, offset, previous)
            if mark:
                marks.append(mark)
        previous = (offset, "" if fence or opened else line)
        offset += len(line) + 1
    return tuple(marks)


def plain(markdown: str) -> str:
    """A line of Markdown without emphasis and link targets.

    >>> plain("**Why** [pulleys](http://x.org) matter")
    'Why pulleys matter'
    """
    return _EMPHASIS.sub(r"\1", _LINK.sub(r"\1", markdown)).strip()


def _heading(line: str, offset: int, previous: tuple[int, str]) -> Mark | None:
    atx = _ATX.match(line)
    if atx and plain(atx.group(2)):
        return Mark(offset, heading=plain(atx.group(2)), level=len(atx.group(1)))
    above = previous[1].strip()
    underlined = _SETEXT.match(line) and above and not above.startswith(("#", "-", "*", ">", "|"))
    if underlined and len(above) <= 200:
        level = 1 if line.strip().startswith("=") else 2
        return Mark(previous[0], heading=plain(above), level=level)
    return None
