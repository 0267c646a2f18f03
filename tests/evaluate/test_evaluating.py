from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dragtor.evaluate.evaluating import (
    Examination,
    Outcome,
    evaluate,
    means,
    ranked,
    worst_first,
)
from dragtor.evaluate.judging import Case, SetJudge
from dragtor.types import (
    Answer,
    DocumentInfo,
    Hit,
    Location,
    Passage,
    Query,
    Ranking,
    SearchResult,
    Sentence,
    Support,
    Token,
)


class Program:
    """Finds these documents, in this order, however it is asked; answers in two sentences."""

    def __init__(self, documents: list[str], ranking: Ranking | None = None) -> None:
        self.documents = documents
        self.ranking = ranking or Ranking()
        self.asked: list[Query] = []

    def search(self, query: Query) -> SearchResult:
        self.asked.append(query)
        hits = tuple(
            Hit(rank, 1 / rank, {}, Passage(f"p{rank}", 0, 1, "x"), info(id), Location())
            for rank, id in enumerate(self.documents[: query.k], start=1)
        )
        return SearchResult(query.text, hits, {"total_s": 0.02})

    def ask(self, query: Query) -> Iterator[Token | Answer]:
        said = (
            Sentence("Six weeks.", Support("yes", 0.9)),
            Sentence("Or so.", Support("partly", 0.4)),
        )
        kind: Any = "refusal" if "chapel" in query.text else "quote"
        sentences = () if kind == "refusal" else said
        yield Token("Six ")
        yield Answer(query.text, kind, "Six weeks.", sentences, (), None)


def info(id: str) -> DocumentInfo:
    return DocumentInfo(id, f"file:///c.jsonl#{id}", "", "text")


def quiet(done: int, total: int, what: str) -> None:
    """No progress."""


def outcomes(
    program: Program, cases: list[Case], qrels: dict[str, dict[str, int]], answers: bool = False
) -> list[Outcome]:
    asked = Examination(Query("", k=5), Query("", k=4) if answers else None)
    return list(evaluate(program, cases, SetJudge(qrels), asked, quiet))  # type: ignore[arg-type]


def test_a_question_is_scored_by_where_its_documents_come() -> None:
    (one,) = outcomes(Program(["a", "b", "c"]), [Case("q", "How long?")], {"q": {"b": 1}})
    assert (one.rank, one.scores["MRR"], one.scores["success@1"]) == (2, 0.5, 0.0)
    assert one.scores["recall@10"] == 1.0
    assert one.seconds == 0.02
    assert "token_F1" not in one.scores


def test_what_nothing_is_known_of_is_left_out() -> None:
    cases = [Case("a", "How?"), Case("b", "Why?", ("So.",)), Case("c", "Who?", answerable=False)]
    qrels = {"a": {"x": 0}, "c": {"x": 1}}
    assert outcomes(Program(["x"]), cases, qrels) == []
    assert [one.id for one in outcomes(Program(["x"]), cases, qrels, answers=True)] == ["b"]


def test_an_answer_is_compared_with_the_references_and_its_sentences_counted() -> None:
    (one,) = outcomes(Program([]), [Case("q", "How long?", ("six weeks",))], {}, answers=True)
    assert one.scores == {"token_F1": 1.0, "support": 0.5}
    assert one.answer == "Six weeks."


def test_a_refusal_is_worth_nothing_and_has_no_sentences() -> None:
    case = Case("q", "Who painted the chapel?", ("six weeks",))
    (one,) = outcomes(Program([]), [case], {}, answers=True)
    assert one.scores == {"token_F1": 0.0}


def test_a_question_without_words_finds_nothing() -> None:
    (one,) = outcomes(Program(["a"]), [Case("q", "?!")], {"q": {"a": 1}})
    assert (one.rank, one.scores["MRR"]) == (None, 0.0)


def test_only_some_of_many_questions_are_timed() -> None:
    cases = [Case(str(n), "How?") for n in range(250)]
    found = outcomes(Program(["a"]), cases, {str(n): {"a": 1} for n in range(250)})
    timed = [one.id for one in found if one.seconds is not None]
    assert (len(timed), timed[:3]) == (84, ["0", "3", "6"])


def test_an_interrupted_evaluation_goes_on_with_what_is_left_and_times_the_same() -> None:
    cases = [Case(str(n), "How?") for n in range(150)]
    qrels = {str(n): {"a": 1} for n in range(150)}
    whole = outcomes(Program(["a"]), cases, qrels)
    done = {str(n) for n in range(75)}
    asked = Examination(Query("", k=5))
    program: Any = Program(["a"])
    rest = list(evaluate(program, cases, SetJudge(qrels), asked, quiet, done))
    assert rest == whole[75:]


def order(program: Program, relevant: set[str]) -> list[str]:
    judge = SetJudge({"q": dict.fromkeys(relevant, 1)})
    return ranked(program, Query("", k=8), Case("q", "How?"), judge)  # type: ignore[arg-type]


def test_one_search_is_enough_where_all_is_found() -> None:
    program = Program(["a", "b"])
    assert order(program, {"a"}) == ["a", "b"]
    assert [query.k for query in program.asked] == [100]


def test_passages_of_the_same_document_are_passed_over_and_more_are_asked_for() -> None:
    program = Program(["a"] * 100 + ["b"] * 60 + ["c"])
    assert order(program, {"c"}) == ["a", "b", "c"]
    assert [query.k for query in program.asked] == [100, 200]


def test_it_ends_where_there_is_no_more() -> None:
    program = Program(["a", "b"])
    assert order(program, {"lost"}) == ["a", "b"]
    assert len(program.asked) == 2


def test_what_a_reranker_does_not_reach_follows_without_it() -> None:
    many = [f"d{n}" for n in range(150)]
    program = Program(many, Ranking(reranker="judge", rerank_candidates=50))
    assert order(program, {"d99"}) == many[:100]
    asked = [(query.k, query.ranking.reranker if query.ranking else "") for query in program.asked]
    assert asked == [(50, "judge"), (100, "none")]


def test_few_candidates_are_judged_as_few() -> None:
    program = Program([f"d{n}" for n in range(150)], Ranking(candidates=20))
    order(program, {"d10"})
    assert [query.k for query in program.asked] == [20]


def test_means_are_over_the_questions_that_a_metric_applies_to() -> None:
    found = means(
        [
            Outcome("a", "", {"MRR": 1.0, "support": 0.5}, seconds=0.010),
            Outcome("b", "", {"MRR": 0.0}, seconds=0.020),
            Outcome("c", "", {}),
        ]
    )
    assert (found["MRR"], found["support"], found["MAP"]) == (0.5, 0.5, None)
    # Between the two values: half of the way, and 95 % of it.
    assert found["latency_p50_ms"] == pytest.approx(15.0)
    assert found["latency_p95_ms"] == pytest.approx(19.5)


def test_the_worst_come_first() -> None:
    scored = [
        Outcome("good", "", {"nDCG@10": 0.9}),
        Outcome("unjudged", "", {"token_F1": 0.1}),
        Outcome("bad", "", {"nDCG@10": 0.0, "recall@100": 1.0}),
        Outcome("worst", "", {"nDCG@10": 0.0, "recall@100": 0.0}),
    ]
    assert [one.id for one in worst_first(scored)] == ["worst", "bad", "good", "unjudged"]
