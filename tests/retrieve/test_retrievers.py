from __future__ import annotations

import doctest
import re
from collections.abc import Collection, Sequence
from typing import Any, Literal, cast

import pytest

from dragtor.build.choices import FUSIONS, choose
from dragtor.errors import QueryError
from dragtor.interfaces import Encoder, KeywordIndex, Library, Retriever, Scorer, VectorStore
from dragtor.retrieve import rerank
from dragtor.retrieve.dense import DenseScorer
from dragtor.retrieve.fused import FusedRetriever
from dragtor.retrieve.keyword import KeywordScorer
from dragtor.retrieve.rerank import RerankingRetriever, ScorerJudge, TextJudge, blended
from dragtor.types import Query, Ranking, Scored
from tests.contracts.retriever import QUESTION, RetrieverContract
from tests.fakes import FakeEncoder, FakeKeywordIndex, FakeLibrary, FakeReranker, FakeVectorStore

TEXTS = {
    "p1": "A finger pulley may tear when a foot slips.",
    "p2": "The finger hurts.",
    "p3": "Rest after a tear of any pulley, finger or not.",
    "p4": "Sleep eight hours.",
}
VECTORS = {"p1": (1.0, 0.2), "p2": (0.9, 0.5), "p3": (0.5, 0.9), "p4": (0.1, 1.0)}

EVERY_FUSION = {name: choose(FUSIONS, name, "fusion") for name in FUSIONS}


def make(
    kind: str,
    library: FakeLibrary | None = None,
    index: object | None = None,
    vectors: object | None = None,
) -> Retriever:
    records = cast(Library, library or FakeLibrary(TEXTS))
    words = cast(KeywordIndex, index or FakeKeywordIndex(TEXTS))
    store = cast(VectorStore, vectors or FakeVectorStore(VECTORS))
    encoder = cast(Encoder, FakeEncoder({}))
    parts: dict[str, Scorer] = {
        "keyword": KeywordScorer(words, 1),
        "dense": DenseScorer(store, encoder, "g1-dense", "dense"),
    }
    scorers = list(parts.values()) if kind == "hybrid" else [parts[kind]]
    return FusedRetriever(records, 1, scorers, EVERY_FUSION)


def found(retriever: Retriever, question: str = QUESTION, k: int = 8, **ranking: Any) -> list[str]:
    query = Query(question, k=k, ranking=Ranking(**ranking))
    return [hit.passage.id for hit in retriever.retrieve(query).hits]


KINDS = ["keyword", "dense", "hybrid"]


class TestContract(RetrieverContract):
    @pytest.fixture(params=[*KINDS, "reranked"])
    def retriever(self, request: pytest.FixtureRequest) -> Retriever:
        if request.param == "reranked":
            return RerankingRetriever(make("hybrid"), TextJudge(FakeReranker()))
        return make(request.param)


@pytest.mark.parametrize("kind", KINDS)
def test_passages_that_are_no_more_are_left_out_and_made_up_for(kind: str) -> None:
    texts = {**TEXTS, **{f"gone{i}": TEXTS["p1"] for i in range(20)}}
    vectors = {**VECTORS, **{f"gone{i}": VECTORS["p1"] for i in range(20)}}
    index, store = FakeKeywordIndex(texts), FakeVectorStore(vectors)
    retriever = make(kind, FakeLibrary(TEXTS), index, store)
    assert set(found(retriever, k=3, candidates=2)) == {"p1", "p2", "p3"}


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_queries_collections_are_searched(kind: str) -> None:
    library = FakeLibrary(TEXTS, {"main": ["p2", "p4"], "empty": []})
    retriever = make(kind, library)
    assert found(retriever)[0] == "p2"
    assert set(found(retriever)) <= {"p2", "p4"}
    assert retriever.retrieve(Query(QUESTION, collections=("empty",))).hits == ()


