"""What may differ per query, through the whole program."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from dragtor.build import build
from dragtor.build.choices import FUSIONS
from dragtor.config import load_settings
from dragtor.errors import QueryError
from dragtor.pipeline import Dragtor
from dragtor.types import MOST, Filter, Hit, Query
from tests.conftest import Project, Ran
from tests.tiny import make_tiny_bert

QUESTION = "How long does a ruptured A2 pulley take to heal?"


@pytest.fixture
def dragtor(
    project: Project, run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Dragtor]:
    catalogue = [*project_models(project), reranker(project.folder / "models")]
    project.configure(models=catalogue, split={"max_tokens": 40, "overlap_tokens": 0})
    assert run("load", "--index").code == 0
    monkeypatch.chdir(project.folder)
    made = build(load_settings(project.config))
    yield made
    made.vectors.close()
    made.library.close()


def project_models(project: Project) -> list[object]:
    import yaml

    models: list[object] = yaml.safe_load(project.config.read_text())["models"]
    return models


def reranker(models: Path) -> dict[str, object]:
    """A tiny cross-encoder, and what the catalogue says of it."""
    make_tiny_bert(models / "tiny-cross", labels=1)
    return {
        "name": "tiny-cross",
        "kind": "reranker",
        "description": "random weights, for tests",
        "licence": "none",
        "size_mb": 1,
        "memory_mb": 1,
        "convert": "bert",
        "files": [
            {"name": name, "sources": [{"local": f"/nowhere/{name}"}]}
            for name in ("config.json", "tokenizer.json", "model.safetensors")
        ],
    }


def ids(hits: tuple[Hit, ...]) -> list[str]:
    return [hit.passage.id for hit in hits]


def test_rankings_hold_for_their_question_alone_and_filters_for_each(dragtor: Dragtor) -> None:
    usual = dragtor.ranking
    rankings = [
        usual,
        *(replace(usual, fusion=name) for name in FUSIONS),
        replace(usual, retriever="keyword"),
        replace(usual, retriever="dense+keyword", complete=False, candidates=2),
        replace(usual, reranker="tiny-cross", rerank_weight=0.5, rerank_candidates=3),
        replace(usual, surrounding=1),
    ]
    queries = [Query(QUESTION, k=4, ranking=ranking) for ranking in rankings]
    alone = [dragtor.search(query).hits for query in queries]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda query: dragtor.search(query).hits, queries * 2))
    assert together == alone * 2
    assert len({tuple(ids(hits)) for hits in alone}) > 1
    reranked = replace(usual, reranker="tiny-cross")
    elbow = (Filter("title", "*=", "elbow"),)
    result = dragtor.search(Query(QUESTION, k=3, ranking=reranked, filters=elbow))
    assert {hit.document.title for hit in result.hits} == {"Tennis elbow"}
    assert all(hit.score == hit.scores["rerank"] for hit in result.hits)
    assert result.timings["rerank_s"] > 0


def test_an_unknown_name_in_a_query_names_the_valid_ones(dragtor: Dragtor) -> None:
    mistakes = [
        ("reranker", "tiny-cros", "reranker cannot be 'tiny-cros'; did you mean 'tiny-cross'?"),
        ("fusion", "best", "fusion cannot be 'best'; it can be: convex, relative"),
        (
            "retriever",
            "keyword+dens",
            "the index has no part 'dens'; did you mean 'dense'? (it can",
        ),
        ("retriever", "hybrid+dense", "cannot be 'hybrid+dense': hybrid stands alone; it can be"),
        ("retriever", "keyword+keyword", "'keyword+keyword': it names keyword twice; it can be"),
    ]
    for key, name, said in mistakes:
        ranking = replace(dragtor.ranking, **{key: name})  # type: ignore[arg-type]
        with pytest.raises(QueryError) as caught:
            dragtor.search(Query(QUESTION, ranking=ranking))
        assert said in str(caught.value)
    encoder = replace(dragtor.ranking, reranker="tiny")
    with pytest.raises(QueryError, match="reranker cannot be 'tiny'"):
        dragtor.search(Query(QUESTION, ranking=encoder))


@pytest.mark.parametrize("key", ["retriever", "fusion", "reranker"])
def test_what_is_no_name_is_refused(dragtor: Dragtor, key: str) -> None:
    for value in (None, 3, ["keyword"]):
        ranking = replace(dragtor.ranking, **{key: value})  # type: ignore[arg-type]
        with pytest.raises(QueryError, match=f"{key} cannot be"):
            dragtor.search(Query(QUESTION, ranking=ranking))


def test_the_most_that_can_be_asked_for_finds_all_and_more_is_refused(dragtor: Dragtor) -> None:
    usual, passages = dragtor.ranking, dragtor.library.status().passages
    most = {"candidates": MOST, "rerank_candidates": MOST, "rrf_k": MOST, "late_weight": MOST}
    for ranking in (
        replace(usual, **most),  # type: ignore[arg-type]
        replace(usual, **most, reranker="tiny-cross"),  # type: ignore[arg-type]
        replace(usual, retriever="dense"),
        replace(usual, retriever="keyword", surrounding=MOST),
    ):
        hits = dragtor.search(Query("the", k=MOST, ranking=ranking)).hits
        assert len(hits) <= passages
        assert all(math.isfinite(hit.score) for hit in hits)
    for k in (0, MOST + 1, 2.5, 2**63):
        with pytest.raises(QueryError, match=f"{k} passages were asked for: ask for 1 to 1000000"):
            dragtor.search(Query("the", k=k))  # type: ignore[arg-type]
