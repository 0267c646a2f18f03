"""The models of a folder: found, missing, pulled, repaired, chosen."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from pytest_httpserver import HTTPServer

from dragtor.catalogue import ModelEntry, ModelFile
from dragtor.errors import ModelError
from dragtor.weights import Weights
from dragtor.weights.fetch import DiskRefused, disk_errors
from tests.weights.gguf import write_gguf
from tests.weights.hub import FILE, LoopbackHub
from tests.weights.wheel import make_wheel

GB = 10**9
CONTENT = b"the weights"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
NOWHERE = {"local": "/there/is/no/such/file"}


def entry(name: str = "tiny", files: Sequence[dict[str, Any]] = (), **more: Any) -> ModelEntry:
    given = {
        "name": name,
        "kind": "vad",
        "description": "",
        "licence": "MIT",
        "size_mb": 1,
        "memory_mb": 1,
        "files": files or [{"name": "w.bin", "sources": [NOWHERE]}],
    }
    return ModelEntry.model_validate({**given, **more})


def llm(name: str, memory_mb: int, quality: int, **more: Any) -> ModelEntry:
    file = {"name": f"{name}-Q4.gguf", "sources": [NOWHERE]}
    return entry(name, [file], kind="llm", memory_mb=memory_mb, quality=quality, **more)


def local(folder: Path, sha256: str | None = SHA256) -> ModelEntry:
    """A model whose only file lies in another folder."""
    origin = folder / "origin.bin"
    origin.write_bytes(CONTENT)
    return entry(files=[{"name": "w.bin", "sha256": sha256, "sources": [{"local": str(origin)}]}])


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A folder for models, not made yet."""
    return tmp_path / "models"


# --- finding


def test_an_unknown_name_is_answered_with_those_that_are_near(models: Path) -> None:
    weights = Weights(models, [entry("all-MiniLM-L6-v2"), entry("silero-vad")])
    with pytest.raises(ModelError, match=r"no model called 'minilm'; did you mean all-MiniLM-L6-"):
        weights.entry("minilm")
    with pytest.raises(ModelError, match=r"the catalogue has all-MiniLM-L6-v2, silero-vad$"):
        weights.entry("xyzzy")
    assert weights.entry("ALL-minilm-l6-V2").name == "all-MiniLM-L6-v2"


def test_a_model_is_present_when_all_its_files_are(models: Path) -> None:
    files = [{"name": name, "sources": [NOWHERE]} for name in ("a", "b")]
    weights = Weights(models, [entry(files=files)])
    (models / "tiny").mkdir(parents=True)
    (models / "tiny" / "a").touch()
    (models / "tiny" / "b.part").touch()
    assert not weights.present("tiny")
    with pytest.raises(ModelError, match="get it with: dragtor models pull tiny"):
        weights.path("tiny")
    (models / "tiny" / "b").touch()
    assert weights.present("tiny")
    assert weights.path("tiny") == models / "tiny"


# --- pulling


def test_a_pull_verifies_and_records_what_it_got(tmp_path: Path, models: Path) -> None:
    weights = Weights(models, [local(tmp_path)])
    folder = weights.pull("tiny")
    assert folder == models / "tiny"
    assert (folder / "w.bin").read_bytes() == CONTENT
    assert json.loads((folder / "checksums.json").read_text()) == {"w.bin": SHA256}
    assert sorted(path.name for path in folder.iterdir()) == [".lock", "checksums.json", "w.bin"]


def test_the_hubs_checksum_is_recorded_at_the_first_pull_and_holds_from_then_on(
    loopback: LoopbackHub, models: Path
) -> None:
    file = ModelFile(name="w.bin", sources=(FILE,))
    weights = Weights(models, [entry().model_copy(update={"files": (file,)})], loopback.hub.url)
    folder = weights.pull("tiny")
    recorded = json.loads((folder / "checksums.json").read_text())
    assert recorded == {"w.bin": hashlib.sha256(loopback.content).hexdigest()}
    weights.pull("tiny")
    assert loopback.ranges_asked == [None], "what is whole is not fetched again"
    (folder / "w.bin").write_bytes(b"bit rot")
    weights.pull("tiny")
    assert (folder / "w.bin").read_bytes() == loopback.content


def test_a_file_put_there_by_hand_is_taken_as_it_is_only_if_its_checksum_fits(
    tmp_path: Path, models: Path
) -> None:
    (models / "tiny").mkdir(parents=True)
    (models / "tiny" / "w.bin").write_bytes(b"another file")
    Weights(models, [local(tmp_path)]).pull("tiny")
    assert (models / "tiny" / "w.bin").read_bytes() == CONTENT
    (models / "tiny" / "w.bin").write_bytes(CONTENT)
    Weights(models, [entry(files=[{"name": "w.bin", "sources": [NOWHERE]}])]).pull("tiny")


def test_sources_are_tried_in_their_order_and_the_next_one_helps_out(
    index: Path, httpserver: HTTPServer, models: Path
) -> None:
    make_wheel(index, "tiny", "1", {"tiny/w.bin": CONTENT})
    sources = [
        {"hub": "o/m", "path": "w.bin"},
        {"wheel": "tiny==1", "member": "tiny/w.bin"},
        {"local": "/never/asked"},
    ]
    httpserver.expect_ordered_request("/o/m/resolve/main/w.bin").respond_with_data("", status=404)
    files = [{"name": "w.bin", "sha256": SHA256, "sources": sources}]
    folder = Weights(models, [entry(files=files)], httpserver.url_for("")).pull("tiny")
    assert (folder / "w.bin").read_bytes() == CONTENT
    assert not (folder / ".wheels").exists()
    httpserver.check_assertions()


