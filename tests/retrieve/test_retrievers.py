from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, cast

import pytest

from dragtor.interfaces import Encoder, KeywordIndex, Library, Retriever, Scorer, VectorStore
from dragtor.retrieve.dense import DenseScorer
from dragtor.retrieve.fused import FusedRetriever
from dragtor.retrieve.keyword import KeywordScorer
from dragtor.retrieve.rerank import RerankingRetriever, TextJudge
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
    return FusedRetriever(records, 1, scorers)


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


def test_an_empty_scope_costs_no_model_time() -> None:
    class Never:
        def search(
            self, generation: int, text: str, k: int, among: Collection[str] | None = None
        ) -> list[Scored]:
            raise AssertionError("searched")

    library = FakeLibrary(TEXTS, {"main": []})
    assert make("keyword", library, Never()).retrieve(Query(QUESTION)).hits == ()


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
