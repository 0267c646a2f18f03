from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dragtor.answer.strategies.summary import NO_SUMMARIES, SummaryStrategy
from dragtor.interfaces import Desk, Strategy
from dragtor.types import ArticleHit, Filter, Gathered, Hit, Notice, Query, SearchResult, Step
from tests.answer.conftest import hit

PASSAGES = tuple(
    replace(hit(f"Part {n}.", start=10 * n), rank=n + 1, score=0.0, scores={}) for n in range(3)
)
QUERY = Query("What of pulleys?", k=2, filters=(Filter("author", "=", "Ann"),))
PENDING = Notice("pending", "1 document is loaded but not indexed")


class OneArticle:
    """A desk with one document, or none; a search finds its second passage."""

    model = None

    def __init__(self, *summaries: str) -> None:
        self.summaries = summaries
        self.searched: list[Query] = []

    def search(self, query: Query) -> SearchResult:
        self.searched.append(query)
        found = replace(PASSAGES[1], rank=1, score=0.7, scores={"dense": 0.7})
        return SearchResult(query.text, (found,), {"total_s": 0.1}, (PENDING,))

    def articles(self, query: Query) -> tuple[ArticleHit, ...]:
        return tuple(
            ArticleHit(replace(PASSAGES[0].document, id=f"d{number}"), summary, 1 / number)
            for number, summary in enumerate(self.summaries, start=1)
        )

    def read(self, query: Query, document_id: str) -> tuple[Hit, ...]:
        assert document_id == "d1"
        return PASSAGES


def gather(desk: OneArticle) -> tuple[Sequence[Step | Notice | Gathered], Gathered]:
    strategy: Strategy = SummaryStrategy()
    fitting: Desk = desk
    *events, gathered = strategy.gather(QUERY, fitting)
    assert isinstance(gathered, Gathered)
    return events, gathered


def test_the_best_article_is_brought_whole_with_the_scores_of_what_was_found() -> None:
    desk = OneArticle("All about pulleys.", "About skin.")
    events, gathered = gather(desk)
    assert gathered.whole
    assert [one.passage for one in gathered.result.hits] == [one.passage for one in PASSAGES]
    assert [one.score for one in gathered.result.hits] == [0.0, 0.7, 0.0]
    assert [one.rank for one in gathered.result.hits] == [1, 2, 3]
    assert gathered.result.notices == (PENDING,)
    (query,) = desk.searched
    assert query.filters == (*QUERY.filters, Filter("id", "=", "d1"))
    steps = [step for step in events if isinstance(step, Step)]
    assert [(step.kind, step.name) for step in steps] == [
        ("query", "articles"),
        ("hits", "articles"),
        ("hits", "read"),
        ("query", "hybrid"),
        ("hits", "hybrid"),
        ("decision", "summary"),
    ]
    assert [one["document"] for one in steps[1].detail["articles"]] == ["d1", "d2"]
    assert steps[-1].detail == {"read": "d1", "passages": 3}


def test_it_says_where_the_best_article_has_no_summary() -> None:
    events, gathered = gather(OneArticle("", "About skin."))
    assert NO_SUMMARIES in events
    assert gathered.whole


def test_where_no_article_is_found_the_search_speaks_for_itself() -> None:
    desk = OneArticle()
    _, gathered = gather(desk)
    assert not gathered.whole
    assert desk.searched == [QUERY]
    assert gathered.result.hits[0].score == 0.7
