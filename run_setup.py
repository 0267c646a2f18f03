#!/usr/bin/env python3
"""Set dragtor up on this machine and show that it works; run it again at any time.

``python3 run_setup.py``       environment, packages, starter models, a first cited answer
``python3 run_setup.py test``  the same with the test and dev packages, then the whole test suite

Standard library only, no root. An older Python must get as far as being told that it is too old:
so nothing here needs more than 3.7 to be read, and annotations are never evaluated.
"""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import io
import json
import os
import platform
import re
import shutil
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
OWN = ROOT / ".setup" / "poetry"
LOG = ROOT / ".setup" / "setup.log"
OLDEST, NEWEST = (3, 11), (3, 13)
PLUGIN = "poetry-plugin-pypi-mirror"
# Poetry would install into an environment that happens to be active.
FOREIGN = ("VIRTUAL_ENV", "CONDA_PREFIX", "CONDA_DEFAULT_ENV", "PYTHONHOME", "PYTHONPATH")
STARTER_MODELS = ("all-MiniLM-L6-v2", "SmolLM2-135M-Instruct")
QUESTION = "Why do heel hooks injure the knee?"
GB = 10**9


class SetupError(Exception):
    """What failed and what to do, one line for each problem."""


@dataclass
class Setup:
    """What the steps hand on: the environment variables, how to call Poetry, the exit code."""

    tests: bool
    env: dict[str, str]
    poetry: Sequence[str] = ()
    code: int = 0


def python_problem(version: Sequence[int], system: str) -> str:
    """Tell how to get a Python that will do."""
    if OLDEST <= tuple(version) <= NEWEST:
        return ""
    names = ("python3.13", "python3.12", "python3.11")
    found = [name for name in names if output([name, "-c", ""], os.environ) is not None]
    advice = "sudo apt install python3.12 python3.12-venv (Fedora: sudo dnf install python3.12)"
    advice = "brew install python@3.12" if system == "Darwin" else advice
    advice = f"run {found[0]} run_setup.py" if found else f"{advice}, then python3.12 run_setup.py"
    return f"Python {version[0]}.{version[1]} does not fit, dragtor needs 3.11 to 3.13: {advice}"


def compiler_problem(system: str, env: Mapping[str, str]) -> str:
    """Tell how to get a C++ compiler, unless one is here and compiles."""
    program = "#include <string>\nint main() { return std::string().size(); }\n"
    names = [env["CXX"].split()[0]] if env.get("CXX", "").strip() else ["c++", "g++", "clang++"]
    if any(output([n, "-xc++", "-fsyntax-only", "-"], env, program) is not None for n in names):
        return ""
    advice = "sudo apt install build-essential (Fedora: sudo dnf install gcc-c++)"
    advice = "xcode-select --install" if system == "Darwin" else advice
    return f"no working C++ compiler, llama-cpp-python is built with one: {advice}"


def disk_problem(free: int, needed: int) -> str:
    """Tell how much room is missing."""
    room = f"{free / GB:.1f} GB free, {needed / GB:.0f} GB needed"
    return "" if free >= needed else f"{room}: clear space on the disk that holds {ROOT}"


def check_machine(setup: Setup) -> None:
    """Name everything that is missing at once, one line each."""
    needed = (1 if (VENV / "bin" / "dragtor").exists() else 4) * GB
    free, system = shutil.disk_usage(str(ROOT)).free, platform.system()
    problems = [
        python_problem(sys.version_info[:2], system),
        compiler_problem(system, setup.env),
        disk_problem(free, needed),
    ]
    if importlib.util.find_spec("ensurepip") is None:
        problems.append("Python's venv module is missing: sudo apt install python3-venv")
    if any(problems):
        raise SetupError("\n".join(filter(None, problems)))
    print(f"Python {platform.python_version()}, a C++ compiler, {free / GB:.0f} GB free")


def pip_settings(listing: str) -> dict[str, str]:
    """Read what ``pip config list`` prints: the options of ``pip install`` by name."""
    settings: dict[str, str] = {}
    for section in ("global", "install", ":env:"):  # pip's own order, later wins
        for key, value in re.findall(rf"^{section}\.([\w-]+)=(.+)$", listing, re.MULTILINE):
            settings[key] = str(ast.literal_eval(value))
    return settings


def choose_mirror(index: str, default: str, cert: str) -> str:
    """Give the index that Poetry must be led to; empty where it finds the packages by itself.

    By itself it knows the public default only, and reads JSON only.
    """
    index, default = index.rstrip("/"), default.rstrip("/")
    by_itself = not index or (index == default and answers_with_json(index, cert))
    return "" if by_itself else index + "/"


def answers_with_json(index: str, cert: str) -> bool:
    """Tell whether the index speaks JSON (PEP 691); one out of reach is left for Poetry to name."""
    accept = {"Accept": "application/vnd.pypi.simple.v1+json"}
    request = urllib.request.Request(f"{index}/poetry-core/", headers=accept)
    try:
        context = ssl.create_default_context(cafile=cert or None)
        with urllib.request.urlopen(request, timeout=20, context=context) as response:
            json.load(response)
    except (ValueError, urllib.error.HTTPError):
        return False
    except OSError:
        return True
    return True


