"""A whole section of a site: every page under an address."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from urllib.parse import parse_qsl, urljoin, urlsplit, urlunsplit

from dragtor.errors import SourceError
from dragtor.sources.decoding import decode_html
from dragtor.sources.html import parse_html
from dragtor.sources.http import HttpClient
from dragtor.sources.sitemap import Robots, read_robots, read_sitemaps
from dragtor.sources.web import LocalReader, Reader, normalized
from dragtor.types import Found, Original

_NOT_PAGES = re.compile(
    r"\.(?:jpe?g|png|gif|webp|avif|svg|ico|css|js|json|xml|rss|atom|zip|gz|mp[34]|m4[av]|mov|webm|"
    r"wav|ogg|woff2?|ttf|docx?|xlsx?|pptx?|ics|exe|dmg)$",
    re.IGNORECASE,
)
_PAGING = re.compile(r"^(?:page|paged|p|offset|start)$", re.IGNORECASE)
_PAGING_PATH = re.compile(r"/page/\d+/?$", re.IGNORECASE)
_LASTMOD = "lastmod: "


class SiteSource:
    """Pages under an address, found by sitemaps and by links, as far as robots.txt allows.

    Pages that a sitemap lists are not opened to look for links: the list is complete where there
    is one. All others are. ``exclude`` holds parts of addresses to leave out. Of a link's query
    only paging is followed, and such a page is searched for links but is no document.
    """

    def __init__(
        self,
        url: str,
        reader: Reader,
        http: HttpClient,
        *,
        max_pages: int = 300,
        exclude: Sequence[str] = (),
        min_words: int = 150,
        unique: bool = True,
    ) -> None:
        self.uri = normalized(url)
        self.min_words = min_words
        self.unique = unique
        self.complete = True
        self._reader = reader
        self._http = http
        self._max_pages = max_pages
        self._exclude = tuple(exclude)
        self._modified: dict[str, str] = {}
        self._read: dict[str, Original] = {}

    def discover(self) -> Iterator[Found]:
        """Name the pages. Raises SourceError if the site cannot be reached or has none there."""
        robots = read_robots(self._http, self.uri)
        if robots.delay_s:
            self._http.slow_down(urlsplit(self.uri).netloc, robots.delay_s)
        listed = self._listed(robots)
        self._modified = {url: modified for url, modified in listed.items() if modified}
        found = dict.fromkeys(listed)
        found.update(dict.fromkeys(self._linked(robots, set(listed))))
        if not found:
            raise SourceError(f"there are no pages under {self.uri}: check the address")
        yield from self._named(list(found), robots)

    def fetch(self, uri: str, validator: str | None) -> Original | None:
        """Read a page; ``None`` if the sitemap or the page's server says it has not changed."""
        original = self._read.pop(uri, None)
        if original is None:
            original = self._reader.read(uri, validator)
        elif original.validator is not None and original.validator == validator:
            return None
        modified = self._modified.get(uri)
        if original is None or modified is None:
            return original
        return Original(original.uri, original.media_type, original.data, _LASTMOD + modified)

    def _named(self, urls: list[str], robots: Robots) -> Iterator[Found]:
        taken = 0
        for number, url in enumerate(urls):
            reason = self._reason_against(url, robots)
            if reason is None and taken == self._max_pages:
                left = len(urls) - number
                self.complete = False
                yield Found(url, skipped=f"{left} pages left out: max_pages is {self._max_pages}")
                return
            taken += reason is None
            modified = self._modified.get(url)
            yield Found(url, _LASTMOD + modified if modified else None, reason)

    def _reason_against(self, url: str, robots: Robots) -> str | None:
        if not robots.allows(url):
            return "robots.txt does not allow it"
        part = next((part for part in self._exclude if part in url), None)
        return f"excluded by {part!r}" if part else None

    def _listed(self, robots: Robots) -> dict[str, str | None]:
        addresses = robots.sitemaps or [urljoin(self.uri, "/sitemap.xml")]
        listed: dict[str, tuple[str, str | None]] = {}
        for page in read_sitemaps(self._http, addresses):
            url = self._inside(page.url)
            if url and not _is_paging(url):
                listed.setdefault(_key(url), (url, page.modified))
        return dict(listed.values())

    def _linked(self, robots: Robots, listed: set[str]) -> list[str]:
        """Pages reached by links from the section's first page, those of the sitemap left out."""
        waiting = deque([self.uri])
        seen = {_key(self.uri)}
        found: list[str] = []
        known = {_key(url) for url in listed}
        while waiting and len(found) < self._max_pages:
            url = waiting.popleft()
            page = self._page(url, robots)
            if page is None:
                continue
            if not _is_paging(url) and _key(url) not in known:
                found.append(url)
            for link in self._links(page):
                if _key(link) not in seen and _key(link) not in known:
                    seen.add(_key(link))
                    waiting.append(link)
        self.complete = not waiting
        return found

    def _page(self, url: str, robots: Robots) -> Original | None:
        """A page to look for links, or nothing; what was read here is not read again later."""
        if self._reason_against(url, robots):
            return None
        try:
            page = LocalReader(self._http).read(url, None)
        except SourceError:
            return None
        if page is not None and isinstance(self._reader, LocalReader):
            self._read[url] = page
        return page

    def _links(self, page: Original) -> Iterator[str]:
        if page.media_type != "text/html":
            return
        root = parse_html(decode_html(page.data, page.uri))
        if root is None:
            return
        for anchor in root.iter("a"):
            href = anchor.get("href", "").strip()
            url = self._inside(href, page.uri) if anchor.get("rel") != "nofollow" else None
            if url:
                yield url

    def _inside(self, url: str, seen_on: str = "") -> str | None:
        """The address as it is kept, if it is one of a page of this section.

        Host and scheme become those of the section, which sitemaps and links often vary.
        """
        try:
            here, there = urlsplit(self.uri), urlsplit(urljoin(seen_on, url))
        except ValueError:
            return None  # people write strange links
        section = here.path.rstrip("/")
        same_host = _bare(there.netloc) == _bare(here.netloc)
        under = there.path.rstrip("/") == section or there.path.startswith(f"{section}/")
        if not (same_host and under) or _NOT_PAGES.search(there.path):
            return None
        paging = [f"{key}={value}" for key, value in parse_qsl(there.query) if _PAGING.match(key)]
        return urlunsplit((here.scheme, here.netloc, there.path, "&".join(paging[:1]), ""))


def _key(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path.rstrip('/')}?{parts.query}"


def _is_paging(url: str) -> bool:
    parts = urlsplit(url)
    return bool(parts.query or _PAGING_PATH.search(parts.path))


def _bare(netloc: str) -> str:
    return netloc.lower().removeprefix("www.")
