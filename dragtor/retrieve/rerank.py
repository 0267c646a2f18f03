"""A second look at the best hits, by something that is too slow for all passages."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from dragtor.fusion import min_max, weighted_sum
from dragtor.interfaces import Reranker, Retriever, Scorer
from dragtor.retrieve.ranked import check
from dragtor.types import Hit, Query, Ranking, SearchResult


class Judge(Protocol):
    """Scores hits against a question, higher is better."""

    def judge(self, question: str, hits: Sequence[Hit]) -> dict[str, float]:
        """A score by passage id, on a scale of its own."""
        ...


class TextJudge:
    """Judges by a model that reads question and passage together."""

    def __init__(self, reranker: Reranker) -> None:
        self._reranker = reranker

    def judge(self, question: str, hits: Sequence[Hit]) -> dict[str, float]:
        """See Judge; the model reads the title before the text."""
        texts = [f"{hit.document.title}\n{hit.passage.text}".strip() for hit in hits]
        scores = self._reranker.score(question, texts) if texts else []
        return {hit.passage.id: score for hit, score in zip(hits, scores, strict=True)}


class ScorerJudge:
    """Judges by a part of retrieval: by MaxSim over token vectors, say."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer

    def judge(self, question: str, hits: Sequence[Hit]) -> dict[str, float]:
        """See Judge; what the part cannot score gets its least score."""
        scores = self._scorer.ask(question).score([hit.passage.id for hit in hits])
        least = min(scores.values(), default=0.0)
        return {hit.passage.id: scores.get(hit.passage.id, least) for hit in hits}


class RerankingRetriever:
    """Reorders the best ``rerank_candidates`` of what another retriever found.

    They are ranked by ``rerank_weight`` of the judge's scores and the rest of those they came with,
    both moved and stretched to between 0 and 1; with a weight of 1, by the judge's own. Hits keep
    all their scores and carry ``rerank``, the judge's, as well.
    """

    def __init__(self, retriever: Retriever, judge: Judge) -> None:
        self._retriever = retriever
        self._judge = judge

    def retrieve(self, query: Query) -> SearchResult:
        """At most ``query.k`` hits; adds the timing rerank_s. Raises QueryError."""
        check(query)
        settings = query.ranking or Ranking()
        wanted = max(query.k, settings.rerank_candidates)
        found = self._retriever.retrieve(replace(query, k=wanted))
        started = time.perf_counter()
        judged = self._judge.judge(query.text, found.hits)
        scores = judged
        if settings.rerank_weight < 1:
            came = {hit.passage.id: hit.score for hit in found.hits}
            share = settings.rerank_weight
            scores = weighted_sum([(share, min_max(judged)), (1 - share, min_max(came))])
        hits = _ranked(found.hits, scores, judged)[: query.k]
        spent = time.perf_counter() - started
        timings = {**found.timings, "rerank_s": spent}
        timings["total_s"] = timings.get("total_s", 0.0) + spent
        return replace(found, hits=hits, timings=timings)


def _ranked(
    hits: Sequence[Hit], scores: dict[str, float], judged: dict[str, float]
) -> tuple[Hit, ...]:
    """Hits by score; equal ones stay in the order in which they were found."""
    best = sorted(hits, key=lambda hit: -scores[hit.passage.id])
    return tuple(
        replace(
            hit,
            rank=rank,
            score=scores[hit.passage.id],
            scores={
                **hit.scores,
                "rerank": judged[hit.passage.id],
                **({} if scores is judged else {"final": scores[hit.passage.id]}),
            },
        )
        for rank, hit in enumerate(best, start=1)
    )
