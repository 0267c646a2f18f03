from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dragtor.errors import Moved, StoreError
from dragtor.store import snapshot as snapshots
from dragtor.store.chroma import ChromaStore
from tests.contracts.vector_store import VectorStoreContract, names, unit_rows
from tests.store.access import unprivileged

SPACE = "g1-dense"


class TestChromaStoreOfRecentVectors(VectorStoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[ChromaStore]:
        store = ChromaStore(tmp_path / "chroma")
        yield store
        store.close()


class TestChromaStoreOfSnapshots(VectorStoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[ChromaStore]:
        store = ChromaStore(tmp_path / "chroma", fold_at=1)
        yield store
        store.close()


class TestChromaStoreOfBoth(VectorStoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[ChromaStore]:
        store = ChromaStore(tmp_path / "chroma", fold_at=40)
        yield store
        store.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ChromaStore]:
    """Twenty vectors in a snapshot, and room for a few more beside it."""
    store = ChromaStore(tmp_path / "chroma", fold_at=20)
    store.create(SPACE, 16)
    store.add(SPACE, names(20), unit_rows(20))
    yield store
    store.close()


def snapshot_folders(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_dir())


def test_reading_makes_no_folder(tmp_path: Path) -> None:
    store = ChromaStore(tmp_path / "chroma")
    assert store.spaces() == set()
    assert store.search(SPACE, unit_rows(1)[0], 3) == []
    assert not (tmp_path / "chroma").exists()
    store.close()


def test_few_vectors_need_no_chroma(tmp_path: Path) -> None:
    code = (
        "import sys, numpy as np; from pathlib import Path\n"
        "from dragtor.store.chroma import ChromaStore\n"
        "store = ChromaStore(Path(sys.argv[1])); store.create('g1-dense', 2)\n"
        "store.add('g1-dense', ['a'], np.eye(2, dtype=np.float32)[:1])\n"
        "assert store.search('g1-dense', np.eye(2, dtype=np.float32)[0], 1)[0].id == 'a'\n"
        "store.close(); assert 'chromadb' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code, tmp_path / "chroma"], check=True)


def test_vectors_outlive_the_store(tmp_path: Path) -> None:
    first = ChromaStore(tmp_path / "chroma")
    first.create(SPACE, 16)
    first.add(SPACE, names(6000), unit_rows(6000))
    first.close()
    second = ChromaStore(tmp_path / "chroma")
    assert second.ids(SPACE) == set(names(6000))
    assert second.search(SPACE, unit_rows(6000)[5999], 1)[0].id == names(6000)[5999]
    second.close()


def test_a_new_vector_hides_the_one_in_the_snapshot(store: ChromaStore, tmp_path: Path) -> None:
    assert snapshot_folders(tmp_path / "chroma") == ["g1-dense-1-1"]
    old, new = unit_rows(20)[3], unit_rows(1, seed=5)[0]
    store.add(SPACE, names(20)[3:4], new[None])
    assert snapshot_folders(tmp_path / "chroma") == ["g1-dense-1-1"]
    assert store.get(SPACE, names(20)[3:4])[names(20)[3]] == pytest.approx(new)
    found = {one.id: one.score for one in store.search(SPACE, old, 20)}
    assert len(found) == 20
    assert found[names(20)[3]] == pytest.approx(float(old @ new), abs=1e-5)


def test_what_was_deleted_stays_hidden_in_the_snapshot(store: ChromaStore) -> None:
    gone = names(20)[:10]
    store.delete(SPACE, gone)
    assert store.ids(SPACE) == set(names(20)[10:])
    assert store.get(SPACE, gone) == {}
    assert {one.id for one in store.search(SPACE, unit_rows(20)[0], 10)} == set(names(20)[10:])
    assert store.search(SPACE, unit_rows(20)[0], 5, gone) == []


def test_folding_applies_everything_and_leaves_one_folder(
    store: ChromaStore, tmp_path: Path
) -> None:
    more = unit_rows(40, seed=1)
    store.delete(SPACE, names(20)[:5])
    store.add(SPACE, names(60)[20:], more)
    assert snapshot_folders(tmp_path / "chroma") == ["g1-dense-1-2"]
    assert store.ids(SPACE) == set(names(60)[5:])
    assert store.search(SPACE, more[7], 1)[0].id == names(60)[27]


def test_what_comes_and_goes_needs_no_snapshot_and_leaves_nothing(tmp_path: Path) -> None:
    writer, reader = (ChromaStore(tmp_path / "chroma", fold_at=20) for _ in range(2))
    writer.create(SPACE, 16)
    for number in range(30):
        row = unit_rows(1, seed=number)
        writer.add(SPACE, names(number + 1)[-1:], row)
        if number % 3 == 0:
            assert reader.search(SPACE, row[0], 1)[0].id == names(number + 1)[-1]
        writer.delete(SPACE, names(number + 1)[-1:])
        if number % 4 == 0:
            assert reader.ids(SPACE) == set()
    assert snapshot_folders(tmp_path / "chroma") == []
    reader.close()
    writer.close()


def test_a_moment_stays_as_it_was_while_others_write(store: ChromaStore) -> None:
    old, new = unit_rows(20), unit_rows(5, seed=1)
    with store.moment():
        in_another_thread(lambda: store.delete(SPACE, names(20)[:5]))
        in_another_thread(lambda: store.add(SPACE, names(25)[20:], new))
        assert store.search(SPACE, old[0], 1)[0].id == names(20)[0]
        assert store.get(SPACE, names(25)[20:]) == {}
    assert store.search(SPACE, old[0], 1)[0].id != names(20)[0]
    assert set(store.get(SPACE, names(25)[20:])) == set(names(25)[20:])


def test_a_moment_whose_snapshot_was_replaced_is_over(store: ChromaStore) -> None:
    more = unit_rows(40, seed=1)
    with store.moment():
        in_another_thread(lambda: store.add(SPACE, names(60)[20:], more))
        with pytest.raises(Moved):
            store.search(SPACE, more[0], 1)
    assert store.search(SPACE, more[0], 1)[0].id == names(60)[20]


def in_another_thread(work: Callable[[], object]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_dropping_a_space_frees_its_disk(store: ChromaStore, tmp_path: Path) -> None:
    store.drop(SPACE)
    assert snapshot_folders(tmp_path / "chroma") == []


def test_a_reader_follows_the_writer_from_snapshot_to_snapshot(
    store: ChromaStore, tmp_path: Path
) -> None:
    reader = ChromaStore(tmp_path / "chroma")
    assert len(reader.ids(SPACE)) == 20
    store.add(SPACE, names(60)[20:], unit_rows(40, seed=1))
    assert reader.ids(SPACE) == set(names(60))
    assert reader.search(SPACE, unit_rows(20)[2], 1)[0].id == names(20)[2]
    reader.close()


def test_a_fold_that_dies_changes_nothing(
    store: ChromaStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dying(folder: Path, *rest: object) -> int:
        (folder / "half").mkdir(parents=True)
        raise KeyboardInterrupt

    more = unit_rows(40, seed=1)
    with monkeypatch.context() as patch:
        patch.setattr(snapshots, "make", dying)
        with pytest.raises(KeyboardInterrupt):
            store.add(SPACE, names(60)[20:], more)
    assert store.ids(SPACE) == set(names(60))
    assert store.search(SPACE, more[0], 1)[0].id == names(60)[20]
    store.add(SPACE, names(61)[60:], unit_rows(1, seed=2))
    assert snapshot_folders(tmp_path / "chroma") == ["g1-dense-1-2"]
    assert store.ids(SPACE) == set(names(61))


def test_a_lost_snapshot_is_an_error_that_says_what_to_do(
    store: ChromaStore, tmp_path: Path
) -> None:
    store.close()
    (tmp_path / "chroma" / "g1-dense-1-1").rename(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="dragtor index"):
        store.search(SPACE, unit_rows(1)[0], 1)


@pytest.mark.parametrize("name", ["chroma.sqlite3", "../recent.db"])
def test_damaged_files_are_an_error_of_one_line(
    store: ChromaStore, tmp_path: Path, name: str
) -> None:
    store.close()
    (tmp_path / "chroma" / "g1-dense-1-1" / name).write_bytes(b"not a database" * 1000)
    for _ in range(2):
        with pytest.raises(StoreError, match="dragtor index") as caught:
            store.search(SPACE, unit_rows(1)[0], 1)
        assert "\n" not in str(caught.value)


def test_adding_to_a_space_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    store = ChromaStore(tmp_path / "chroma")
    with pytest.raises(StoreError, match="no vector space 'g1-dense'"):
        store.add(SPACE, names(1), unit_rows(1))


def test_vectors_of_another_length_are_an_error(store: ChromaStore) -> None:
    with pytest.raises(StoreError, match="16 dimensions"):
        store.search(SPACE, unit_rows(1, dimension=4)[0], 1)
    with pytest.raises(StoreError, match="16 dimensions"):
        store.add(SPACE, names(1), unit_rows(1, dimension=4))


def test_where_nothing_may_be_written_few_vectors_are_found_and_no_more(tmp_path: Path) -> None:
    with unprivileged() as folder:
        store = ChromaStore(folder.path / "chroma", fold_at=20)
        store.create(SPACE, 16)
        store.create("g2-dense", 16)
        store.add(SPACE, names(3), unit_rows(3))
        store.add("g2-dense", names(30), unit_rows(30))
        store.close()
        with folder.read_only():
            assert store.search(SPACE, unit_rows(3)[1], 1)[0].id == names(3)[1]
            for _ in range(2):
                with pytest.raises(StoreError, match="may be written"):
                    store.search("g2-dense", unit_rows(3)[1], 1)
            with pytest.raises(StoreError, match="permissions"):
                store.add(SPACE, names(1), unit_rows(1))
        store.close()


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(st.sampled_from(["add", "delete"]), st.lists(st.integers(0, 12), max_size=6)),
        max_size=8,
    )
)
def test_it_behaves_like_a_dictionary(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, list[int]]]
) -> None:
    store = ChromaStore(tmp_path_factory.mktemp("chroma"), fold_at=5)
    store.create(SPACE, 16)
    model: dict[str, np.ndarray] = {}
    for number, (what, which) in enumerate(steps):
        ids = [names(13)[one] for one in dict.fromkeys(which)]
        if what == "add":
            vectors = unit_rows(len(ids), seed=number)
            store.add(SPACE, ids, vectors)
            model.update(zip(ids, vectors, strict=True))
        else:
            store.delete(SPACE, ids)
            for id in ids:
                model.pop(id, None)
        assert store.ids(SPACE) == set(model)
        got = store.get(SPACE, names(13))
        assert set(got) == set(model)
        assert all(np.allclose(got[id], model[id], atol=1e-6) for id in model)
        question = unit_rows(1, seed=99)[0]
        best = sorted(model, key=lambda id: -float(model[id] @ question))[:4]
        assert [one.id for one in store.search(SPACE, question, 4)] == best
    store.close()


def test_a_store_of_the_first_format_is_read_as_it_is_and_brought_up_to_date_by_a_write(
    tmp_path: Path,
) -> None:
    """As it was before spaces had a metric: its vectors are compared by cosine."""
    (tmp_path / "chroma").mkdir()
    path = tmp_path / "chroma" / "recent.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in (
            "CREATE TABLE revision (n INTEGER NOT NULL)",
            "INSERT INTO revision VALUES (1)",
            "CREATE TABLE spaces (pk INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,"
            " dimension INTEGER NOT NULL, snapshot INTEGER NOT NULL DEFAULT 0,"
            " size INTEGER NOT NULL DEFAULT 0)",
            "CREATE TABLE recent (space INTEGER NOT NULL REFERENCES spaces ON DELETE CASCADE,"
            " id TEXT NOT NULL, vector BLOB, PRIMARY KEY (space, id))",
            f"INSERT INTO spaces (name, dimension) VALUES ('{SPACE}', 16)",
            "PRAGMA user_version = 1",
        ):
            connection.execute(statement)
        rows = [(names(3)[row], vector.tobytes()) for row, vector in enumerate(unit_rows(3))]
        connection.executemany("INSERT INTO recent VALUES (1, ?, ?)", rows)
    reader, writer = ChromaStore(tmp_path / "chroma"), ChromaStore(tmp_path / "chroma")
    for step in range(2):
        assert reader.ids(SPACE) == set(names(3 + step))
        assert reader.spaces() == {SPACE, "g1-late.fde"} if step else {SPACE}
        assert reader.search(SPACE, unit_rows(3)[2], 1)[0].score == pytest.approx(1)
        writer.create("g1-late.fde", 16, "ip")
        writer.add(SPACE, names(4)[3:], unit_rows(1, seed=4))
    reader.close()
    writer.close()
