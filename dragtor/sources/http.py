"""Requests over HTTP: polite, with time and size limits, and tried again where that helps."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from dragtor import __version__
from dragtor.errors import SourceError

if TYPE_CHECKING:
    from requests import Response

USER_AGENT = f"dragtor/{__version__} (reads for one person's own library)"
_RETRIED = frozenset((408, 425, 429, 500, 502, 503, 504))
_LONGEST_WAIT_S = 90.0
_CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered: ``url`` after redirects, header names in lower case."""

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """The type without its parameters, in lower case; empty if the server gave none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class HttpClient:
    """One client for all requests, so that no host gets two within ``delay_s``.

    ``sleep`` and ``clock`` can be replaced, so that tests need not wait.
    """

    def __init__(
        self,
        *,
        timeout_s: float = 30,
        retries: int = 3,
        delay_s: float = 1.0,
        max_mb: int = 50,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        from requests import Session

        self._session = Session()
        self._session.headers["User-Agent"] = USER_AGENT
        self._timeout_s = timeout_s
        self._retries = retries
        self._delay_s = delay_s
        self._max_mb = max_mb
        self._sleep = sleep
        self._clock = clock
        self._next: dict[str, float] = {}
        self._delays: dict[str, float] = {}

    def slow_down(self, host: str, delay_s: float) -> None:
        """Leave at least this time between requests to a host, which asked for it."""
        self._delays[host] = max(self._delay_s, delay_s)

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: object = None,
        retry: bool = True,
        timeout_s: float | None = None,
    ) -> Reply:
        """The server's answer, of whatever status, after trying again where that may help.

        Raises SourceError if there is no answer, or one that is too large.
        """
        import requests

        tries = self._retries + 1 if retry else 1
        for attempt in range(tries):
            wait = 2.0**attempt
            try:
                self._take_turn(urlsplit(url).netloc)
                reply = self._once(method, url, headers, json, timeout_s or self._timeout_s)
            except (
                requests.Timeout,
                requests.ConnectionError,
                requests.exceptions.ChunkedEncodingError,
            ) as error:
                if attempt == tries - 1 or isinstance(error, requests.exceptions.SSLError):
                    raise SourceError(self._no_answer(url, error, attempt + 1)) from error
            except (requests.RequestException, ValueError) as error:
                raise SourceError(f"cannot request {url}: {error}") from error
            else:
                wait = _retry_after(reply) or wait
                if reply.status not in _RETRIED or attempt == tries - 1 or wait > _LONGEST_WAIT_S:
                    return reply
            self._sleep(wait)
        raise AssertionError("the last try returns or raises")

    def _once(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        json: object,
        timeout_s: float,
    ) -> Reply:
        with self._session.request(
            method, url, headers=dict(headers or {}), json=json, timeout=timeout_s, stream=True
        ) as response:
            body = self._body(response, url)
            lowered = {name.lower(): value for name, value in response.headers.items()}
            return Reply(response.status_code, response.url, lowered, body)

    def _body(self, response: Response, url: str) -> bytes:
        limit = self._max_mb * 2**20
        parts, size = [], 0
        for part in response.iter_content(_CHUNK):
            parts.append(part)
            size += len(part)
            if size > limit:
                raise SourceError(f"{url} is larger than {self._max_mb} MB: see web.max_mb")
        return b"".join(parts)

    def _take_turn(self, host: str) -> None:
        wait = self._next.get(host, 0.0) - self._clock()
        if wait > 0:
            self._sleep(wait)
        self._next[host] = self._clock() + self._delays.get(host, self._delay_s)

    def _no_answer(self, url: str, error: Exception, tries: int) -> str:
        import requests

        host = urlsplit(url).netloc
        times = f" (tried {tries} times)" if tries > 1 else ""
        if isinstance(error, requests.Timeout):
            return f"{host} did not answer within {self._timeout_s:g} s{times}: {url}"
        if isinstance(error, requests.exceptions.SSLError):
            return f"{host} has no valid certificate, so {url} was not read"
        return f"cannot reach {host}{times}: check the address and the network, for {url}"


def _retry_after(reply: Reply) -> float | None:
    """Seconds a server asks to wait, as it gives them: a number, or a date."""
    given = reply.headers.get("retry-after", "").strip()
    if given.isdigit():
        return float(given)
    try:
        return max(parsedate_to_datetime(given).timestamp() - time.time(), 0.0)
    except (TypeError, ValueError):
        return None
