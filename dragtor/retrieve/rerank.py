"""A second look at the best hits, by a model that reads question and passage together."""

from __future__ import annotations

import time
from dataclasses import replace

from dragtor.interfaces import Reranker, Retriever
from dragtor.retrieve.ranked import check
from dragtor.types import Query, SearchResult


class RerankingRetriever:
    """Reorders what another retriever found, by a reranker's judgement of its best candidates.

    Hits keep all their scores and carry ``rerank`` as well, which is what they are ranked by.
    """

    def __init__(self, retriever: Retriever, reranker: Reranker, candidates: int = 30) -> None:
        self._retriever = retriever
        self._reranker = reranker
        self._candidates = candidates

    def retrieve(self, query: Query) -> SearchResult:
        """At most ``query.k`` hits; adds the timing rerank_s. Raises QueryError."""
        check(query)
        found = self._retriever.retrieve(replace(query, k=max(query.k, self._candidates)))
        started = time.perf_counter()
        texts = [f"{hit.document.title}\n{hit.passage.text}".strip() for hit in found.hits]
        judged = self._reranker.score(query.text, texts) if texts else []
        # Stable: equally judged hits stay in the order in which they were found.
        best = sorted(zip(judged, found.hits, strict=True), key=lambda pair: -pair[0])
        hits = tuple(
            replace(hit, rank=rank, score=score, scores={**hit.scores, "rerank": score})
            for rank, (score, hit) in enumerate(best[: query.k], start=1)
        )
        spent = time.perf_counter() - started
        timings = {**found.timings, "rerank_s": spent}
        timings["total_s"] = timings.get("total_s", 0.0) + spent
        return replace(found, hits=hits, timings=timings)
