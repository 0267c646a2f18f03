"""Chooses the source for an address."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from dragtor.errors import SourceError
from dragtor.interfaces import Source
from dragtor.sources.address import is_web, path_of
from dragtor.sources.files import FileSource, FolderSource
from dragtor.sources.http import HttpClient
from dragtor.sources.site import SiteSource
from dragtor.sources.web import PageSource, Reader, normalized

_SCHEME = re.compile(r"^([a-z][a-z0-9+.-]+):", re.IGNORECASE)


class SourceOpener:
    """Makes the source of an address: a file, a folder, a page, or a known section of a site.

    ``make_http`` and ``make_reader`` are called when the web is first needed. ``sites`` gives for
    the address of each section how many pages to take at most, and parts of addresses to leave
    out. ``min_words`` holds for pages of sections alone: what a person names is taken as it is.
    """

    def __init__(
        self,
        make_http: Callable[[], HttpClient],
        make_reader: Callable[[HttpClient], Reader],
        *,
        sites: Mapping[str, tuple[int, Sequence[str]]],
        min_words: int,
    ) -> None:
        self._make_http = make_http
        self._make_reader = make_reader
        self._sites = {normalized(url).rstrip("/"): options for url, options in sites.items()}
        self._min_words = min_words
        self._web: tuple[HttpClient, Reader] | None = None

    def __call__(self, uri: str) -> Source:
        """The source. Raises SourceError for an empty address and one of an unknown kind."""
        if not uri.strip():
            raise SourceError("the address is empty: name a file, a folder or a page")
        if is_web(uri):
            return self._from_web(uri)
        scheme = _SCHEME.match(uri)
        if scheme and scheme[1].lower() != "file" and not path_of(uri).exists():
            raise SourceError(
                f"cannot read addresses of the kind {scheme[1]}: ({uri}); name a file, a folder, "
                "or a page that begins with https://"
            )
        path = path_of(uri)
        return FolderSource(uri) if path.is_dir() else FileSource(uri)

    def _from_web(self, uri: str) -> Source:
        if self._web is None:
            http = self._make_http()
            self._web = (http, self._make_reader(http))
        http, reader = self._web
        options = self._sites.get(normalized(uri).rstrip("/"))
        if options is None:
            return PageSource(uri, reader)
        max_pages, exclude = options
        return SiteSource(
            uri,
            reader,
            http,
            max_pages=max_pages,
            exclude=exclude,
            min_words=self._min_words,
        )
