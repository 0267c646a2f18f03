"""What every vector store promises. A test class inherits this and supplies ``store``, empty."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from dragtor.interfaces import VectorStore
from dragtor.types import Vectors


def unit_rows(count: int, dimension: int = 16, seed: int = 0) -> Vectors:
    """Random directions."""
    rows = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    unit: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def names(count: int) -> list[str]:
    """Ids as passages have them."""
    return [f"{number:016x}" for number in range(count)]


class VectorStoreContract:
    """Inherit from this and supply a fixture ``store``."""

    def test_a_vector_finds_itself_with_cosine_one(self, store: VectorStore) -> None:
        vectors = unit_rows(50)
        store.create("g1-dense", 16)
        store.add("g1-dense", names(50), vectors)
        for number in (0, 17, 49):
            best = store.search("g1-dense", vectors[number], 3)
            assert best[0].id == names(50)[number]
            assert best[0].score == pytest.approx(1.0, abs=1e-5)

    def test_scores_are_cosines_best_first(self, store: VectorStore) -> None:
        vectors, question = unit_rows(60), unit_rows(1, seed=9)[0]
        store.create("g1-dense", 16)
        store.add("g1-dense", names(60), vectors)
        found = store.search("g1-dense", question, 10)
        cosines = vectors @ question
        best = np.argsort(-cosines)[:10]
        assert [one.id for one in found] == [names(60)[row] for row in best]
        assert [one.score for one in found] == pytest.approx(cosines[best].tolist(), abs=1e-5)

    def test_among_restricts_the_search_and_may_name_unknown_ids(self, store: VectorStore) -> None:
        vectors, question = unit_rows(60), unit_rows(1, seed=9)[0]
        store.create("g1-dense", 16)
        store.add("g1-dense", names(60), vectors)
        among = {*names(60)[5:25], "f" * 16}
        found = store.search("g1-dense", question, 100, among)
        assert {one.id for one in found} == set(names(60)[5:25])
        assert store.search("g1-dense", question, 100, set()) == []

    def test_among_many_ids_finds_the_best_of_them(self, store: VectorStore) -> None:
        vectors, question = unit_rows(3000), unit_rows(1, seed=9)[0]
        store.create("g1-dense", 16)
        store.add("g1-dense", names(3000), vectors)
        among = names(3000)[1:2500]
        best = np.argsort(-(vectors[1:2500] @ question))[:5] + 1
        found = store.search("g1-dense", question, 5, among)
        assert [one.id for one in found] == [names(3000)[row] for row in best]

    def test_among_many_ids_unknown_ones_do_no_harm(self, store: VectorStore) -> None:
        vectors, question = unit_rows(3000), unit_rows(1, seed=9)[0]
        store.create("g1-dense", 16)
        store.add("g1-dense", names(3000), vectors)
        among = {*names(3000)[:1500], "f" * 16}
        found = {one.id for one in store.search("g1-dense", question, 1000, among)}
        assert len(found) == 1000
        assert found < among

    def test_no_more_than_k_and_no_more_than_there_are(self, store: VectorStore) -> None:
        store.create("g1-dense", 16)
        store.add("g1-dense", names(5), unit_rows(5))
        assert len(store.search("g1-dense", unit_rows(1)[0], 3)) == 3
        assert len(store.search("g1-dense", unit_rows(1)[0], 50)) == 5
        assert store.search("g1-dense", unit_rows(1)[0], 0) == []

    def test_adding_an_id_again_replaces_its_vector(self, store: VectorStore) -> None:
        vectors = unit_rows(2)
        store.create("g1-dense", 16)
        store.add("g1-dense", names(1), vectors[:1])
        store.add("g1-dense", names(1), vectors[1:])
        assert store.ids("g1-dense") == set(names(1))
        assert store.get("g1-dense", names(1))[names(1)[0]] == pytest.approx(vectors[1], abs=1e-6)

    def test_get_gives_what_is_there(self, store: VectorStore) -> None:
        vectors = unit_rows(4)
        store.create("g1-dense", 16)
        store.add("g1-dense", names(4), vectors)
        got = store.get("g1-dense", [names(4)[2], "f" * 16, names(4)[0]])
        assert set(got) == {names(4)[0], names(4)[2]}
        assert got[names(4)[2]] == pytest.approx(vectors[2], abs=1e-6)
        assert got[names(4)[2]].dtype == np.float32

    def test_deleted_vectors_are_not_found(self, store: VectorStore) -> None:
        vectors = unit_rows(10)
        store.create("g1-dense", 16)
        store.add("g1-dense", names(10), vectors)
        store.delete("g1-dense", [names(10)[3], "f" * 16])
        assert store.ids("g1-dense") == set(names(10)) - {names(10)[3]}
        assert names(10)[3] not in {one.id for one in store.search("g1-dense", vectors[3], 10)}

    def test_spaces_are_apart(self, store: VectorStore) -> None:
        store.create("g1-dense", 16)
        store.create("g1-late", 4)
        store.add("g1-dense", names(2), unit_rows(2))
        store.add("g1-late", names(3), unit_rows(3, dimension=4))
        assert store.spaces() == {"g1-dense", "g1-late"}
        assert (len(store.ids("g1-dense")), len(store.ids("g1-late"))) == (2, 3)
        store.drop("g1-dense")
        assert "g1-dense" not in store.spaces()
        assert len(store.ids("g1-late")) == 3

    def test_creating_a_space_again_keeps_what_is_in_it(self, store: VectorStore) -> None:
        store.create("g1-dense", 16)
        store.add("g1-dense", names(2), unit_rows(2))
        store.create("g1-dense", 16)
        assert len(store.ids("g1-dense")) == 2

    def test_a_space_made_anew_is_empty(self, store: VectorStore) -> None:
        store.create("g1-dense", 16)
        store.add("g1-dense", names(2), unit_rows(2))
        store.drop("g1-dense")
        store.create("g1-dense", 8)
        assert store.ids("g1-dense") == set()
        store.add("g1-dense", names(1), unit_rows(1, dimension=8))
        assert store.search("g1-dense", unit_rows(1, dimension=8)[0], 1)[0].id == names(1)[0]

    def test_what_is_not_there_does_no_harm(self, store: VectorStore) -> None:
        assert store.spaces() == set()
        assert store.ids("g9-dense") == set()
        assert store.get("g9-dense", names(1)) == {}
        assert store.search("g9-dense", unit_rows(1)[0], 3) == []
        store.delete("g9-dense", names(1))
        store.drop("g9-dense")
        store.create("g1-dense", 16)
        assert store.search("g1-dense", unit_rows(1)[0], 3) == []
        store.delete("g1-dense", [])
        store.add("g1-dense", [], unit_rows(0))

    def test_a_space_of_inner_products_ranks_by_them(self, store: VectorStore) -> None:
        """Rows of any length: the longest wins that points the same way, and scores pass 1."""
        vectors = unit_rows(60) * np.linspace(0.1, 6, 60, dtype=np.float32)[:, None]
        question = 2 * unit_rows(1, seed=9)[0]
        store.create("g1-late.fde", 16, "ip")
        store.add("g1-late.fde", names(60), vectors)
        products = vectors @ question
        best = np.argsort(-products)[:10]
        for among in (None, names(60)):
            found = store.search("g1-late.fde", question, 10, among)
            assert [one.id for one in found] == [names(60)[row] for row in best]
            assert [one.score for one in found] == pytest.approx(products[best].tolist(), abs=1e-4)
        assert max(one.score for one in found) > 1
        got = store.get("g1-late.fde", names(60)[7:8])
        assert got[names(60)[7]] == pytest.approx(vectors[7], abs=1e-5)

    def test_many_threads_may_search_at_once(self, store: VectorStore) -> None:
        vectors = unit_rows(200)
        store.create("g1-dense", 16)
        store.add("g1-dense", names(200), vectors)
        wrong: list[str] = []

        def search(first: int) -> None:
            for number in range(first, 200, 8):
                found = store.search("g1-dense", vectors[number], 1)
                if [one.id for one in found] != [names(200)[number]]:
                    wrong.append(f"{number}: {found}")

        threads = [threading.Thread(target=search, args=(first,)) for first in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []
