"""JSON Lines: one document a line."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from dragtor.errors import SourceError
from dragtor.sources.address import shown
from dragtor.sources.decoding import decode
from dragtor.sources.text import flatten
from dragtor.text import clean
from dragtor.types import Content, Original

_TITLE_LENGTH = 80


class JsonLinesExtractor:
    """Reads ``{"id", "title", "text", "uri", "author", "published", …}``; only a text is needed.

    ``_id`` and ``url`` are understood too; other fields become metadata. One broken line fails
    the whole file, so that nothing is taken for removed because it could not be read.
    """

    version = "jsonl 1"

    def extract(self, original: Original) -> Iterator[Content]:
        """Read all documents; a line without any text is left out."""
        where = shown(original.uri)
        lines: dict[str, int] = {}
        # Cleaned after parsing: a line separator inside a string does not end the JSON.
        text = decode(original.data, original.uri)
        for number, line in enumerate(text.split("\n"), start=1):
            if not line.strip():
                continue
            content = _content(_record(line, number, where))
            key = content.key or ""
            if key in lines:
                raise SourceError(
                    f"lines {lines[key]} and {number} of {where} have the same id {key!r}: "
                    "give each document its own"
                )
            lines[key] = number
            if content.text.strip():
                yield content


def _record(line: str, number: int, where: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        raise SourceError(
            f"line {number} of {where} is not JSON ({error.msg} at column {error.colno}): "
            "correct it and load again; nothing of this file was changed"
        ) from error
    if not isinstance(record, dict) or not isinstance(record.get("text"), str):
        raise SourceError(
            f'line {number} of {where} is not a document: it must be an object with a "text"'
        )
    return record


def _content(record: dict[str, Any]) -> Content:
    text = clean(record.pop("text"))
    fields = flatten(record)
    title = fields.pop("title", "")
    # Without an id the content itself is one: a line inserted above changes nothing below.
    digest = hashlib.sha256(f"{title}\n{text}".encode()).hexdigest()[:16]
    key = fields.pop("id", None) or fields.pop("_id", None) or digest
    fields.pop("_id", None)
    uri = fields.pop("uri", None) or fields.pop("url", None)
    return Content(
        text=text if text.strip() else clean(title),
        title=" ".join((title or text[:_TITLE_LENGTH]).split()) or key,
        kind="text",
        author=fields.pop("author", None),
        published=fields.pop("published", None),
        metadata=fields,
        key=key,
        uri=uri,
    )
