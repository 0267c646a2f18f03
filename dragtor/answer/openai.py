"""A language model behind an OpenAI-compatible endpoint: Ollama, LM Studio, llama-server."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import requests

from dragtor.errors import EngineError
from dragtor.types import Message, Usage

_CHARS_PER_TOKEN = 3
"""English has about 4; 3 errs on the side of a shorter prompt."""
_TOKENS_PER_MESSAGE = 8
"""What chat templates put around a message, at most."""
_NOT_TAKEN = frozenset({400, 422, 501})
"""How servers answer to a ``response_format`` they do not know."""


class OpenAiModel:
    """Fits :class:`dragtor.interfaces.LanguageModel`.

    The endpoint does not say how it cuts text into tokens, so :meth:`count` is an estimate: the
    UTF-8 bytes divided by 3, rounded up, and 8 for each message. Usage is the endpoint's own where
    it gives one.

    Parameters
    ----------
    base_url
        Up to and including ``/v1``.
    context_tokens
        What the server was started with; it cannot be asked.
    timeout
        Seconds to wait for the connection, and for each next piece of the answer.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        context_tokens: int,
        api_key: str | None = None,
        timeout: float = 120.0,
        temperature: float = 0.0,
        seed: int = 0,
    ) -> None:
        self.name = model
        self.context_tokens = context_tokens
        self._url = f"{base_url.rstrip('/')}/chat/completions"
        self._api_key = api_key
        self._timeout = timeout
        self._temperature = temperature
        self._seed = seed
        self._lock = threading.Lock()
        self._takes_schemas = True

    def count(self, messages: Sequence[Message]) -> int:
        """Tokens of a prompt, estimated from above."""
        return sum(_TOKENS_PER_MESSAGE + _estimate(message.content) for message in messages)

    def stream(
        self,
        messages: Sequence[Message],
        max_tokens: int,
        *,
        passages: int = 0,
        schema: Mapping[str, Any] | None = None,
    ) -> Iterator[str | Usage]:
        """Text as it is written, and :class:`Usage` as the last item.

        A schema is sent as ``response_format``; a server that refuses it is asked without, and
        from then on. Citations cannot be asked for half-way. Raises EngineError where the server
        is not there, refuses, or breaks off.
        """
        body: dict[str, Any] = {
            "model": self.name,
            "messages": [{"role": turn.role, "content": turn.content} for turn in messages],
            "max_tokens": max_tokens,
            "temperature": self._temperature,
            "seed": self._seed,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        estimated = self.count(messages)
        if estimated >= self.context_tokens:
            raise EngineError(
                f"the prompt has about {estimated} tokens and {self.name} takes"
                f" {self.context_tokens}; ask a shorter question or raise llm.context_tokens"
            )
        with self._lock, self._asked(body, schema) as response:
            if response.status_code != requests.codes.ok:
                raise EngineError(self._refused(response))
            try:
                yield from self._pieces(response, estimated)
            except requests.RequestException as error:
                # A read that times out half-way comes as a ConnectionError.
                raise EngineError(f"{self._url} broke off: {_brief(error)}") from None

    def _asked(self, body: dict[str, Any], schema: Mapping[str, Any] | None) -> requests.Response:
        if schema is None or not self._takes_schemas:
            return self._post(body)
        form = {"name": _schema_name(schema), "schema": dict(schema)}
        response = self._post(
            {**body, "response_format": {"type": "json_schema", "json_schema": form}}
        )
        if response.status_code not in _NOT_TAKEN:
            return response
        response.close()
        response = self._post(body)
        # Only then was it the schema, and not the prompt, that was refused.
        self._takes_schemas = response.status_code != requests.codes.ok
        return response

    def _post(self, body: dict[str, Any]) -> requests.Response:
        headers = {"Authorization": f"Bearer {self._api_key}"} if self._api_key else {}
        try:
            return requests.post(
                self._url, json=body, headers=headers, timeout=self._timeout, stream=True
            )
        except requests.exceptions.SSLError as error:
            raise EngineError(f"{self._url} has no valid certificate: {_brief(error)}") from None
        except requests.ReadTimeout:
            raise EngineError(
                f"{self._url} said nothing for {self._timeout:g} s; raise llm.timeout_s"
            ) from None
        except requests.ConnectionError:  # a connection that times out is one of these
            host = urlsplit(self._url).netloc
            raise EngineError(
                f"no connection to {self._url}; is the server running at {host}? see llm.base_url"
            ) from None
        except (requests.RequestException, ValueError) as error:
            raise EngineError(
                f"{self._url} cannot be asked: {_brief(error)}; see llm.base_url"
            ) from None

    def _pieces(self, response: requests.Response, estimated: int) -> Iterator[str | Usage]:
        usage: Usage | None = None
        finished = False
        written = 0
        for event in _events(response):
            if "error" in event:
                raise EngineError(f"{self._url} broke off: {_reason(event)}")
            usage = _usage(event) or usage
            choice = (event.get("choices") or [{}])[0]
            text = (choice.get("delta") or {}).get("content")
            if text:
                written += 1  # servers send token by token
                yield text
            finished = finished or bool(choice.get("finish_reason"))
        if not finished:
            raise EngineError(f"{self._url} broke off in the middle of the answer")
        yield usage or Usage(estimated, written)

    def _refused(self, response: requests.Response) -> str:
        reason = _reason(_decoded(response.text))
        if response.status_code in (401, 403):
            return f"{self._url} wants a valid key ({reason}); set OPENAI_API_KEY"
        if response.status_code == 404:
            return (
                f"{self._url} knows no model {self.name!r}, or base_url is wrong ({reason});"
                " see llm.model and llm.base_url"
            )
        return f"{self._url} answered {response.status_code}: {reason}"


def _schema_name(schema: Mapping[str, Any]) -> str:
    """The title, of the characters that OpenAI allows."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", str(schema.get("title", "")))[:64] or "answer"


def _events(response: requests.Response) -> Iterator[dict[str, Any]]:
    """The JSON of each server-sent event until ``[DONE]``."""
    for line in response.iter_lines():
        if not line.startswith(b"data:"):
            continue
        data = line.removeprefix(b"data:").strip()
        if data == b"[DONE]":
            return
        yield _decoded(data.decode("utf-8", errors="replace"))


def _decoded(text: str) -> dict[str, Any]:
    try:
        decoded = json.loads(text)
    except json.JSONDecodeError:
        return {"error": text or "no reason given"}
    return decoded if isinstance(decoded, dict) else {"error": text}


def _reason(event: dict[str, Any]) -> str:
    error = event.get("error") or event.get("message") or event.get("detail") or event
    said = error.get("message", error) if isinstance(error, dict) else error
    return _brief(said)


def _brief(value: object) -> str:
    line = " ".join(str(value).split())
    return line if len(line) <= 200 else f"{line[:199]}…"


def _usage(event: dict[str, Any]) -> Usage | None:
    given = event.get("usage")
    if not given:
        return None
    return Usage(int(given.get("prompt_tokens") or 0), int(given.get("completion_tokens") or 0))


def _estimate(text: str) -> int:
    return -(-len(text.encode("utf-8", errors="replace")) // _CHARS_PER_TOKEN)
