"""One library, several processes."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from dragtor.store.verify import verify
from tests.store import processes
from tests.store.making import id_of, put
from tests.store.processes import Opened, space_name


@contextmanager
def running(
    work: Callable[[Path, Connection], None], folder: Path
) -> Iterator[tuple[BaseProcess, Connection]]:
    """Another process at work, with a pipe to it."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=work, args=(folder, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        yield process, ours
    finally:
        process.kill()
        process.join()
        process.close()
        ours.close()


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    opened = Opened.at(tmp_path / "library")
    yield opened
    opened.close()


def article(number: int, round: int) -> str:
    return "\n".join(f"Line {line} of {number} in round{round}" for line in range(4))


@contextmanager
def two_readers(folder: Path) -> Iterator[list[Connection]]:
    """Pipes to two reading processes."""
    with running(processes.reader, folder) as one, running(processes.reader, folder) as two:
        pipes = [one[1], two[1]]
        yield pipes
        for pipe in pipes:
            pipe.send(None)


def test_readers_see_every_commit_at_once_and_never_half_of_one(
    opened: Opened, tmp_path: Path
) -> None:
    for number in range(3):
        put(opened.library, f"{number}.txt", article(number, 0))
    opened.index()
    ids = [id_of(opened.library, f"{number}.txt") for number in range(3)]
    with two_readers(tmp_path / "library") as pipes:
        for round in range(1, 4):
            for pipe in pipes:
                pipe.send(ids)
            for number in range(3):
                put(opened.library, f"{number}.txt", article(number, round))
            opened.index()
            whole = {f"4 of round{round - 1}", f"4 of round{round}"}
            new, old = (article(1, n).split("\n")[2] for n in (round, round - 1))
            for pipe in pipes:
                pipe.send("stop")
                states = pipe.recv()
                # Documents are read one after the other, so a flip may come between them.
                assert {part for state in states for part in state.split(" | ")} <= whole
                assert f"4 of round{round}" in states
                pipe.send(new)
                words, vectors = pipe.recv()
                assert len(words) == 12
                assert vectors == {new}
                pipe.send(old)
                assert pipe.recv() == (set(), set())
    assert any(path.is_dir() for path in (tmp_path / "library" / "chroma").iterdir())
    assert verify(opened.library, opened.vectors, space_name) == []


def test_a_run_killed_between_vectors_and_commit_goes_on_and_doubles_nothing(
    opened: Opened, tmp_path: Path
) -> None:
    put(opened.library, "0.txt", article(0, 0))
    opened.index()
    put(opened.library, "0.txt", article(0, 1))
    put(opened.library, "1.txt", article(1, 1))
    with running(processes.dies_between_vectors_and_commit, tmp_path / "library") as (dying, pipe):
        assert pipe.recv() == "vectors are written"
        assert opened.found(article(0, 0).split("\n")[0])[0] == set(article(0, 0).split("\n"))
        dying.kill()
        dying.join()
    line = article(0, 0).split("\n")[0]
    assert opened.found(line)[1] == {line}
    assert opened.found(article(1, 1).split("\n")[0]) == (set(), set())
    opened.index()
    generation = opened.library.active()
    assert generation is not None
    ids = opened.library.passage_ids(generation.id)
    assert len(ids) == 8
    assert opened.vectors.ids(space_name(generation.id, "dense")) == ids
    assert opened.found(line) == (set(), set())
    assert len(opened.found("round1")[0]) == 8
    assert verify(opened.library, opened.vectors, space_name) == []


def test_a_transaction_that_was_killed_never_was(opened: Opened, tmp_path: Path) -> None:
    put(opened.library, "0.txt", article(0, 0))
    opened.index()
    revision = opened.library.revision()
    with running(processes.dies_inside_a_transaction, tmp_path / "library") as (dying, pipe):
        assert pipe.recv() == "half done"
        dying.kill()
        dying.join()
    assert opened.library.revision() == revision
    assert len(opened.found("round0")[0]) == 4
    put(opened.library, "1.txt", article(1, 0))
    opened.index()
    assert verify(opened.library, opened.vectors, space_name) == []


def test_a_second_process_is_told_who_writes(opened: Opened, tmp_path: Path) -> None:
    with opened.library.writing():
        put(opened.library, "0.txt", "text")
        with running(processes.tries_to_write, tmp_path / "library") as (_, pipe):
            assert f"process {os.getpid()} (since 20" in pipe.recv()
    with running(processes.tries_to_write, tmp_path / "library") as (_, pipe):
        assert pipe.recv() == "written"


def test_a_full_disk_is_said_in_one_line_and_loses_nothing(opened: Opened, tmp_path: Path) -> None:
    put(opened.library, "0.txt", article(0, 0))
    opened.index()
    with running(processes.runs_out_of_disk, tmp_path / "library") as (_, pipe):
        said = pipe.recv()
    assert "\n" not in said
    assert str(tmp_path) in said
    assert len(opened.library.documents("main")) == 1
    assert len(opened.found("round0")[0]) == 4
    assert put(opened.library, "1.txt", article(1, 0)) == "new"
    opened.index()
    assert verify(opened.library, opened.vectors, space_name) == []
