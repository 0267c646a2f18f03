from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dragtor.errors import LibraryLocked, StoreError
from dragtor.interfaces import Library
from dragtor.store import migrations
from dragtor.store.library import SqliteLibrary
from dragtor.types import Content, Original
from tests.contracts.library import LibraryContract
from tests.store.access import unprivileged
from tests.store.making import FOLDER, commit, id_of, index, put, texts


@pytest.fixture
def library(tmp_path: Path) -> Iterator[SqliteLibrary]:
    library = SqliteLibrary(tmp_path / "library")
    yield library
    library.close()


class TestSqliteLibrary(LibraryContract):
    @pytest.fixture
    def library(self, library: SqliteLibrary) -> Library:
        return library


def count(library: SqliteLibrary, table: str) -> int:
    with library.database.reading() as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def originals(library: SqliteLibrary) -> int:
    return sum(path.is_file() for path in library.originals.folder.rglob("*"))


# --- the file ----------------------------------------------------------------------------


def test_reading_makes_nothing(library: SqliteLibrary) -> None:
    assert library.revision() == 0
    assert library.documents("main") == []
    assert not library.folder.exists()


def test_writing_leaves_only_the_library_behind(library: SqliteLibrary) -> None:
    put(library, "a.txt", "text")
    library.close()
    assert sorted(path.name for path in library.folder.iterdir()) == [
        "library.db",
        "library.lock",
        "originals",
    ]


def test_a_library_is_the_same_after_it_was_closed(library: SqliteLibrary) -> None:
    put(library, "a.txt", "One.\nTwo.")
    generation = index(library)
    library.close()
    again = SqliteLibrary(library.folder)
    assert again.active() == generation
    assert texts(again, generation) == ["One.", "Two."]
    again.close()


def test_a_file_that_is_still_empty_reads_as_an_empty_library(library: SqliteLibrary) -> None:
    library.folder.mkdir()
    library.database.path.touch()
    assert library.documents("main") == []
    assert put(library, "a.txt", "text") == "new"


def test_a_library_of_a_newer_program_is_left_alone(library: SqliteLibrary) -> None:
    put(library, "a.txt", "text")
    library.close()
    newer = len(migrations.STEPS) + 1
    connection = sqlite3.connect(library.database.path)
    connection.execute(f"PRAGMA user_version = {newer}")
    connection.close()
    before = library.database.path.read_bytes()
    with pytest.raises(StoreError, match=f"format {newer} .* upgrade dragtor"):
        library.documents("main")
    with pytest.raises(StoreError, match=f"format {newer} .* upgrade dragtor"):
        put(library, "b.txt", "text")
    assert library.database.path.read_bytes() == before


def test_a_library_of_an_older_program_is_brought_up_to_date_when_it_is_read(
    library: SqliteLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(library, "a.txt", "text")
    library.close()

    def m002(connection: sqlite3.Connection) -> None:
        connection.execute("ALTER TABLE collections ADD COLUMN note TEXT")

    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, m002))
    assert len(library.documents("main")) == 1
    assert count(library, "collections WHERE note IS NULL") == 1


