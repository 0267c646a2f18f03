"""Snapshots: vectors in Chroma folders that are made once and then only read.

Chroma 1.5 saves its HNSW files in place. A process that is killed meanwhile, or that opens them
meanwhile, leaves or meets half of them; they then no longer load, crash the process, or grow
without bound (chroma-core/chroma issue 7510; here 72 GB in two minutes, with one process writing
20,000 vectors and two opening them). So a folder that anybody reads is never written to:
:func:`make` writes a new one, and it counts only once it is whole.
"""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dragtor.errors import StoreError
from dragtor.types import Metric, Vectors

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

_NAME = "vectors"
_HNSW = {
    "max_neighbors": 16,
    "ef_construction": 100,
    # Recall of the best 10 of 50,000 is 1.0 with 100; searches among some ids need more.
    "ef_search": 400,
    # Every batch is saved at once, so that opening replays nothing.
    "batch_size": 2,
    "sync_threshold": 2,
}
EXACT = 1000
"""Among at most this many ids, fetching their vectors and comparing all is faster than HNSW."""
_MOST_IDS = 10_000
"""SQLite inside Chroma takes 32,766 values in a statement."""


class Gone(Exception):
    """The folder was replaced by a newer snapshot; ask again which one counts."""


class Snapshot:
    """A Chroma folder, opened when it is first used and closed when it is last used."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._turn = threading.Condition()
        self._users = 0
        self._closed = False
        self._client: ClientAPI | None = None
        self._collection: Any = None

    def search(
        self, vector: Vectors, k: int, among: Sequence[str] | None = None
    ) -> list[tuple[str, float]]:
        """At most k ids with their cosines or inner products, best first; exact among few ids."""
        if among is not None and len(among) <= EXACT:
            return _best(self.get(among), vector, k)
        from chromadb.errors import InternalError

        with self._using() as collection:
            try:
                answer = collection.query(
                    query_embeddings=vector.reshape(1, -1),
                    n_results=k,
                    ids=among,
                    include=["distances"],
                )
            except InternalError:  # an id that is not there is an error to Chroma
                if among is None:
                    raise
                return _best(self.get(among), vector, k)
        distances = (1.0 - float(distance) for distance in answer["distances"][0])
        return list(zip(answer["ids"][0], distances, strict=True))

    def get(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """Vectors by id; ids that are not there are absent."""
        found: dict[str, Vectors] = {}
        with self._using() as collection:
            for chunk in _chunks(ids):
                got = collection.get(ids=chunk, include=["embeddings"])
                found.update(zip(got["ids"], np.asarray(got["embeddings"], "<f4"), strict=True))
        return found

    def ids(self) -> set[str]:
        """Ids of all vectors."""
        with self._using() as collection:
            return set(collection.get(include=[])["ids"])

    def close(self) -> None:
        """Close Chroma for good, once nobody is using it."""
        with self._turn:
            self._closed = True
            self._turn.wait_for(lambda: self._users == 0)
            if self._client is not None:
                self._client.close()
                self._client = self._collection = None

    @contextmanager
    def _using(self) -> Iterator[Any]:
        with translated(self._folder):
            with self._turn:
                if self._closed:
                    raise Gone
                if self._client is None:
                    self._client, self._collection = self._open()
                self._users += 1
                collection = self._collection
            try:
                yield collection
            finally:
                with self._turn:
                    self._users -= 1
                    self._turn.notify_all()

    def _open(self) -> tuple[ClientAPI, Any]:
        from chromadb.errors import NotFoundError

        if not self._folder.is_dir():
            raise Gone
        client = _client(self._folder)
        try:
            return client, client.get_collection(_NAME, embedding_function=None)
        except NotFoundError:
            client.close()
            raise Gone from None
        except BaseException:
            client.close()
            raise


def make(
    folder: Path,
    base: Path | None,
    ids: Sequence[str],
    vectors: Vectors,
    deleted: Sequence[str],
    metric: Metric = "cosine",
) -> int:
    """Write a snapshot: that of ``base`` with these vectors and without the deleted ones.

    Returns how many vectors it holds.
    """
    with translated(folder):
        shutil.rmtree(folder, ignore_errors=True)
        if base is None:
            folder.mkdir(parents=True)
        else:
            _copy(base, folder)
        client = _client(folder)
        try:
            collection = client.get_or_create_collection(
                _NAME, embedding_function=None, configuration={"hnsw": {**_HNSW, "space": metric}}
            )
            size = client.get_max_batch_size()
            for start in range(0, len(ids), size):
                batch = slice(start, start + size)
                collection.upsert(ids=list(ids[batch]), embeddings=vectors[batch])
            for chunk in _chunks(deleted):
                if there := collection.get(ids=chunk, include=[])["ids"]:
                    for start in range(0, len(there), size):
                        collection.delete(ids=there[start : start + size])
            count = int(collection.count())
        finally:
            client.close()
        return count


@contextmanager
def translated(folder: Path) -> Iterator[None]:
    """Turn what Chroma says into a StoreError of one line."""
    from chromadb.errors import ChromaError

    try:
        yield
    except (ChromaError, ValueError, RuntimeError, OSError) as error:
        reason = " ".join(str(error).split())
        raise StoreError(
            f"the vectors in {folder} cannot be used: {reason}; check that its files may be "
            f"written (Chroma does so even to read), or delete {folder.parent} and run "
            "`dragtor index --rebuild`"
        ) from error


def _client(folder: Path) -> ClientAPI:
    import chromadb
    from chromadb.api.client import SharedSystemClient
    from chromadb.config import Settings

    try:
        return chromadb.PersistentClient(
            path=str(folder), settings=Settings(anonymized_telemetry=False)
        )
    except BaseException:
        # Chroma would hand out the half-made insides of this client again.
        SharedSystemClient.clear_system_cache()
        raise


def _copy(base: Path, folder: Path) -> None:
    """Copy a Chroma folder; its SQLite file in a transaction, for readers write to it."""
    database = "chroma.sqlite3"
    shutil.copytree(base, folder, ignore=shutil.ignore_patterns(f"{database}*"))
    with (
        closing(sqlite3.connect(base / database)) as source,
        closing(sqlite3.connect(folder / database)) as target,
    ):
        source.backup(target)


def _best(vectors: dict[str, Vectors], vector: Vectors, k: int) -> list[tuple[str, float]]:
    if not vectors:
        return []
    cosines = (np.stack(list(vectors.values())) @ vector).tolist()
    return sorted(zip(vectors, cosines, strict=True), key=lambda pair: -pair[1])[:k]


def _chunks(ids: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(ids), _MOST_IDS):
        yield list(ids[start : start + _MOST_IDS])
