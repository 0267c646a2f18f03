"""llama.cpp's C side: what it writes goes to the log file, and it is put away before Python is.

llama.cpp reports through one callback of the whole process, also while it is being torn down.
A callback into a Python that is gone crashes the process, so the order at exit matters: models are
closed, then the callback is replaced by a C function that does nothing.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from typing import Any, Protocol

from dragtor.log import logger

# Of ggml's levels only these two are worth keeping: the others are a thousand lines for each load.
_WARNING, _ERROR = 3, 4

_lock = threading.Lock()
_state: dict[str, Any] = {}
_open: weakref.WeakSet[Closable] = weakref.WeakSet()
_errors: list[str] = []


class Closable(Protocol):
    """What must be closed before Python ends."""

    def close(self) -> None:
        """Free what is held; harmless when done twice."""
        ...


def prepare() -> Any:  # noqa: ANN401
    """Import llama_cpp, take over its output, and arrange the end; returns the module."""
    import llama_cpp

    with _lock:
        if not _state:
            _state["callback"] = llama_cpp.llama_log_callback(_log)
            llama_cpp.llama_log_set(_state["callback"], ctypes.c_void_p(0))
            atexit.register(_finish)
    return llama_cpp


def close_at_exit(model: Closable) -> None:
    """Have a model closed when Python ends, if it is still there."""
    _open.add(model)


@contextlib.contextmanager
def collected_errors() -> Iterator[list[str]]:
    """The lines llama.cpp reports as errors meanwhile."""
    _errors.clear()
    yield _errors


def default_threads() -> int:
    """Threads for llama.cpp: cores less one, as its threads wait for each other at every layer.

    On two busy cores, two threads took 25 times as long as one (SmolLM2-135M). Apple's machines
    have slow cores beside the fast ones for all else, so there every fast core is taken.
    """
    if sys.platform == "darwin":
        with contextlib.suppress(OSError, subprocess.SubprocessError, ValueError):
            asked = subprocess.run(
                ["/usr/sbin/sysctl", "-n", "hw.perflevel0.physicalcpu"],
                capture_output=True,
                check=True,
                timeout=5,
            )
            return max(1, int(asked.stdout))
    import psutil

    cores = psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
    if sys.platform == "linux":
        # A container may be allowed fewer cores than the machine has.
        cores = min(cores, len(psutil.Process().cpu_affinity()))
    return max(1, cores - 1)


def piece(llama: Any, token: int) -> bytes:  # noqa: ANN401
    """The bytes of a token; Llama.detokenize loses those of more than 32 bytes."""
    import llama_cpp

    size = 64
    while True:
        buffer = ctypes.create_string_buffer(size)
        length = llama_cpp.llama_token_to_piece(llama._model.vocab, token, buffer, size, 0, False)
        if length >= 0:
            return bytes(buffer.raw[:length])
        size = -length


def _log(level: int, text: bytes, _data: object) -> None:
    line = text.decode("utf-8", errors="replace").strip()
    if level not in (_WARNING, _ERROR) or not line:
        return
    if level == _ERROR:
        _errors.append(line)
    logger.debug("llama.cpp: {}", line)


def _finish() -> None:
    import llama_cpp

    for model in list(_open):
        model.close()
    # Any C function without arguments serves: it ignores what it is called with.
    silent = ctypes.cast(ctypes.CDLL(None).getpid, llama_cpp.llama_log_callback)
    _state["callback"] = silent
    llama_cpp.llama_log_set(silent, ctypes.c_void_p(0))
    with contextlib.suppress(AttributeError):
        from llama_cpp import _utils

        _utils.outnull_file.close()
        _utils.errnull_file.close()
