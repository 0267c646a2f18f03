"""The line that tells the encoder, and the keyword index, where a passage comes from."""

from __future__ import annotations

from typing import Literal

from dragtor.text import heading_path
from dragtor.types import Document, Span

Context = Literal["none", "title", "headings"]


def context_fingerprint(mode: Context) -> str:
    """What is part of an index's fingerprint by its context.

    The 2 is for those whose words were not indexed at first: the title alone was, whatever the
    mode.
    """
    return "context=title" if mode == "title" else f"context={mode}-2"


def context_line(document: Document, span: Span, mode: Context) -> str:
    """What is put before a passage: nothing, its document's title, or title and headings.

    ``headings`` gives the path down to the heading that holds at the passage's first character,
    joined by " > ". A heading that repeats the title is named once. Empty if there is nothing.
    """
    title = " ".join(document.info.title.split())
    if mode == "none" or (mode == "title" and not title):
        return ""
    if mode == "title":
        return title
    path = [title] if title else []
    for heading in heading_path(document.marks, span.start):
        if not path or heading.casefold() != path[-1].casefold():
            path.append(heading)
    return " > ".join(path)


def contextualize(document: Document, span: Span, mode: Context) -> str:
    """Exactly what the encoder sees: the context line, a line break, and the passage's text."""
    line = context_line(document, span, mode)
    text = document.text[span.start : span.end]
    return f"{line}\n{text}" if line else text
