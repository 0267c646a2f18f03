"""One writer for each library: an operating-system lock that dies with its process."""

from __future__ import annotations

import json
import os
import threading
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import filelock

from dragtor.errors import LibraryLocked, StoreError


class WriterLock:
    """The writer's lock of a library; within the thread that holds it, it can be taken again.

    Who holds it stands in a file beside it, which is believed only while the lock is held.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._owner = folder / "library.lock.json"
        self._file = filelock.FileLock(
            folder / "library.lock", timeout=0, thread_local=False, is_singleton=False
        )
        self._thread = threading.RLock()
        self._depth = 0

    def acquire(self) -> None:
        """Take the lock at once or raise LibraryLocked; StoreError if the folder is no use."""
        if not self._thread.acquire(blocking=False):
            raise self._refusal()
        try:
            if self._depth == 0:
                self._take()
            self._depth += 1
        except BaseException:
            self._thread.release()
            raise

    def release(self) -> None:
        """Give the lock back as often as it was taken."""
        self._depth -= 1
        if self._depth == 0:
            with suppress(OSError):
                self._owner.unlink(missing_ok=True)
            self._file.release()
        self._thread.release()

    def _take(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file.acquire()
        except filelock.Timeout:
            raise self._refusal() from None
        except (OSError, RuntimeError) as error:
            raise StoreError(
                f"cannot write to the library {self._folder}: {error}; "
                "check its permissions, or set paths.library to a folder you may write to"
            ) from None
        with suppress(OSError):
            since = datetime.now().astimezone().isoformat(timespec="seconds")
            self._owner.write_text(json.dumps({"pid": os.getpid(), "since": since}))

    def _refusal(self) -> LibraryLocked:
        who = "another process"
        with suppress(OSError, ValueError, KeyError, TypeError):
            owner = json.loads(self._owner.read_text())
            who = f"process {owner['pid']} (since {owner['since']})"
        return LibraryLocked(
            f"the library {self._folder} is being written to by {who}: "
            "wait until it is done, or stop it"
        )