def test_when_every_source_fails_each_says_why(httpserver: HTTPServer, models: Path) -> None:
    httpserver.expect_request("/o/m/resolve/main/w.bin").respond_with_data("", status=401)
    files = [{"name": "w.bin", "sources": [{"hub": "o/m", "path": "w.bin"}, NOWHERE]}]
    weights = Weights(models, [entry(files=files)], httpserver.url_for(""))
    with pytest.raises(ModelError, match=r"refuses o/m \(401\).*; /there/is/no/such/file is not"):
        weights.pull("tiny")
    assert not weights.present("tiny")


def test_a_damaged_file_stays_until_a_sound_one_is_there(tmp_path: Path, models: Path) -> None:
    weights = Weights(models, [local(tmp_path)])
    damaged = weights.pull("tiny") / "w.bin"
    damaged.write_bytes(b"bit rot")
    (tmp_path / "origin.bin").rename(tmp_path / "gone.bin")
    with pytest.raises(ModelError, match=r"w\.bin is damaged and could not be replaced; .*origin"):
        weights.pull("tiny")
    assert damaged.read_bytes() == b"bit rot"
    (tmp_path / "gone.bin").rename(tmp_path / "origin.bin")
    weights.pull("tiny")
    assert damaged.read_bytes() == CONTENT


def test_two_pulls_of_one_model_do_not_meet(tmp_path: Path, models: Path) -> None:
    (models / "tiny").mkdir(parents=True)
    with (
        FileLock(models / "tiny" / ".lock", is_singleton=False),
        pytest.raises(ModelError, match="another process is getting tiny"),
    ):
        Weights(models, [local(tmp_path)]).pull("tiny")


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where the folder should be")
    with pytest.raises(DiskRefused, match=r"cannot read or write .*/models.*: "):
        Weights(tmp_path / "models", [local(tmp_path)]).pull("tiny")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a disk that is always full")
def test_a_full_disk_is_named() -> None:
    descriptor = os.open("/dev/full", os.O_WRONLY)
    refusal = pytest.raises(DiskRefused, match=r"the disk of /models is full; free some room")
    with refusal, disk_errors(Path("/models")):
        os.write(descriptor, b"x")
    os.close(descriptor)


# --- language models


@pytest.fixture
def shelf(models: Path) -> Weights:
    """Three language models in the catalogue; the starter and the small one are there."""
    catalogue = [
        llm("starter", 300, 100, starter=True),
        llm("small", 2800, 2000),
        llm("large", 5800, 5000),
    ]
    for name in ("starter", "small"):
        write_gguf(models / name / f"{name}-Q4.gguf")
    return Weights(models, catalogue)


def test_auto_takes_the_best_that_is_there_and_fits(shelf: Weights) -> None:
    assert shelf.best_llm(16 * GB).name == "small"
    assert shelf.best_llm(1 * GB).name == "starter"
    assert shelf.best_llm(1 * GB).starter
    write_gguf(shelf.folder / "large" / "large-Q4.gguf")
    assert shelf.llm("auto", 16 * GB).path == shelf.folder / "large" / "large-Q4.gguf"


def test_a_gguf_dropped_anywhere_into_the_folder_counts(shelf: Weights) -> None:
    path = write_gguf(shelf.folder / "mine" / "Favourite.gguf", size=3_000_000_000)
    assert shelf.best_llm(16 * GB).path == path
    assert shelf.best_llm(5 * GB).name == "small", "3.8 GB do not fit into two thirds of 5 GB"
    write_gguf(shelf.folder / "mine" / "mxbai-f16.gguf", 4_000_000_000, architecture="bert")
    write_gguf(shelf.folder / ".wheels" / "half.gguf", 4_000_000_000)
    assert shelf.best_llm(16 * GB).path == path


def test_links_are_followed_but_not_in_circles(shelf: Weights, tmp_path: Path) -> None:
    linked = write_gguf(tmp_path / "collection" / "Linked.gguf", size=3_000_000_000)
    (shelf.folder / "there").symlink_to(linked.parent)
    (linked.parent / "back").symlink_to(shelf.folder)
    assert [choice.name for choice in shelf.llms()] == ["starter", "small", "Linked"]


def test_a_language_model_can_be_named_in_many_ways(shelf: Weights, tmp_path: Path) -> None:
    mine = write_gguf(shelf.folder / "Mine.gguf")
    elsewhere = write_gguf(tmp_path / "elsewhere.gguf")
    assert shelf.llm("SMALL", GB).path.name == "small-Q4.gguf"
    assert shelf.llm("small-Q4.gguf", GB).name == "small"
    assert shelf.llm("mine", GB).path == mine
    assert shelf.llm(str(mine), GB).path == mine
    assert shelf.llm(str(elsewhere), GB).path == elsewhere


def test_a_language_model_that_is_not_there_is_refused(shelf: Weights, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"large is not in .* get it with: dragtor models pull"):
        shelf.llm("large", GB)
    with pytest.raises(ModelError, match="no model called 'enormous'"):
        shelf.llm("enormous", GB)
    with pytest.raises(ModelError, match="tiny is no language model but of kind vad"):
        Weights(shelf.folder, [entry()]).llm("tiny", GB)
    with pytest.raises(ModelError, match="get one with: dragtor models pull starter"):
        Weights(tmp_path / "none", shelf.catalogue).best_llm(GB)
