from __future__ import annotations

import threading
import time
from email.utils import formatdate

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from dragtor.errors import SourceError
from dragtor.sources.http import USER_AGENT, HttpClient

from .conftest import Clock


def answers(httpserver: HTTPServer, *responses: Response) -> None:
    """Answer the requests for /page one after the other."""
    for response in responses:
        httpserver.expect_ordered_request("/page").respond_with_response(response)


def test_an_answer_comes_with_its_type_and_where_it_came_from(
    http: HttpClient, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/old").respond_with_data(
        status=302, headers={"Location": httpserver.url_for("/page")}
    )
    httpserver.expect_request("/page", headers={"User-Agent": USER_AGENT}).respond_with_data(
        "hi", headers={"Content-Type": "Text/HTML; charset=utf-8", "ETag": '"1"'}
    )
    reply = http.request("GET", httpserver.url_for("/old"))
    assert (reply.status, reply.body, reply.media_type) == (200, b"hi", "text/html")
    assert reply.url == httpserver.url_for("/page")
    assert reply.headers["etag"] == '"1"'


def test_a_failing_server_is_asked_again_each_time_later(
    http: HttpClient, httpserver: HTTPServer, clock: Clock
) -> None:
    answers(httpserver, *(Response(status=status) for status in (500, 502, 503)), Response("ok"))
    assert http.request("GET", httpserver.url_for("/page")).body == b"ok"
    assert clock.slept == [1, 2, 4]


def test_the_last_failure_is_the_answer_when_the_server_stays_down(
    http: HttpClient, httpserver: HTTPServer, clock: Clock
) -> None:
    httpserver.expect_request("/page").respond_with_data(status=503)
    assert http.request("GET", httpserver.url_for("/page")).status == 503
    assert len(httpserver.log) == 4
    assert clock.slept == [1, 2, 4]


def test_what_the_server_asks_to_wait_is_waited(
    http: HttpClient, httpserver: HTTPServer, clock: Clock
) -> None:
    soon = formatdate(time.time() + 20, usegmt=True)
    answers(
        httpserver,
        Response(status=429, headers={"Retry-After": "7"}),
        Response(status=503, headers={"Retry-After": soon}),
        Response("ok"),
    )
    assert http.request("GET", httpserver.url_for("/page")).body == b"ok"
    assert clock.slept[0] == 7
    assert 15 < clock.slept[1] <= 20


def test_a_server_that_asks_for_too_long_a_wait_is_not_waited_for(
    http: HttpClient, httpserver: HTTPServer, clock: Clock
) -> None:
    answers(httpserver, Response(status=429, headers={"Retry-After": "3600"}))
    assert http.request("GET", httpserver.url_for("/page")).status == 429
    assert clock.slept == []


def test_a_page_that_is_not_there_is_not_asked_for_again(
    http: HttpClient, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/page").respond_with_data(status=404)
    assert http.request("GET", httpserver.url_for("/page")).status == 404
    assert len(httpserver.log) == 1


def test_requests_to_one_host_keep_their_distance(httpserver: HTTPServer, clock: Clock) -> None:
    http = HttpClient(delay_s=2, sleep=clock.sleep, clock=clock)
    httpserver.expect_request("/page").respond_with_data("x")
    for _ in range(3):
        http.request("GET", httpserver.url_for("/page"))
    assert clock.slept == [2, 2]
    http.slow_down(f"{httpserver.host}:{httpserver.port}", 5)
    http.request("GET", httpserver.url_for("/page"))
    http.request("GET", httpserver.url_for("/page"))
    assert clock.slept[2:] == [2, 5]


def test_a_host_that_cannot_be_reached_is_named(clock: Clock) -> None:
    http = HttpClient(retries=1, delay_s=0, sleep=clock.sleep, clock=clock)
    with pytest.raises(SourceError, match=r"cannot reach 127\.0\.0\.1:1 \(tried 2 times\)"):
        http.request("GET", "http://127.0.0.1:1/x")


def test_a_server_that_does_not_answer_in_time_is_named(
    httpserver: HTTPServer, clock: Clock
) -> None:
    released = threading.Event()

    def hang(_: Request) -> Response:
        released.wait(10)
        return Response()

    httpserver.expect_request("/page").respond_with_handler(hang)
    http = HttpClient(timeout_s=0.05, retries=1, delay_s=0, sleep=clock.sleep, clock=clock)
    try:
        with pytest.raises(SourceError, match=r"did not answer within 0\.05 s \(tried 2 times\)"):
            http.request("GET", httpserver.url_for("/page"))
    finally:
        released.set()


def test_a_page_that_is_too_large_is_refused(httpserver: HTTPServer, clock: Clock) -> None:
    http = HttpClient(max_mb=1, delay_s=0, sleep=clock.sleep, clock=clock)
    httpserver.expect_request("/page").respond_with_data(bytes(2**20 + 1))
    with pytest.raises(SourceError, match=r"is larger than 1 MB: see web\.max_mb"):
        http.request("GET", httpserver.url_for("/page"))


def test_an_impossible_address_is_an_error(http: HttpClient) -> None:
    with pytest.raises(SourceError, match="cannot request"):
        http.request("GET", "http://[broken/")
