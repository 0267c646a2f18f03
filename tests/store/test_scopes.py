from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dragtor.store.library import SqliteLibrary
from dragtor.store.scopes import ScopeCache
from dragtor.types import Filter
from tests.store.making import commit, id_of, index, put


@pytest.fixture
def library(tmp_path: Path) -> Iterator[SqliteLibrary]:
    library = SqliteLibrary(tmp_path / "library")
    yield library
    library.close()


def test_a_scope_is_read_once_until_the_library_changes() -> None:
    reads = []

    def read() -> frozenset[str]:
        reads.append(1)
        return frozenset({"p"})

    cache = ScopeCache()
    assert cache.get(1, "key", read) == cache.get(1, "key", read) == frozenset({"p"})
    assert len(reads) == 1
    cache.get(2, "key", read)
    assert len(reads) == 2
    cache.get(1, "key", read)  # a reader that began before the change
    cache.get(1, "key", read)
    assert len(reads) == 4


def test_only_the_scopes_used_last_are_remembered() -> None:
    cache = ScopeCache()
    for key in "abcda":
        cache.get(1, key, frozenset)
    cache.get(1, "e", frozenset)
    read: list[str] = []
    for key in "ab":
        cache.get(1, key, lambda key=key: read.append(key))  # type: ignore[misc]
    assert read == ["b"]


def test_what_is_indexed_or_removed_shows_in_the_next_scope(library: SqliteLibrary) -> None:
    put(library, "a.txt", "One.\nTwo.", author="Ann")
    generation = index(library)
    filters = (Filter("author", "=", "ann"),)

    def seen() -> int:
        return len(library.scope(generation.id, ("main",), filters) or ())

    assert seen() == seen() == 2
    put(library, "b.txt", "Three.", author="Ann")
    assert seen() == 2
    commit(library, generation, [id_of(library, "b.txt")])
    assert seen() == 3
    library.remove([id_of(library, "a.txt")])
    assert seen() == 1


def test_all_is_let_through_where_the_other_collections_hold_nothing_indexed(
    library: SqliteLibrary,
) -> None:
    put(library, "a.txt", "One.")
    generation = index(library)
    put(library, "b.txt", "Two.", collection="gym")
    assert library.scope(generation.id, ("main",), ()) is None
    commit(library, generation, [id_of(library, "b.txt", "gym")])
    main = library.scope(generation.id, ("main",), ())
    assert main is not None
    assert len(main) == 1
    assert library.scope(generation.id, ("main", "gym"), ()) is None


def test_keys_of_metadata_match_in_any_case_of_their_letters(library: SqliteLibrary) -> None:
    put(library, "a.txt", "One.", metadata={"Ärzte": "2", "ZONE": "x"})
    generation = index(library).id
    for key in ("ärzte", "ÄRZTE", "zone", "Zone"):
        assert library.scope(generation, ("main",), (Filter(key, "has"),))
    assert library.scope(generation, ("main",), (Filter("zon", "has"),)) == frozenset()
