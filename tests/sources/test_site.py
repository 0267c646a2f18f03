from __future__ import annotations

import gzip

import pytest
from pytest_httpserver import HTTPServer

from dragtor.errors import SourceError
from dragtor.sources.http import HttpClient
from dragtor.sources.site import SiteSource
from dragtor.sources.sitemap import Robots, parse_sitemap
from dragtor.sources.web import LocalReader
from dragtor.types import Found

from .conftest import Clock

NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def sitemap(*pages: tuple[str, str]) -> str:
    urls = "".join(
        f"<url><loc>{url}</loc>{f'<lastmod>{date}</lastmod>' if date else ''}</url>"
        for url, date in pages
    )
    return f'<?xml version="1.0" encoding="UTF-8"?><urlset {NAMESPACE}>{urls}</urlset>'


class Site:
    """Pages by path; what is not there is 404."""

    def __init__(self, server: HTTPServer) -> None:
        self.server = server
        server.respond_nohandler = lambda request, extra="": _not_found()  # type: ignore[assignment]

    def page(self, path: str, body: str, content_type: str = "text/html") -> None:
        uri, _, query = path.partition("?")
        self.server.expect_request(uri, query_string=query).respond_with_data(
            body, content_type=content_type
        )

    def url(self, path: str) -> str:
        return self.server.url_for(path)

    def requested(self) -> list[str]:
        return [request.full_path.rstrip("?") for request, _ in self.server.log]


def _not_found() -> object:
    from werkzeug import Response

    return Response("not found", status=404)


@pytest.fixture
def site(httpserver: HTTPServer) -> Site:
    return Site(httpserver)


def source(site: Site, http: HttpClient, **options: object) -> SiteSource:
    return SiteSource(site.url("/library/"), LocalReader(http), http, **options)  # type: ignore[arg-type]


def paths(site: Site, found: list[Found]) -> list[str]:
    return [thing.uri.removeprefix(site.url("").rstrip("/")) for thing in found]


def test_pages_of_a_sitemap_are_found_with_their_dates_and_not_opened(
    site: Site, http: HttpClient
) -> None:
    index = (
        f"<sitemapindex {NAMESPACE}><sitemap><loc>{site.url('/pages.xml.gz')}</loc></sitemap>"
        f"<sitemap><loc>{site.url('/gone.xml')}</loc></sitemap></sitemapindex>"
    )
    pages = sitemap(
        (site.url("/library/a"), "2024-05-01"),
        (site.url("/library/b"), ""),
        (site.url("/library/a/"), "2024-05-01"),
        (site.url("/elsewhere/c"), "2024-05-01"),
        (site.url("/library-of-others"), ""),
        (site.url("/library/photo.jpg"), ""),
    )
    site.page("/robots.txt", f"Sitemap: {site.url('/index.xml')}", "text/plain")
    site.page("/index.xml", index, "text/xml")
    site.server.expect_request("/pages.xml.gz").respond_with_data(gzip.compress(pages.encode()))
    found = list(source(site, http).discover())
    assert paths(site, found) == ["/library/a", "/library/b"]
    assert [thing.validator for thing in found] == ["lastmod: 2024-05-01", None]
    assert "/library/a" not in site.requested()


def test_pages_are_found_by_links_under_the_prefix(site: Site, http: HttpClient) -> None:
    site.page(
        "/library/",
        "<a href='one'>1</a><a href='/library/one#x'>1</a><a href='/about'>no</a>"
        "<a href='mailto:x@y.z'>no</a><a href='?page=2&utm_source=x'>more</a>"
        "<a href='http://other.org/library/x'>no</a><a href='doc.zip'>no</a><a>no</a><a href='http://[broken/'>no</a>",
    )
    site.page("/library/?page=2", "<a href='/library/two?format=json'>2</a>")
    site.page("/library/one", "one <a href='deep/three'>3</a>")
    site.page("/library/two", "two")
    site.page("/library/deep/three", "three")
    found = list(source(site, http).discover())
    assert paths(site, found) == [
        "/library/",
        "/library/one",
        "/library/deep/three",
        "/library/two",
    ]


