"""Token vectors that are kept beside those of another store, which is only read."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from dragtor.interfaces import TokenStore
from dragtor.types import Codes


class LayeredTokenStore:
    """A :class:`dragtor.interfaces.TokenStore` that writes to ``own`` and reads ``other`` as well.

    Nothing is ever swept: what one index does not need, another one may.
    """

    def __init__(self, own: TokenStore, other: TokenStore | None = None) -> None:
        self._own = own
        self._other = other

    def create(self, space: str, width: int) -> None:
        """See TokenStore."""
        self._own.create(space, width)

    def add(self, space: str, keys: Sequence[str], codes: Sequence[Codes]) -> None:
        """See TokenStore."""
        self._own.add(space, keys, codes)

    def get(self, space: str, keys: Sequence[str]) -> dict[str, Codes]:
        """See TokenStore."""
        found = self._own.get(space, keys)
        left = [key for key in keys if key not in found]
        return found | self._other.get(space, left) if self._other and left else found

    def missing(self, space: str, keys: Collection[str]) -> set[str]:
        """See TokenStore."""
        left = self._own.missing(space, keys)
        return self._other.missing(space, left) if self._other and left else left

    def keep(self, space: str, keys: Collection[str]) -> None:
        """Nothing is forgotten."""

    def spaces(self) -> set[str]:
        """See TokenStore."""
        return self._own.spaces()

    def lost(self, space: str) -> bool:
        """See TokenStore. What became of the other's files is for its own library to say."""
        return self._own.lost(space)

    def drop(self, space: str) -> None:
        """Nothing is dropped."""

    def close(self) -> None:
        """See TokenStore."""
        self._own.close()
        if self._other:
            self._other.close()
