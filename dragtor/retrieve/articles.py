"""Finding whole documents: by the best of their passages, their summary being one more of these."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dragtor.fusion import Scores, ranking
from dragtor.interfaces import Asked, Library, Scorer
from dragtor.retrieve.ranked import by_id, check
from dragtor.types import ArticleHit, DocumentInfo, Query

Fusion = Callable[[Scores, Scores], dict[str, float]]
"""Merges keyword scores and dense scores."""


class ArticleFinder:
    """Ranks documents by the fusion of their best keyword score and their best cosine.

    Parameters
    ----------
    keyword, dense
        What scores passages.
    summaries
        What scores documents by the vectors of their summaries, if there are any.
    maker
        Whose summaries these are.
    least_passages
        Documents with fewer passages have no summary and stand for themselves.
    candidates
        How many passages by words, passages by meaning and summaries are looked at.
    """

    def __init__(
        self,
        library: Library,
        generation: int,
        *,
        keyword: Scorer,
        dense: Scorer,
        summaries: Scorer | None,
        fuse: Fusion,
        candidates: int,
        maker: str,
        least_passages: int,
    ) -> None:
        self._library = library
        self._generation = generation
        self._keyword = keyword
        self._dense = dense
        self._summaries = summaries
        self._fuse = fuse
        self._candidates = candidates
        self._maker = maker
        self._least_passages = least_passages

    def find(self, query: Query) -> tuple[ArticleHit, ...]:
        """At most ``query.k`` documents, best first; without summaries, by passages alone.

        Raises QueryError as a search does.
        """
        check(query)
        scope = (self._generation, query.collections, query.filters)
        among = self._library.scope(*scope)
        if among == frozenset():
            return ()
        keyword = by_id(self._keyword.ask(query.text).search(self._candidates, among))
        asked = self._dense.ask(query.text)
        dense = by_id(asked.search(self._candidates, among))
        dense |= asked.score([id for id in keyword if id not in dense])
        resolved = self._library.resolve(self._generation, list({**keyword, **dense}))
        documents = {id: one.document for id, one in resolved.items()}
        best = _best(dense, documents)
        if self._summaries is not None:
            allowed = self._library.document_scope(*scope)
            scored = self._summary_scores(self._summaries.ask(query.text), allowed)
            for id, cosine in scored.items():
                best[id] = max(cosine, best.get(id, -1.0))
        fused = self._fuse(_best(keyword, documents), best)
        infos = {info.id: info for info in documents.values()}
        return self._hits(fused, infos, query.k)

    def _summary_scores(self, asked: Asked, among: frozenset[str] | None) -> dict[str, float]:
        """Cosines by document, of summaries that are of the text that answers."""
        found = by_id(asked.search(self._candidates, among))
        valid = self._library.summaries(self._generation, self._maker, list(found))
        return {id: score for id, score in found.items() if id in valid}

    def _hits(
        self, scores: Mapping[str, float], infos: Mapping[str, DocumentInfo], k: int
    ) -> tuple[ArticleHit, ...]:
        ids = ranking(scores)[:k]
        summaries = self._library.summaries(self._generation, self._maker, ids)
        hits = []
        for id in ids:
            info = infos[id] if id in infos else self._library.document(id).info
            text = summaries[id] if id in summaries else self._own_text(id)
            hits.append(ArticleHit(info, text, scores[id]))
        return tuple(hits)

    def _own_text(self, id: str) -> str:
        """The text of a document that stands for itself; nothing of a longer one."""
        short = len(self._library.passages(self._generation, id)) < self._least_passages
        return self._library.document(id).text if short else ""


def _best(scores: Mapping[str, float], documents: Mapping[str, DocumentInfo]) -> dict[str, float]:
    """The best score of each document's passages."""
    best: dict[str, float] = {}
    for id, score in scores.items():
        if id in documents:
            document = documents[id].id
            best[document] = max(score, best.get(document, score))
    return best
