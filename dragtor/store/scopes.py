"""What filters let through, remembered until the library changes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

Ids = frozenset[str] | None
_MOST = 4
"""Scopes that are remembered: of 100,000 passages, each is some 10 MB."""


class ScopeCache:
    """The scopes used last, by what asked for them; for many threads.

    All of them are of one revision of the library: those of another one count no more.
    """

    def __init__(self) -> None:
        self._revision = -1
        self._scopes: OrderedDict[Hashable, Ids] = OrderedDict()
        self._guard = threading.Lock()

    def get(self, revision: int, key: Hashable, read: Callable[[], Ids]) -> Ids:
        """The scope of this key, read if it is not remembered."""
        with self._guard:
            if revision > self._revision:
                self._revision = revision
                self._scopes.clear()
            if revision == self._revision and key in self._scopes:
                self._scopes.move_to_end(key)
                return self._scopes[key]
        scope = read()
        with self._guard:
            if revision == self._revision:
                self._scopes[key] = scope
                while len(self._scopes) > _MOST:
                    self._scopes.popitem(last=False)
        return scope

    def clear(self) -> None:
        """Forget everything."""
        with self._guard:
            self._revision = -1
            self._scopes.clear()
