"""What a site says about itself: robots.txt and sitemaps."""

from __future__ import annotations

import gzip
import io
import zlib
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit
from urllib.robotparser import RobotFileParser

from dragtor.errors import SourceError
from dragtor.sources.http import USER_AGENT, HttpClient

_GZIP = b"\x1f\x8b"
_LARGEST = 50 * 2**20
_MOST_SITEMAPS = 100


@dataclass(frozen=True, slots=True)
class Listed:
    """A page that a sitemap names; ``modified`` is what it says about the last change."""

    url: str
    modified: str | None


class Robots:
    """What a site allows this program (RFC 9309)."""

    def __init__(self, text: str) -> None:
        self._rules = RobotFileParser()
        self._rules.parse(text.splitlines())

    def allows(self, url: str) -> bool:
        """Whether the page may be read."""
        return self._rules.can_fetch(USER_AGENT, url)

    @property
    def delay_s(self) -> float:
        """Seconds the site wants between two requests."""
        return float(self._rules.crawl_delay(USER_AGENT) or 0)

    @property
    def sitemaps(self) -> list[str]:
        """Sitemaps that robots.txt names."""
        return self._rules.site_maps() or []


def read_robots(http: HttpClient, url: str) -> Robots:
    """The robots.txt of a page's site; everything is allowed where there is none.

    Raises SourceError while the site cannot say, as RFC 9309 asks for.
    """
    address = urljoin(url, "/robots.txt")
    reply = http.request("GET", address)
    if reply.status >= 500 or reply.status == 429:
        raise SourceError(
            f"{urlsplit(url).netloc} cannot say what may be read ({address}: status "
            f"{reply.status}): try later"
        )
    return Robots(reply.body.decode("utf-8", "replace") if reply.status == 200 else "")


def read_sitemaps(http: HttpClient, addresses: list[str]) -> list[Listed]:
    """All pages of these sitemaps and of those they lead to; what cannot be read is left out."""
    waiting, seen, pages = list(addresses), set(addresses), []
    while waiting and len(seen) <= _MOST_SITEMAPS:
        address = waiting.pop(0)
        try:
            reply = http.request("GET", address)
        except SourceError:
            continue
        if reply.status != 200:
            continue
        found, more = parse_sitemap(reply.body)
        pages.extend(found)
        waiting.extend(url for url in more if url not in seen)
        seen.update(more)
    return pages


def parse_sitemap(body: bytes) -> tuple[list[Listed], list[str]]:
    """Pages and further sitemaps of a sitemap: XML or a plain list, gzipped or not."""
    from lxml import etree

    body = _unzipped(body)
    if not body.lstrip().startswith(b"<"):
        lines = body.decode("utf-8", "replace").split()
        return [Listed(line, None) for line in lines if line.startswith("http")], []
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True)
    root = etree.fromstring(body, parser)
    if root is None:
        return [], []
    pages = [
        Listed(url, _text(node.findtext("{*}lastmod")))
        for node in root.iter("{*}url")
        if (url := _text(node.findtext("{*}loc")))
    ]
    more = [url for node in root.iter("{*}sitemap") if (url := _text(node.findtext("{*}loc")))]
    return pages, more


def _unzipped(body: bytes) -> bytes:
    if not body.startswith(_GZIP):
        return body
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as archive:
            return archive.read(_LARGEST)
    except (OSError, EOFError, zlib.error):
        return b""


def _text(value: str | None) -> str | None:
    return (value or "").strip() or None
