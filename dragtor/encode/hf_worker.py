"""The child process of :mod:`dragtor.encode.hf`: the only place where torch is imported.

It reads requests from its standard input and answers on what was its standard output, which
nothing else can write to any more. It ends at the end of its input, in the middle of whatever it
does, so that it never outlives who asked.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any, BinaryIO

from dragtor.encode import frames
from dragtor.errors import DragtorError, EngineError

if TYPE_CHECKING:
    from dragtor.encode.hf_model import HfModel
    from dragtor.types import Vectors

_SAID = 300
"""Most characters of somebody else's error that are repeated."""


def main() -> None:
    """Answer until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = _private_output()
    requests: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(requests,), daemon=True).start()
    worker = _Worker()
    while True:
        request = requests.get()
        header, arrays = worker.answer(request)
        frames.write(answers, header, arrays)


def _private_output() -> BinaryIO:
    """What was standard output; what libraries print goes to standard error from now on."""
    stream = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return stream


def _listen(requests: queue.SimpleQueue[dict[str, Any]]) -> None:
    try:
        while (request := frames.read(sys.stdin.buffer)) is not None:
            requests.put(request[0])
    except (OSError, frames.NoFrame):
        os._exit(1)
    os._exit(0)  # torch may be computing, and would not notice anything else


class _Worker:
    """Holds the model between requests."""

    def __init__(self) -> None:
        self._model: HfModel | None = None
        self._name = "the model"

    def answer(self, request: dict[str, Any]) -> tuple[dict[str, Any], list[Vectors]]:
        """The answer to a request, an error included."""
        try:
            return self._do(request.pop("do"), request)
        except DragtorError as error:
            return {"error": str(error), "kind": type(error).__name__}, []
        except Exception as error:  # torch and transformers raise whatever they like
            said = " ".join(str(error).split())[:_SAID]
            text = f"{self._name} failed: {type(error).__name__}: {said}"
            return {"error": text, "kind": EngineError.__name__}, []

    def _do(self, what: str, arguments: dict[str, Any]) -> tuple[dict[str, Any], list[Vectors]]:
        if what == "load":
            from dragtor.encode.hf_model import HfModel

            self._name = arguments["name"]
            self._model = HfModel(**arguments)
            return {"device": self._model.device}, []
        if self._model is None:
            raise EngineError("no model has been loaded")
        if what == "tokenizer":
            self._model.save_tokenizer()
            return {}, []
        vectors, spans, tokens = self._model.read(**arguments)
        return {"tokens": [len(rows) for rows in tokens]}, [vectors, *spans, *tokens]


if __name__ == "__main__":
    main()
