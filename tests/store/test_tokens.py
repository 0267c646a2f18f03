"""The token store on disk: crashes, lost files, other processes, room that is given back."""

from __future__ import annotations

import multiprocessing
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest

from dragtor.errors import StoreError
from dragtor.store.tokens import FileTokenStore
from tests.contracts.token_store import SPACE, WIDTH, TokenStoreContract, codes, filled, same


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "tokens"


@pytest.fixture
def store(folder: Path) -> Iterator[FileTokenStore]:
    store = FileTokenStore(folder)
    yield store
    store.close()


class TestFileTokenStore(TokenStoreContract):
    @pytest.fixture
    def store(self, store: FileTokenStore) -> FileTokenStore:
        return store


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.codes"))


def test_reading_makes_no_folder(store: FileTokenStore, folder: Path) -> None:
    assert store.get(SPACE, ["a"]) == {}
    assert store.spaces() == set()
    assert not folder.exists()


def test_a_write_that_dies_leaves_a_tail_that_does_not_count(
    store: FileTokenStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = filled(store, "ab")
    size = files(folder)[0].stat().st_size

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("dragtor.store.token_index.add", dies)
        with pytest.raises(KeyboardInterrupt):
            store.add(SPACE, ["c"], [codes(3, tokens=50)])
    assert files(folder)[0].stat().st_size == size + 50 * WIDTH
    assert store.missing(SPACE, "abc") == {"c"}
    again = FileTokenStore(folder)
    again.add(SPACE, ["d"], [codes(4)])
    assert files(folder)[0].stat().st_size == size + 5 * WIDTH
    for one in (store, again):
        assert same(one.get(SPACE, "abcd"), {**made, "d": codes(4)})
    again.close()


def test_a_file_that_was_deleted_is_missing_and_written_anew(
    store: FileTokenStore, folder: Path
) -> None:
    filled(store, "ab")
    files(folder)[0].unlink()
    other = FileTokenStore(folder)
    assert other.lost(SPACE)
    assert other.get(SPACE, "ab") == {}
    assert other.missing(SPACE, "ab") == {"a", "b"}
    other.add(SPACE, ["b"], [codes(7)])
    assert same(other.get(SPACE, "ab"), {"b": codes(7)})
    assert same(store.get(SPACE, "ab"), {"b": codes(7)})
    other.close()


def test_of_a_file_that_was_cut_off_the_whole_texts_are_left(
    store: FileTokenStore, folder: Path
) -> None:
    store.create(SPACE, WIDTH)
    store.add(SPACE, ["a", "b"], [codes(1), codes(2)])
    store.close()
    with files(folder)[0].open("r+b") as file:
        file.truncate(8 * WIDTH + 1)
    assert store.lost(SPACE)
    assert same(store.get(SPACE, "ab"), {"a": codes(1)})
    assert store.missing(SPACE, "ab") == {"b"}
    store.add(SPACE, ["b", "c"], [codes(2), codes(3)])
    assert same(store.get(SPACE, "abc"), {"a": codes(1), "b": codes(2), "c": codes(3)})


def test_room_is_given_back_when_most_is_no_longer_needed(
    store: FileTokenStore, folder: Path
) -> None:
    store.create(SPACE, WIDTH)
    keys = [str(number) for number in range(10)]
    store.add(SPACE, keys, [codes(number) for number in range(10)])
    (before,) = files(folder)
    store.keep(SPACE, keys[:6])
    assert files(folder) == [before], "less than half was forgotten: not worth writing anew"
    reader = FileTokenStore(folder)
    held = reader.get(SPACE, keys[:6])
    store.keep(SPACE, keys[:3])
    (after,) = files(folder)
    assert after != before
    assert after.stat().st_size == 3 * 5 * WIDTH
    wanted = {key: codes(int(key)) for key in keys[:3]}
    assert same(reader.get(SPACE, keys), wanted)
    assert same({key: held[key] for key in wanted}, wanted)
    reader.close()


def test_a_space_that_is_dropped_frees_its_disk(store: FileTokenStore, folder: Path) -> None:
    filled(store, "ab")
    (folder / "leftover.codes").write_bytes(b"of an interrupted run")
    store.drop(SPACE)
    assert files(folder) == []


def test_a_newer_format_is_refused_in_one_line(store: FileTokenStore, folder: Path) -> None:
    filled(store, "ab")
    store.close()
    with closing(sqlite3.connect(folder / "tokens.db")) as connection:
        connection.execute("PRAGMA user_version = 9")
    with pytest.raises(StoreError, match=r"has format 9 .*upgrade dragtor"):
        store.get(SPACE, "ab")


def test_two_hundred_texts_come_in_one_look(store: FileTokenStore) -> None:
    """No statement for each: 200 texts cost one look into the index."""
    store.create(SPACE, WIDTH)
    keys = [f"{number:064x}" for number in range(300)]
    store.add(SPACE, keys, [codes(number) for number in range(300)])
    asked: list[str] = []
    store.get(SPACE, keys[:1])
    connection = store._index._idle[0]
    connection.set_trace_callback(asked.append)
    assert len(store.get(SPACE, keys[50:250])) == 200
    assert sum("texts" in statement for statement in asked) == 1


def _other_process(folder: Path, pipe: Connection) -> None:
    """Say what there is when asked to, with one and the same open store."""
    store = FileTokenStore(folder)
    while (keys := pipe.recv()) is not None:
        pipe.send({key: rows.tolist() for key, rows in store.get(SPACE, keys).items()})
    store.close()


def test_another_process_sees_additions_and_what_was_forgotten_at_once(
    store: FileTokenStore, folder: Path
) -> None:
    here, there = multiprocessing.Pipe()
    other = multiprocessing.get_context("spawn").Process(
        target=_other_process, args=(folder, there)
    )
    other.start()

    def seen(keys: str) -> dict[str, np.ndarray]:
        here.send(keys)
        assert here.poll(30)
        return {key: np.array(rows, np.uint8) for key, rows in here.recv().items()}

    assert seen("ab") == {}
    made = filled(store, "abcd")
    assert same(seen("abcd"), made)
    store.keep(SPACE, {"b"})
    assert same(seen("abcd"), {"b": made["b"]})
    made |= filled(store, "xy")
    assert same(seen("abxy"), {key: made[key] for key in "bxy"})
    here.send(None)
    other.join(30)
    assert other.exitcode == 0
