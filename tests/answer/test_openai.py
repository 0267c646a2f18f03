from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from dragtor.answer.openai import OpenAiModel
from dragtor.errors import EngineError
from dragtor.interfaces import LanguageModel
from dragtor.types import Message, Usage
from tests.contracts.language_model import MESSAGES, LanguageModelContract

PATH = "/v1/chat/completions"
SAID = ["It", " holds", " the", " tendon", " — 腱", " 🧗", "."]


def event(payload: dict[str, Any]) -> str:
    return f"data: {json.dumps(payload)}\n\n"


def delta(text: str | None, finish: str | None = None) -> str:
    choice = {"index": 0, "delta": {"content": text} if text else {}, "finish_reason": finish}
    return event({"object": "chat.completion.chunk", "choices": [choice]})


def answering(request: Request) -> Response:
    """An answer as llama-server streams it, without usage."""
    body = request.get_json()
    allowed = body["max_tokens"]
    said = (['{"query": ', '"pulley", ', '"steps": 2}'] if "response_format" in body else SAID)[
        :allowed
    ]
    parts = [": a comment\n\n", *(delta(text) for text in said)]
    parts.append(delta(None, "length" if allowed < len(SAID) else "stop"))
    return Response([*parts, "data: [DONE]\n\n"], content_type="text/event-stream")


def streaming(*parts: str) -> Response:
    return Response(list(parts), content_type="text/event-stream")


@pytest.fixture
def model(httpserver: HTTPServer) -> OpenAiModel:
    return OpenAiModel(httpserver.url_for("/v1/"), "llama3", context_tokens=2048, timeout=5)


class TestOpenAiModel(LanguageModelContract):
    @pytest.fixture
    def model(self, httpserver: HTTPServer) -> LanguageModel:
        httpserver.expect_request(PATH, method="POST").respond_with_handler(answering)
        return OpenAiModel(httpserver.url_for("/v1"), "llama3", context_tokens=2048, timeout=5)


def test_the_request_says_what_the_protocol_wants(
    model: OpenAiModel, httpserver: HTTPServer
) -> None:
    httpserver.expect_request(PATH).respond_with_handler(answering)
    with_key = OpenAiModel(
        httpserver.url_for("/v1"), "m", 2048, api_key="secret", temperature=0.5, seed=7
    )
    assert "".join(str(item) for item in list(with_key.stream(MESSAGES, 40))[:-1]) == "".join(SAID)
    request, _ = httpserver.log[0]
    assert request.headers["Authorization"] == "Bearer secret"
    assert request.get_json() == {
        "model": "m",
        "messages": [
            {"role": "system", "content": MESSAGES[0].content},
            {"role": "user", "content": MESSAGES[1].content},
        ],
        "max_tokens": 40,
        "temperature": 0.5,
        "seed": 7,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    list(model.stream(MESSAGES, 40))
    request, _ = httpserver.log[1]
    assert "Authorization" not in request.headers


def test_usage_is_the_servers_own_where_it_gives_one(
    model: OpenAiModel, httpserver: HTTPServer
) -> None:
    usage = {"prompt_tokens": 31, "completion_tokens": 2, "total_tokens": 33}
    parts = [delta("It"), delta(" holds", "stop"), event({"choices": [], "usage": usage})]
    httpserver.expect_request(PATH).respond_with_response(streaming(*parts, "data: [DONE]\n\n"))
    assert list(model.stream(MESSAGES, 40)) == ["It", " holds", Usage(31, 2)]


def test_a_stream_without_done_is_whole_when_it_gave_a_finish_reason(
    model: OpenAiModel, httpserver: HTTPServer
) -> None:
    whole = streaming(delta("It"), delta(None, "stop"))
    httpserver.expect_request(PATH).respond_with_response(whole)
    assert list(model.stream(MESSAGES, 40))[:-1] == ["It"]


def test_tokens_are_estimated_as_three_bytes_each_and_eight_a_message(model: OpenAiModel) -> None:
    assert model.count([Message("user", "abcdefg"), Message("assistant", "腱")]) == 3 + 1 + 2 * 8


def refused(model: OpenAiModel) -> str:
    with pytest.raises(EngineError) as caught:
        list(model.stream(MESSAGES, 40))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (401, {"error": {"message": "Invalid key"}}, "wants a valid key (Invalid key); set OPENAI"),
        (404, {"error": {"message": "no such model"}}, "knows no model 'llama3', or base_url"),
        (404, "404 page\nnot found", "(404 page not found)"),
        (400, {"detail": "context too long"}, "answered 400: context too long"),
        (500, "", "answered 500: no reason given"),
        (503, {"error": "loading model"}, "answered 503: loading model"),
    ],
)
def test_a_refusal_is_reported_with_the_servers_reason(
    model: OpenAiModel, httpserver: HTTPServer, status: int, body: Any, expected: str
) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    httpserver.expect_request(PATH).respond_with_data(text, status=status)
    message = refused(model)
    assert expected in message
    assert httpserver.url_for(PATH) in message


