from __future__ import annotations

import pytest
from pytest_httpserver import HTTPServer

from dragtor.errors import SourceError
from dragtor.sources.http import HttpClient
from dragtor.sources.web import LocalReader, PageSource, normalized


@pytest.fixture
def reader(http: HttpClient) -> LocalReader:
    return LocalReader(http)


def test_a_page_is_read_and_not_again_until_its_server_says_it_changed(
    reader: LocalReader, httpserver: HTTPServer
) -> None:
    then = "Wed, 01 May 2024 10:00:00 GMT"
    httpserver.expect_request(
        "/page", headers={"If-None-Match": '"v1"', "If-Modified-Since": then}
    ).respond_with_data(status=304)
    httpserver.expect_request("/page").respond_with_data(
        "<p>hi</p>",
        headers={"Content-Type": "text/html", "ETag": '"v1"', "Last-Modified": then},
    )
    source = PageSource(httpserver.url_for("/page#top"), reader)
    (found,) = source.discover()
    original = source.fetch(found.uri, found.validator)
    assert original is not None
    assert (original.uri, original.media_type) == (httpserver.url_for("/page"), "text/html")
    assert original.data == b"<p>hi</p>"
    assert source.fetch(found.uri, original.validator) is None


def test_a_page_without_a_validator_is_read_every_time(
    reader: LocalReader, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/page").respond_with_data("x", content_type="text/html")
    url = httpserver.url_for("/page")
    original = reader.read(url, None)
    assert original is not None
    assert original.validator is None
    assert reader.read(url, None) is not None


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (404, r"there is no page .*/page \(status 404\)"),
        (410, "there is no page"),
        (403, r"refuses to show .* to a program \(status 403\)"),
        (429, "allows no more requests for now"),
        (500, r"failed \(status 500\): try .* later"),
        (418, r"failed \(status 418\)"),
    ],
)
def test_a_page_that_is_not_delivered_is_an_error_that_says_why(
    reader: LocalReader, httpserver: HTTPServer, status: int, told: str
) -> None:
    httpserver.expect_request("/page").respond_with_data("no", status=status)
    with pytest.raises(SourceError, match=told):
        reader.read(httpserver.url_for("/page"), None)


@pytest.mark.parametrize(
    ("path", "given", "media_type"),
    [
        ("/a.pdf", "application/pdf", "application/pdf"),
        ("/a.pdf", "application/octet-stream", "application/pdf"),
        ("/a", "application/xhtml+xml; charset=utf-8", "text/html"),
        ("/a.md", "text/markdown", "text/markdown"),
        ("/a", "", "text/html"),
    ],
)
def test_the_type_of_a_page_chooses_how_it_is_read(
    reader: LocalReader, httpserver: HTTPServer, path: str, given: str, media_type: str
) -> None:
    httpserver.expect_request(path).respond_with_data("x", content_type=given)
    original = reader.read(httpserver.url_for(path), None)
    assert original is not None
    assert original.media_type == media_type


def test_what_is_no_text_is_refused(reader: LocalReader, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/a").respond_with_data("x", content_type="image/png")
    with pytest.raises(SourceError, match="is of the type image/png, which is not read"):
        reader.read(httpserver.url_for("/a"), None)


@pytest.mark.parametrize("url", ["example.org", "ftp://example.org/x", "https:///x", "https://[x/"])
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(SourceError, match="is not a web address"):
        normalized(url)


def test_an_address_keeps_its_query_and_loses_its_fragment() -> None:
    assert normalized(" HTTPS://X.org/A?b=C#d ") == "https://x.org/A?b=C"