def test_a_step_that_fails_changes_nothing(
    library: SqliteLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(library, "a.txt", "text")
    library.close()

    def broken(connection: sqlite3.Connection) -> None:
        connection.execute("DROP TABLE failures")
        connection.execute("SELECT nonsense")

    with monkeypatch.context() as patch:
        patch.setattr(migrations, "STEPS", (*migrations.STEPS, broken))
        with pytest.raises(StoreError, match="nonsense"):
            library.documents("main")
    assert count(library, "failures") == 0


@pytest.mark.parametrize("data", [b"not a database" * 1000, b"SQLite format 3\x00" + b"x" * 5000])
def test_a_damaged_file_is_an_error_of_one_line(library: SqliteLibrary, data: bytes) -> None:
    library.folder.mkdir()
    library.database.path.write_bytes(data)
    for attempt in (lambda: library.documents("main"), lambda: put(library, "a.txt", "x")):
        with pytest.raises(StoreError, match=r"library\.db") as caught:
            attempt()
        assert "\n" not in str(caught.value)


def test_a_folder_that_may_not_be_written_to_can_still_be_read() -> None:
    with unprivileged() as folder:
        library = SqliteLibrary(folder.path / "library")
        put(library, "a.txt", "One.\nTwo.")
        generation = index(library)
        library.close()
        with folder.read_only():
            assert texts(library, generation) == ["One.", "Two."]
            with pytest.raises(StoreError, match="check its permissions") as caught:
                put(library, "b.txt", "text")
            assert "\n" not in str(caught.value)
            with pytest.raises(StoreError, match="check its permissions"):
                put(SqliteLibrary(folder.path / "other"), "b.txt", "text")
            library.close()


# --- transactions ------------------------------------------------------------------------


def test_a_transaction_that_fails_changes_nothing(library: SqliteLibrary) -> None:
    put(library, "a.txt", "One.")
    generation = index(library)
    before = library.revision()

    def fail() -> None:
        with library.database.transaction() as connection:
            connection.execute("DELETE FROM passages")
            connection.execute("UPDATE revision SET n = n + 1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert library.revision() == before
    assert texts(library, generation) == ["One."]


def test_many_threads_read_whole_documents_while_one_writes(library: SqliteLibrary) -> None:
    put(library, "a.txt", "One 0.\nTwo 0.\nThree 0.")
    generation = index(library)
    id = id_of(library, "a.txt")
    seen: set[str] = set()
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            passages = library.passages(generation.id, id)
            seen.add(" ".join(passage.text for passage in passages))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    with library.writing():
        for n in range(1, 20):
            put(library, "a.txt", f"One {n}.\nTwo {n}.\nThree {n}.")
            commit(library, generation, [id])
    done.set()
    for thread in threads:
        thread.join()
    assert seen
    assert seen <= {f"One {n}. Two {n}. Three {n}." for n in range(20)}


def test_what_goes_wrong_elsewhere_while_writing_is_not_blamed_on_the_library(
    library: SqliteLibrary,
) -> None:
    with pytest.raises(ConnectionError), library.writing():
        raise ConnectionError("no network")


def test_closing_while_a_thread_reads_closes_what_it_gives_back(library: SqliteLibrary) -> None:
    put(library, "a.txt", "text")
    with library.database.reading() as connection:
        library.close()
        assert connection.execute("SELECT count(*) FROM documents").fetchone() == (1,)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")
    assert len(library.documents("main")) == 1


# --- the lock ----------------------------------------------------------------------------


def test_a_second_writer_is_refused_and_told_who_the_first_is(library: SqliteLibrary) -> None:
    other = SqliteLibrary(library.folder)
    with library.writing():
        put(library, "a.txt", "text")
        with pytest.raises(LibraryLocked, match=rf"process {os.getpid()} \(since 20\d\d-"):
            put(other, "b.txt", "text")
        assert len(other.documents("main")) == 1
    assert put(other, "b.txt", "text") == "new"
    other.close()


def test_another_thread_of_the_same_library_is_refused_too(library: SqliteLibrary) -> None:
    refused: list[BaseException] = []

    def write() -> None:
        try:
            put(library, "b.txt", "text")
        except LibraryLocked as error:
            refused.append(error)

    with library.writing():
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
    assert len(refused) == 1
    assert put(library, "b.txt", "text") == "new"


def test_what_a_dead_writer_left_behind_stops_nobody(library: SqliteLibrary) -> None:
    library.folder.mkdir()
    (library.folder / "library.lock").touch()
    (library.folder / "library.lock.json").write_text('{"pid": 1, "since": "long ago"}')
    assert put(library, "a.txt", "text") == "new"


# --- what is kept, and what is not -------------------------------------------------------


def test_versions_that_nothing_needs_are_swept_with_their_originals(
    library: SqliteLibrary,
) -> None:
    put(library, "a.txt", "One.")
    generation = index(library)
    put(library, "a.txt", "Two.")
    put(library, "a.txt", "Three.")
    assert count(library, "versions") == 3
    commit(library, generation, [id_of(library, "a.txt")])
    assert count(library, "versions") == 1
    assert originals(library) == 1
    library.remove([id_of(library, "a.txt")])
    assert count(library, "versions") == 0
    assert originals(library) == 0


def test_an_original_that_two_things_share_is_kept_while_one_needs_it(
    library: SqliteLibrary,
) -> None:
    put(library, "a.txt", "same")
    put(library, "b.txt", "same")
    assert originals(library) == 1
    library.remove([id_of(library, "a.txt")])
    assert originals(library) == 1
    assert library.original("main", FOLDER, f"{FOLDER}/b.txt").data == b"same"


def test_a_page_that_changes_without_saying_anything_new_keeps_few_originals(
    library: SqliteLibrary,
) -> None:
    for number in range(5):
        page = Original("https://x/", "text/html", f"<!-- {number} --> text".encode())
        library.store("main", "https://x/", page, [Content("text", "x", "web")], "html 1")
    assert count(library, "versions") == 1
    assert originals(library) == 2


def test_a_damaged_original_is_noticed(library: SqliteLibrary) -> None:
    put(library, "a.txt", "text")
    (path,) = (path for path in library.originals.folder.rglob("*") if path.is_file())
    path.write_bytes(b"xxxx")
    with pytest.raises(StoreError, match="damaged"):
        library.original("main", FOLDER, f"{FOLDER}/a.txt")
    path.unlink()
    with pytest.raises(StoreError, match="missing"):
        library.original("main", FOLDER, f"{FOLDER}/a.txt")


def test_titles_and_metadata_are_cleaned_so_that_they_can_be_stored(
    library: SqliteLibrary,
) -> None:
    put(library, "a.txt", "text", title="Bad \ud800 title\x00", metadata={"k\ud800": "v\x00"})
    info = library.documents("main")[0]
    assert info.title == "Bad \ufffd title\ufffd"
    assert info.metadata == {"k\ufffd": "v\ufffd"}


def test_a_text_that_was_not_cleaned_is_refused(library: SqliteLibrary) -> None:
    with pytest.raises(ValueError, match="clean"):
        put(library, "a.txt", "line\r\nline")