def test_the_hybrid_shows_all_scores_and_fills_in_missing_cosines() -> None:
    ranking = Ranking(candidates=1, dense_weight=0.5)
    query = Query("rest rest after pulley", k=1, ranking=ranking)
    hits = make("hybrid").retrieve(query).hits
    assert [hit.passage.id for hit in hits] == ["p3"]
    # p3 came by its words alone (p1 is nearest); its cosine to (1, 0) is 0.5 / sqrt(0.5² + 0.9²).
    assert hits[0].scores["keyword"] == 3
    assert hits[0].scores["dense"] == pytest.approx(0.48564, abs=1e-5)
    # Its keyword score is the best there is, and so 1 of its maximum.
    assert hits[0].score == hits[0].scores["fused"] == pytest.approx((1 + 0.48564) / 2, abs=1e-5)


def test_a_hit_found_by_meaning_alone_has_its_keyword_score_if_scores_are_completed() -> None:
    hits = make("hybrid").retrieve(Query("rest", k=4)).hits
    assert {hit.passage.id: hit for hit in hits}["p1"].scores["keyword"] == 0
    query = Query("rest", k=4, ranking=Ranking(complete=False))
    hits = make("hybrid").retrieve(query).hits
    assert set({hit.passage.id: hit for hit in hits}["p1"].scores) == {"dense", "fused"}


def test_the_hybrid_times_each_step() -> None:
    timings = make("hybrid").retrieve(Query(QUESTION)).timings
    steps = {"keyword_s", "encode_s", "dense_s", "complete_s", "fuse_s", "total_s"}
    assert set(timings) == steps
    assert sum(timings.values()) - timings["total_s"] <= timings["total_s"]


class Counting:
    """A part of retrieval that counts how often it is asked, searches and scores."""

    kind: Literal["keyword", "dense"] = "dense"
    finds = True

    def __init__(self, name: str, scores: dict[str, float]) -> None:
        self.name = name
        self.scores = scores
        self.calls: list[str] = []

    def ask(self, question: str) -> Counting:
        self.calls.append("ask")
        return self

    def search(self, k: int, among: Collection[str] | None = None) -> list[Scored]:
        self.calls.append(f"search {k}")
        best = sorted(self.scores, key=lambda id: -self.scores[id])
        return [Scored(id, self.scores[id]) for id in best][:k]

    def score(self, ids: Sequence[str]) -> dict[str, float]:
        self.calls.append(f"score {' '.join(ids)}")
        return {id: self.scores[id] for id in ids if id in self.scores}


def test_a_question_is_read_once_however_often_more_candidates_are_wanted() -> None:
    gone = {f"gone{number}": 1.0 for number in range(5)}
    parts = [Counting("x", {**gone, "p1": 0.5, "p2": 0.4}), Counting("y", {**gone, "p2": 0.1})]
    retriever = FusedRetriever(cast(Library, FakeLibrary(TEXTS)), 1, parts)
    assert found(retriever, k=2, candidates=2, complete=False) == ["p1", "p2"]
    assert parts[0].calls == ["ask", "search 2", "search 4", "search 8"]


def test_only_what_a_part_has_not_found_is_scored_by_it() -> None:
    parts = [Counting("x", {"p1": 0.9, "p2": 0.4}), Counting("y", {"p2": 0.8, "p1": 0.1})]
    retriever = FusedRetriever(cast(Library, FakeLibrary(TEXTS)), 1, parts, EVERY_FUSION)
    query = Query(QUESTION, k=1, ranking=Ranking(candidates=1, fusion="mean"))
    (hit,) = retriever.retrieve(query).hits
    assert parts[0].calls == ["ask", "search 1", "score p2"]
    assert parts[1].calls == ["ask", "search 1", "score p1"]
    assert (hit.passage.id, hit.scores) == ("p2", {"x": 0.4, "y": 0.8, "fused": hit.score})
    assert hit.score == pytest.approx(0.6)


