"""A second look at the best hits, by something that is too slow for all passages."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from dragtor.fusion import Scores, min_max, weighted_sum
from dragtor.interfaces import Reranker, Retriever, Scorer
from dragtor.retrieve.ranked import check
from dragtor.types import Hit, Query, Ranking, SearchResult


class Judge(Protocol):
    """Scores hits against a question, higher is better."""

    def judge(self, question: str, hits: Sequence[Hit]) -> dict[str, float]:
        """A score for each hit by passage id, on a scale of its own."""
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
        """See Judge; what the part cannot score gets its least score.

        What hits were found by this very part, or completed by it, is not scored again.
        """
        name = self._scorer.name
        scores = {hit.passage.id: hit.scores[name] for hit in hits if name in hit.scores}
        missing = [hit.passage.id for hit in hits if hit.passage.id not in scores]
        if missing:
            scores |= self._scorer.ask(question).score(missing)
        least = min(scores.values(), default=0.0)
        return {hit.passage.id: scores.get(hit.passage.id, least) for hit in hits}


class RerankingRetriever:
    """Reorders the best ``rerank_candidates`` of what another retriever found.

    They are ranked by ``rerank_weight`` of the judge's scores and the rest of those they came with,
    both moved and stretched to between 0 and 1; with a weight of 1, by the judge's own. Hits keep
    all their scores and carry ``rerank``, the judge's, and ``final`` where another one ranks. What
    comes after the candidates stays there, in its order, with the least score of these.
    """

    def __init__(self, retriever: Retriever, judge: Judge) -> None:
        self._retriever = retriever
        self._judge = judge

    def retrieve(self, query: Query) -> SearchResult:
        """At most ``query.k`` hits; adds the timing rerank_s. Raises QueryError."""
        check(query)
        ranking = query.ranking or Ranking()
        wanted = max(query.k, ranking.rerank_candidates)
        found = self._retriever.retrieve(replace(query, k=wanted))
        started = time.perf_counter()
        hits = self._reranked(query.text, found.hits, ranking)[: query.k]
        spent = time.perf_counter() - started
        timings = {**found.timings, "rerank_s": spent}
        timings["total_s"] = timings.get("total_s", 0.0) + spent
        return replace(found, hits=hits, timings=timings)

    def _reranked(self, question: str, hits: Sequence[Hit], ranking: Ranking) -> tuple[Hit, ...]:
        """Hits by score; equal ones stay in the order in which they were found."""
        judged = hits[: ranking.rerank_candidates]
        given = self._judge.judge(question, judged)
        came = {hit.passage.id: hit.score for hit in judged}
        scores = blended(given, came, ranking.rerank_weight)
        least = min(scores.values(), default=0.0)
        scored = [(hit, scores.get(hit.passage.id, least)) for hit in hits]
        scored.sort(key=lambda pair: -pair[1])
        return tuple(
            replace(hit, rank=rank, score=score, scores=_all_scores(hit, score, given))
            for rank, (hit, score) in enumerate(scored, start=1)
        )


def blended(judged: Scores, came: Scores, weight: float) -> dict[str, float]:
    """``weight`` of what a judge gave, and the rest of what hits came with, both from 0 to 1.

    With a weight of 1, the judge's own scores.

    >>> blended({"a": -3.0, "b": 5.0, "c": 1.0}, {"a": 0.75, "b": 0.25, "c": 0.5}, 0.25)
    {'a': 0.75, 'b': 0.25, 'c': 0.5}
    """
    if weight >= 1:
        return dict(judged)
    return weighted_sum([(weight, min_max(judged)), (1 - weight, min_max(came))])


def _all_scores(hit: Hit, score: float, judged: Scores) -> Mapping[str, float]:
    id = hit.passage.id
    scores = {**hit.scores, "rerank": judged[id]} if id in judged else dict(hit.scores)
    return scores if scores.get("rerank") == score else {**scores, "final": score}
