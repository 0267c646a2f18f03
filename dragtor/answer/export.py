"""A conversation as Markdown: what was said stays what it is, whatever characters it is made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from dragtor.text import place
from dragtor.types import Answer, Citation

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ue000\ue001]")
_MARK = "\ue000{}\ue001"
"""Stands for a footnote's mark while a text is escaped; no text holds these characters by then."""
_MARKS = re.compile("\ue000(\\d+)\ue001")
_INLINE = re.compile(r"[\\`*_\[\]<|]|~(?=~)|&(?=#?\w+;)")
_AT_START = re.compile(r"#{1,6}(?=\s|$)|>|[-+](?=\s|$)|(?::?-[- ]*:?|=+)$|~~~")
_NUMBER = re.compile(r"(\d{1,9})([.)])(?=\s|$)")
_ITEM = re.compile(r"\s*([-*+•·]|\d{1,3}[.)])\s+(?=\S)")
_FLAT_MARKER = re.compile(r"^(?:[-*+•·]|\d{1,3}[.)]|#{1,6})\s+")
_UNSAFE = re.compile(r"[\s<>\\]")


def markdown(answers: Iterable[Answer]) -> str:
    """Questions as headings, answers below them, quotes set off, each citation a footnote."""
    notes: list[str] = []
    parts = []
    for answer in answers:
        body = _quotes(answer, notes) if answer.kind == "quote" else _written(answer, notes)
        parts.append(f"## {_line(answer.question)}\n\n{_understood(answer)}{body}\n")
    return "\n".join([*parts, *notes]) + ("\n" if notes else "")


def _understood(answer: Answer) -> str:
    """What the question was taken to mean, where it was no question of its own."""
    return f"*Understood as: {_line(answer.rewritten)}*\n\n" if answer.rewritten else ""


def _quotes(answer: Answer, notes: list[str]) -> str:
    """Each sentence of a source a quotation of its own."""
    quotes = []
    for sentence in answer.sentences:
        flat = _FLAT_MARKER.sub("", " ".join(_clean(sentence.text).split()), count=1)
        quotes.append(f"> {_line(flat)}{_marks(sentence.citations, notes, '[^{}]')}")
    return "\n\n".join(quotes)


def _written(answer: Answer, notes: list[str]) -> str:
    """An answer in a model's words, or the program's; a list in it stays a list."""
    text = ""
    for piece, sentence in answer.parts():
        text += _clean(piece) + _marks(sentence.citations if sentence else (), notes, _MARK)
    body = _MARKS.sub(r"[^\1]", _blocks(text))
    if not answer.nearest:
        return body
    return f"{body}\n\nThe nearest in the sources: {_marks(answer.nearest, notes, '[^{}]')}"


def _marks(citations: Sequence[Citation], notes: list[str], mark: str) -> str:
    """The marks of these citations; their notes are added to the list."""
    marks = ""
    for citation in citations:
        notes.append(_note(len(notes) + 1, citation))
        marks += mark.format(len(notes))
    return marks


def _note(number: int, citation: Citation) -> str:
    source = _line(", ".join(filter(None, [citation.title, place(citation.location)])))
    uri = _UNSAFE.sub(lambda found: quote(found.group()), _clean(citation.uri))
    said = ", ".join(filter(None, [source, f"<{uri}>"]))
    return f"[^{number}]: {said}: “{_line(citation.quote)}”"


def _blocks(text: str) -> str:
    """A text of several lines: items of lists stay, and end where something else begins."""
    lines: list[str] = []
    in_list = False
    for line in text.splitlines():
        item = _ITEM.match(line)
        if item:
            marker = item[1] if item[1][0].isdigit() else "-"
            written = f"{marker} {_escaped(line[item.end() :].strip())}"
        else:
            written = _escaped(line.strip())
        if in_list and written and not item:
            lines.append("")
        in_list = bool(item) or (in_list and not written)
        lines.append(written)
    return "\n".join(lines)


def _line(text: str) -> str:
    """A text as words on one line."""
    return _escaped(" ".join(_clean(text).split()))


def _escaped(line: str) -> str:
    """A line of which no character is Markdown's."""
    escaped = _INLINE.sub(r"\\\g<0>", line)
    if found := _NUMBER.match(escaped):
        return f"{found[1]}\\{escaped[found.end(1) :]}"
    return f"\\{escaped}" if _AT_START.match(escaped) else escaped


def _clean(text: str) -> str:
    """A text without what controls a terminal or the direction of writing."""
    return _CONTROL.sub("", text)
