"""docs/extending.md: its code is put where it says, and runs the contract tests it shows."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from dragtor import fusion
from dragtor.build import choices
from tests import test_fusion
from tests.conftest import Project, Ran

PAGE = (Path(__file__).parents[1] / "docs" / "extending.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"```python\n# (\S+)\n(.*?)```", PAGE, re.DOTALL))
"""Code of the page by its first line: a file, or a table."""
TABLES = ("SPLITTERS", "ENCODERS", "RERANKERS")


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
    code = f"{{{BLOCKS[table]}}}"
    return dict(eval(code, FUSION))


FILES = [path for path in BLOCKS if path.startswith("dragtor/") and path != "dragtor/fusion.py"]
for path in FILES:
    module(path)
FUSION = dict(vars(fusion))
exec(compile(BLOCKS["dragtor/fusion.py"], "dragtor/fusion.py", "exec"), FUSION)
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
    ((names["FUSIONS"], function),) = line("FUSIONS").items()
    monkeypatch.setitem(fusion.FUSIONS, names["FUSIONS"], function)
    ((name, worked),) = line("WORKED").items()
    monkeypatch.setitem(test_fusion.WORKED, name, worked)
    return names


def test_the_page_shows_one_of_each_with_its_test() -> None:
    assert len(FILES) == 3
    assert sum(name.startswith("Test") for name in globals()) == 3
    for table in (*TABLES, "FUSIONS", "WORKED"):
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


def test_they_work_together_in_a_project(
    extended: Mapping[str, str], project: Project, run: Callable[..., Ran]
) -> None:
    project.configure(
        split={"splitter": extended["SPLITTERS"]},
        encoder={"engine": extended["ENCODERS"]},
        retrieve={"fusion": extended["FUSIONS"], "reranker": extended["RERANKERS"]},
        late={"model": "none"},
    )
    ran = run("load", "--index")
    assert ran.code == 0, ran.err
    ran = run("search", "how often are calluses filed", "--json")
    assert ran.code == 0, ran.err
    first = ran.json["hits"][0]
    assert first["passage"]["text"].startswith("File calluses flat once a week.")
    assert "keyword" in first["scores"]
    assert "splitter blocks" in run("status").out
