"""Jina Reader: a service that renders a web page and returns its content as Markdown.

It answers in JSON: ``{"code": 200, "status": 20000, "data": {"title", "url", "content",
"publishedTime", "warning", …}}``, or ``{"data": null, "code": 422, "name", "readableMessage"}``.
See https://jina.ai/reader and https://github.com/jina-ai/reader.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

from dragtor.errors import NothingToRead, SourceError
from dragtor.sources.address import stem
from dragtor.sources.html import render_html
from dragtor.sources.http import HttpClient, Reply
from dragtor.sources.markup import squash
from dragtor.sources.web import conditions, validator_of
from dragtor.text import clean
from dragtor.types import Content, Original

MEDIA_TYPE = "application/x-jina-reader+json"
_TARGET_FAILED = re.compile(r"Target URL returned error (\d{3})")
_PROBE_TIMEOUT_S = 10.0


class JinaReader:
    """Reads pages through the service; ``key`` is optional and raises its limits.

    The service says nothing about changes, so the page's own server is asked first, by a
    conditional request without body. Where it has no answer, the page is read again.
    """

    def __init__(
        self, http: HttpClient, *, base_url: str = "https://r.jina.ai/", key: str | None = None
    ) -> None:
        self._http = http
        self._base_url = base_url
        self._headers = {
            "Accept": "application/json",
            # A cached answer could be older than the validator that is kept with it.
            "X-No-Cache": "true",
            "X-Retain-Images": "none",
        }
        if key:
            self._headers["Authorization"] = f"Bearer {key}"

    def read(self, url: str, validator: str | None) -> Original | None:
        """The service's answer. Raises SourceError, or NothingToRead if the page is empty."""
        probe = self._probe(url, validator)
        if probe is not None and probe.status == 304:
            return None
        reply = self._http.request("POST", self._base_url, headers=self._headers, json={"url": url})
        data = _data(reply, url)
        failed = _TARGET_FAILED.search(str(data.get("warning") or ""))
        if failed:
            raise SourceError(_target_failure(url, int(failed[1])))
        if not str(data.get("content") or "").strip():
            raise NothingToRead(f"{url} is empty, as Jina Reader sees it")
        kept = validator_of(probe) if probe is not None and probe.status == 200 else None
        return Original(url, MEDIA_TYPE, reply.body, kept)

    def _probe(self, url: str, validator: str | None) -> Reply | None:
        try:
            return self._http.request(
                "HEAD",
                url,
                headers=conditions(validator),
                retry=False,
                timeout_s=_PROBE_TIMEOUT_S,
            )
        except SourceError:
            return None  # Jina Reader may reach what we do not


class JinaExtractor:
    """Turns the service's Markdown into text: no link targets, no pictures, headings as marks."""

    def __init__(self) -> None:
        self.version = f"jina 1, markdown-it-py {version('markdown-it-py')}"

    def extract(self, original: Original) -> Iterator[Content]:
        """Read one page. Raises NothingToRead if there is no text on it."""
        data = _parsed(original.data, original.uri)["data"]
        text, marks = render_html(_html(str(data["content"])))
        if not text:
            raise NothingToRead(f"{original.uri} has no text on it")
        first = next((mark.heading for mark in marks if mark.heading), None)
        described = {key: data.get(key) for key in ("description", "url")}
        yield Content(
            text=text,
            title=squash(str(data.get("title") or "")) or first or stem(original.uri),
            kind="web",
            marks=marks,
            published=str(data.get("publishedTime") or "") or None,
            metadata={key: clean(value) for key, value in described.items() if value},
        )


def _target_failure(url: str, status: int) -> str:
    if status in (404, 410):
        return f"there is no page {url} (status {status})"
    return f"{urlsplit(url).netloc} did not show {url} to Jina Reader (status {status})"


def _html(markdown: str) -> str:
    from markdown_it import MarkdownIt

    html: str = MarkdownIt("commonmark", {"html": False}).enable("table").render(clean(markdown))
    return html


def _data(reply: Reply, url: str) -> dict[str, Any]:
    if reply.status != 200:
        raise SourceError(_refusal(reply, url))
    answer = _parsed(reply.body, url)
    data = answer.get("data")
    if not isinstance(data, dict):
        raise SourceError(f"Jina Reader gave no content for {url}: {_said(reply)}")
    return data


def _parsed(body: bytes, url: str) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError as error:
        raise SourceError(
            f"Jina Reader did not answer in JSON for {url}: check web.jina_url"
        ) from error
    if not isinstance(answer, dict):
        raise SourceError(f"Jina Reader gave a strange answer for {url}: check web.jina_url")
    return answer


def _refusal(reply: Reply, url: str) -> str:
    """What to tell a person about each status the service is known to refuse with."""
    if reply.status == 401:
        return "Jina Reader does not accept the key: check JINA_API_KEY, or leave it out"
    if reply.status == 402:
        return (
            "the balance of the Jina Reader key is used up: recharge it, leave the key out, "
            "or set web.reader to local"
        )
    if reply.status == 422:
        return f"Jina Reader cannot read {url}: {_said(reply)}"
    if reply.status == 429:
        return (
            "Jina Reader allows no more requests for now: load again later, set a key "
            "(JINA_API_KEY), or set web.reader to local"
        )
    if reply.status == 451:
        return f"Jina Reader refuses to read {url}: set web.reader to local"
    return f"Jina Reader failed for {url} (status {reply.status}): {_said(reply)}; try later"


def _said(reply: Reply) -> str:
    try:
        answer = json.loads(reply.body)
        said = answer.get("readableMessage") or answer.get("message")
    except (ValueError, AttributeError):
        said = None
    return squash(str(said))[:200] if said else f"no reason given by {urlsplit(reply.url).netloc}"
