"""Vectors in Chroma: ids and vectors only, one Chroma collection for each space.

Two things about Chroma 1.5 shape this file (both measured). An open client never sees what
another process wrote, so it is opened anew when the library's revision has moved (about 30 ms, and
0.1 s for the first search over 50,000 vectors). And two writing processes lose each other's
writes, so only the holder of the library's lock may write.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dragtor.errors import StoreError
from dragtor.types import Scored, Vectors

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

_HNSW = {"space": "cosine", "max_neighbors": 16, "ef_construction": 100, "ef_search": 400}
"""Recall of the best 10 among 50,000 is 1.0; ``ef_search`` is high for searches among some ids."""
_EXACT = 1000
"""Among at most this many ids, fetching their vectors and comparing all is faster than HNSW."""
_MOST_IDS = 10_000
"""SQLite inside Chroma takes 32,766 values in a statement."""


class ChromaStore:
    """A :class:`dragtor.interfaces.VectorStore` in a folder, made by the first write.

    ``revision`` gives a number that moves when another process changed something. One store for
    each folder and process: Chroma shares one client's insides among all on the same path.
    """

    def __init__(self, folder: Path, revision: Callable[[], int]) -> None:
        self._folder = folder
        self._revision = revision
        self._turn = threading.Condition()
        self._users = 0
        self._client: ClientAPI | None = None
        self._opened_at = 0
        self._collections: dict[str, Any] = {}

    def create(self, space: str, dimension: int) -> None:
        """See VectorStore; Chroma learns the dimension from the first vector."""
        with self._using() as client:
            client.get_or_create_collection(
                space, embedding_function=None, configuration={"hnsw": _HNSW}
            )

    def add(self, space: str, ids: Sequence[str], vectors: Vectors) -> None:
        """See VectorStore."""
        with self._using() as client:
            collection = self._collection(client, space)
            if collection is None:
                raise StoreError(f"there is no vector space {space!r} in {self._folder}")
            size = client.get_max_batch_size()
            for start in range(0, len(ids), size):
                batch = slice(start, start + size)
                collection.upsert(ids=list(ids[batch]), embeddings=vectors[batch])

    def delete(self, space: str, ids: Collection[str]) -> None:
        """See VectorStore."""
        if not ids or not self._folder.exists():
            return
        with self._using() as client:
            collection = self._collection(client, space)
            if collection is None:
                return
            there = sorted(set(ids) & self._stored(collection, ids))
            size = client.get_max_batch_size()
            for start in range(0, len(there), size):
                collection.delete(ids=there[start : start + size])

    def search(
        self, space: str, vector: Vectors, k: int, among: Collection[str] | None = None
    ) -> list[Scored]:
        """See VectorStore; exact among few ids, otherwise by HNSW."""
        if k < 1 or (among is not None and not among) or not self._folder.exists():
            return []
        with self._using() as client:
            collection = self._collection(client, space)
            if collection is None:
                return []
            if among is not None and len(among) <= _EXACT:
                return _best(self._vectors(collection, list(among)), vector, k)
            return _nearest(collection, vector, k, among)

    def get(self, space: str, ids: Sequence[str]) -> dict[str, Vectors]:
        """See VectorStore."""
        if not ids or not self._folder.exists():
            return {}
        with self._using() as client:
            collection = self._collection(client, space)
            return {} if collection is None else self._vectors(collection, ids)

    def ids(self, space: str) -> set[str]:
        """See VectorStore."""
        if not self._folder.exists():
            return set()
        with self._using() as client:
            collection = self._collection(client, space)
            return set() if collection is None else set(collection.get(include=[])["ids"])

    def spaces(self) -> set[str]:
        """See VectorStore."""
        if not self._folder.exists():
            return set()
        with self._using() as client:
            return {collection.name for collection in client.list_collections()}

    def drop(self, space: str) -> None:
        """See VectorStore."""
        if not self._folder.exists():
            return
        with self._using() as client:
            if self._collection(client, space) is not None:
                self._collections.pop(space, None)
                client.delete_collection(space)

    def close(self) -> None:
        """Close Chroma, once nobody is using it; it is opened again when it is needed again."""
        with self._turn:
            self._turn.wait_for(lambda: self._users == 0)
            self._shut()

    @contextmanager
    def _using(self) -> Iterator[ClientAPI]:
        """Use the client, which stays open meanwhile; open it anew first if it is out of date."""
        from chromadb.errors import ChromaError

        revision = self._revision()
        try:
            with self._turn:
                client = self._current(revision)
                self._users += 1
            try:
                yield client
            finally:
                with self._turn:
                    self._users -= 1
                    self._turn.notify_all()
        except (ChromaError, ValueError, RuntimeError, OSError) as error:
            reason = " ".join(str(error).split())
            raise StoreError(
                f"the vectors in {self._folder} cannot be used: {reason}; "
                "run `dragtor doctor`, or `dragtor index --rebuild`"
            ) from error

    def _current(self, revision: int) -> ClientAPI:
        while self._client is not None and self._opened_at != revision:
            if self._users == 0:
                self._shut()
            else:
                self._turn.wait()
        if self._client is None:
            self._client = self._open()
            self._opened_at = revision
        return self._client

    def _open(self) -> ClientAPI:
        import chromadb
        from chromadb.config import Settings

        self._folder.mkdir(parents=True, exist_ok=True)
        return chromadb.PersistentClient(
            path=str(self._folder), settings=Settings(anonymized_telemetry=False)
        )

    def _shut(self) -> None:
        self._collections.clear()
        if self._client is not None:
            self._client.close()
            self._client = None

    def _collection(self, client: ClientAPI, space: str) -> Any:  # noqa: ANN401 (untyped library)
        from chromadb.errors import NotFoundError

        if space not in self._collections:
            try:
                found = client.get_collection(space, embedding_function=None)
            except NotFoundError:
                return None
            self._collections[space] = found
        return self._collections[space]

    def _stored(self, collection: Any, ids: Collection[str]) -> set[str]:  # noqa: ANN401
        found: set[str] = set()
        for chunk in _chunks(list(ids)):
            found.update(collection.get(ids=chunk, include=[])["ids"])
        return found

    def _vectors(self, collection: Any, ids: Sequence[str]) -> dict[str, Vectors]:  # noqa: ANN401
        found: dict[str, Vectors] = {}
        for chunk in _chunks(ids):
            got = collection.get(ids=chunk, include=["embeddings"])
            vectors = np.asarray(got["embeddings"], dtype=np.float32)
            found.update(zip(got["ids"], vectors, strict=True))
        return found


def _nearest(
    collection: Any,  # noqa: ANN401 (untyped library)
    vector: Vectors,
    k: int,
    among: Collection[str] | None,
) -> list[Scored]:
    answer = collection.query(
        query_embeddings=vector.reshape(1, -1),
        n_results=k,
        ids=None if among is None else list(among),
        include=["distances"],
    )
    pairs = zip(answer["ids"][0], answer["distances"][0], strict=True)
    return _ordered((id, 1.0 - distance) for id, distance in pairs)


def _best(vectors: dict[str, Vectors], vector: Vectors, k: int) -> list[Scored]:
    if not vectors:
        return []
    cosines = np.stack(list(vectors.values())) @ vector
    return _ordered(zip(vectors, cosines.tolist(), strict=True))[:k]


def _ordered(pairs: Any) -> list[Scored]:  # noqa: ANN401
    scored = (Scored(id, min(1.0, max(-1.0, float(cosine)))) for id, cosine in pairs)
    return sorted(scored, key=lambda one: (-one.score, one.id))


def _chunks(ids: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(ids), _MOST_IDS):
        yield list(ids[start : start + _MOST_IDS])