def test_no_server_at_the_address_is_asked_about() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        message = refused(OpenAiModel(url, "llama3", 2048))
        assert f"no connection to {url}/chat/completions; is the server running at 127" in message


def test_a_server_that_says_nothing_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        message = refused(OpenAiModel(url, "llama3", 2048, timeout=0.05))
        assert "said nothing for 0.05 s; raise llm.timeout_s" in message


def test_an_address_that_is_none_is_refused() -> None:
    assert "cannot be asked" in refused(OpenAiModel("localhost", "llama3", 2048))


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([delta("It")], "broke off in the middle of the answer"),
        ([delta("It"), event({"error": {"message": "out of memory"}})], "broke off: out of memory"),
        ([delta("It"), "data: {broken\n\n"], "broke off: {broken"),
        ([], "broke off in the middle of the answer"),
    ],
)
def test_an_answer_that_is_cut_off_is_an_error(
    model: OpenAiModel, httpserver: HTTPServer, parts: list[str], expected: str
) -> None:
    httpserver.expect_request(PATH).respond_with_response(streaming(*parts))
    assert expected in refused(model)


def test_a_connection_that_breaks_is_an_error(model: OpenAiModel, httpserver: HTTPServer) -> None:
    response = streaming(delta("It"))
    response.headers["Content-Length"] = "5000"
    httpserver.expect_request(PATH).respond_with_response(response)
    pieces: list[str | Usage] = []
    with pytest.raises(EngineError, match="broke off"):
        pieces.extend(item for item in model.stream(MESSAGES, 40))


def test_closing_the_stream_closes_the_connection(
    model: OpenAiModel, httpserver: HTTPServer
) -> None:
    def endless(_request: Request) -> Response:
        def parts() -> Iterator[str]:
            while True:
                yield delta("on and on ")

        return Response(parts(), content_type="text/event-stream")

    httpserver.expect_ordered_request(PATH).respond_with_handler(endless)
    httpserver.expect_ordered_request(PATH).respond_with_handler(answering)
    stream = model.stream(MESSAGES, 40)
    assert next(stream) == "on and on "
    stream.close()  # type: ignore[attr-defined]
    assert next(iter(model.stream(MESSAGES, 40))) == "It"


SCHEMA = {"title": "Plan (of 2)", "type": "object", "properties": {"query": {"type": "string"}}}


def bodies(server: HTTPServer) -> list[dict[str, Any]]:
    return [request.get_json() for request, _ in server.log]


def test_a_schema_is_sent_as_the_form_of_the_response(
    model: OpenAiModel, httpserver: HTTPServer
) -> None:
    httpserver.expect_request(PATH).respond_with_handler(answering)
    list(model.stream(MESSAGES, 40, schema=SCHEMA))
    form = {"type": "json_schema", "json_schema": {"name": "Plan__of_2_", "schema": SCHEMA}}
    assert bodies(httpserver)[0]["response_format"] == form


def test_a_server_that_refuses_schemas_is_asked_without_from_then_on(
    model: OpenAiModel, httpserver: HTTPServer
) -> None:
    def refusing(request: Request) -> Response:
        if "response_format" in request.get_json():
            return Response('{"error": "response_format is not supported"}', status=400)
        return answering(request)

    httpserver.expect_request(PATH).respond_with_handler(refusing)
    for _ in range(2):
        assert "".join(map(str, list(model.stream(MESSAGES, 40, schema=SCHEMA))[:-1])) == "".join(
            SAID
        )
    assert ["response_format" in body for body in bodies(httpserver)] == [True, False, False]


def test_a_refusal_that_is_not_about_the_schema_is_reported(
    model: OpenAiModel, httpserver: HTTPServer
) -> None:
    httpserver.expect_request(PATH).respond_with_data('{"error": "too long"}', status=400)
    for _ in range(2):
        with pytest.raises(EngineError, match="answered 400: too long"):
            list(model.stream(MESSAGES, 40, schema=SCHEMA))
    assert ["response_format" in body for body in bodies(httpserver)] == [True, False] * 2
