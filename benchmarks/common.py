"""What all benchmarks share: where the data is, what ran, and where results are kept."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

from loguru import logger

from dragtor.build import build
from dragtor.config import Settings, load_settings
from dragtor.pipeline import Dragtor

HERE = Path(__file__).parent
RESULTS = HERE / "results"
LOAD_BEFORE = os.getloadavg()[0]
"""What else the machine was doing: processes that wanted a core, in the minute before."""
LIBRARIES = ("onnxruntime", "chromadb", "tokenizers", "numpy")
MEASURED = (":/dragtor", ":/config", ":/benchmarks/*.py")
"""What a result is made with, from the top of the repository: the program and the scripts."""


def data(name: str) -> Path:
    """The folder of a data set, below the folder that DRAGTOR_DATA names."""
    if "DRAGTOR_DATA" not in os.environ:
        sys.exit("DRAGTOR_DATA is not set: it names the folder that holds the sets")
    folder = Path(os.environ["DRAGTOR_DATA"]) / name
    if not folder.is_dir():
        sys.exit(f"{folder} is missing")
    return folder


def workplace(name: str) -> Path:
    """A folder for a library that is kept from run to run, so that nothing is encoded twice."""
    folder = HERE / "kept" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def product(library: Path, assignments: Sequence[str] = ()) -> tuple[Settings, Dragtor]:
    """The program with the project's own settings, over a library of its own."""
    logger.disable("dragtor")
    settings = load_settings(HERE.parent / "config", [f"paths.library={library}", *assignments])
    return settings, build(settings)


def quiet(done: int, total: int, what: str) -> None:
    """Progress for a terminal: one line that is written over."""
    if sys.stderr.isatty():
        print(f"\r{done}/{total} {what[:60]:60}", end="", file=sys.stderr)


def store(name: str, result: Mapping[str, Any]) -> None:
    """Keep a result with the command, commit, date and machine that gave it."""
    _write(name, {**made(), **result})


def store_part(
    name: str, part: str, result: Mapping[str, Any], under: str = "sets", **shared: object
) -> None:
    """Keep one part of a result, which is run by itself: what made it stands with it.

    Parts are kept below ``under``, others as they are; ``shared`` holds for all of them.
    """
    parts = {**stored(name).get(under, {}), part: {"made": made(), **result}}
    _write(name, {**shared, under: parts})


def made() -> dict[str, Any]:
    """What gives a result, now: command, commit, date, machine, and what else ran on it."""
    return {
        "command": " ".join(["python", *sys.argv]),
        "commit": _git("rev-parse", "--short", "HEAD"),
        "uncommitted_changes": bool(_git("status", "--porcelain", "--", *MEASURED)),
        "date": date.today().isoformat(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "load_before": round(LOAD_BEFORE, 1),
        "versions": {"python": platform.python_version()}
        | {library: version(library) for library in LIBRARIES},
    }


def _write(name: str, result: Mapping[str, Any]) -> None:
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(result, indent=2, ensure_ascii=False)
    (RESULTS / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def stored(name: str) -> dict[str, Any]:
    """A result that was kept; empty if there is none."""
    path = RESULTS / f"{name}.json"
    loaded: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return loaded


def code() -> str:
    """The hash of the committed package: with it, what is measured may change."""
    return _git("rev-parse", "HEAD:dragtor")


def _git(*arguments: str) -> str:
    run = subprocess.run(["git", "-C", HERE, *arguments], capture_output=True, text=True)
    return run.stdout.strip()
