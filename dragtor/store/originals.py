"""Originals: files as they were fetched, kept by the SHA-256 of their bytes."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from dragtor.errors import StoreError


class Originals:
    """A folder of files named by their hash, in sub-folders of its first two digits."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, hash: str) -> Path:
        """Where an original lies, if it is there."""
        return self.folder / hash[:2] / hash

    def keep(self, data: bytes) -> str:
        """Write bytes under their hash, which is returned; a half file never has that name."""
        hash = sha256(data).hexdigest()
        path = self.path(hash)
        with suppress(FileNotFoundError):
            if path.stat().st_size == len(data):
                return hash
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{hash}.{os.getpid()}.part")
        try:
            partial.write_bytes(data)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        return hash

    def read(self, hash: str) -> bytes:
        """Bytes of an original. Raises StoreError if they are gone or not what they were."""
        path = self.path(hash)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise StoreError(
                f"the original {path} is missing: load its source again with --refresh"
            ) from None
        if sha256(data).hexdigest() != hash:
            raise StoreError(f"the original {path} is damaged: load its source with --refresh")
        return data

    def discard(self, hashes: Iterable[str]) -> None:
        """Delete originals; those that are not there do no harm."""
        for hash in hashes:
            self.path(hash).unlink(missing_ok=True)
