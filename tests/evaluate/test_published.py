"""The numbers in README.md are those that were measured."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RENDER = ROOT / "benchmarks" / "render.py"

pytestmark = pytest.mark.skipif(not RENDER.exists(), reason="benchmarks/ is not there")


def test_the_readme_shows_the_stored_results() -> None:
    done = subprocess.run(
        [sys.executable, RENDER, "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
