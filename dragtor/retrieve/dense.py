"""Finding passages by what the question means, as an encoder sees it."""

from __future__ import annotations

from dragtor.interfaces import Encoder, Library, VectorStore
from dragtor.retrieve.ranked import Among, Clock, Ranked, by_id, retrieve
from dragtor.types import Query, SearchResult


class DenseRetriever:
    """Ranks by the cosine of vectors. Hits carry the score ``dense``, between -1 and 1.

    ``space`` holds the vectors that ``encoder`` made of this generation's passages.
    """

    def __init__(
        self, library: Library, vectors: VectorStore, encoder: Encoder, generation: int, space: str
    ) -> None:
        self._library = library
        self._vectors = vectors
        self._encoder = encoder
        self._generation = generation
        self._space = space

    def retrieve(self, query: Query) -> SearchResult:
        """At most ``query.k`` hits; timings encode_s, dense_s and total_s. Raises QueryError.

        Of a long question, the encoder sees the first ``max_tokens`` tokens.
        """

        def rank(wanted: int, among: Among, clock: Clock) -> Ranked:
            with clock.time("encode_s"):
                vector = self._encoder.encode_queries([query.text])[0]
            with clock.time("dense_s"):
                scores = by_id(self._vectors.search(self._space, vector, wanted, among))
            return Ranked(scores, {"dense": scores}, complete=len(scores) < wanted)

        return retrieve(self._library, self._generation, query, 0, rank)
