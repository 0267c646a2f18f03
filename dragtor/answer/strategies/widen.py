"""What strategies share that search for more than the question: think, search each, merge."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace

from dragtor.answer import trace
from dragtor.answer.merge import first
from dragtor.answer.strategies.scribe import Scribe
from dragtor.interfaces import Desk
from dragtor.types import Gathered, Notice, Query, SearchResult, Step

DEPTH = 30
"""Hits of each search that is merged, at least: so the best few are the first of the best many."""

Merge = Callable[[Query, SearchResult, Sequence[SearchResult]], SearchResult]
Think = Callable[[Scribe, str], Sequence[str]]
"""Asks for other texts to search for beside a question; none where the model was of no help."""


def widen(
    query: Query, desk: Desk, scribe: Scribe, think: Think, merge: Merge, unusable: str
) -> Iterator[Step | Notice | Gathered]:
    """Search for the question and for what a model makes of it, under the same filters."""
    own = yield from searched(query, query.text, desk)
    texts = think(scribe, query.text)
    yield from scribe.steps()
    if not texts:
        yield from scribe.fallback(unusable)
        yield Gathered(first(query, own))
        return
    yield scribe.decided(searches=list(texts))
    others = []
    for text in texts:
        found = yield from searched(query, text, desk)
        others.append(found)
    result = merge(query, own, others)
    yield trace.listed(scribe.name, result.hits)
    yield Gathered(result)


def searched(query: Query, text: str, desk: Desk) -> Generator[Step, None, SearchResult]:
    """Search for a text in place of the question's; returns the result, deeper than is shown."""
    deeper = replace(query, text=text, k=max(query.k, DEPTH))
    result = desk.search(deeper)
    yield from trace.found(deeper, result)
    return result
