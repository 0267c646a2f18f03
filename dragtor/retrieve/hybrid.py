"""Finding passages by words and by meaning together."""

from __future__ import annotations

from collections.abc import Callable

from dragtor.fusion import Scores
from dragtor.interfaces import Encoder, KeywordIndex, Library, VectorStore
from dragtor.retrieve.ranked import Among, Clock, Ranked, by_id, retrieve
from dragtor.types import Query, SearchResult, Vectors

Fusion = Callable[[Scores, Scores], dict[str, float]]
"""Merges keyword scores and dense scores."""


class HybridRetriever:
    """Merges the best ``candidates`` by BM25 and by cosine.

    A candidate that only the words brought gets its true cosine as well. One that only its meaning
    brought has no keyword score: it is 0 where no word is shared, and less than all others where
    some are. Hits carry the scores ``keyword`` (if there is one), ``dense`` and ``fused``.
    """

    def __init__(
        self,
        library: Library,
        index: KeywordIndex,
        vectors: VectorStore,
        encoder: Encoder,
        generation: int,
        space: str,
        fuse: Fusion,
        candidates: int = 100,
    ) -> None:
        self._library = library
        self._index = index
        self._vectors = vectors
        self._encoder = encoder
        self._generation = generation
        self._space = space
        self._fuse = fuse
        self._candidates = candidates

    def retrieve(self, query: Query) -> SearchResult:
        """At most ``query.k`` hits. Raises QueryError.

        Timings: keyword_s, encode_s, dense_s, fuse_s and total_s. Of a long question, the encoder
        sees the first ``max_tokens`` tokens.
        """

        def rank(wanted: int, among: Among, clock: Clock) -> Ranked:
            with clock.time("keyword_s"):
                keyword = by_id(self._index.search(self._generation, query.text, wanted, among))
            with clock.time("encode_s"):
                vector = self._encoder.encode_queries([query.text])[0]
            with clock.time("dense_s"):
                dense = by_id(self._vectors.search(self._space, vector, wanted, among))
                complete = len(keyword) < wanted and len(dense) < wanted
                dense.update(self._cosines([id for id in keyword if id not in dense], vector))
            with clock.time("fuse_s"):
                fused = self._fuse(keyword, dense)
            parts = {"keyword": keyword, "dense": dense, "fused": fused}
            return Ranked(fused, parts, complete)

        return retrieve(self._library, self._generation, query, self._candidates, rank)

    def _cosines(self, ids: list[str], vector: Vectors) -> dict[str, float]:
        stored = self._vectors.get(self._space, ids)
        return {id: float(row @ vector) for id, row in stored.items()}
