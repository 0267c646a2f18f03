"""Jina Reader behind a server that answers as the real one does (headers, JSON, refusals)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from dragtor.errors import NothingToRead, SourceError
from dragtor.sources.http import HttpClient
from dragtor.sources.jina import MEDIA_TYPE, JinaExtractor, JinaReader

from .conftest import Clock
from .documents import check_marks, original

MARKDOWN = """Pulleys
=======

[![Image 1: hand](https://x.org/a.png)](https://x.org/)

They **hold** [tendons](https://x.org/t "T").

## Healing

*   Rest
*   Tape

| Grade | Weeks |
| --- | --- |
| 1 | 3\\-6 |
"""


def answer(**data: Any) -> dict[str, Any]:
    page = {
        "title": "Pulleys",
        "description": "About hands",
        "url": "https://x.org/pulleys",
        "content": MARKDOWN,
        "publishedTime": "2024-05-01T10:00:00+00:00",
        "metadata": {"lang": "en"},
        "external": {},
        "usage": {"tokens": 60},
    }
    return {
        "code": 200,
        "status": 20000,
        "data": {**page, **data},
        "meta": {"usage": {"tokens": 60}},
    }


def refusal(code: int, name: str, message: str) -> dict[str, Any]:
    return {
        "data": None,
        "code": code,
        "name": name,
        "status": code * 100 + 3,
        "message": message,
        "readableMessage": f"{name}: {message}",
    }


@pytest.fixture
def reader(http: HttpClient, httpserver: HTTPServer) -> JinaReader:
    return JinaReader(http, base_url=httpserver.url_for("/jina/"), key="secret")


@pytest.fixture
def page(httpserver: HTTPServer) -> str:
    """The page itself, which knows nothing of changes."""
    httpserver.expect_request("/page", method="HEAD").respond_with_data()
    return httpserver.url_for("/page")


def test_a_page_is_asked_for_as_the_service_wants_it_and_kept_as_it_answered(
    reader: JinaReader, httpserver: HTTPServer, page: str
) -> None:
    httpserver.expect_request(
        "/jina/",
        method="POST",
        headers={"Accept": "application/json", "Authorization": "Bearer secret"},
        json={"url": page},
    ).respond_with_json(answer())
    read = reader.read(page, None)
    assert read is not None
    assert (read.uri, read.media_type, read.validator) == (page, MEDIA_TYPE, None)
    assert json.loads(read.data) == answer()


def test_the_answer_becomes_text_without_links_and_pictures() -> None:
    kept = original(json.dumps(answer()), "https://x.org/pulleys", MEDIA_TYPE)
    (content,) = JinaExtractor().extract(kept)
    check_marks(content)
    assert content.text == (
        "Pulleys\n\nThey hold tendons.\n\nHealing\n\n- Rest\n- Tape\n\n"
        "| Grade | Weeks |\n| 1 | 3-6 |"
    )
    assert [(mark.heading, mark.level) for mark in content.marks] == [
        ("Pulleys", 1),
        ("Healing", 2),
    ]
    assert (content.title, content.kind) == ("Pulleys", "web")
    assert content.published == "2024-05-01T10:00:00+00:00"
    assert dict(content.metadata) == {
        "description": "About hands",
        "url": "https://x.org/pulleys",
    }


def test_without_a_key_none_is_sent(http: HttpClient, httpserver: HTTPServer, page: str) -> None:
    httpserver.expect_request("/jina/").respond_with_json(answer())
    JinaReader(http, base_url=httpserver.url_for("/jina/")).read(page, None)
    assert "Authorization" not in httpserver.log[-1][0].headers


def test_an_unchanged_page_costs_one_request_without_body(
    reader: JinaReader, httpserver: HTTPServer
) -> None:
    httpserver.expect_request(
        "/page", method="HEAD", headers={"If-None-Match": '"v1"'}
    ).respond_with_data(status=304)
    httpserver.expect_request("/page", method="HEAD").respond_with_data(headers={"ETag": '"v1"'})
    httpserver.expect_oneshot_request("/jina/").respond_with_json(answer())
    page = httpserver.url_for("/page")
    read = reader.read(page, None)
    assert read is not None
    assert reader.read(page, read.validator) is None


def test_a_page_that_only_the_service_can_reach_is_read(
    reader: JinaReader, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/jina/").respond_with_json(answer())
    read = reader.read("http://127.0.0.1:1/page", "etag: old")
    assert read is not None
    assert read.validator is None


@pytest.mark.parametrize(
    ("code", "name", "message", "told"),
    [
        (401, "AuthenticationFailedError", "Invalid API key", "does not accept the key"),
        (
            402,
            "InsufficientBalanceError",
            "Account balance not enough to run this query, please recharge.",
            "the balance of the Jina Reader key is used up: recharge it",
        ),
        (
            422,
            "AssertionFailureError",
            "Failed to goto http://x.invalid/: net::ERR_NAME_NOT_RESOLVED",
            r"cannot read .*/page: AssertionFailureError: Failed to goto .*NAME_NOT_RESOLVED",
        ),
        (451, "SecurityCompromiseError", "Domain blocked", "refuses to read .*/page"),
        (400, "ParamValidationError", "Bad", r"failed for .* \(status 400\): ParamValidationErr"),
    ],
)
def test_a_refusal_is_explained_and_not_tried_again(
    reader: JinaReader,
    httpserver: HTTPServer,
    page: str,
    code: int,
    name: str,
    message: str,
    told: str,
) -> None:
    httpserver.expect_oneshot_request("/jina/").respond_with_json(
        refusal(code, name, message), status=code
    )
    with pytest.raises(SourceError, match=told):
        reader.read(page, None)
    httpserver.check_assertions()


def test_the_rate_limit_is_waited_for(
    reader: JinaReader, httpserver: HTTPServer, page: str, clock: Clock
) -> None:
    limited = refusal(429, "RateLimitTriggeredError", "Per IP rate limit exceeded")
    httpserver.expect_oneshot_request("/jina/").respond_with_response(
        Response(json.dumps(limited), status=429, headers={"Retry-After": "31"})
    )
    httpserver.expect_oneshot_request("/jina/").respond_with_json(answer())
    assert reader.read(page, None) is not None
    assert clock.slept == [31]


def test_a_rate_limit_that_stays_is_explained(
    reader: JinaReader, httpserver: HTTPServer, page: str
) -> None:
    limited = refusal(429, "RateLimitTriggeredError", "Per IP rate limit exceeded")
    httpserver.expect_request("/jina/").respond_with_json(limited, status=429)
    with pytest.raises(SourceError, match=r"no more requests for now: load again later, set a key"):
        reader.read(page, None)


def test_a_service_that_is_down_is_asked_again_and_then_named(
    reader: JinaReader, httpserver: HTTPServer, page: str, clock: Clock
) -> None:
    httpserver.expect_request("/jina/").respond_with_data("<html>Bad gateway", status=502)
    with pytest.raises(SourceError, match=r"failed for .* \(status 502\): no reason given by"):
        reader.read(page, None)
    assert clock.slept == [1, 2, 4]


@pytest.mark.parametrize(
    ("warning", "told"),
    [
        ("Target URL returned error 404: Not Found", r"there is no page .* \(status 404\)"),
        ("Target URL returned error 403: Forbidden", r"did not show .* \(status 403\)"),
    ],
)
def test_an_error_page_is_not_taken_for_content(
    reader: JinaReader, httpserver: HTTPServer, page: str, warning: str, told: str
) -> None:
    httpserver.expect_request("/jina/").respond_with_json(answer(warning=warning))
    with pytest.raises(SourceError, match=told):
        reader.read(page, None)


def test_an_empty_page_has_nothing_to_read(
    reader: JinaReader, httpserver: HTTPServer, page: str
) -> None:
    httpserver.expect_request("/jina/").respond_with_json(answer(content="\n"))
    with pytest.raises(NothingToRead, match="is empty, as Jina Reader sees it"):
        reader.read(page, None)


def test_a_page_of_nothing_but_pictures_has_nothing_to_read() -> None:
    kept = original(json.dumps(answer(content="![a](b.png)")), "https://x.org/", MEDIA_TYPE)
    with pytest.raises(NothingToRead, match="has no text on it"):
        list(JinaExtractor().extract(kept))


@pytest.mark.parametrize("body", ["<html>not the service</html>", "[]", '{"code": 200}'])
def test_an_answer_that_is_not_the_services_is_refused(
    reader: JinaReader, httpserver: HTTPServer, page: str, body: str
) -> None:
    httpserver.expect_request("/jina/").respond_with_data(body)
    with pytest.raises(SourceError, match=r"Jina Reader (did not answer|gave)"):
        reader.read(page, None)
