"""Opens what a footnote leads to, at its place: the words of a page, a PDF's page, a second."""

from __future__ import annotations

import html
import json
import os
import re
import sys
import webbrowser
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from dragtor.errors import QueryError
from dragtor.log import logger
from dragtor.sources.address import is_web, path_of
from dragtor.sources.files import MEDIA_TYPES
from dragtor.types import Answer, Citation

LAST = "last_answer.json"
"""File in the folder of the logs with the places of the last answer's footnotes."""
LEAP = "opening.html"
"""File in the folder of the logs that sends a browser on to a place inside another file."""

SHORT = 10
"""Words of a quote up to which a text fragment holds it whole; else its first and last ones."""
ENDS = 5

_DOWNLOADED = {"docx", "pptx", "epub"}
_MARKER = re.compile(r"^\s*(?:[-*+•·|]\s+|\d{1,3}[.)]\s+|#{1,6}\s+)*")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a footnote leads: what is needed to open it later. ``kind`` is the document's."""

    uri: str
    kind: str
    quote: str
    page: int | None = None
    seconds: float | None = None

    @property
    def fragment(self) -> str:
        """What leads to the place inside, without the hash; empty if nothing does.

        Pages as PDF viewers take them (RFC 8118), seconds as media fragments (W3C).
        """
        if self.kind == "pdf":
            return f"page={self.page}" if self.page is not None else ""
        if self.seconds is not None:
            return f"t={int(self.seconds)}"
        if self.kind == "html" or (is_web(self.uri) and self.kind not in _DOWNLOADED):
            return text_fragment(self.quote)
        return ""

    @property
    def address(self) -> str:
        """The address with the place in it."""
        if self.seconds is not None and self._is_youtube:
            return _at_second(self.uri, int(self.seconds))
        if not self.fragment:
            return self.uri
        bare, _, before = self.uri.partition("#")
        keeps = before if self.fragment.startswith(":~:") else ""
        return f"{bare}#{keeps}{self.fragment}"

    @property
    def _is_youtube(self) -> bool:
        host = (urlsplit(self.uri).hostname or "").lower()
        return host in ("youtu.be", "youtube.com") or host.endswith(".youtube.com")


def text_fragment(text: str) -> str:
    """A directive that makes a browser show a text: WICG, URL Fragment Text Directives.

    A text of more than a few words, or of more than one block, is given by its first and last
    words: browsers find no text across blocks.

    >>> text_fragment("Grades I-II, at rest")
    ':~:text=Grades%20I%2DII%2C%20at%20rest'
    """
    blocks = [_MARKER.sub("", line).split() for line in text.splitlines()]
    blocks = [words for words in blocks if words]
    if not blocks:
        return ""
    if len(blocks) == 1 and len(blocks[0]) <= SHORT:
        return f":~:text={_encoded(blocks[0])}"
    return f":~:text={_encoded(blocks[0][:ENDS])},{_encoded(blocks[-1][-ENDS:])}"


def places(answer: Answer) -> list[Place]:
    """Where an answer's footnotes lead, in their order."""
    from dragtor.cli.answers import footnotes

    kinds = {hit.document.id: hit.document.kind for hit in answer.hits}
    return [_place(citation, kinds.get(citation.document_id, "")) for citation in footnotes(answer)]


def remember(folder: Path, answer: Answer) -> None:
    """Keep where an answer's footnotes lead; where nothing can be written, nothing is kept."""
    values = [asdict(place) for place in places(answer)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / LAST, json.dumps(values, ensure_ascii=False))
    except OSError as error:
        logger.debug("the last answer is not kept: {}", error)


def recall(folder: Path, number: int) -> Place:
    """Where a footnote of the last answer leads. Raises QueryError if there is none such."""
    try:
        values = json.loads((folder / LAST).read_text(encoding="utf-8"))
        last = [Place(**value) for value in values]
    except (OSError, ValueError, TypeError):
        raise QueryError("there is no last answer with footnotes: ask a question first") from None
    return chosen(last, number)


def chosen(last: Sequence[Place], number: int) -> Place:
    """Footnote ``number`` of the last answer's. Raises QueryError if there is none such."""
    if not last:
        raise QueryError(f"there is no footnote {number}: the last answer has none")
    if not 1 <= number <= len(last):
        valid = "only 1" if len(last) == 1 else f"1 to {len(last)}"
        raise QueryError(f"there is no footnote {number}: the last answer has {valid}")
    return last[number - 1]


def show(place: Place, number: int, folder: Path, *, beside: bool = False) -> None:
    """Open a footnote and say so; where that cannot be done, say its address.

    ``beside`` keeps that off standard output, where something else stands.
    """
    from dragtor.cli import render

    if opened(place, folder):
        render.said_line(render.dim(f"opened [{number}] {place.address}"))
    elif beside:
        render.said_line(render.dim(place.address))
    else:
        render.line(place.address)


def opened(place: Place, folder: Path) -> bool:
    """Open a place in a browser, or a file in its program; whether that could be done.

    Desktops drop what leads to a place inside a local file, so a small page in ``folder`` sends
    the browser on to it.
    """
    import typer

    if not _has_display() or not (is_web(place.uri) or _is_document(place.uri)):
        return False
    try:
        if is_web(place.uri):
            return webbrowser.open(place.address)
        if place.fragment:
            return webbrowser.open(_leap(place.address, folder).as_uri())
        bare = place.uri.partition("#")[0]
        return typer.launch(bare) == 0 or webbrowser.open(bare)
    except (OSError, webbrowser.Error) as error:
        logger.debug("{} was not opened: {}", place.address, error)
        return False


def _is_document(uri: str) -> bool:
    """Whether this is a file to read. A source may name any address as its own, a program's too."""
    return uri.lower().startswith("file:") and path_of(uri).suffix.lower() in MEDIA_TYPES


def _has_display() -> bool:
    named = ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")
    return sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in named)


def _leap(address: str, folder: Path) -> Path:
    page = folder / LEAP
    to = html.escape(address)
    refresh = f'<meta http-equiv="refresh" content="0; url={to}">'
    _write(page, f'<!doctype html><meta charset="utf-8">{refresh}<a href="{to}">{to}</a>\n')
    return page.absolute()


def _write(path: Path, text: str) -> None:
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def _place(citation: Citation, kind: str) -> Place:
    where = citation.location
    return Place(citation.uri, kind, citation.quote, where.page, where.seconds)


def _at_second(uri: str, second: int) -> str:
    parts = urlsplit(uri)
    query = [(key, value) for key, value in parse_qsl(parts.query) if key not in ("t", "start")]
    return parts._replace(query=urlencode([*query, ("t", f"{second}s")]), fragment="").geturl()


def _encoded(words: list[str]) -> str:
    """Words percent-encoded; a dash, too, as it sets off a directive's context."""
    return quote(" ".join(words), safe="").replace("-", "%2D")
