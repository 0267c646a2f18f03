"""What is kept beside a library's own vectors, which are read and never written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dragtor.store.cache import SqliteVectorCache
from dragtor.store.layered_cache import LayeredVectorCache
from dragtor.store.layered_tokens import LayeredTokenStore
from dragtor.store.tokens import FileTokenStore
from tests.contracts.vector_cache import VectorCacheContract
from tests.contracts.vector_store import unit_rows


class TestLayeredVectorCache(VectorCacheContract):
    @pytest.fixture
    def cache(self, tmp_path: Path) -> LayeredVectorCache:
        own, other = (SqliteVectorCache(tmp_path / name / "vectors.db") for name in "ab")
        return LayeredVectorCache(own, other)


def test_vectors_come_from_both_caches_and_go_to_one(tmp_path: Path) -> None:
    own, other = (SqliteVectorCache(tmp_path / name) for name in ("own.db", "other.db"))
    rows = unit_rows(3, 4)
    other.put("e", ["a", "b"], rows[:2])
    other.put_spans("e", ["a"], [rows[:2]])
    layered = LayeredVectorCache(own, other)
    layered.put("e", ["b", "c"], rows[1:])
    assert set(layered.get("e", ["a", "b", "c", "d"])) == {"a", "b", "c"}
    assert set(own.get("e", ["a", "b", "c"])) == {"b", "c"}
    assert set(other.get("e", ["a", "b", "c"])) == {"a", "b"}
    assert set(layered.get_spans("e", ["a", "b"])) == {"a"}
    assert set(LayeredVectorCache(own).get("e", ["a", "b"])) == {"b"}


def test_token_vectors_come_from_both_stores_and_none_is_swept(tmp_path: Path) -> None:
    own, other = (FileTokenStore(tmp_path / name) for name in ("own", "other"))
    codes = np.arange(8, dtype=np.uint8).reshape(2, 4)
    other.create("s", 4)
    other.add("s", ["a"], [codes])
    layered = LayeredTokenStore(own, other)
    layered.create("s", 4)
    layered.add("s", ["b"], [codes + 1])
    found = layered.get("s", ["a", "b", "c"])
    assert {key: rows.tolist() for key, rows in found.items()} == {
        "a": codes.tolist(),
        "b": (codes + 1).tolist(),
    }
    assert layered.missing("s", ["a", "b", "c"]) == {"c"}
    assert other.missing("s", ["a", "b"]) == {"b"}
    layered.keep("s", [])
    layered.drop("s")
    assert layered.spaces() == {"s"}
    assert layered.missing("s", ["a", "b"]) == set()
    layered.close()


def test_a_library_without_token_vectors_has_none_to_give(tmp_path: Path) -> None:
    layered = LayeredTokenStore(FileTokenStore(tmp_path / "own"), FileTokenStore(tmp_path / "no"))
    layered.create("s", 4)
    assert layered.missing("s", ["a"]) == {"a"}
    assert layered.get("s", ["a"]) == {}
    assert not (tmp_path / "no").exists()
