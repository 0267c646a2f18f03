"""Files over HTTP: resumable, verified.

Own code on ``requests`` and not ``huggingface_hub``, because that library checks the size of what
it downloaded but not its checksum, keeps a folder of its own inside the model's folder, and gives
no say over full disks; what it would have saved is less than what would have been added around it.

How the hub answers: ``/resolve/`` redirects large files to a content network; the redirect itself
carries ``X-Linked-Etag``, the file's SHA-256 (the network's own ETag is something else). Small
files come with an ETag that is their git hash. The redirect's target expires, so that a download
is always resumed from the hub's address.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from dragtor.catalogue import HubFile
from dragtor.errors import ModelError
from dragtor.weights.fetch import (
    BLOCK,
    Progress,
    accept,
    disk_errors,
    ensure_room,
    identity_of,
    part_of,
)

_TIMEOUT_S = (10, 60)
_FRUITLESS = 3
"""So many attempts in a row may bring nothing before a download is given up."""


@dataclass(frozen=True, slots=True)
class Hub:
    """Where the hub is, and who asks. ``backoff_s`` is how long retries wait, doubling."""

    url: str = "https://huggingface.co"
    token: str | None = None
    backoff_s: float = 1.0

    def address(self, file: HubFile) -> str:
        """Where a file of the hub is to be had."""
        path, revision = quote(file.path), quote(file.revision, safe="")
        return f"{self.url.rstrip('/')}/{file.hub}/resolve/{revision}/{path}"

    def session(self) -> requests.Session:
        """Open a session that tries again when a server is busy or out of reach for a moment."""
        session = requests.Session()
        session.headers["Accept-Encoding"] = "identity"
        if self.token:
            session.headers["Authorization"] = f"Bearer {self.token}"
        retry = Retry(
            total=3,
            backoff_factor=self.backoff_s,
            status_forcelist=(408, 429, 500, 502, 503, 504),
            raise_on_status=False,
            respect_retry_after_header=False,
        )
        session.mount("https://", HTTPAdapter(max_retries=retry))
        session.mount("http://", HTTPAdapter(max_retries=retry))
        return session


class _Interrupted(Exception):
    """The connection broke; what came so far is kept."""


def from_hub(hub: Hub, file: HubFile, target: Path, sha256: str | None, progress: Progress) -> str:
    """Download a file, going on where an earlier attempt stopped; returns its SHA-256.

    It is verified against ``sha256``, or, without one, against the checksum the hub sends with it.
    Raises ModelError, DiskRefused when the disk refuses.
    """
    download = _Download(hub, file, target, sha256, progress)
    fruitless, reason = 0, ""
    with hub.session() as session, disk_errors(target.parent):
        while fruitless < _FRUITLESS:
            before = download.size()
            try:
                vouched = download.attempt(session)
            except _Interrupted as error:
                reason = str(error)
                fruitless = 0 if download.size() > before else fruitless + 1
            else:
                try:
                    return accept(download.part, target, sha256 or vouched)
                finally:
                    identity_of(download.part).unlink(missing_ok=True)
    raise ModelError(
        f"the download of {target.name} from {download.host} keeps breaking off ({reason}); "
        "what came is kept, pull again to go on"
    )


class _Download:
    """One file on its way."""

    def __init__(
        self, hub: Hub, file: HubFile, target: Path, sha256: str | None, progress: Progress
    ) -> None:
        self.url = hub.address(file)
        self.host = urlsplit(self.url).netloc
        self.part = part_of(target)
        self._file, self._target, self._sha256, self._progress = file, target, sha256, progress

    def size(self) -> int:
        """Bytes that have come."""
        return self.part.stat().st_size if self.part.exists() else 0

    def attempt(self, session: requests.Session) -> str | None:
        """Get what is missing; returns the hub's checksum. Raises _Interrupted, ModelError."""
        have = self.size()
        headers = {"Range": f"bytes={have}-"} if have else {}
        try:
            with session.get(
                self.url, headers=headers, stream=True, timeout=_TIMEOUT_S
            ) as response:
                return self._receive(response, have)
        except urllib3.exceptions.HTTPError as error:
            raise _Interrupted("connection lost") from error
        except requests.exceptions.ConnectionError as error:
            raise ModelError(
                f"cannot reach {self.host}: check the network, or put {self._target.name} into "
                f"{self._target.parent} yourself"
            ) from error
        except requests.exceptions.RequestException as error:
            raise ModelError(f"cannot download {self.url}: {error}") from error

    def _receive(self, response: requests.Response, have: int) -> str | None:
        self._refuse_failure(response)
        checksum = _checksum(response)
        if checksum is None and self._sha256 is None:
            raise ModelError(
                f"{self.host} sends no checksum with {self._target.name}, so it cannot be "
                "verified; pull from another hub, or give its sha256 in the catalogue"
            )
        identity = checksum or response.headers.get("ETag") or self._sha256 or ""
        same = self._is_part_of(identity)
        if response.status_code == 416 and same and have == _range_total(response):
            return checksum
        if response.status_code != 200 and not (response.status_code == 206 and same):
            self._discard()
            raise _Interrupted("the file has changed")
        if response.status_code == 200:
            self._discard()
            have = 0
        identity_of(self.part).write_text(identity, encoding="utf-8")
        self._append(response, have)
        return checksum

    def _append(self, response: requests.Response, have: int) -> None:
        name = self._target.name
        length = response.headers.get("Content-Length")
        total = have + int(length) if length else None
        if total is not None:
            ensure_room(self.part.parent, total - have)
        self._progress(name, have, total)
        with self.part.open("ab") as file:
            # read1 and not iter_content, which loses what it has gathered when a connection breaks
            while block := response.raw.read1(BLOCK):
                file.write(block)
                have += len(block)
                self._progress(name, have, total)

    def _is_part_of(self, identity: str) -> bool:
        kept = identity_of(self.part)
        return kept.exists() and kept.read_text(encoding="utf-8") == identity

    def _discard(self) -> None:
        self.part.unlink(missing_ok=True)
        identity_of(self.part).unlink(missing_ok=True)

    def _refuse_failure(self, response: requests.Response) -> None:
        status = response.status_code
        if status in (200, 206, 416):
            return
        repository = self._file.hub
        if status in (401, 403):
            raise ModelError(
                f"{self.host} refuses {repository} ({status}): accept its licence at "
                f"https://huggingface.co/{repository} and set HF_TOKEN to your token"
            )
        if status == 404:
            raise ModelError(
                f"{self.host} has no {self._file.path} in {repository} at {self._file.revision} "
                "(404): correct the catalogue"
            )
        raise ModelError(f"{self.host} answered {status} for {self._target.name}: try again later")


def _checksum(response: requests.Response) -> str | None:
    """The checksum the hub vouches for: a SHA-256, or the git hash of a small file."""
    hops = [*response.history, response]
    host = urlsplit(hops[0].url).netloc
    tags = [hop.headers.get("X-Linked-Etag") for hop in hops]
    tags += [hop.headers.get("ETag") for hop in hops if urlsplit(hop.url).netloc == host]
    for tag in tags:
        plain = (tag or "").removeprefix("W/").strip('"')
        if re.fullmatch(r"[0-9a-f]{64}|[0-9a-f]{40}", plain):
            return plain
    return None


def _range_total(response: requests.Response) -> int | None:
    """Size of the whole file, as an answer 416 gives it."""
    match = re.fullmatch(r"bytes \*/(\d+)", response.headers.get("Content-Range", ""))
    return int(match.group(1)) if match else None
