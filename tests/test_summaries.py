"""Summaries: of long documents alone, vectors before the record, and none made twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from dragtor.spaces import DENSE, space_name
from dragtor.store.cache import SqliteVectorCache
from dragtor.store.library import SqliteLibrary
from dragtor.summaries import SummaryIndexer, summary_space
from dragtor.types import Document, Passage, Vectors
from tests.fakes import DictVectorStore, FakeEncoder
from tests.store.making import id_of, index, put

LONG = "Pulleys tear.\nTendons heal slowly.\nRest helps.\nTape does not."


class Counting:
    """Summarises by the first passage, counts, and may die."""

    def __init__(self, name: str = "counting", lives: int = 10**9) -> None:
        self.name = name
        self.lives = lives
        self.made: list[str] = []

    def summarise(self, document: Document, passages: Sequence[Passage], vectors: Vectors) -> str:
        if not self.lives:
            raise KeyboardInterrupt
        self.lives -= 1
        assert vectors.shape == (len(passages), 2)
        self.made.append(document.info.title)
        return f"{self.name}: {passages[0].text}"


class Bench:
    def __init__(self, folder: Path) -> None:
        self.library = SqliteLibrary(folder / "library")
        self.vectors = DictVectorStore()
        self.cache = SqliteVectorCache(folder / "vectors.db")
        self.progress: list[tuple[int, int]] = []

    def index(self, summariser: Counting | None, batch: int = 1) -> int:
        """Index passages, then summaries; returns how many were made."""
        generation = index(self.library).id
        dense = space_name(generation, DENSE)
        self.vectors.create(dense, 2)
        ids = sorted(self.library.passage_ids(generation))
        self.vectors.add(dense, ids, np.ones((len(ids), 2), dtype=np.float32))
        indexer = SummaryIndexer(
            self.library, self.vectors, FakeEncoder({}), self.cache, summariser, batch
        )
        self.progress.clear()
        return indexer.index(generation, lambda done, total, _: self.progress.append((done, total)))

    def summaries(self, summariser: Counting, *names: str) -> list[str]:
        """Summaries of these documents, after a look at whether vectors go with them."""
        active = self.library.active()
        assert active is not None
        ids = [id_of(self.library, name) for name in names]
        assert self.vectors.ids(summary_space(active.id, summariser.name)) == set(ids)
        found = self.library.summaries(active.id, summariser.name, ids)
        return [found[id] for id in ids]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.library.close()


def test_long_documents_are_summarised_once_and_short_ones_stand_for_themselves(
    bench: Bench,
) -> None:
    put(bench.library, "a.txt", LONG)
    put(bench.library, "b.txt", "One.\nTwo.\nThree.")
    put(bench.library, "c.txt", f"Climbing.\n{LONG}")
    maker = Counting()
    assert bench.index(maker) == 2
    assert bench.summaries(maker, "a.txt", "c.txt") == [
        "counting: Pulleys tear.",
        "counting: Climbing.",
    ]
    assert bench.progress == [(0, 2), (1, 2), (2, 2)]
    assert bench.index(maker) == 0
    assert bench.progress == []
    assert maker.made == ["a.txt", "c.txt"]


def test_a_changed_document_gets_another_summary_and_a_removed_one_loses_it(bench: Bench) -> None:
    put(bench.library, "a.txt", LONG)
    put(bench.library, "b.txt", LONG)
    maker = Counting()
    bench.index(maker)
    put(bench.library, "a.txt", f"New.\n{LONG}")
    bench.library.remove([id_of(bench.library, "b.txt")])
    assert bench.index(maker) == 1
    assert bench.summaries(maker, "a.txt") == ["counting: New."]
    put(bench.library, "a.txt", "Short.")
    assert bench.index(maker) == 0
    assert bench.summaries(maker) == []


def test_what_was_made_before_a_crash_is_kept(bench: Bench) -> None:
    for name in "abc":
        put(bench.library, f"{name}.txt", LONG)
    with pytest.raises(KeyboardInterrupt):
        bench.index(Counting(lives=2))
    maker = Counting()
    assert bench.index(maker) == 1
    assert maker.made == ["c.txt"]
    assert len(bench.summaries(maker, "a.txt", "b.txt", "c.txt")) == 3


def test_a_crash_between_vector_and_record_costs_one_batch(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(bench.library, "a.txt", LONG)
    maker = Counting()

    def die(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(bench.library, "summarise", die)
        with pytest.raises(KeyboardInterrupt):
            bench.index(maker)
    assert bench.index(maker) == 1
    assert bench.summaries(maker, "a.txt") == ["counting: Pulleys tear."]


def test_lost_vectors_come_back_from_what_is_on_record(bench: Bench) -> None:
    put(bench.library, "a.txt", LONG)
    maker = Counting()
    bench.index(maker)
    bench.vectors.vectors.clear()
    assert bench.index(maker) == 0
    assert maker.made == ["a.txt"]
    assert bench.summaries(maker, "a.txt") == ["counting: Pulleys tear."]


def test_another_maker_has_summaries_and_a_space_of_its_own(bench: Bench) -> None:
    put(bench.library, "a.txt", LONG)
    first, second = Counting(), Counting("other")
    bench.index(first)
    bench.index(second)
    assert bench.summaries(second, "a.txt") == ["other: Pulleys tear."]
    assert len(bench.vectors.spaces()) == 2
    bench.index(None)
    assert len(bench.vectors.spaces()) == 1
    assert bench.index(first) == 0
    assert bench.summaries(first, "a.txt") == ["counting: Pulleys tear."]
