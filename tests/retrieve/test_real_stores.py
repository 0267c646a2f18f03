"""Retrievers over the real library, keyword index and vector store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from zlib import crc32

import numpy as np
import pytest

from dragtor.errors import QueryError
from dragtor.interfaces import Encoder, Retriever, Scorer
from dragtor.late.codec import TokenCodec
from dragtor.late.muvera import FixedDimensions
from dragtor.retrieve.dense import DenseScorer
from dragtor.retrieve.fused import FusedRetriever
from dragtor.retrieve.keyword import KeywordScorer
from dragtor.retrieve.late import FirstStage, LateScorer, Tokens
from dragtor.retrieve.rerank import RerankingRetriever, ScorerJudge, TextJudge
from dragtor.retrieve.widen import WideningRetriever
from dragtor.store.chroma import ChromaStore
from dragtor.store.keywords import SqliteKeywordIndex
from dragtor.store.library import SqliteLibrary
from dragtor.store.tokens import FileTokenStore
from dragtor.text import words
from dragtor.types import Filter, Query, Ranking, SearchResult, Vectors
from tests.contracts.retriever import QUESTION, RetrieverContract
from tests.fakes import FakeEncoder, FakeReranker, unit
from tests.store.making import id_of, index, put

TEXTS = {
    "pulley": "A finger pulley may tear when a foot slips.\nA crack is heard.",
    "tendon": "The tendon of a finger hurts.",
    "rest": "Rest after a tear of any pulley.",
    "sleep": "Sleep eight hours.",
}
VECTORS = {
    "A finger pulley may tear when a foot slips.": (1.0, 0.2),
    "A crack is heard.": (0.9, 0.4),
    "The tendon of a finger hurts.": (0.9, 0.5),
    "Rest after a tear of any pulley.": (0.5, 0.9),
    "Sleep eight hours.": (0.1, 1.0),
}


class WordTokens:
    """A token is one of the first words; its vector depends on nothing but the word."""

    fingerprint = "words"
    dimension = 16

    def encode_passage_tokens(self, texts: Sequence[str]) -> list[Vectors]:
        return [np.stack([self._vector(word) for word in words(text)[:32]]) for text in texts]

    def encode_question_tokens(self, text: str) -> Vectors:
        return self.encode_passage_tokens([text])[0]

    def _vector(self, word: str) -> Vectors:
        return unit(np.random.default_rng(crc32(word.encode())).standard_normal(16).tolist())


class Fixed:
    """A retriever that is always asked for this ranking."""

    def __init__(self, retriever: Retriever, **ranking: Any) -> None:
        self._retriever = retriever
        self._ranking = Ranking(**ranking)

    def retrieve(self, query: Query) -> SearchResult:
        return self._retriever.retrieve(replace(query, ranking=self._ranking))


class Shelf:
    """A library with its index, vectors and token vectors."""

    def __init__(self, folder: Path) -> None:
        self.library = SqliteLibrary(folder)
        for name, text in TEXTS.items():
            put(self.library, name, text, metadata={"topic": name})
        self.generation = index(self.library).id
        self.vectors = ChromaStore(folder / "chroma")
        self.tokens = FileTokenStore(folder / "tokens")
        self.codec = TokenCodec(WordTokens.dimension)
        self.fixed = FixedDimensions(self.codec.kept)
        found = self.library.resolve(
            self.generation, sorted(self.library.passage_ids(self.generation))
        )
        texts = [one.passage.text for one in found.values()]
        self.vectors.create("g1-dense", 2)
        self.vectors.add("g1-dense", list(found), FakeEncoder(VECTORS).encode_passages(texts))
        packed = [self.codec.encode(one) for one in WordTokens().encode_passage_tokens(texts)]
        hashes = self.library.input_hashes(self.generation, list(found))
        self.tokens.create("words", self.codec.width)
        self.tokens.add("words", [hashes[id] for id in found], packed)
        self.vectors.create("g1-late", self.fixed.size, "ip")
        rows = [self.fixed.passage(self.codec.decode(one)) for one in packed]
        self.vectors.add("g1-late", list(found), np.stack(rows))

    def scorer(self, name: str) -> Scorer:
        if name == "keyword":
            return KeywordScorer(SqliteKeywordIndex(self.library.database), self.generation)
        if name == "dense":
            return DenseScorer(self.vectors, cast(Encoder, FakeEncoder({})), "g1-dense", "dense")
        tokens = Tokens(self.library, self.generation, self.tokens, "words", self.codec)
        return LateScorer(WordTokens(), tokens, FirstStage(self.vectors, "g1-late", self.fixed))

    def fused(self, *names: str) -> Retriever:
        scorers = [self.scorer(name) for name in names]
        return FusedRetriever(self.library, self.generation, scorers)

    def retriever(self, kind: str) -> Retriever:
        hybrid = self.fused("keyword", "dense")
        if kind == "reranked":
            return Fixed(RerankingRetriever(hybrid, TextJudge(FakeReranker())), rerank_weight=0.5)
        if kind == "maxsim":
            return RerankingRetriever(hybrid, ScorerJudge(self.scorer("late")))
        if kind == "neighbours":
            return Fixed(WideningRetriever(hybrid, self.library, self.generation), surrounding=1)
        return self.fused(*{"all": ("keyword", "dense", "late")}.get(kind, kind.split("+")))


def made(folder: Path) -> Iterator[Shelf]:
    shelf = Shelf(folder)
    yield shelf
    shelf.tokens.close()
    shelf.vectors.close()
    shelf.library.close()


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """Not to be changed."""
    yield from made(tmp_path_factory.mktemp("shelf"))


@pytest.fixture
def own_shelf(tmp_path: Path) -> Iterator[Shelf]:
    yield from made(tmp_path)


KINDS = ["keyword", "dense", "late", "keyword+dense", "all", "reranked", "maxsim", "neighbours"]


class TestContract(RetrieverContract):
    @pytest.fixture(params=KINDS)
    def retriever(self, request: pytest.FixtureRequest, shelf: Shelf) -> Retriever:
        return shelf.retriever(request.param)


def titles(retriever: Retriever, *filters: Filter) -> list[str]:
    hits = retriever.retrieve(Query(QUESTION, filters=filters)).hits
    return [hit.document.title for hit in hits]


@pytest.mark.parametrize("kind", KINDS)
def test_filters_hold(shelf: Shelf, kind: str) -> None:
    retriever = shelf.retriever(kind)
    assert set(titles(retriever, Filter("topic", "=", "rest"))) == {"rest"}
    assert titles(retriever, Filter("topic", "=", "nothing")) == []


@pytest.mark.parametrize("kind", KINDS)
def test_filters_hold_before_ranking(shelf: Shelf, kind: str) -> None:
    # The last that is found without a filter is found with one, however few are wanted.
    found = shelf.retriever(kind).retrieve(Query(QUESTION, k=9)).hits
    last = found[-1].document.title
    query = Query(QUESTION, k=1, filters=(Filter("topic", "=", last),))
    few = Fixed(shelf.retriever(kind), candidates=1, rerank_candidates=1, surrounding=1)
    for retriever in (shelf.retriever(kind), few):
        assert [hit.document.title for hit in retriever.retrieve(query).hits] == [last]


def test_completion_scores_exactly_and_only_what_filters_let_through(shelf: Shelf) -> None:
    alone = {}
    for name in ("keyword", "dense", "late"):
        hits = shelf.fused(name).retrieve(Query(QUESTION, k=9)).hits
        alone[name] = {hit.passage.id: hit.score for hit in hits}
    filters = (Filter("topic", "=", "pulley"), Filter("topic", "=", "sleep"))
    query = Query(QUESTION, k=9, filters=filters, ranking=Ranking(candidates=1))
    hits = shelf.fused("keyword", "dense", "late").retrieve(replace(query, k=1)).hits
    hits += shelf.fused("keyword", "dense", "late").retrieve(query).hits
    assert {hit.document.title for hit in hits} == {"pulley", "sleep"}
    for hit in hits:
        for name, scores in alone.items():
            expected = scores.get(hit.passage.id, 0.0)
            assert hit.scores[name] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_a_removed_document_is_not_found_any_more(own_shelf: Shelf, kind: str) -> None:
    retriever = own_shelf.retriever(kind)
    assert "pulley" in titles(retriever)
    with own_shelf.library.writing():
        own_shelf.library.remove([id_of(own_shelf.library, "pulley")])
    assert "pulley" not in titles(retriever)


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_collection_is_refused(shelf: Shelf, kind: str) -> None:
    with pytest.raises(QueryError, match="nowhere"):
        shelf.retriever(kind).retrieve(Query(QUESTION, collections=("nowhere",)))


def test_scores_are_those_of_both_halves(shelf: Shelf) -> None:
    words = {h.passage.id: h.score for h in shelf.fused("keyword").retrieve(Query(QUESTION)).hits}
    cosines = {h.passage.id: h.score for h in shelf.fused("dense").retrieve(Query(QUESTION)).hits}
    best = max(words.values())
    for hit in shelf.fused("keyword", "dense").retrieve(Query(QUESTION)).hits:
        word, cosine = words.get(hit.passage.id, 0.0), cosines[hit.passage.id]
        assert hit.score == pytest.approx(0.7 * cosine + 0.3 * word / best)
        assert hit.scores["dense"] == pytest.approx(cosine)
        assert hit.scores["keyword"] == pytest.approx(word)


def test_late_without_a_first_stage_scores_what_others_find_in_any_case(shelf: Shelf) -> None:
    tokens = Tokens(shelf.library, shelf.generation, shelf.tokens, "words", shelf.codec)
    late = LateScorer(WordTokens(), tokens)
    parts = [shelf.scorer("keyword"), late]
    retriever = FusedRetriever(shelf.library, shelf.generation, parts)
    hits = retriever.retrieve(Query(QUESTION, ranking=Ranking(complete=False))).hits
    alone = shelf.fused("keyword").retrieve(Query(QUESTION)).hits
    assert {hit.passage.id for hit in hits} == {hit.passage.id for hit in alone}
    assert all("late" in hit.scores for hit in hits)
