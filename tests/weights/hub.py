"""A hub on loopback that answers as the real one does: redirects, checksums, ranges, cuts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from dragtor.catalogue import HubFile
from dragtor.weights.download import Hub

FILE = HubFile(hub="owner/model", path="sub/weights.bin", revision="abc")
ADDRESS = "/owner/model/resolve/abc/sub/weights.bin"


@dataclass
class LoopbackHub:
    """Serves one large file through a redirect to another host name, as a content network."""

    server: HTTPServer
    content: bytes
    cuts: list[int] = field(default_factory=list)
    """Of the next answers, how many bytes come before the connection breaks."""
    ranges: bool = True
    checksum: str | None = None
    """What the hub claims; the truth if None."""
    seen: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    """(host, Range, Authorization) of each request."""

    def start(self) -> None:
        """Begin to answer."""
        self.server.expect_request(ADDRESS).respond_with_handler(self._redirect)
        self.server.expect_request("/cdn").respond_with_handler(self._send)

    @property
    def hub(self) -> Hub:
        """The hub as the program sees it."""
        return Hub(f"http://127.0.0.1:{self.server.port}", token="secret", backoff_s=0)

    @property
    def ranges_asked(self) -> list[str | None]:
        """What the content network was asked for, in order."""
        return [asked for host, asked, _ in self.seen if host.startswith("localhost")]

    def _redirect(self, request: Request) -> Response:
        self._note(request)
        sha256 = self.checksum or hashlib.sha256(self.content).hexdigest()
        return Response(
            status=302,
            headers={
                "Location": f"http://localhost:{self.server.port}/cdn",
                "X-Linked-Etag": f'"{sha256}"',
                "ETag": '"of-the-redirect"',
            },
        )

    def _send(self, request: Request) -> Response:
        self._note(request)
        start = 0
        if self.ranges and (
            match := re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
        ):
            start = int(match.group(1))
            if start >= len(self.content):
                size = {"Content-Range": f"bytes */{len(self.content)}"}
                return Response(status=416, headers=size)
        body = self.content[start:]
        sent = body[: self.cuts.pop(0)] if self.cuts else body
        headers = {"Content-Length": str(len(body)), "ETag": '"of-the-network"'}
        return Response([sent], status=206 if start else 200, headers=headers)

    def _note(self, request: Request) -> None:
        headers = request.headers
        self.seen.append((request.host, headers.get("Range"), headers.get("Authorization")))


@pytest.fixture
def loopback(httpserver: HTTPServer) -> Iterator[LoopbackHub]:
    """A hub with a file of 5,000 bytes that differ."""
    hub = LoopbackHub(httpserver, hashlib.shake_256(b"weights").digest(5000))
    hub.start()
    yield hub
    httpserver.check_assertions()
