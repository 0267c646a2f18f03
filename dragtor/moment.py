"""Reading the library and the vectors beside it as they were together at one moment.

Both are written one after the other: vectors first, then the library, then what no passage has any
more is forgotten. Read in this way, the vectors are all there of every passage that the library
knows; those it does not know are left out where passages are looked up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from dragtor.errors import Moved
from dragtor.interfaces import Library, VectorStore

_T = TypeVar("_T")
_TRIES = 100


def at_one_moment(library: Library, vectors: VectorStore, read: Callable[[], _T]) -> _T:
    """What a function returns; it is called again where what it read was replaced meanwhile.

    No thread waits for another. Raises Moved where there is no end to that.
    """
    for _ in range(_TRIES):
        before = library.revision()
        with vectors.moment(), library.moment():
            # Was nothing committed between the two? Then nothing of either lacks in the other.
            if library.revision() != before:
                continue
            try:
                return read()
            except Moved:
                continue
    raise Moved
