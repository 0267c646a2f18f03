"""What every vector cache promises. A test class inherits this and supplies ``cache``, empty."""

from __future__ import annotations

import numpy as np
import pytest

from dragtor.interfaces import VectorCache
from tests.contracts.vector_store import unit_rows


class VectorCacheContract:
    """Inherit from this and supply a fixture ``cache``."""

    def test_what_was_put_comes_back_bit_for_bit(self, cache: VectorCache) -> None:
        vectors = unit_rows(3)
        cache.put("e1", ["a", "b", "ü🧗"], vectors)
        got = cache.get("e1", ["ü🧗", "a", "unknown"])
        assert set(got) == {"a", "ü🧗"}
        assert got["a"].dtype == np.float32
        assert np.array_equal(got["a"], vectors[0])
        assert np.array_equal(got["ü🧗"], vectors[2])

    def test_encoders_are_apart(self, cache: VectorCache) -> None:
        cache.put("e1", ["a"], unit_rows(1))
        assert cache.get("e2", ["a"]) == {}
        assert cache.get("", ["e1a", "a"]) == {}

    def test_a_vector_can_be_replaced(self, cache: VectorCache) -> None:
        cache.put("e1", ["a"], unit_rows(1, seed=1))
        cache.put("e1", ["a"], unit_rows(1, seed=2))
        assert np.array_equal(cache.get("e1", ["a"])["a"], unit_rows(1, seed=2)[0])

    def test_many_texts_at_once_and_none(self, cache: VectorCache) -> None:
        texts = [f"text {number}" for number in range(1700)]
        cache.put("e1", texts, unit_rows(1700))
        got = cache.get("e1", texts)
        assert np.array_equal(np.stack([got[text] for text in texts]), unit_rows(1700))
        assert cache.get("e1", []) == {}
        cache.put("e1", [], unit_rows(0))

    def test_texts_and_vectors_must_be_as_many(self, cache: VectorCache) -> None:
        with pytest.raises(ValueError, match="shorter"):
            cache.put("e1", ["a", "b"], unit_rows(1))

    def test_vectors_of_spans_come_back_nearly_as_they_were(self, cache: VectorCache) -> None:
        vectors = [unit_rows(3), unit_rows(0), unit_rows(1, seed=2)]
        cache.put_spans("e1", ["a", "b", "c"], vectors)
        got = cache.get_spans("e1", ["c", "a", "unknown"])
        assert set(got) == {"a", "c"}
        assert got["a"].dtype == np.float32
        assert got["a"] == pytest.approx(vectors[0], abs=1e-3)
        assert got["c"] == pytest.approx(vectors[2], abs=1e-3)
        assert cache.get_spans("e2", ["a"]) == {}
        assert cache.get("e1", ["a"]) == {}

    def test_vectors_of_spans_can_be_replaced(self, cache: VectorCache) -> None:
        cache.put_spans("e1", ["a"], [unit_rows(3)])
        cache.put_spans("e1", ["a"], [unit_rows(2)])
        assert cache.get_spans("e1", ["a"])["a"] == pytest.approx(unit_rows(2), abs=1e-3)
