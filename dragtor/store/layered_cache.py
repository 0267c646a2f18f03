"""Vectors that are kept beside those of another cache, which is only read."""

from __future__ import annotations

from collections.abc import Sequence

from dragtor.interfaces import VectorCache
from dragtor.types import Vectors


class LayeredVectorCache:
    """A :class:`dragtor.interfaces.VectorCache` that writes to ``own`` and reads ``other`` too."""

    def __init__(self, own: VectorCache, other: VectorCache | None = None) -> None:
        self._own = own
        self._other = other

    def get(self, fingerprint: str, texts: Sequence[str]) -> dict[str, Vectors]:
        """See VectorCache."""
        found = self._own.get(fingerprint, texts)
        left = [text for text in texts if text not in found]
        return found | self._other.get(fingerprint, left) if self._other and left else found

    def put(self, fingerprint: str, texts: Sequence[str], vectors: Vectors) -> None:
        """See VectorCache."""
        self._own.put(fingerprint, texts, vectors)

    def get_spans(self, fingerprint: str, keys: Sequence[str]) -> dict[str, Vectors]:
        """See VectorCache."""
        found = self._own.get_spans(fingerprint, keys)
        left = [key for key in keys if key not in found]
        return found | self._other.get_spans(fingerprint, left) if self._other and left else found

    def put_spans(self, fingerprint: str, keys: Sequence[str], vectors: Sequence[Vectors]) -> None:
        """See VectorCache."""
        self._own.put_spans(fingerprint, keys, vectors)
