"""What of an answer says something: no markers, lead-ins or headings."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dragtor.answer.traits import traits
from dragtor.passages import sentence_spans
from dragtor.types import Hit, Span

_MARKER = re.compile(r"[*_]{0,3}(?:[-+•·]|\d{1,3}[.)])[*_]{0,3}")
_BOLD = re.compile(r"([*_]{2,3})[^.!?]+\1")
"""A line that is bold as a whole, and no sentence."""

Order = tuple[str, ...]


def said_spans(text: str) -> list[Span]:
    r"""The sentences of an answer; a marker that stands by itself belongs to the one after it.

    >>> [(span.start, span.end) for span in said_spans("**2.**\n\nRest.")]
    [(0, 13)]
    """
    spans: list[Span] = []
    for span in sentence_spans(text):
        if spans and _MARKER.fullmatch(text, spans[-1].start, spans[-1].end):
            spans[-1] = Span(spans[-1].start, span.end)
        else:
            spans.append(span)
    return spans


def headings(hits: Iterable[Hit]) -> frozenset[Order]:
    """The words of the titles and headings of passages."""
    found: set[Order] = set()
    for hit in hits:
        names = [hit.document.title, hit.location.heading, *(mark.heading for mark in hit.marks)]
        found.update(traits(name).order for name in names if name)
    return frozenset(found)


def states(text: str, names: frozenset[Order]) -> bool:
    """Whether a sentence of an answer says something that a source can bear out.

    Numbers alone, a lead-in ("The four grades are:"), a heading, and what repeats one do not.
    ``names`` are the words of headings.

    >>> states("2. The acute strain", frozenset({("the", "acut", "strain")}))
    False
    """
    plain = text.strip()
    if plain.startswith("#") or plain.rstrip("*_ ").endswith(":") or _BOLD.fullmatch(plain):
        return False
    read = traits(text)
    return bool(read.words) and read.order not in names
