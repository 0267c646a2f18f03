"""Downloads from a hub: whole, cut, resumed, damaged, refused."""

from __future__ import annotations

import hashlib
import shutil
import socket
from pathlib import Path
from typing import NamedTuple

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from dragtor.catalogue import HubFile
from dragtor.errors import ModelError
from dragtor.weights.download import Hub, from_hub
from dragtor.weights.fetch import DiskRefused, part_of, silent
from tests.weights.hub import ADDRESS, FILE, LoopbackHub


def get(loopback: LoopbackHub, target: Path, sha256: str | None = None) -> str:
    return from_hub(loopback.hub, FILE, target, sha256, silent)


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_download_is_verified_by_the_checksum_on_the_redirect(
    loopback: LoopbackHub, tmp_path: Path
) -> None:
    told: list[tuple[str, int, int | None]] = []
    sha256 = from_hub(
        loopback.hub, FILE, tmp_path / "w.bin", None, lambda *event: told.append(event)
    )
    assert (tmp_path / "w.bin").read_bytes() == loopback.content
    assert sha256 == hashlib.sha256(loopback.content).hexdigest()
    assert told[0] == ("w.bin", 0, 5000)
    assert told[-1] == ("w.bin", 5000, 5000)
    assert left_in(tmp_path) == ["w.bin"]


def test_the_token_goes_to_the_hub_and_to_nobody_else(
    loopback: LoopbackHub, tmp_path: Path
) -> None:
    get(loopback, tmp_path / "w.bin")
    tokens = [(host.split(":")[0], token) for host, _, token in loopback.seen]
    assert tokens == [("127.0.0.1", "Bearer secret"), ("localhost", None)]


@pytest.mark.parametrize("cuts", [[1000], [1, 1, 1, 1, 1, 1], [4999], [2000, 0, 0, 500]])
def test_a_cut_download_goes_on_by_itself_where_it_stopped(
    loopback: LoopbackHub, tmp_path: Path, cuts: list[int]
) -> None:
    loopback.cuts = list(cuts)
    get(loopback, tmp_path / "w.bin")
    assert (tmp_path / "w.bin").read_bytes() == loopback.content
    starts = [sum(cuts[:n]) for n in range(len(cuts) + 1)]
    assert loopback.ranges_asked == [f"bytes={start}-" if start else None for start in starts]


def test_a_download_that_gets_nowhere_keeps_what_came_for_the_next_pull(
    loopback: LoopbackHub, tmp_path: Path
) -> None:
    target = tmp_path / "w.bin"
    loopback.cuts = [3000, 0, 0, 0]
    with pytest.raises(ModelError, match=r"keeps breaking off \(connection lost\).*pull again"):
        get(loopback, target)
    assert not target.exists()
    assert part_of(target).stat().st_size == 3000
    get(loopback, target)
    assert target.read_bytes() == loopback.content
    assert loopback.ranges_asked[-1] == "bytes=3000-"


def test_a_server_that_ignores_ranges_is_read_from_the_start(
    loopback: LoopbackHub, tmp_path: Path
) -> None:
    loopback.ranges = False
    loopback.cuts = [3000]
    get(loopback, tmp_path / "w.bin")
    assert (tmp_path / "w.bin").read_bytes() == loopback.content


def test_a_part_of_another_version_is_not_continued(loopback: LoopbackHub, tmp_path: Path) -> None:
    loopback.cuts = [3000, 0, 0, 0]
    with pytest.raises(ModelError):
        get(loopback, tmp_path / "w.bin")
    loopback.content = loopback.content[::-1]
    get(loopback, tmp_path / "w.bin")
    assert (tmp_path / "w.bin").read_bytes() == loopback.content


def test_a_part_without_a_known_origin_is_not_continued(
    loopback: LoopbackHub, tmp_path: Path
) -> None:
    part_of(tmp_path / "w.bin").write_bytes(b"x" * 100)
    get(loopback, tmp_path / "w.bin")
    assert (tmp_path / "w.bin").read_bytes() == loopback.content


def test_a_part_that_is_whole_already_is_only_verified(
    loopback: LoopbackHub, tmp_path: Path
) -> None:
    target = tmp_path / "w.bin"
    loopback.cuts = [3000, 0, 0, 0]
    with pytest.raises(ModelError):
        get(loopback, target)
    part_of(target).write_bytes(loopback.content)
    get(loopback, target)
    assert target.read_bytes() == loopback.content
    assert loopback.ranges_asked[-1] == "bytes=5000-"


