"""sources: what is removed stays away, and nothing that is gone stands in the way of a load."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Project, Ran

Run = Callable[..., Ran]


@pytest.fixture
def single(run: Run, project: Project, tmp_path: Path) -> Path:
    """A file beside the project, loaded by its name."""
    project.configure(sources=[])
    path = tmp_path / "single.txt"
    path.write_text("Tie a figure of eight.\n")
    assert run("load", str(path)).code == 0
    return path


@pytest.fixture
def folder(run: Run, project: Project, tmp_path: Path) -> Path:
    """A folder of two files, loaded by its name."""
    project.configure(sources=[])
    path = tmp_path / "knots"
    path.mkdir()
    (path / "a.txt").write_text("Tie a figure of eight.\n")
    (path / "b.txt").write_text("Tie a clove hitch.\n")
    assert run("load", str(path), "--index").code == 0
    return path


def ids(run: Run) -> list[str]:
    return [one["id"] for one in run("sources", "list", "--json").json]


def test_a_remembered_file_that_is_gone_is_forgotten_with_its_document(
    run: Run, single: Path
) -> None:
    single.unlink()
    assert run("load").code == 1
    (id,) = ids(run)
    assert run("sources", "remove", id).code == 0
    assert run("load").code == 0


def test_a_source_is_forgotten_only_with_its_last_document(run: Run, folder: Path) -> None:
    first, second = ids(run)
    assert "forgotten:" not in run("sources", "remove", first).out
    (folder / "c.txt").write_text("Tie a bowline.\n")
    run("load")
    third = ids(run)[-1]
    assert third != second
    run("sources", "remove", third)
    assert "forgotten:" in run("sources", "remove", second).out


@pytest.mark.parametrize("as_uri", [True, False])
def test_a_folder_is_removed_by_its_address(run: Run, folder: Path, as_uri: bool) -> None:
    removed = run("sources", "remove", folder.as_uri() if as_uri else f"{folder}/")
    assert removed.code == 0
    assert removed.out.count("removed:") == 2
    assert removed.out.count("forgotten:") == 1
    assert ids(run) == []
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    assert run("load").code == 0


def test_a_source_without_documents_is_forgotten_by_its_address(run: Run, folder: Path) -> None:
    for id in ids(run):
        run("sources", "remove", id)
    run("load", str(folder))
    assert len(ids(run)) == 2, "what is named comes back"
    unknown = run("sources", "remove", f"{folder}/nope.txt")
    assert unknown.code != 0
    assert "nope.txt" in unknown.err


def test_a_file_deleted_from_a_folder_is_named_and_still_answers(run: Run, folder: Path) -> None:
    (folder / "b.txt").unlink()
    again = run("load")
    assert again.code == 0
    assert "is no longer there" in " ".join((again.out + again.err).split())
    assert len(ids(run)) == 2
    assert run("sources", "remove", str(folder / "b.txt")).code == 0
    assert "is no longer there" not in " ".join(run("load").out.split())


def test_a_removed_line_of_a_file_comes_back_when_the_file_is_named(
    run: Run, project: Project, tmp_path: Path
) -> None:
    project.configure(sources=[])
    path = tmp_path / "r.jsonl"
    lines = [{"id": f"r{n}", "text": f"Knot number {n}."} for n in (1, 2)]
    path.write_text("\n".join(map(json.dumps, lines)))
    run("load", str(path))
    run("sources", "remove", "r1")
    run("load")
    run("load", "--refresh")
    assert ids(run) == ["r2"]
    assert run("load", str(path)).code == 0
    assert ids(run) == ["r1", "r2"]


def test_a_file_whose_name_is_not_utf_8_is_loaded_and_listed(run: Run, folder: Path) -> None:
    (folder / os.fsdecode(b"caf\xe9.txt")).write_text("Tie a sheet bend.\n")
    (folder / os.fsdecode(b"photo.\xe9")).write_text("x")
    assert run("load").code == 0
    assert "Tie a sheet bend" in run("sources", "show", ids(run)[-1]).out
    assert run("load", str(folder / os.fsdecode(b"caf\xe9.txt"))).code == 0
    assert run("load", str(folder / os.fsdecode(b"gone\xe9.txt"))).code == 1


def test_a_mistyped_address_leaves_nothing_behind(run: Run, single: Path) -> None:
    def on_record() -> int:
        return int(run("status", "--json").json["sources"])

    assert on_record() == 1
    assert run("load", str(single.with_name("nope.txt"))).code == 1
    assert on_record() == 1


def test_only_what_is_pending_in_the_collection_asked_is_told(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.txt"
    other.write_text("Another shelf.\n")
    assert run("--collection", "gym", "load", str(other)).code == 0
    assert "not indexed" not in run("search", "clove hitch").err
    assert (
        "1 document is loaded but not indexed" in run("--collection", "gym", "search", "shelf").err
    )
