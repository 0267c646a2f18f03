from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import cast

import pytest

from dragtor.fusion import Scores, weighted_sum
from dragtor.interfaces import Encoder, KeywordIndex, Library, Retriever, VectorStore
from dragtor.retrieve.dense import DenseRetriever
from dragtor.retrieve.hybrid import HybridRetriever
from dragtor.retrieve.keyword import KeywordRetriever
from dragtor.retrieve.rerank import RerankingRetriever
from dragtor.types import Query, Scored
from tests.contracts.retriever import QUESTION, RetrieverContract
from tests.fakes import FakeEncoder, FakeKeywordIndex, FakeLibrary, FakeReranker, FakeVectorStore

TEXTS = {
    "p1": "A finger pulley may tear when a foot slips.",
    "p2": "The finger hurts.",
    "p3": "Rest after a tear of any pulley, finger or not.",
    "p4": "Sleep eight hours.",
}
VECTORS = {"p1": (1.0, 0.2), "p2": (0.9, 0.5), "p3": (0.5, 0.9), "p4": (0.1, 1.0)}


def half(keyword: Scores, dense: Scores) -> dict[str, float]:
    return weighted_sum([(0.5, keyword), (0.5, dense)])


def make(
    kind: str,
    library: FakeLibrary | None = None,
    index: object | None = None,
    vectors: object | None = None,
    candidates: int = 100,
) -> Retriever:
    records = cast(Library, library or FakeLibrary(TEXTS))
    words = cast(KeywordIndex, index or FakeKeywordIndex(TEXTS))
    store = cast(VectorStore, vectors or FakeVectorStore(VECTORS))
    encoder = cast(Encoder, FakeEncoder({}))
    if kind == "keyword":
        return KeywordRetriever(records, words, 1)
    if kind == "dense":
        return DenseRetriever(records, store, encoder, 1, "g1-dense")
    return HybridRetriever(records, words, store, encoder, 1, "g1-dense", half, candidates)


def found(retriever: Retriever, question: str = QUESTION, k: int = 8) -> list[str]:
    return [hit.passage.id for hit in retriever.retrieve(Query(question, k=k)).hits]


KINDS = ["keyword", "dense", "hybrid"]


class TestContract(RetrieverContract):
    @pytest.fixture(params=[*KINDS, "reranked"])
    def retriever(self, request: pytest.FixtureRequest) -> Retriever:
        if request.param == "reranked":
            return RerankingRetriever(make("hybrid"), FakeReranker())
        return make(request.param)


@pytest.mark.parametrize("kind", KINDS)
def test_passages_that_are_no_more_are_left_out_and_made_up_for(kind: str) -> None:
    texts = {**TEXTS, **{f"gone{i}": TEXTS["p1"] for i in range(20)}}
    vectors = {**VECTORS, **{f"gone{i}": VECTORS["p1"] for i in range(20)}}
    index, store = FakeKeywordIndex(texts), FakeVectorStore(vectors)
    retriever = make(kind, FakeLibrary(TEXTS), index, store, candidates=2)
    assert set(found(retriever, k=3)) == {"p1", "p2", "p3"}


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_queries_collections_are_searched(kind: str) -> None:
    library = FakeLibrary(TEXTS, {"main": ["p2", "p4"], "empty": []})
    retriever = make(kind, library)
    assert found(retriever)[0] == "p2"
    assert set(found(retriever)) <= {"p2", "p4"}
    assert retriever.retrieve(Query(QUESTION, collections=("empty",))).hits == ()


def test_the_hybrid_shows_all_scores_and_fills_in_missing_cosines() -> None:
    retriever = make("hybrid", candidates=1)
    hits = retriever.retrieve(Query("rest rest after pulley", k=1)).hits
    assert [hit.passage.id for hit in hits] == ["p3"]
    # p3 came by its words alone (p1 is nearest); its cosine to (1, 0) is 0.5 / sqrt(0.5² + 0.9²).
    assert hits[0].scores["keyword"] == 3
    assert hits[0].scores["dense"] == pytest.approx(0.48564, abs=1e-5)
    assert hits[0].score == hits[0].scores["fused"] == pytest.approx((3 + 0.48564) / 2, abs=1e-5)


def test_a_hit_found_by_meaning_alone_has_no_keyword_score() -> None:
    hits = make("hybrid").retrieve(Query("rest", k=4)).hits
    by_id = {hit.passage.id: hit for hit in hits}
    assert set(by_id["p1"].scores) == {"dense", "fused"}


def test_the_hybrid_times_each_step() -> None:
    timings = make("hybrid").retrieve(Query(QUESTION)).timings
    assert set(timings) == {"keyword_s", "encode_s", "dense_s", "fuse_s", "total_s"}
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
    retriever = RerankingRetriever(make("hybrid"), FakeReranker(), candidates=3)
    result = retriever.retrieve(Query(QUESTION, k=2))
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

    assert found(RerankingRetriever(make("hybrid"), Even())) == found(make("hybrid"))
    assert found(RerankingRetriever(make("keyword"), Even()), "unknown") == []
