"""A passage in its surroundings: the text before and after it, as its document has it."""

from __future__ import annotations

from dataclasses import dataclass

from dragtor.errors import QueryError
from dragtor.interfaces import Library
from dragtor.types import Mark, Resolved

_NAMED = 4
"""How many passages are named when a prefix fits several."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A passage and a piece of its document around it.

    ``before + passage.text + after`` is the document's text from ``start``; ``marks`` are those of
    this piece, with offsets of the document.
    """

    resolved: Resolved
    start: int
    before: str
    after: str
    marks: tuple[Mark, ...]


def surroundings(library: Library, generation: int, id: str, context: int) -> Surroundings:
    """The passage of this id, or of the only id that begins so, amid ``context`` more on each side.

    Raises QueryError if there is none, or more than one.
    """
    id = _id(library, generation, id)
    resolved = library.resolve(generation, [id])[id]
    document = library.document(resolved.document.id)
    passages = library.passages(generation, document.info.id)
    at = next(number for number, passage in enumerate(passages) if passage.id == id)
    passage = resolved.passage
    start = passages[max(at - context, 0)].start
    end = max(one.end for one in passages[at : at + context + 1])
    return Surroundings(
        resolved,
        start,
        before=document.text[start : passage.start],
        after=document.text[passage.end : end],
        marks=tuple(mark for mark in document.marks if start <= mark.offset < end),
    )


def _id(library: Library, generation: int, id: str) -> str:
    wanted = id.strip().lower()
    if library.resolve(generation, [wanted]):
        return wanted
    fitting = sorted(one for one in library.passage_ids(generation) if one.startswith(wanted))
    if not wanted or not fitting:
        raise QueryError(
            f"no passage {id!r}: `dragtor search` shows the ids of those there are, "
            "which change when `dragtor index` makes other passages"
        )
    if len(fitting) > 1:
        named = ", ".join(fitting[:_NAMED]) + (", …" if len(fitting) > _NAMED else "")
        raise QueryError(f"{id!r} begins {len(fitting)} ids: {named}; write more of the one")
    return fitting[0]
