"""A process of its own that answers requests, for libraries that must not be in this one."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import tempfile
import threading
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import dragtor
from dragtor.encode import frames
from dragtor.errors import DragtorError, EngineError, MissingExtra, ModelError
from dragtor.types import Vectors

_ERRORS: Mapping[str, type[DragtorError]] = {
    error.__name__: error for error in (EngineError, MissingExtra, ModelError)
}
_PATIENCE_S = 5.0
"""How long a child may take to end after it was told to."""
_SAID = 300
"""Most characters of a child's last words that are repeated."""


class Child:
    """Starts a program at the first request, and again at the next one if it has died.

    It gets one request at a time (:mod:`dragtor.encode.frames`) on its standard input and answers
    on its standard output; at the end of its input it ends. It is in a session of its own, so that
    Ctrl-C reaches this process alone; whoever stops waiting for an answer ends it. ``hello`` is the
    first thing it is asked. Safe to use from several threads.
    """

    def __init__(self, command: Sequence[str], name: str, hello: Mapping[str, Any]) -> None:
        self._command = list(command)
        self._name = name
        self._hello = hello
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._words: IO[bytes] | None = None
        self._end: weakref.finalize[..., Any] | None = None

    def ask(self, request: Mapping[str, Any]) -> tuple[dict[str, Any], Vectors]:
        """The answer to a request, its numbers in one row.

        Raises the child's own error, and EngineError when it dies or talks nonsense.
        """
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._start()
                self._exchange(self._hello)
            return self._exchange(request)

    def close(self) -> None:
        """End the child; the next request starts another."""
        with self._lock:
            self._stop()

    def _start(self) -> None:
        self._stop()
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the child)
        try:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._words,
                env=_environment(),
                start_new_session=True,
            )
        except OSError as error:
            self._words.close()
            raise EngineError(f"cannot start {self._command[0]}: {error.strerror}") from None
        self._end = weakref.finalize(self, _end, self._process, self._words)

    def _exchange(self, request: Mapping[str, Any]) -> tuple[dict[str, Any], Vectors]:
        process = self._process
        assert process is not None
        # Popen types its pipes as IO[bytes], which has less than the buffered files they are.
        assert isinstance(process.stdin, io.BufferedWriter)
        assert isinstance(process.stdout, io.BufferedReader)
        try:
            frames.write(process.stdin, request)
            answer = frames.read(process.stdout)
        except (OSError, frames.NoFrame) as error:
            raise EngineError(self._obituary(error)) from None
        except BaseException:  # its answer would be taken for that to the next request
            self._stop()
            raise
        if answer is None:
            raise EngineError(self._obituary(None))
        if "error" in answer[0]:
            if request is self._hello:
                self._stop()
            kind = _ERRORS.get(str(answer[0].get("kind")), EngineError)
            raise kind(str(answer[0]["error"]))
        return answer

    def _obituary(self, error: Exception | None) -> str:
        """What became of a child that is heard no more, with its last words; it is ended."""
        process, words = self._process, self._words
        assert process is not None
        assert words is not None
        garbled = isinstance(error, frames.NoFrame)
        try:
            code: int | None = process.wait(0 if garbled else _PATIENCE_S)
        except subprocess.TimeoutExpired:
            code = None
        words.seek(0)
        lines = words.read().decode("utf-8", "replace").strip().splitlines()
        self._stop()
        if code is None or (garbled and not code):
            return f"{self._name}: its process said what cannot be read ({error})"
        how = f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
        last = f": {lines[-1][:_SAID]}" if lines else ""
        hint = "; is there enough memory?" if code == -9 and not last else ""
        return f"{self._name}: its process {how}{last}{hint}"

    def _stop(self) -> None:
        if self._end is not None:
            self._end()
        self._process = self._words = self._end = None


def _end(process: subprocess.Popen[bytes], words: IO[bytes]) -> None:
    """Close a child's input, which ends it; kill it if it does not."""
    assert process.stdin is not None
    assert process.stdout is not None
    with contextlib.suppress(OSError):  # it has gone before it has read everything
        process.stdin.close()
    try:
        process.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()
    words.close()


def _environment() -> dict[str, str]:
    """Nothing leaves the machine, and this package is found wherever it is."""
    package = str(Path(dragtor.__file__).parents[1])
    paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONSAFEPATH": "1",
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "DO_NOT_TRACK": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "PYTORCH_ENABLE_MPS_FALLBACK": "1",
    }