def poetry_env(settings: Mapping[str, str], env: Mapping[str, str]) -> dict[str, str]:
    """Carry pip's settings over to Poetry; what the user has set stays."""
    wanted = {
        "POETRY_VIRTUALENVS_CREATE": "true",
        "POETRY_VIRTUALENVS_IN_PROJECT": "true",
        "POETRY_REQUESTS_MAX_RETRIES": "3",
        "POETRY_REQUESTS_TIMEOUT": settings.get("timeout", settings.get("default-timeout")),
        "REQUESTS_CA_BUNDLE": settings.get("cert"),
        "HTTPS_PROXY": settings.get("proxy"),
    }
    return {**{key: value for key, value in wanted.items() if value}, **env}


def find_poetry(setup: Setup) -> None:
    """Take the Poetry that is there if it fits the package index, else install our own."""
    python = sys.executable if importlib.util.find_spec("pip") else venv_python(OWN, setup, "pip")
    settings = pip_settings(output([python, "-m", "pip", "config", "list"], setup.env) or "")
    code = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"
    default = output([python, "-c", code], setup.env) or ""
    setup.env = poetry_env(settings, setup.env)
    index, cert = settings.get("index-url", default), settings.get("cert", "")
    mirror = setup.env.get("POETRY_PYPI_MIRROR_URL") or choose_mirror(index, default, cert)
    # A locked desktop keyring stops Poetry without a word, and only a mirror may need it.
    more = {"POETRY_PYPI_MIRROR_URL": mirror} if mirror else {"POETRY_KEYRING_ENABLED": "false"}
    setup.env = {**more, **setup.env}
    if not mirror and new_enough(output(["poetry", "--version"], setup.env) or ""):
        setup.poetry = ["poetry"]
    else:
        setup.poetry = own_poetry(setup)
    by = f"pip's package index by {PLUGIN}" if mirror else "the public package index"
    print(f"{output([*setup.poetry, '--version'], setup.env)}, packages from {by}")


def new_enough(said: str) -> bool:
    """Tell whether ``poetry --version`` said 2.1 or later."""
    version = re.search(r"(\d+)\.(\d+)", said)
    return version is not None and tuple(map(int, version.groups())) >= (2, 1)


def own_poetry(setup: Setup) -> list[str]:
    """Give the command for a Poetry of this project alone, with the plugin that a mirror takes."""
    python = venv_python(OWN, setup, "pip")
    if output([python, "-c", "import poetry_plugin_pypi_mirror"], setup.env) is None:
        command = [python, "-m", "pip", "install", "--quiet", "poetry>=2.1,<3", PLUGIN]
        logged(command, setup.env, "installing Poetry for this project alone")
    return [python, "-m", "poetry"]


def venv_python(folder: Path, setup: Setup, needed: str = "sys") -> str:
    """Give the Python of an environment; one that is missing or cannot serve is made anew."""
    python = str(folder / "bin" / "python")
    code = f"import sys, {needed}; print(*sys.version_info[:2])"
    version = (output([python, "-c", code], setup.env) or "").split()
    if not OLDEST <= tuple(map(int, version)) <= NEWEST:
        if folder.exists() and not (folder / "pyvenv.cfg").exists():
            raise SetupError(f"{folder} is not a virtual environment: move it elsewhere, run again")
        command = [sys.executable, "-m", "venv", "--clear", "--upgrade-deps", str(folder)]
        logged(command, setup.env, f"making the environment {folder.relative_to(ROOT)}")
    return python


def llama_build(system: str, machine: str, env: Mapping[str, str]) -> tuple[str, str]:
    """Give the CMAKE_ARGS to build llama-cpp-python with, and what they mean."""
    if env.get("CMAKE_ARGS"):
        return env["CMAKE_ARGS"], f"as CMAKE_ARGS says ({env['CMAKE_ARGS']})"
    if (system, machine) == ("Darwin", "arm64"):
        return "-DGGML_METAL=on", "with Metal"
    return "-DGGML_METAL=off", "for the CPU"


def install_packages(setup: Setup) -> None:
    """Install what poetry.lock says into .venv; what is there already stays."""
    venv_python(VENV, setup)
    cmake_args, meaning = llama_build(platform.system(), platform.machine(), setup.env)
    print(f"llama-cpp-python is built {meaning}: about five minutes, the first time")
    env = {**setup.env, "CMAKE_ARGS": cmake_args}
    groups = ["--with" if setup.tests else "--without", "test,dev"]
    command = [*setup.poetry, "install", "--no-interaction", "--no-ansi", *groups]
    logged(command, env, "installing the packages, of which llama-cpp-python takes longest")


def fetch_models(setup: Setup) -> None:
    """Fetch and verify the starter models; one that is there already is left alone."""
    for name in STARTER_MODELS:
        dragtor(setup, "models", "pull", name)


