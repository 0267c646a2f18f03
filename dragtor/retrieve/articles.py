"""Finding whole documents: by the best of their passages, their summary being one more of these."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dragtor.fusion import Scores, ranking
from dragtor.interfaces import Encoder, KeywordIndex, Library, VectorStore
from dragtor.retrieve.ranked import by_id, check
from dragtor.types import ArticleHit, DocumentInfo, Query, Vectors

Fusion = Callable[[Scores, Scores], dict[str, float]]
"""Merges keyword scores and dense scores."""


class ArticleFinder:
    """Ranks documents by the fusion of their best keyword score and their best cosine.

    Parameters
    ----------
    space, summaries
        Where the vectors of passages lie, by passage id, and those of summaries, by document id.
    maker
        Whose summaries the latter are.
    least_passages
        Documents with fewer passages have no summary and stand for themselves.
    candidates
        How many passages by words, passages by meaning and summaries are looked at.
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
        candidates: int,
        summaries: str,
        maker: str,
        least_passages: int,
    ) -> None:
        self._library = library
        self._index = index
        self._vectors = vectors
        self._encoder = encoder
        self._generation = generation
        self._space = space
        self._fuse = fuse
        self._candidates = candidates
        self._summaries = summaries
        self._maker = maker
        self._least_passages = least_passages

    def find(self, query: Query) -> tuple[ArticleHit, ...]:
        """At most ``query.k`` documents, best first; without summaries, by passages alone.

        Raises QueryError as a search does.
        """
        check(query)
        asked = (self._generation, query.collections, query.filters)
        among = self._library.scope(*asked)
        if among == frozenset():
            return ()
        vector = self._encoder.encode_queries([query.text])[0]
        keyword, dense = self._passages(query.text, vector, among)
        resolved = self._library.resolve(self._generation, list({**keyword, **dense}))
        documents = {id: one.document for id, one in resolved.items()}
        best = _best(dense, documents)
        for id, cosine in self._summary_scores(vector, self._library.document_scope(*asked)):
            best[id] = max(cosine, best.get(id, -1.0))
        fused = self._fuse(_best(keyword, documents), best)
        infos = {info.id: info for info in documents.values()}
        return self._hits(fused, infos, query.k)

    def _passages(
        self, text: str, vector: Vectors, among: frozenset[str] | None
    ) -> tuple[dict[str, float], dict[str, float]]:
        """Keyword scores and cosines by passage; what only the words found has a cosine, too."""
        wanted = self._candidates
        keyword = by_id(self._index.search(self._generation, text, wanted, among))
        dense = by_id(self._vectors.search(self._space, vector, wanted, among))
        stored = self._vectors.get(self._space, [id for id in keyword if id not in dense])
        return keyword, dense | {id: float(row @ vector) for id, row in stored.items()}

    def _summary_scores(
        self, vector: Vectors, among: frozenset[str] | None
    ) -> list[tuple[str, float]]:
        """Cosines by document, of summaries that are of the text that answers."""
        if self._summaries not in self._vectors.spaces():
            return []
        found = by_id(self._vectors.search(self._summaries, vector, self._candidates, among))
        valid = self._library.summaries(self._generation, self._maker, list(found))
        return [(id, score) for id, score in found.items() if id in valid]

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
