"""Dates as documents give them, as ISO 8601."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime
from email.utils import parsedate_to_datetime

from dragtor.types import Content

_DAY = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?) ?(Z|[+-]\d{2}(?::?\d{2})?)?"
)
UNREAD = "published_text"
"""The metadata that keeps a date which is none that :func:`iso_date` reads."""


def iso_date(text: str) -> str | None:
    """Read ISO 8601 (a year, a month, a day, or a day with a time) or the form of e-mail headers.

    ``None`` for anything else: dates like 01/02/2024 mean another day to other people.

    >>> iso_date("2024-05-01 10:30")
    '2024-05-01T10:30'
    >>> iso_date("Wed, 01 May 2024 10:00:00 GMT")
    '2024-05-01T10:00:00+00:00'
    >>> iso_date("May 2024") is None
    True
    """
    text = text.strip()
    try:
        if day := _DAY.fullmatch(text):
            date(int(day[1]), int(day[2] or 1), int(day[3] or 1))
            return text
        if time := _TIME.fullmatch(text):
            found = f"{time[1]}T{time[2]}{time[3] or ''}"
            datetime.fromisoformat(found)
            return found
        return parsedate_to_datetime(text).isoformat()
    except (TypeError, ValueError, OverflowError):
        return None


def with_iso_date(content: Content) -> Content:
    """The content with its date in ISO 8601; one that cannot be read stays in the metadata."""
    if content.published is None:
        return content
    read = iso_date(content.published)
    if read is not None or not content.published.strip():
        return replace(content, published=read)
    return replace(
        content, published=None, metadata={UNREAD: content.published, **content.metadata}
    )
