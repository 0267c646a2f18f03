"""What every way of getting a file shares: progress, room on the disk, checksums, the last step."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dragtor.errors import ModelError

Progress = Callable[[str, int, int | None], None]
"""Called with a file's name, the bytes that are there, and how many there will be, if known."""

BLOCK = 1 << 18
_SPARE = 50_000_000


class DiskRefused(ModelError):
    """Something no other source can help with: a full or unwritable disk."""


class DamagedFile(ModelError):
    """A file came whole, and is not what it should be."""


def silent(name: str, done: int, total: int | None) -> None:
    """Show no progress."""


def part_of(target: Path) -> Path:
    """Where a file lies while it is not whole."""
    return target.with_name(target.name + ".part")


def identity_of(part: Path) -> Path:
    """Where it is written what a part is a part of, so that nothing else is appended to it."""
    return part.with_name(part.name + ".id")


def sha256_of(path: Path, progress: Progress = silent) -> str:
    """Hash a file, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    total, done = path.stat().st_size, 0
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
            done += len(block)
            progress(path.name, done, total)
    return digest.hexdigest()


def git_blob_sha1(path: Path) -> str:
    """Hash a file as git does, which is the checksum the hub gives for small files."""
    digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def accept(part: Path, target: Path, expected: str | None) -> str:
    """Give a whole file its final name, if its checksum is right; returns its SHA-256.

    ``expected`` is a SHA-256, or a git hash of 40 digits; ``None`` accepts anything. A file that
    is not what it should be is removed, so that the next attempt starts afresh.
    """
    sha256 = sha256_of(part)
    found = git_blob_sha1(part) if expected and len(expected) == 40 else sha256
    if expected and found != expected:
        part.unlink()
        raise DamagedFile(
            f"{target.name} came damaged or changed: its checksum is {found[:12]}…, not "
            f"{expected[:12]}…; it was removed, pull again"
        )
    with part.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(part, target)
    return sha256


def copy_blocks(blocks: Iterator[bytes], part: Path, progress: Callable[[int], None]) -> None:
    """Write blocks into a new file, telling after each how many bytes there are."""
    identity_of(part).unlink(missing_ok=True)
    done = 0
    with part.open("wb") as file:
        for block in blocks:
            file.write(block)
            done += len(block)
            progress(done)


def ensure_room(folder: Path, needed: int) -> None:
    """Raise DiskRefused if the disk has not this many bytes left, and some to spare."""
    free = shutil.disk_usage(folder).free
    if free < needed + _SPARE:
        raise DiskRefused(
            f"not enough room in {folder}: {needed / 1e6:,.0f} MB to come, {free / 1e6:,.0f} MB "
            "free; free some, or set paths.models to another disk"
        )


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn what the disk refuses into DiskRefused."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskRefused(
                f"the disk of {folder} is full; free some room and pull again: what came is kept"
            ) from error
        where = error.filename or folder
        raise DiskRefused(f"cannot read or write {where}: {error.strerror or error}") from error
