"""The numbers in README.md are those that were measured."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
RENDER = ROOT / "benchmarks" / "render.py"

pytestmark = pytest.mark.skipif(not RENDER.exists(), reason="benchmarks/ is not there")


def test_the_readme_shows_the_stored_results() -> None:
    done = subprocess.run(
        [sys.executable, RENDER, "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def common(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """What benchmarks share, in a repository of its own."""
    spec = importlib.util.spec_from_file_location("common", ROOT / "benchmarks" / "common.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    folder = tmp_path / "benchmarks"
    folder.mkdir()
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    monkeypatch.setattr(module, "HERE", folder)
    monkeypatch.setattr(module, "RESULTS", folder / "results")
    return module


def test_each_part_of_a_result_says_what_made_it(
    common: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    for part, command in {"one": "bench.py --first", "two": "bench.py --second"}.items():
        monkeypatch.setattr(sys, "argv", command.split())
        common.store_part("bench", part, {"score": 1}, budget=5)
    stored = json.loads((common.RESULTS / "bench.json").read_text(encoding="utf-8"))
    assert list(stored) == ["budget", "sets"]
    commands = [one["made"]["command"] for one in stored["sets"].values()]
    assert commands == ["python bench.py --first", "python bench.py --second"]


def test_changes_to_scripts_and_program_are_told_and_results_are_none(common: ModuleType) -> None:
    common.store("bench", {})
    assert not common.made()["uncommitted_changes"]
    (common.HERE / "bench.py").touch()
    assert common.made()["uncommitted_changes"]
    (common.HERE / "bench.py").unlink()
    (common.HERE.parent / "dragtor").mkdir()
    (common.HERE.parent / "dragtor" / "new.py").touch()
    assert common.made()["uncommitted_changes"]