@pytest.mark.parametrize("fusion", FUSIONS)
def test_every_fusion_ranks_and_keeps_the_raw_scores(fusion: str) -> None:
    retriever = make("hybrid")
    raw = {h.passage.id: dict(h.scores) for h in retriever.retrieve(Query(QUESTION)).hits}
    query = Query(QUESTION, ranking=Ranking(fusion=fusion))
    for hit in retriever.retrieve(query).hits:
        assert hit.scores == {**raw[hit.passage.id], "fused": hit.score}


@pytest.mark.parametrize(
    ("ranking", "said"),
    [
        ({"fusion": "rff"}, "fusion cannot be 'rff'; did you mean 'rrf'? (it can be: convex, "),
        ({"dense_weight": 1.5}, "dense_weight cannot be 1.5: it is a number from 0 to 1"),
        ({"dense_weight": float("nan")}, "dense_weight cannot be nan"),
        ({"rerank_weight": -1}, "rerank_weight cannot be -1: it is a number from 0 to 1"),
        (
            {"late_weight": float("inf")},
            "late_weight cannot be inf: it is a number from 0 to 1000000",
        ),
        ({"late_weight": "1"}, "late_weight cannot be '1': it is a number from 0"),
        ({"candidates": 0}, "candidates cannot be 0: it is a whole number from 1 to 1000000"),
        ({"candidates": 2.5}, "candidates cannot be 2.5: it is a whole number from 1"),
        ({"candidates": float("inf")}, "candidates cannot be inf: it is a whole number"),
        ({"candidates": "5"}, "candidates cannot be '5': it is a whole number"),
        ({"candidates": 2**63}, "candidates cannot be 9223372036854775808: it is a whole"),
        ({"rrf_k": 0}, "rrf_k cannot be 0: it is a whole number from 1"),
        ({"rrf_k": float("inf")}, "rrf_k cannot be inf: it is a whole number"),
        ({"rerank_candidates": 0}, "rerank_candidates cannot be 0: it is a whole number from 1"),
        ({"rerank_candidates": 2.5}, "rerank_candidates cannot be 2.5"),
        ({"rerank_candidates": 2**63}, "rerank_candidates cannot be 9223372036854775808"),
        ({"surrounding": -1}, "surrounding cannot be -1: it is a whole number from 0"),
        ({"surrounding": 1.5}, "surrounding cannot be 1.5: it is a whole number"),
    ],
)
@pytest.mark.parametrize("kind", ["keyword", "hybrid"])
def test_a_ranking_that_cannot_be_is_refused(kind: str, ranking: Any, said: str) -> None:
    with pytest.raises(QueryError, match=re.escape(said)):
        found(make(kind), **ranking)


def test_an_empty_scope_costs_no_model_time() -> None:
    class Never:
        def search(
            self, generation: int, text: str, k: int, among: Collection[str] | None = None
        ) -> list[Scored]:
            raise AssertionError("searched")

    library = FakeLibrary(TEXTS, {"main": []})
    assert make("keyword", library, Never()).retrieve(Query(QUESTION)).hits == ()
    part = Counting("x", {"p1": 0.5})
    assert FusedRetriever(cast(Library, library), 1, [part]).retrieve(Query(QUESTION)).hits == ()
    assert part.calls == []


def test_a_reranker_reorders_and_keeps_the_scores_before() -> None:
    retriever = RerankingRetriever(make("hybrid"), TextJudge(FakeReranker()))
    result = retriever.retrieve(Query(QUESTION, k=2, ranking=Ranking(rerank_candidates=3)))
    assert [hit.passage.id for hit in result.hits] == ["p2", "p1"]
    assert [hit.rank for hit in result.hits] == [1, 2]
    assert set(result.hits[0].scores) == {"keyword", "dense", "fused", "rerank"}
    assert result.hits[0].score == -float(len("P2\n" + TEXTS["p2"]))
    assert result.timings["rerank_s"] <= result.timings["total_s"]


