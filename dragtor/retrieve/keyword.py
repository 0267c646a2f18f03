"""Finding passages by the words of the question."""

from __future__ import annotations

from dragtor.interfaces import KeywordIndex, Library
from dragtor.retrieve.ranked import Among, Clock, Ranked, by_id, retrieve
from dragtor.types import Query, SearchResult


class KeywordRetriever:
    """Ranks by BM25. Hits carry the score ``keyword``."""

    def __init__(self, library: Library, index: KeywordIndex, generation: int) -> None:
        self._library = library
        self._index = index
        self._generation = generation

    def retrieve(self, query: Query) -> SearchResult:
        """At most ``query.k`` hits, with the timings keyword_s and total_s. Raises QueryError."""

        def rank(wanted: int, among: Among, clock: Clock) -> Ranked:
            with clock.time("keyword_s"):
                scores = by_id(self._index.search(self._generation, query.text, wanted, among))
            return Ranked(scores, {"keyword": scores}, complete=len(scores) < wanted)

        return retrieve(self._library, self._generation, query, 0, rank)
