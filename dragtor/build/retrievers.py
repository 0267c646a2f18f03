"""Which parts of retrieval a name like ``keyword+dense`` stands for."""

from __future__ import annotations

from collections.abc import Sequence

from dragtor.errors import QueryError
from dragtor.mistakes import near

KEYWORD = "keyword"
EVERYTHING = "hybrid"


def chosen_parts(
    retriever: str, parts: Sequence[str], *, key: str = "retriever", none: str = "there is no part"
) -> list[str]:
    """The parts of a retriever, of all there are. Raises QueryError, which begins with the key.

    >>> chosen_parts("hybrid", ["keyword", "dense"])
    ['keyword', 'dense']
    >>> chosen_parts("dense", ["keyword", "dense"])
    ['dense']
    """
    if retriever == EVERYTHING:
        return list(parts)
    names = retriever.split("+")
    valid = f"it can be {EVERYTHING} for all parts, or {', '.join(parts)} joined by +"
    for number, name in enumerate(names):
        if name == EVERYTHING:
            raise QueryError(f"{key} cannot be {retriever!r}: {EVERYTHING} stands alone; {valid}")
        if name not in parts:
            close = near(name, parts if len(names) > 1 else [EVERYTHING, *parts])
            hint = f"did you mean {close!r}? ({valid})" if close else valid
            raise QueryError(f"{key} cannot be {retriever!r}: {none} {name!r}; {hint}")
        if name in names[:number]:
            raise QueryError(f"{key} cannot be {retriever!r}: it names {name} twice; {valid}")
    return names
