"""A library to work in: what models made is kept elsewhere, for the next one."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from dragtor.build.answering import AnsweringParts
from dragtor.config import Settings
from dragtor.interfaces import TokenStore, VectorCache
from dragtor.pipeline import Dragtor


class WorkingParts(AnsweringParts):
    """All parts over a library that will be thrown away.

    ``kept`` is the folder in which vectors and token vectors outlive it. Where it is a copy of
    ``original``, those of that library are used as well; nothing is written there.
    """

    def __init__(self, settings: Settings, kept: Path, original: Path | None) -> None:
        super().__init__(settings)
        self._kept = kept
        self._original = original

    @cached_property
    def tokens(self) -> TokenStore:
        """See :class:`dragtor.parts.Parts`."""
        from dragtor.store.layered_tokens import LayeredTokenStore
        from dragtor.store.tokens import FileTokenStore

        other = FileTokenStore(self._original / "tokens") if self._original else None
        return LayeredTokenStore(FileTokenStore(self._kept / "tokens"), other)

    @property
    def _cache(self) -> VectorCache:
        from dragtor.store.cache import SqliteVectorCache
        from dragtor.store.layered_cache import LayeredVectorCache

        other = SqliteVectorCache(self._original / "vectors.db") if self._original else None
        return LayeredVectorCache(SqliteVectorCache(self._kept / "vectors.db"), other)


def build_working(settings: Settings, kept: Path, original: Path | None = None) -> Dragtor:
    """A Dragtor over such a library; see :class:`WorkingParts`."""
    return Dragtor(WorkingParts(settings, kept, original))
