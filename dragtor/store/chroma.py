"""The vector store: what was written lately lies in SQLite, all else in a Chroma snapshot.

A few thousand vectors are compared one by one in a millisecond, exactly, and without Chroma's
0.8 seconds of import. When there are more, they are folded into a new snapshot (see
``snapshot.py`` for why never into the old one). So nothing that is read is ever half written,
whoever is killed, and readers in other processes see every write with their next search.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from dragtor.errors import Moved, StoreError
from dragtor.store import snapshot as snapshots
from dragtor.store.recent import Recent, RecentFile, Space
from dragtor.types import Metric, Scored, Vectors

FOLD_AT = 4096
"""Vectors that are kept outside of a snapshot, at least; then a quarter of its size."""

_MOST_SIFTED = 4000
"""More results than this take Chroma longer than a search among given ids."""

_T = TypeVar("_T")


class ChromaStore:
    """A :class:`dragtor.interfaces.VectorStore` in a folder, made by the first write.

    Many processes may read; only the one that holds the library's lock may write.
    """

    def __init__(self, folder: Path, fold_at: int = FOLD_AT) -> None:
        self._folder = folder
        self._fold_at = fold_at
        self._recent = RecentFile(folder / "recent.db")
        self._guard = threading.Lock()
        self._pinned = threading.local()
        self._open: dict[str, snapshots.Snapshot] = {}

    def create(self, space: str, dimension: int, metric: Metric = "cosine") -> None:
        """See VectorStore."""
        self._recent.create(space, dimension, metric)

    def add(self, space: str, ids: Sequence[str], vectors: Vectors) -> None:
        """See VectorStore."""
        known = self._recent.space(space)
        if known is None:
            raise StoreError(f"there is no vector space {space!r} in {self._folder}")
        if len(ids) == 0:
            return
        if vectors.shape != (len(ids), known.dimension):
            raise StoreError(
                f"vectors of shape {vectors.shape} do not fit {len(ids)} ids and the "
                f"{known.dimension} dimensions of {space}: run `dragtor index --rebuild`"
            )
        self._recent.add(known, ids, vectors)
        self._fold_if_due(known)

    def delete(self, space: str, ids: Collection[str]) -> None:
        """See VectorStore."""
        known = self._recent.space(space)
        if known is not None and ids:
            self._recent.delete(known, ids)
            self._fold_if_due(known)

    def search(
        self, space: str, vector: Vectors, k: int, among: Collection[str] | None = None
    ) -> list[Scored]:
        """See VectorStore; exact among what is recent, and among few ids."""
        if k < 1:
            return []
        if among is not None and not isinstance(among, Set):
            among = frozenset(among)

        def found(view: Recent) -> list[Scored]:
            if vector.shape != (view.space.dimension,):
                raise StoreError(
                    f"a vector of shape {vector.shape} cannot be looked up among those of {space},"
                    f" which have {view.space.dimension} dimensions: run `dragtor index --rebuild`"
                )
            pairs = [*_exact(view, vector, k, among), *self._older(view, vector, k, among)]
            if view.space.metric == "cosine":
                pairs = [(id, min(1.0, max(-1.0, cosine))) for id, cosine in pairs]
            scored = (Scored(id, score) for id, score in pairs)
            return sorted(scored, key=lambda one: (-one.score, one.id))[:k]

        return self._at(space, found, [])

    def get(self, space: str, ids: Sequence[str]) -> dict[str, Vectors]:
        """See VectorStore."""

        def got(view: Recent) -> dict[str, Vectors]:
            recent = {id: view.matrix[view.rows[id]].copy() for id in ids if id in view.rows}
            older = [id for id in ids if not view.overrides(id)]
            if older and view.space.size:
                recent.update(self._snapshot(view.space).get(older))
            return recent

        return self._at(space, got, {})

    @contextmanager
    def moment(self) -> Iterator[None]:
        """See VectorStore."""
        self._pinned.views = self._recent.views()
        try:
            yield
        finally:
            self._pinned.views = None

    def ids(self, space: str) -> set[str]:
        """See VectorStore."""

        def all_ids(view: Recent) -> set[str]:
            older = self._snapshot(view.space).ids() if view.space.size else set()
            return (older - view.deleted) | set(view.rows)

        return self._at(space, all_ids, set())

    def spaces(self) -> set[str]:
        """See VectorStore."""
        return {space.name for space in self._recent.spaces()}

    def drop(self, space: str) -> None:
        """See VectorStore."""
        known = self._recent.space(space)
        if known is not None:
            self._recent.drop(known)
            self._sweep()

    def close(self) -> None:
        """Close what is open; it is opened again when it is needed again."""
        self._recent.close()
        self._close_all_but(())

    def _at(self, name: str, read: Callable[[Recent], _T], nothing: _T) -> _T:
        """Read a space; again, if it was replaced just then. In a moment, raise Moved instead."""
        pinned = getattr(self._pinned, "views", None)
        while True:
            view = self._recent.view(name) if pinned is None else pinned.get(name)
            if view is None:
                return nothing
            try:
                return read(view)
            except (snapshots.Gone, StoreError) as error:
                now = self._recent.view(name)
                if now is None or now.space.folder != view.space.folder:
                    if pinned is not None:
                        raise Moved from error
                elif isinstance(error, StoreError):
                    raise
                else:
                    raise StoreError(
                        f"the vectors of {name} are not in {self._folder}: "
                        "delete it and run `dragtor index --rebuild`"
                    ) from error

    def _older(
        self, view: Recent, vector: Vectors, k: int, among: Collection[str] | None
    ) -> list[tuple[str, float]]:
        """The best k of the snapshot that are not out of date."""
        size = view.space.size
        if not size or (among is not None and not among):
            return []
        snapshot = self._snapshot(view.space)
        wanted = k if among is None else 2 * k * size // len(among)
        few = among is not None and len(among) <= snapshots.EXACT
        # Chroma is quick at searching among all, so what passes most is left out afterwards.
        while among is None or (not few and wanted < min(_MOST_SIFTED, size // 4)):
            pairs = snapshot.search(vector, min(wanted, size))
            kept = [
                pair
                for pair in pairs
                if not view.overrides(pair[0]) and (among is None or pair[0] in among)
            ]
            if len(kept) >= k or wanted >= size:
                return kept[:k]
            wanted *= 2
        allowed = sorted(id for id in among if not view.overrides(id))
        return snapshot.search(vector, min(k, size), allowed) if allowed else []

    def _snapshot(self, space: Space) -> snapshots.Snapshot:
        with self._guard:
            if space.folder in self._open:
                return self._open[space.folder]
        self._close_all_but({one.folder for one in self._recent.spaces()})
        with self._guard:
            folder = self._folder / space.folder
            return self._open.setdefault(space.folder, snapshots.Snapshot(folder))

    def _fold_if_due(self, space: Space) -> None:
        """Fold what is recent into a new snapshot when it has become much."""
        written, deleted = self._recent.count(space)
        if written + deleted < max(self._fold_at, space.size // 4):
            return
        if not space.size and written < self._fold_at:
            self._recent.purge(space)
            return
        view = self._recent.view(space.name)
        assert view is not None
        new = replace(space, snapshot=space.snapshot + 1)
        base = self._folder / space.folder if space.size else None
        rows = list(view.rows), view.matrix[view.order]
        size = snapshots.make(
            self._folder / new.folder, base, *rows, sorted(view.deleted), space.metric
        )
        self._recent.publish(space, new.snapshot, size)
        self._sweep()

    def _sweep(self) -> None:
        """Delete the folders of snapshots that no longer count."""
        counting = {space.folder for space in self._recent.spaces()}
        self._close_all_but(counting)
        for folder in self._folder.iterdir():
            if folder.is_dir() and folder.name not in counting:
                shutil.rmtree(folder, ignore_errors=True)

    def _close_all_but(self, folders: Collection[str]) -> None:
        with self._guard:
            closing = [name for name in self._open if name not in folders]
            stale = [self._open.pop(name) for name in closing]
        for snapshot in stale:
            snapshot.close()


def _exact(
    view: Recent, vector: Vectors, k: int, among: Collection[str] | None
) -> Iterable[tuple[str, float]]:
    """The best k of what is recent."""
    if among is None:
        ids, rows = list(view.rows), view.order
    else:
        ids = [id for id in view.rows if id in among]
        rows = np.fromiter((view.rows[id] for id in ids), np.intp, len(ids))
    if len(rows) > len(view.matrix) // 2:
        cosines = (view.matrix @ vector)[rows]  # quicker than copying most of it
    else:
        cosines = view.matrix[rows] @ vector
    best = np.argpartition(-cosines, k - 1)[:k] if k < len(ids) else range(len(ids))
    return [(ids[row], float(cosines[row])) for row in best]