def test_pages_that_the_sitemap_forgot_are_found_by_links_of_the_first_page(
    site: Site, http: HttpClient
) -> None:
    site.page("/sitemap.xml", sitemap((site.url("/library/a"), "")), "text/xml")
    site.page("/library/", "<a href='a'>a</a><a href='b'>b</a>")
    site.page("/library/b", "b")
    found = list(source(site, http).discover())
    assert paths(site, found) == ["/library/a", "/library/", "/library/b"]


def test_what_is_read_to_find_links_is_not_read_twice(site: Site, http: HttpClient) -> None:
    site.page("/library/", "<p>all</p>")
    pages = source(site, http)
    (found,) = pages.discover()
    asked = len(site.requested())
    original = pages.fetch(found.uri, found.validator)
    assert original is not None
    assert original.data == b"<p>all</p>"
    assert len(site.requested()) == asked


def test_robots_txt_and_exclusions_are_respected_and_named(site: Site, http: HttpClient) -> None:
    site.page("/robots.txt", "User-agent: *\nDisallow: /library/private\n", "text/plain")
    names = ("private/a", "tag/b", "c")
    pages = sitemap(*((site.url(f"/library/{name}"), "") for name in names))
    site.page("/sitemap.xml", pages, "text/xml")
    found = list(source(site, http, exclude=("/tag/",)).discover())
    assert [
        (path, thing.skipped) for path, thing in zip(paths(site, found), found, strict=True)
    ] == [
        ("/library/private/a", "robots.txt does not allow it"),
        ("/library/tag/b", "excluded by '/tag/'"),
        ("/library/c", None),
    ]


def test_a_site_that_wants_more_time_between_requests_gets_it(
    site: Site, http: HttpClient, clock: Clock
) -> None:
    site.page("/robots.txt", "User-agent: *\nCrawl-delay: 10\n", "text/plain")
    site.page("/library/", "x")
    list(source(site, http).discover())
    assert clock.slept
    assert set(clock.slept) == {10}


def test_no_more_pages_than_wanted_are_taken_and_the_rest_is_counted(
    site: Site, http: HttpClient
) -> None:
    pages = sitemap(*((site.url(f"/library/{n}"), "") for n in range(5)))
    site.page("/sitemap.xml", pages, "text/xml")
    bounded, whole = source(site, http, max_pages=2), source(site, http, max_pages=9)
    assert [thing.skipped for thing in bounded.discover()] == [
        None,
        None,
        "3 pages left out: max_pages is 2",
    ]
    assert len(list(whole.discover())) == 5
    assert (bounded.complete, whole.complete) == (False, True)


def test_a_date_in_the_sitemap_decides_whether_a_page_changed(site: Site, http: HttpClient) -> None:
    site.page("/sitemap.xml", sitemap((site.url("/library/a"), "2024-05-01")), "text/xml")
    site.page("/library/a", "a")
    pages = source(site, http)
    (found,) = pages.discover()
    original = pages.fetch(found.uri, "lastmod: 2023-01-01")
    assert original is not None
    assert original.validator == found.validator == "lastmod: 2024-05-01"


def test_a_site_that_cannot_say_what_is_allowed_is_left_alone(site: Site, http: HttpClient) -> None:
    site.server.expect_request("/robots.txt").respond_with_data(status=503)
    with pytest.raises(SourceError, match=r"cannot say what may be read .* status 503"):
        list(source(site, http).discover())


def test_a_section_without_pages_is_an_error(site: Site, http: HttpClient) -> None:
    with pytest.raises(SourceError, match=r"there are no pages under .*/library/"):
        list(source(site, http).discover())


@pytest.mark.parametrize("body", [b"", b"<", b"<html><p>not found", b"\x1f\x8bbroken", b"\xff\xfe"])
def test_a_broken_sitemap_lists_nothing(body: bytes) -> None:
    assert parse_sitemap(body) == ([], [])


def test_a_plain_list_is_a_sitemap_too() -> None:
    pages, more = parse_sitemap(b"https://x.org/a\nhttps://x.org/b\n")
    assert [page.url for page in pages] == ["https://x.org/a", "https://x.org/b"]
    assert more == []


def test_rules_for_this_program_by_name_are_heard() -> None:
    robots = Robots("User-agent: *\nDisallow:\n\nUser-agent: dragtor\nDisallow: /\n")
    assert not robots.allows("https://x.org/a")
    assert Robots("").allows("https://x.org/a")
