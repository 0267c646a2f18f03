"""The whole, offline: asking opens no connection beyond the machine, and writes nothing."""

from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from dragtor.build import build
from dragtor.build.parts import Parts
from dragtor.config import Settings, Split, load_settings
from dragtor.types import Query
from tests.conftest import Project, Ran

Run = Callable[..., Ran]


def test_asking_opens_no_connection_beyond_the_language_server(
    run: Run, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("load", "--index").code == 0
    port = project.server.port
    opened: list[object] = []
    connect = socket.socket.connect

    def watched(self: socket.socket, address: object) -> None:
        if not (isinstance(address, tuple) and address[1] == port):
            opened.append(address)
            raise OSError("no connection is allowed here")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", watched)
    monkeypatch.setattr(socket.socket, "connect_ex", watched)
    assert run("ask", "elbow pain?", "--json").json["kind"] == "answer"
    assert run("search", "elbow pain?", "--json").json["hits"]
    assert opened == []


def test_a_process_that_indexed_and_searched_ends_without_a_word_of_complaint(
    project: Project,
) -> None:
    script = (
        "from dragtor.cli import main\n"
        "for words in (['load', '--index'], ['search', 'elbow'], ['status']):\n"
        "    try: main(words)\n"
        "    except SystemExit as end: assert not end.code, end.code\n"
    )
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "ignore::DeprecationWarning", "-c", script],
        cwd=project.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def content(path: Path) -> str:
    if path.suffix != ".db":
        return sha256(path.read_bytes()).hexdigest()
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'"
        ).fetchall()
        rows = [connection.execute(f'SELECT * FROM "{name}"').fetchall() for (name,) in tables]
    return sha256(repr(rows).encode()).hexdigest()


def test_questions_write_nothing_into_the_library(run: Run, project: Project) -> None:
    assert run("load", "--index").code == 0
    library = project.folder / "library"

    def state() -> dict[Path, str]:
        """Every file's content; of a database what it says, since readers tidy up its pages."""
        files = [path for path in sorted(library.rglob("*")) if path.is_file()]
        return {path: content(path) for path in files if not path.name.endswith(("-shm", "-wal"))}

    before = state()
    run("ask", "elbow pain?")
    run("search", "elbow pain?")
    assert state() == before


def recipe(**split: object) -> dict[str, str]:
    return Parts(Settings(split=Split(**split))).recipe  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("splitter", "taken", "ignored"),
    [
        ("semantic", {"percentile": 50}, {"window_sentences": 5}),
        ("window", {"window_sentences": 5}, {"percentile": 50}),
        ("parent_child", {"parent_tokens": 700}, {"percentile": 50}),
        ("large", {"parent_tokens": 700}, {"max_tokens": 90}),
        ("whole", {"context": "none"}, {"max_tokens": 90, "overlap_tokens": 8}),
        ("structure", {"overlap_tokens": 8}, {"parent_tokens": 700}),
    ],
)
def test_an_index_is_made_by_the_settings_that_its_splitter_takes(
    splitter: str, taken: dict[str, object], ignored: dict[str, object]
) -> None:
    assert recipe(splitter=splitter, **taken) != recipe(splitter=splitter)
    assert recipe(splitter=splitter, **ignored) == recipe(splitter=splitter)


def test_a_search_says_so_when_what_its_splitter_takes_has_changed(project: Project) -> None:
    def notices(**split: object) -> set[str]:
        project.configure(split={"splitter": "semantic", **split})
        with closing(build(load_settings(project.config))) as dragtor:
            if not split:
                dragtor.load("main", [], [str(project.notes)], refresh=False, progress=quiet)
                dragtor.index(rebuild=False, progress=quiet)
            return {notice.code for notice in dragtor.search(Query("elbow pain?")).notices}

    assert notices() == set()
    assert notices(percentile=90, window_sentences=5) == set()
    assert notices(percentile=50) == {"settings_changed"}


def quiet(done: int, total: int, what: str) -> None:
    """Progress for nobody."""
