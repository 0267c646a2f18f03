from __future__ import annotations

from dragtor.evaluate.run import run, score
from dragtor.evaluate.sets import Question
from dragtor.types import DocumentInfo, Filter, Hit, Location, Passage, Query, Ranking, SearchResult

ORDER = ["a#1", "a#2", "a#3", "b#1", "a#4", "c#1"]


def search(query: Query) -> SearchResult:
    hits = tuple(
        Hit(rank, 1 / rank, {}, Passage(id, 0, 1, "x"), info(id), Location())
        for rank, id in enumerate(ORDER[: query.k], start=1)
    )
    return SearchResult(query.text, hits, {})


def info(passage: str) -> DocumentInfo:
    return DocumentInfo(passage.split("#")[0], "", "", "text")


def document_id(hit: Hit) -> str:
    return hit.document.id


def test_a_document_ranks_by_its_best_passage() -> None:
    assert run(search, [Question("q", "?")], 10, document_id) == {"q": ["a", "b", "c"]}


def test_more_passages_are_asked_for_until_there_are_enough_documents() -> None:
    asked: list[int] = []

    def counting(query: Query) -> SearchResult:
        asked.append(query.k)
        return search(query)

    assert run(counting, [Question("q", "?")], 2, document_id) == {"q": ["a", "b"]}
    assert run(counting, [Question("q", "?")], 3, document_id) == {"q": ["a", "b", "c"]}
    assert asked == [4, 6]


def test_queries_follow_the_template() -> None:
    seen: list[Query] = []

    def remember(query: Query) -> SearchResult:
        seen.append(query)
        return search(query)

    template = Query("", ranking=Ranking("keyword"), filters=(Filter("kind", "=", "text"),))
    run(remember, [Question("q", "why?")], 2, document_id, template)
    assert (seen[0].text, seen[0].ranking, seen[0].filters) == (
        "why?",
        Ranking("keyword"),
        template.filters,
    )


def test_questions_without_relevant_documents_are_left_out_of_the_scores() -> None:
    ranked = {"q1": ["a", "b"], "q2": ["a"], "q3": ["b"]}
    scores = score(ranked, {"q1": {"b": 1}, "q2": {"a": 0}})
    assert scores["mrr"] == [0.5]
    assert set(map(len, scores.values())) == {1}