def ask_the_sample(setup: Setup) -> None:
    """Load and index the sample library and ask it a question: the main job."""
    dragtor(setup, "load", "assets/library", "--index")
    dragtor(setup, "ask", QUESTION)


def run_tests(setup: Setup) -> None:
    """Run the whole test suite; its exit code becomes ours."""
    command = [str(VENV / "bin" / "python"), "-m", "pytest", *side_by_side(os.cpu_count() or 1)]
    setup.code = subprocess.run(command, env=setup.env, cwd=str(ROOT)).returncode


def side_by_side(cores: int) -> list[str]:
    """Give the options that make a process of tests for each physical core, where it helps."""
    there = any((VENV / "lib").glob("python*/site-packages/xdist"))
    # A file stays in one process, so that what its tests share is made once.
    return ["-n", "auto", "--dist", "loadfile"] if there and cores > 1 else []


def output(command: Sequence[str], env: Mapping[str, str], text: str = "") -> str | None:
    """Run a command out of sight and give what it printed; None if it is not there or fails."""
    try:
        done = subprocess.run(
            command, env=env, cwd=str(ROOT), input=text.encode(), capture_output=True
        )
    except OSError:
        return None
    return None if done.returncode else done.stdout.decode(errors="replace").strip()


def dragtor(setup: Setup, *words: str) -> None:
    """Run dragtor as a person would type it."""
    typed = " ".join(f'"{word}"' if " " in word else word for word in ("dragtor", *words))
    print(f"$ {typed}")
    command = [str(VENV / "bin" / "dragtor"), *words]
    code = subprocess.run(command, env=setup.env, cwd=str(ROOT)).returncode
    if code:
        raise SetupError(f"{typed} failed (exit code {code}): do what it says above, run again")


def logged(command: Sequence[str], env: Mapping[str, str], doing: str) -> None:
    """Run a command with its output in the log, and show for how long it has been going."""
    LOG.parent.mkdir(exist_ok=True)
    begin, live, null = time.monotonic(), sys.stdout.isatty(), subprocess.DEVNULL
    with LOG.open("wb") as log:
        process = subprocess.Popen(
            command, env=env, cwd=str(ROOT), stdin=null, stdout=log, stderr=log
        )
    try:
        while process.returncode is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(1 if live else 20)
            text = f"{time.monotonic() - begin:8.0f} s  {doing}"
            print(f"\r{text}" if live else text, end="" if live else "\n", flush=True)
    finally:
        process.terminate()
        process.wait()
    print(end="\n" if live else "")
    if process.returncode:
        print(*LOG.read_text(errors="replace").rstrip().split("\n")[-9:], sep="\n")
        raise SetupError(f"{doing} failed (exit code {process.returncode}), {LOG} says why")


STEPS: list[tuple[str, Callable[[Setup], None]]] = [
    ("Check this machine", check_machine),
    ("Find or install Poetry", find_poetry),
    ("Install the packages into .venv", install_packages),
    ("Fetch the starter models", fetch_models),
    ("Load, index and ask the sample library", ask_the_sample),
]
NEXT = """
dragtor is ready. In this folder, type next:
  {0} ask "When may I climb again after a finger injury?"
  {0} chat
  {0} load URI... --index     (your own files, folders and web pages)
That answer came from a very small model. Fetch a good one, which is used from then on:
  {0} models pull Llama-3.2-3B-Instruct   (with 8 GB of memory; 2 GB on disk)
  {0} models pull Llama-3.1-8B-Instruct   (with 16 GB of memory; 5 GB on disk)
"""


def main(arguments: Sequence[str]) -> int:
    """Take the steps and say how long each took; returns the exit code."""
    if arguments not in ([], ["test"]):
        print(__doc__)
        return 0 if arguments in (["-h"], ["--help"]) else 2
    env = {key: value for key, value in os.environ.items() if key not in FOREIGN}
    setup = Setup(arguments == ["test"], env)
    try:
        taken = take_steps(setup)
    except (SetupError, OSError) as error:
        print(f"\nSetup stopped: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Run it again to go on from here.", file=sys.stderr)
        return 130
    taken.append(("Together", sum(seconds for _, seconds in taken)))
    print("\nHow long it took", *(f"  {n:<40}{s:8.1f} s" for n, s in taken), sep="\n")
    if setup.code == 0:
        print(NEXT.format("poetry run dragtor" if len(setup.poetry) == 1 else ".venv/bin/dragtor"))
    return setup.code


def take_steps(setup: Setup) -> list[tuple[str, float]]:
    """Take the steps one by one and give the seconds that each took."""
    steps = [*STEPS, ("Run the tests", run_tests)] if setup.tests else STEPS
    taken = []
    for number, (name, action) in enumerate(steps, 1):
        print(f"\n[{number}/{len(steps)}] {name}")
        begin = time.monotonic()
        action(setup)
        taken.append((name, time.monotonic() - begin))
    return taken


if __name__ == "__main__":
    if isinstance(sys.stdout, io.TextIOWrapper):  # our lines stand before what programs print
        sys.stdout.reconfigure(line_buffering=True)
    sys.exit(main(sys.argv[1:]))
