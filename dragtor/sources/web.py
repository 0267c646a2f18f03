"""Web pages: one page as a source, and reading pages on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

from dragtor.errors import SourceError
from dragtor.sources.files import media_type
from dragtor.sources.http import HttpClient, Reply
from dragtor.types import Found, Original

_READABLE = {
    "text/html": "text/html",
    "application/xhtml+xml": "text/html",
    "text/plain": "text/plain",
    "text/markdown": "text/markdown",
    "application/pdf": "application/pdf",
}
_UNSAID = frozenset(("", "application/octet-stream", "binary/octet-stream"))
_VALIDATING = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}


class Reader(Protocol):
    """Fetches a page in a form that an extractor understands."""

    def read(self, url: str, validator: str | None) -> Original | None:
        """The page; ``None`` if it is as it was at ``validator``. Raises SourceError."""
        ...


class PageSource:
    """One web page."""

    def __init__(
        self, url: str, reader: Reader, *, min_words: int = 0, unique: bool = False
    ) -> None:
        self.uri = normalized(url)
        self.min_words = min_words
        self.unique = unique
        self.complete = True
        self._reader = reader

    def discover(self) -> Iterator[Found]:
        """Name the page."""
        yield Found(self.uri)

    def fetch(self, uri: str, validator: str | None) -> Original | None:
        """Read the page; ``None`` if its server says that it has not changed."""
        return self._reader.read(uri, validator)


class LocalReader:
    """Reads pages without help: one request, conditional where the server supports that."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def read(self, url: str, validator: str | None) -> Original | None:
        """The page as its server gives it. Raises SourceError if it does not."""
        reply = self._http.request("GET", url, headers=conditions(validator))
        if reply.status == 304:
            return None
        check(reply, url)
        return Original(url, _readable_type(reply, url), reply.body, validator_of(reply))


def normalized(url: str) -> str:
    """A URL without its fragment, host in lower case. Raises SourceError if it is none.

    >>> normalized("HTTP://Example.org#top")
    'http://example.org/'
    """
    try:
        parts = urlsplit(url.strip())
        known = parts.scheme.lower() in ("http", "https") and parts.hostname
    except ValueError:
        known = None
    if not known:
        raise SourceError(
            f"{url!r} is not a web address: it must look like https://example.org/page"
        )
    return urlunsplit(
        (parts.scheme.lower(), parts.netloc.lower(), parts.path or "/", parts.query, "")
    )


def conditions(validator: str | None) -> dict[str, str]:
    """Request headers by which a server can answer that nothing has changed."""
    pairs = (line.partition(": ") for line in (validator or "").split("\n"))
    return {_VALIDATING[name]: value for name, _, value in pairs if name in _VALIDATING}


def validator_of(reply: Reply) -> str | None:
    """ETag and modification time of a reply in one string; ``None`` if it has neither."""
    lines = [f"{name}: {reply.headers[name]}" for name in _VALIDATING if reply.headers.get(name)]
    return "\n".join(lines) or None


def check(reply: Reply, url: str) -> None:
    """Raise SourceError, saying what to do, unless the page was delivered."""
    status = reply.status
    if status in (404, 410):
        raise SourceError(f"there is no page {url} (status {status})")
    if status in (401, 403, 451):
        raise SourceError(
            f"{urlsplit(url).netloc} refuses to show {url} to a program (status {status}): "
            "save the page as a file and load that"
        )
    if status == 429:
        raise SourceError(f"{urlsplit(url).netloc} allows no more requests for now: {url}")
    if status >= 400:
        raise SourceError(f"{urlsplit(url).netloc} failed (status {status}): try {url} later")


def _readable_type(reply: Reply, url: str) -> str:
    given = reply.media_type
    if given in _UNSAID:
        given = media_type(urlsplit(url).path) or "text/html"
    if given not in _READABLE:
        raise SourceError(f"{url} is of the type {given}, which is not read from the web")
    return _READABLE[given]
