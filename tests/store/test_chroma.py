from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dragtor.errors import StoreError
from dragtor.store.chroma import ChromaStore
from tests.contracts.vector_store import VectorStoreContract, names, unit_rows


class TestChromaStore(VectorStoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[ChromaStore]:
        store = ChromaStore(tmp_path / "chroma")
        yield store
        store.close()


def test_reading_makes_no_folder(tmp_path: Path) -> None:
    store = ChromaStore(tmp_path / "chroma")
    assert store.spaces() == set()
    assert store.search("g1-dense", unit_rows(1)[0], 3) == []
    assert not (tmp_path / "chroma").exists()
    store.close()


def test_vectors_outlive_the_store(tmp_path: Path) -> None:
    first = ChromaStore(tmp_path / "chroma")
    first.create("g1-dense", 16)
    first.add("g1-dense", names(6000), unit_rows(6000))
    first.close()
    second = ChromaStore(tmp_path / "chroma")
    assert second.ids("g1-dense") == set(names(6000))
    second.close()


def test_adding_to_a_space_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    store = ChromaStore(tmp_path / "chroma")
    with pytest.raises(StoreError, match="no vector space 'g1-dense'"):
        store.add("g1-dense", names(1), unit_rows(1))
    store.close()


def test_a_vector_of_another_length_is_an_error_of_one_line(tmp_path: Path) -> None:
    store = ChromaStore(tmp_path / "chroma")
    store.create("g1-dense", 16)
    store.add("g1-dense", names(1), unit_rows(1))
    with pytest.raises(StoreError) as caught:
        store.search("g1-dense", unit_rows(1, dimension=4)[0], 1)
    assert "\n" not in str(caught.value)
    store.close()
