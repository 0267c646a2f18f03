"""Folders that may not be written to, also where the tests run as root."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_NOBODY = 65534


@dataclass
class Folder:
    """A folder that anyone may enter."""

    path: Path

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """Take away the right to write anything in it."""
        paths = [self.path, *self.path.rglob("*")]
        modes = [path.stat().st_mode for path in paths]
        for path in paths:
            path.chmod(0o555 if path.is_dir() else 0o444)
        privileged = os.geteuid() == 0
        if privileged:
            os.seteuid(_NOBODY)
        try:
            yield
        finally:
            if privileged:
                os.seteuid(0)
            for path, mode in zip(paths, modes, strict=True):
                path.chmod(mode)


@contextmanager
def unprivileged() -> Iterator[Folder]:
    """A folder outside of pytest's own, which only their owner may enter."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Folder(Path(name))