def test_a_part_that_is_too_long_is_thrown_away(loopback: LoopbackHub, tmp_path: Path) -> None:
    target = tmp_path / "w.bin"
    loopback.cuts = [3000, 0, 0, 0]
    with pytest.raises(ModelError):
        get(loopback, target)
    part_of(target).write_bytes(b"x" * 6000)
    get(loopback, target)
    assert target.read_bytes() == loopback.content


@pytest.mark.parametrize("known", ["hub", "catalogue"])
def test_a_file_with_the_wrong_checksum_is_removed_and_comes_afresh_next_time(
    loopback: LoopbackHub, tmp_path: Path, known: str
) -> None:
    target, truth = tmp_path / "w.bin", hashlib.sha256(loopback.content).hexdigest()
    loopback.checksum = "0" * 64 if known == "hub" else None
    with pytest.raises(ModelError, match=f"w.bin came damaged or changed.*{truth[:12]}"):
        get(loopback, target, None if known == "hub" else "1" * 64)
    assert left_in(tmp_path) == []
    loopback.checksum = None
    assert get(loopback, target, truth) == truth
    assert loopback.ranges_asked == [None, None]


def test_a_small_file_is_verified_by_its_git_hash(httpserver: HTTPServer, tmp_path: Path) -> None:
    # printf 'hello\n' | git hash-object --stdin
    tag = "ce013625030ba8dba906f756967f9e9ca394464a"
    for body, address in ((b"hello\n", "/o/m/resolve/main/a"), (b"jello\n", "/o/m/resolve/main/b")):
        httpserver.expect_request(address).respond_with_data(body, headers={"ETag": f'W/"{tag}"'})
    hub = Hub(httpserver.url_for(""))
    from_hub(hub, HubFile(hub="o/m", path="a"), tmp_path / "a", None, silent)
    assert (tmp_path / "a").read_bytes() == b"hello\n"
    with pytest.raises(ModelError, match="b came damaged or changed"):
        from_hub(hub, HubFile(hub="o/m", path="b"), tmp_path / "b", None, silent)


class Refusal(NamedTuple):
    status: int
    says: str


@pytest.mark.parametrize(
    "refusal",
    [
        Refusal(401, r"accept its licence at https://huggingface.co/owner/model and set HF_TOKEN"),
        Refusal(403, r"refuses owner/model \(403\): accept its licence"),
        Refusal(404, r"has no sub/weights.bin in owner/model at abc \(404\)"),
        Refusal(503, r"answered 503 for w.bin: try again later"),
        Refusal(418, r"answered 418 for w.bin: try again later"),
    ],
    ids=str,
)
def test_a_refusal_says_what_to_do(
    httpserver: HTTPServer, tmp_path: Path, refusal: Refusal
) -> None:
    httpserver.expect_request(ADDRESS).respond_with_data("no", status=refusal.status)
    hub = Hub(httpserver.url_for(""), backoff_s=0)
    with pytest.raises(ModelError, match=refusal.says):
        from_hub(hub, FILE, tmp_path / "w.bin", None, silent)
    assert left_in(tmp_path) == []


def test_a_busy_hub_is_asked_again(httpserver: HTTPServer, tmp_path: Path) -> None:
    answers = iter([429, 503, 200])

    def answer(_: Request) -> Response:
        return Response(b"hello", status=next(answers))

    httpserver.expect_request(ADDRESS).respond_with_handler(answer)
    sha256 = hashlib.sha256(b"hello").hexdigest()
    hub = Hub(httpserver.url_for(""), backoff_s=0)
    assert from_hub(hub, FILE, tmp_path / "w.bin", sha256, silent) == sha256


def test_what_cannot_be_verified_is_not_taken(httpserver: HTTPServer, tmp_path: Path) -> None:
    httpserver.expect_request(ADDRESS).respond_with_data(b"hello", headers={"ETag": '"5-1a2b"'})
    with pytest.raises(ModelError, match=r"sends no checksum with w\.bin"):
        from_hub(Hub(httpserver.url_for("")), FILE, tmp_path / "w.bin", None, silent)


def test_without_a_network_it_says_so(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        hub = Hub(f"http://127.0.0.1:{unused.getsockname()[1]}", backoff_s=0)
        with pytest.raises(ModelError, match=r"cannot reach 127.0.0.1:\d+: check the network"):
            from_hub(hub, FILE, tmp_path / "w.bin", None, silent)


def test_a_file_too_large_for_the_disk_is_not_begun(
    loopback: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage(NamedTuple):
        free: int = 50_004_999

    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage())
    with pytest.raises(DiskRefused, match=r"not enough room in .*0 MB to come, 50 MB free"):
        get(loopback, tmp_path / "w.bin")
    assert not part_of(tmp_path / "w.bin").exists()
