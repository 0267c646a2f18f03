"""The whole, offline: asking opens no connection beyond the machine, and writes nothing."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable
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


def test_questions_write_nothing_into_the_library(run: Run, project: Project) -> None:
    assert run("load", "--index").code == 0
    library = project.folder / "library"

    def state() -> dict[Path, int]:
        # SQLite's shared memory and log are made by readers, too.
        return {
            path: path.stat().st_mtime_ns
            for path in sorted(library.rglob("*"))
            if path.is_file() and not path.name.endswith(("-shm", "-wal"))
        }

    before = state()
    run("ask", "elbow pain?")
    run("search", "elbow pain?")
    assert state() == before
