"""Search once, for the question as it is."""

from __future__ import annotations

from collections.abc import Iterator

from dragtor.answer.trace import found
from dragtor.interfaces import Desk
from dragtor.types import Gathered, Notice, Query, Step


class PlainStrategy:
    """Fits :class:`dragtor.interfaces.Strategy`."""

    name = "plain"

    def gather(self, query: Query, desk: Desk) -> Iterator[Step | Notice | Gathered]:
        """See Strategy."""
        result = desk.search(query)
        yield from found(query, result)
        yield Gathered(result)
