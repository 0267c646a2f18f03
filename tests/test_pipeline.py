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
