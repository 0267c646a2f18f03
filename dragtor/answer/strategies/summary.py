"""Find the article that bears most on the question, and read it whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from dragtor.answer.trace import found, listed
from dragtor.interfaces import Desk
from dragtor.types import ArticleHit, Filter, Gathered, Hit, Notice, Query, Step

NO_SUMMARIES = Notice(
    "no_summaries",
    "long articles have no summaries yet, so the best one was found by its passages: run"
    " `dragtor index` (index.summaries says who writes them)",
)


class SummaryStrategy:
    """Fits :class:`dragtor.interfaces.Strategy`; needs no language model."""

    name = "summary"

    def gather(self, query: Query, desk: Desk) -> Iterator[Step | Notice | Gathered]:
        """See Strategy."""
        articles = desk.articles(query)
        yield from _ranked(query, articles)
        if not articles:
            result = desk.search(query)
            yield from found(query, result)
            yield Gathered(result)
            return
        best = articles[0]
        if not best.summary:
            yield NO_SUMMARIES
        # The search is for what is to be said of every search (pending documents), and for scores.
        within = Filter("id", "=", best.document.id)
        passages = desk.read(query, best.document.id)
        yield listed("read", passages)
        inside = replace(query, k=len(passages), filters=(*query.filters, within))
        result = desk.search(inside)
        yield from found(inside, result)
        hits = _scored(passages, result.hits)
        yield Step("decision", self.name, {"read": best.document.id, "passages": len(hits)})
        yield Gathered(replace(result, hits=hits), whole=True)


def _ranked(query: Query, articles: Sequence[ArticleHit]) -> Iterator[Step]:
    yield Step("query", "articles", {"text": query.text, "k": query.k})
    said = [
        {"document": one.document.id, "title": one.document.title, "score": round(one.score, 4)}
        for one in articles
    ]
    yield Step("hits", "articles", {"articles": said})


def _scored(passages: Sequence[Hit], found: Sequence[Hit]) -> tuple[Hit, ...]:
    """Passages in text order, each with the scores it was found with."""
    scores = {hit.passage.id: hit for hit in found}
    return tuple(
        replace(hit, score=scores[hit.passage.id].score, scores=scores[hit.passage.id].scores)
        if hit.passage.id in scores
        else hit
        for hit in passages
    )
