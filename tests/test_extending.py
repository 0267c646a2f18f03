"""docs/extending.md: its code is put where it says, and runs the contract tests it shows."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from dragtor.build import choices
from tests import test_build, test_fusion
from tests.conftest import Project, Ran
from tests.split import test_contract

PAGE = (Path(__file__).parents[1] / "docs" / "extending.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"```python\n# (\S+)\n(.*?)```", PAGE, re.DOTALL))
"""Code of the page by its first line: a file, or a table."""
TABLES = ("SPLITTERS", "ENCODERS", "RERANKERS", "FUSIONS")


def module(path: str) -> ModuleType:
    """A file of the page as the module it would be."""
    name = path.removesuffix(".py").replace("/", ".")
    made = ModuleType(name)
    made.__file__ = path
    sys.modules[name] = made
    exec(compile(BLOCKS[path], path, "exec"), made.__dict__)
    return made


def line(table: str) -> dict[str, Any]:
    """The entry that the page adds to a table."""
    return dict(eval(f"{{{BLOCKS[table]}}}"))


FILES = [path for path in BLOCKS if path.startswith("dragtor/")]
for path in FILES:
    module(path)
globals().update(
    {
        name: found
        for path in BLOCKS
        if path.startswith("tests/")
        for name, found in vars(module(path)).items()
        if name.startswith("Test")
    }
)


@pytest.fixture
def extended(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """The tables with the lines of the page; gives the new name in each."""
    names: dict[str, str] = {}
    for table in TABLES:
        ((names[table], where),) = line(table).items()
        monkeypatch.setitem(getattr(choices, table), names[table], where)
    ((name, worked),) = line("WORKED").items()
    monkeypatch.setitem(test_fusion.WORKED, name, worked)
    return names


def test_the_page_shows_one_of_each_with_its_test() -> None:
    assert len(FILES) == 4
    assert sum(name.startswith("Test") for name in globals()) == 4
    for table in (*TABLES, "WORKED"):
        assert BLOCKS[table].count("\n") <= 2


def by_name() -> list[Callable[..., None]]:
    found = [one for name, one in vars(test_fusion).items() if name.startswith("test_")]
    return [one for one in found if list(inspect.signature(one).parameters) == ["name"]]


@pytest.mark.parametrize("test", by_name(), ids=lambda test: test.__name__)
def test_the_fusion_is_lawful(test: Callable[..., None], extended: Mapping[str, str]) -> None:
    test(extended["FUSIONS"])


def test_the_fusion_has_the_properties_of_all(extended: Mapping[str, str]) -> None:
    test_fusion.test_results_have_all_ids_and_keep_their_bounds()
    test_fusion.test_the_order_of_lists_and_of_ids_says_nothing()
    test_fusion.test_a_higher_score_never_ranks_lower()


def test_what_is_there_is_tested_as_before(extended: Mapping[str, str], tmp_path: Path) -> None:
    test_contract.test_each_is_made_from_the_settings_it_names(extended["SPLITTERS"])
    test_fusion.test_the_page_says_what_each_fusion_and_each_setting_is()
    for text, message in test_build.LINE_2:
        test_build.test_a_wrong_name_is_named_with_its_file_and_line(tmp_path, text, message)


def test_they_work_together_in_a_project(
    extended: Mapping[str, str], project: Project, run: Callable[..., Ran]
) -> None:
    project.configure(
        split={"splitter": extended["SPLITTERS"]},
        encoder={"engine": extended["ENCODERS"]},
        retrieve={"fusion": extended["FUSIONS"], "reranker": extended["RERANKERS"]},
        late={"model": "encoder"},
    )
    ran = run("load", "--index")
    assert ran.code == 0, ran.err
    ran = run("search", "how often are calluses filed", "--json")
    assert ran.code == 0, ran.err
    first = ran.json["hits"][0]
    assert first["passage"]["text"].startswith("File calluses flat once a week.")
    assert {"keyword", "dense", "late", "fused", "rerank"} <= set(first["scores"])
    assert "splitter blocks" in run("status").out


@pytest.mark.skipif(find_spec("ruff") is None, reason="ruff is not installed")
def test_the_code_of_the_page_is_as_ruff_wants_it(tmp_path: Path) -> None:
    root = Path(__file__).parents[1]
    for path in (path for path in BLOCKS if path.endswith(".py")):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(BLOCKS[path], encoding="utf-8")
    ours = 'lint.isort.known-first-party = ["dragtor", "tests"]'
    config = ("--config", str(root / "pyproject.toml"), "--config", ours, "--no-cache", ".")
    for command in (("check", "-q"), ("format", "--check", "-q")):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *config],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
