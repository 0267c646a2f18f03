from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from dragtor.store.cache import SqliteVectorCache
from tests.contracts.vector_cache import VectorCacheContract
from tests.contracts.vector_store import unit_rows


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "library" / "vectors.db"


class TestSqliteVectorCache(VectorCacheContract):
    @pytest.fixture
    def cache(self, path: Path) -> SqliteVectorCache:
        return SqliteVectorCache(path)


def test_reading_makes_no_file(path: Path) -> None:
    assert SqliteVectorCache(path).get("e1", ["a"]) == {}
    assert SqliteVectorCache(path).get_spans("e1", ["a"]) == {}
    assert not path.parent.exists()


def test_reading_waits_for_no_writer_and_leaves_nothing_behind(path: Path) -> None:
    cache = SqliteVectorCache(path)
    cache.put("e1", ["a"], unit_rows(1))
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        assert set(cache.get("e1", ["a"])) == {"a"}
        writer.execute("ROLLBACK")
    assert set(cache.get("e1", ["a"])) == {"a"}
    assert [file.name for file in path.parent.iterdir()] == ["vectors.db"]


def test_a_file_of_an_older_dragtor_has_no_spans_until_they_are_put(path: Path) -> None:
    cache = SqliteVectorCache(path)
    cache.put("e1", ["a"], unit_rows(1))
    with closing(sqlite3.connect(path)) as older:
        older.execute("DROP TABLE spans")
    assert cache.get_spans("e1", ["k"]) == {}
    cache.put_spans("e1", ["k"], [unit_rows(2)])
    assert set(cache.get_spans("e1", ["k"])) == {"k"}
    assert set(cache.get("e1", ["a"])) == {"a"}


def test_it_may_be_deleted_at_any_time(path: Path) -> None:
    cache = SqliteVectorCache(path)
    cache.put("e1", ["a"], unit_rows(1))
    path.unlink()
    assert cache.get("e1", ["a"]) == {}
    cache.put("e1", ["a"], unit_rows(1))
    assert set(cache.get("e1", ["a"])) == {"a"}
    assert [file.name for file in path.parent.iterdir()] == ["vectors.db"]


@pytest.mark.parametrize("data", [b"not a database" * 1000, b"SQLite format 3\x00" + b"x" * 5000])
def test_a_damaged_file_is_begun_anew(path: Path, data: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(data)
    cache = SqliteVectorCache(path)
    assert cache.get("e1", ["a"]) == {}
    cache.put("e1", ["a"], unit_rows(1))
    assert set(cache.get("e1", ["a"])) == {"a"}