def test_a_reranker_leaves_ties_in_the_order_they_were_found() -> None:
    class Even:
        name = "even"

        def score(self, question: str, texts: Sequence[str]) -> list[float]:
            return [0.5] * len(texts)

    even = TextJudge(Even())
    assert found(RerankingRetriever(make("hybrid"), even)) == found(make("hybrid"))
    assert found(RerankingRetriever(make("keyword"), even), "unknown") == []


def reranked(weight: float, candidates: int, k: int = 4) -> list[tuple[str, float]]:
    """Hits of what prefers short texts: p2, p4, p1, p3."""
    retriever = RerankingRetriever(make("hybrid"), TextJudge(FakeReranker()))
    ranking = Ranking(rerank_weight=weight, rerank_candidates=candidates)
    hits = retriever.retrieve(Query(QUESTION, k=k, ranking=ranking)).hits
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    assert all(hit.score in hit.scores.values() for hit in hits)
    return [(hit.passage.id, hit.score) for hit in hits]


def test_the_weight_of_a_reranker_goes_from_nothing_to_all() -> None:
    came = found(make("hybrid"), k=4)
    assert came == ["p1", "p2", "p3", "p4"]
    assert [id for id, _ in reranked(0.0, 4)] == came
    assert [id for id, _ in reranked(1.0, 4)] == ["p2", "p4", "p1", "p3"]
    hits = make("hybrid").retrieve(Query(QUESTION, k=4)).hits
    lengths = {hit.passage.id: -float(len(hit.passage.text)) for hit in hits}
    expected = blended(lengths, {hit.passage.id: hit.score for hit in hits}, 0.25)
    assert dict(reranked(0.25, 4)) == pytest.approx(expected)


@pytest.mark.parametrize("weight", [0.5, 1.0])
def test_what_a_reranker_does_not_look_at_follows_in_its_order(weight: float) -> None:
    ids, scores = zip(*reranked(weight, 2), strict=True)
    assert (sorted(ids[:2]), ids[2:]) == (["p1", "p2"], ("p3", "p4"))
    assert scores[1] == scores[2] == scores[3]
    assert [id for id, _ in reranked(weight, 2, k=3)] == list(ids[:3])


def test_hits_say_what_the_reranker_gave_and_what_came_of_it() -> None:
    retriever = RerankingRetriever(make("hybrid"), TextJudge(FakeReranker()))
    ranking = Ranking(rerank_weight=0.5, rerank_candidates=1)
    first, second = retriever.retrieve(Query(QUESTION, k=2, ranking=ranking)).hits
    assert set(first.scores) == {"keyword", "dense", "fused", "rerank", "final"}
    assert set(second.scores) == {"keyword", "dense", "fused", "final"}


def test_maxsim_judges_by_its_own_scores_and_the_least_of_them_for_what_has_none() -> None:
    part = Counting("late", {"p3": 0.9, "p1": 0.2})
    retriever = RerankingRetriever(make("hybrid"), ScorerJudge(part))
    hits = retriever.retrieve(Query(QUESTION, k=4)).hits
    assert [hit.passage.id for hit in hits] == ["p3", "p1", "p2", "p4"]
    assert [hit.scores["rerank"] for hit in hits] == [0.9, 0.2, 0.2, 0.2]
    assert part.calls == ["ask", "score p1 p2 p3 p4"]


def test_what_a_part_has_scored_before_it_does_not_score_again() -> None:
    part = Counting("late", {"p1": 0.2, "p2": 0.4})
    fused = FusedRetriever(cast(Library, FakeLibrary(TEXTS)), 1, [part])
    hits = RerankingRetriever(fused, ScorerJudge(part)).retrieve(Query(QUESTION)).hits
    assert [hit.scores["rerank"] for hit in hits] == [0.4, 0.2]
    assert part.calls == ["ask", "search 50"]


def test_the_worked_example_of_a_rerank_weight_holds() -> None:
    assert doctest.testmod(rerank).attempted == 1
    assert doctest.testmod(rerank).failed == 0
