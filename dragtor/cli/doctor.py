"""doctor: is everything in place? Each line says ok, or what to do."""

from __future__ import annotations

import platform
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import urlsplit

import typer

from dragtor.cli.state import State, state_of


@dataclass(frozen=True, slots=True)
class Check:
    """One finding: ``warn`` is worth knowing, ``fail`` has to be mended."""

    name: str
    state: Literal["ok", "warn", "fail"]
    text: str


def doctor(
    ctx: typer.Context,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check this machine, the models, the library passage by passage, and the network.

    Exit code 1 if something has to be mended.

    Example: dragtor doctor
    """
    from dataclasses import asdict

    from dragtor.cli import listings, render

    checks = [check for part in PARTS for check in part(state_of(ctx))]
    if json_:
        render.json_out([asdict(check) for check in checks])
    else:
        listings.checks([(check.name, check.state, check.text) for check in checks])
    if any(check.state == "fail" for check in checks):
        raise typer.Exit(1)


def _python(_: State) -> Iterator[Check]:
    version = platform.python_version()
    if (3, 11) <= sys.version_info[:2] <= (3, 13):
        yield Check("Python", "ok", f"{version} on {platform.system()} {platform.machine()}")
    else:
        yield Check("Python", "fail", f"{version}: dragtor needs 3.11 to 3.13")


def _compiler(_: State) -> Iterator[Check]:
    compiler = next(filter(None, map(shutil.which, ("c++", "g++", "clang++"))), None)
    if compiler:
        yield Check("compiler", "ok", compiler)
    else:
        advice = "xcode-select --install" if sys.platform == "darwin" else "apt install g++"
        yield Check("compiler", "warn", f"none; to rebuild llama-cpp-python: {advice}")


def _gpu(_: State) -> Iterator[Check]:
    from dragtor.answer import native

    if native.prepare().llama_supports_gpu_offload():
        yield Check("GPU offload", "ok", "the language model can run on the GPU")
    elif sys.platform == "darwin":
        yield Check("GPU offload", "warn", "built without Metal: run python3 run_setup.py again")
    else:
        yield Check("GPU offload", "ok", "none in this build: the language model runs on the CPU")


def _memory(_: State) -> Iterator[Check]:
    import psutil

    from dragtor.cli import render

    memory = psutil.virtual_memory()
    text = f"{render.size(memory.total)}, {render.size(memory.available)} of it free"
    yield Check("memory", "ok" if memory.available > 2e9 else "warn", text)


def _models(state: State) -> Iterator[Check]:
    from dragtor.build import choose_llm, weights_of
    from dragtor.errors import DragtorError

    settings = state.settings
    for number, encoder in enumerate((settings.encoder, *settings.encoders)):
        name = f"encoder {encoder.model}" if number else "encoder"
        try:
            yield Check(name, "ok", str(weights_of(settings).path(encoder.model)))
        except DragtorError as error:
            yield Check(name, "fail", str(error))
    if settings.llm.engine == "llama":
        try:
            yield Check("language model", "ok", choose_llm(settings).name)
        except DragtorError as error:
            yield Check("language model", "fail", str(error))


def _library(state: State) -> Iterator[Check]:
    from dragtor.build import verify
    from dragtor.errors import DragtorError

    folder = state.settings.paths.library
    try:
        problems = verify(state.settings)
    except DragtorError as error:
        yield Check("library", "fail", str(error))
        return
    for problem in problems:
        yield Check("library", "fail", problem)
    if not problems:
        yield Check("library", "ok", f"{folder}: every passage and vector in its place")


def _network(state: State) -> Iterator[Check]:
    web = state.settings.web
    if web.reader != "jina":
        return
    address = urlsplit(web.jina_url)
    port = address.port or (80 if address.scheme == "http" else 443)
    try:
        socket.create_connection((address.hostname or "", port), timeout=5).close()
    except OSError as error:
        text = f"{web.jina_url} is out of reach ({error}): files work; pages need it"
        yield Check("network", "warn", text)
    else:
        yield Check("network", "ok", f"{web.jina_url} answers")


PARTS: tuple[Callable[[State], Iterator[Check]], ...] = (
    _python,
    _compiler,
    _gpu,
    _memory,
    _models,
    _library,
    _network,
)
