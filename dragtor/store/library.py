"""The library in one SQLite file: every method is one transaction over the modules beside this."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Literal

from dragtor.store import calibrations, generations, loading, reading, sources, summaries
from dragtor.store.database import Database, bump, translated
from dragtor.store.originals import Originals
from dragtor.store.places import TextCache
from dragtor.store.scopes import ScopeCache
from dragtor.types import (
    Content,
    Document,
    DocumentInfo,
    Filter,
    Generation,
    Known,
    LibraryStatus,
    Original,
    Passage,
    Resolved,
    SourceInfo,
    Span,
)


class SqliteLibrary:
    """A :class:`dragtor.interfaces.Library` in a folder; see there for what each method does.

    The folder is made by the first write; until then everything reads as empty.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = Database(folder / "library.db")
        self.originals = Originals(folder / "originals")
        self._texts = TextCache()
        self._scopes = ScopeCache()
        self._pending: tuple[object, dict[str, int]] = (None, {})

    def close(self) -> None:
        """Close the file; it is opened again when it is used again."""
        self._scopes.clear()
        self._pending = (None, {})
        self.database.close()

    @contextmanager
    def moment(self) -> Iterator[None]:
        """See Library."""
        with self.database.reading():
            yield

    def revision(self) -> int:
        """See Library."""
        with self.database.reading() as connection:
            return reading.revision(connection)

    def active(self) -> Generation | None:
        """See Library."""
        with self.database.reading() as connection:
            return generations.in_state(connection, "active")

    def resolve(
        self, generation: int, ids: Sequence[str], wider: Mapping[str, Span] | None = None
    ) -> dict[str, Resolved]:
        """See Library."""
        with self.database.reading() as connection:
            return reading.resolve(connection, self._texts, generation, ids, wider or {})

    def scope(
        self, generation: int, collections: Sequence[str], filters: Sequence[Filter]
    ) -> frozenset[str] | None:
        """See Library."""
        key = (generation, tuple(collections), tuple(filters))
        with self.database.reading() as connection:
            return self._scopes.get(
                reading.revision(connection), key, lambda: reading.scope(connection, *key)
            )

    def document_scope(
        self, generation: int, collections: Sequence[str], filters: Sequence[Filter]
    ) -> frozenset[str] | None:
        """See Library."""
        with self.database.reading() as connection:
            return reading.document_scope(connection, generation, collections, filters)

    def documents(self, collection: str) -> list[DocumentInfo]:
        """See Library."""
        with self.database.reading() as connection:
            return reading.documents(connection, collection)

    def document(self, id: str) -> Document:
        """See Library."""
        with self.database.reading() as connection:
            return reading.document(connection, id, newest=False)

    def newest(self, id: str) -> Document:
        """See Library."""
        with self.database.reading() as connection:
            return reading.document(connection, id, newest=True)

    def passages(self, generation: int, document_id: str) -> list[Passage]:
        """See Library."""
        with self.database.reading() as connection:
            return reading.passages(connection, generation, document_id)

    def input_hashes(self, generation: int, ids: Sequence[str]) -> dict[str, str]:
        """See Library."""
        with self.database.reading() as connection:
            return reading.input_hashes(connection, generation, ids)

    def passage_ids(self, generation: int) -> set[str]:
        """See Library."""
        with self.database.reading() as connection:
            rows = connection.execute("SELECT id FROM passages WHERE generation = ?", (generation,))
            return {id for (id,) in rows}

    def calibration(self, generation: int) -> Mapping[str, Any] | None:
        """See Library."""
        with self.database.reading() as connection:
            return calibrations.kept(connection, generation)

    def status(self) -> LibraryStatus:
        """See Library."""
        with self.database.reading() as connection:
            return sources.status(connection, self.folder)

    def sources(self, collection: str) -> list[SourceInfo]:
        """See Library."""
        with self.database.reading() as connection:
            return sources.listed(connection, collection)

    def writing(self) -> AbstractContextManager[None]:
        """See Library."""
        return self.database.writing()

    def remember(self, collection: str, source: str) -> None:
        """See Library."""
        with self.database.transaction() as connection:
            sources.remember(connection, collection, source)

    def forget(self, collection: str, source: str) -> None:
        """See Library."""
        with self.database.transaction() as connection:
            sources.forget(connection, collection, source)

    def remembered(self, collection: str) -> list[str]:
        """See Library."""
        with self.database.reading() as connection:
            return sources.remembered(connection, collection)

    def known(self, collection: str, source: str) -> Mapping[str, Known]:
        """See Library."""
        with self.database.reading() as connection:
            return sources.known(connection, collection, source)

    def holding(self, collection: str, address: str) -> list[str]:
        """See Library."""
        with self.database.reading() as connection:
            return sources.holding(connection, collection, address)

    def want_back(self, collection: str, source: str) -> None:
        """See Library."""
        with self.database.transaction() as connection:
            sources.want_back(connection, collection, source)

    def original(self, collection: str, source: str, uri: str) -> Original:
        """See Library."""
        with self.database.reading() as connection:
            item = sources.item(connection, collection, source, uri)
        with translated(self.originals.folder):
            data = self.originals.read(item.hash)
        return Original(uri, item.media_type, data, item.validator)

    def report(self, collection: str, source: str, failures: Mapping[str, str]) -> None:
        """See Library."""
        with self.database.transaction() as connection:
            sources.report(connection, collection, source, failures)

    def store(
        self,
        collection: str,
        source: str,
        original: Original,
        contents: Sequence[Content],
        extractor: str,
    ) -> Literal["new", "changed", "unchanged"]:
        """See Library."""
        with self.database.writing():
            with translated(self.originals.folder):
                hash = self.originals.keep(original.data)
            with self.database.transaction() as connection:
                storing = loading.Storing(connection, collection, source, original, hash, extractor)
                stored = storing.store(contents)
                if stored.result != "unchanged":
                    bump(connection)
                unused = sources.unused_originals(connection, stored.originals)
            self._discard(unused)
        return stored.result

    def twin(self, collection: str, source: str, uri: str, text: str) -> str | None:
        """See Library."""
        with self.database.reading() as connection:
            return sources.twin(connection, collection, source, uri, text)

    def remove(self, ids: Sequence[str]) -> list[str]:
        """See Library."""
        with self.database.writing():
            with self.database.transaction() as connection:
                removed = sources.remove(connection, ids)
                bump(connection)
                unused = sources.unused_originals(connection, removed.originals)
            self._discard(unused)
        return removed.passages

    def generation(
        self, splitter: str, spaces: Mapping[str, str], recipe: Mapping[str, str], *, fresh: bool
    ) -> Generation:
        """See Library."""
        with self.database.transaction() as connection:
            return generations.obtain(
                connection, splitter, spaces, recipe, fresh=fresh, created=loading.now()
            )

    def pending(self, generation: int, collections: Sequence[str] | None = None) -> dict[str, int]:
        """See Library."""
        key = generation, None if collections is None else tuple(collections)
        with self.database.reading() as connection:
            now = reading.revision(connection), *key
            # Every search asks this, and it is asked of every document.
            then, found = self._pending
            if then != now:
                found = generations.pending(connection, *key)
                self._pending = now, found
            return dict(found)

    def encoder_inputs(self, generation: int, document_id: str) -> dict[str, str]:
        """See Library."""
        with self.database.reading() as connection:
            rows = connection.execute(
                "SELECT p.id, p.input_hash FROM passages p JOIN documents d ON d.pk = p.document"
                " WHERE p.generation = ? AND d.id = ?",
                (generation, document_id),
            )
            return dict(rows.fetchall())

    def commit(
        self, generation: int, indexed: Sequence[tuple[Document, Sequence[Passage]]]
    ) -> list[str]:
        """See Library."""
        with self.database.writing():
            with self.database.transaction() as connection:
                gone = generations.commit(connection, generation, indexed)
                ids = [document.info.id for document, _ in indexed]
                swept = generations.sweep_versions(connection, ids)
                bump(connection)
                unused = sources.unused_originals(connection, swept)
            self._discard(unused)
        return gone

    def activate(self, generation: int) -> list[int]:
        """See Library."""
        with self.database.writing():
            with self.database.transaction() as connection:
                if generations.is_only(connection, generation):
                    return []
                replaced = generations.activate(connection, generation)
                swept = generations.sweep_versions(connection)
                bump(connection)
                unused = sources.unused_originals(connection, swept)
            self._discard(unused)
        return replaced

    def keep_calibration(self, generation: int, data: Mapping[str, Any] | None) -> None:
        """See Library."""
        with self.database.transaction() as connection:
            generations.require(connection, generation)
            calibrations.keep(connection, generation, data, loading.now())

    def touch(self) -> None:
        """See Library."""
        with self.database.transaction() as connection:
            bump(connection)

    def long_documents(self, generation: int, passages: int) -> list[str]:
        """See Library."""
        with self.database.reading() as connection:
            return summaries.long_documents(connection, generation, passages)

    def summaries(self, generation: int, maker: str, ids: Sequence[str]) -> dict[str, str]:
        """See Library."""
        with self.database.reading() as connection:
            return summaries.read(connection, generation, maker, ids)

    def summarise(self, maker: str, made: Sequence[tuple[Document, str]]) -> None:
        """See Library."""
        with self.database.transaction() as connection:
            summaries.keep(connection, maker, made)

    def _discard(self, originals: Sequence[str]) -> None:
        with translated(self.originals.folder):
            self.originals.discard(originals)
