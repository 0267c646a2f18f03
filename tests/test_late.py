"""Late interaction as a whole: one run of the model, one path, nothing that outlives its passage.

That additions and deletions show at once, in other threads and processes, is in
``test_live_index.py``.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from dragtor.build import build, verify
from dragtor.config import load_settings
from dragtor.encode.onnx import OnnxEncoder
from dragtor.errors import ConfigError, ModelError, QueryError
from dragtor.pipeline import Dragtor
from dragtor.retrieve.late import FirstStage
from dragtor.types import Query, Ranking, SearchResult, Vectors
from tests.conftest import CATALOGUE, Project, Ran
from tests.encode.colbert import (
    DIMENSION,
    MAX_TOKENS,
    PASSAGE_MARKER,
    QUESTION_MARKER,
    make_tiny_colbert,
)

QUESTION = "How long does a grade II pulley injury take to heal?"
LATE = {"model": "encoder", "first_stage": True}


def quiet(done: int, total: int, what: str) -> None:
    """Progress for nobody."""


@pytest.fixture
def dragtor(project: Project) -> Iterator[Dragtor]:
    """A library that is indexed for late interaction."""
    project.configure(late=LATE)
    with closing(build(load_settings(project.config))) as made:
        made.load("main", [], [str(project.notes)], refresh=False, progress=quiet)
        made.index(rebuild=False, progress=quiet)
        yield made


def found(dragtor: Dragtor, question: str = QUESTION, **ranking: object) -> SearchResult:
    return dragtor.search(Query(question, k=20, ranking=replace(Ranking(), **ranking)))  # type: ignore[arg-type]


def codes(project: Project) -> list[Path]:
    return sorted((project.folder / "library" / "tokens").glob("*.codes"))


def test_it_finds_scores_and_reranks(dragtor: Dragtor) -> None:
    alone = found(dragtor, retriever="late")
    scores = {hit.passage.id: hit.score for hit in alone.hits}
    assert len(scores) == dragtor.library.status().passages
    assert [hit.score for hit in alone.hits] == sorted(scores.values(), reverse=True)
    together = found(dragtor)
    for hit in together.hits:
        assert hit.scores.keys() >= {"keyword", "dense", "late", "fused"}
        assert hit.scores["late"] == pytest.approx(scores[hit.passage.id], abs=1e-5)
    reranked = found(dragtor, retriever="keyword+dense", reranker="maxsim")
    for hit in reranked.hits:
        assert hit.scores["rerank"] == pytest.approx(scores[hit.passage.id], abs=1e-5)
    assert reranked.hits[0].passage.id == alone.hits[0].passage.id


def test_token_vectors_cost_no_second_run_of_the_model(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every passage is read once, for its vector, its sentences and its tokens."""
    project.configure(late=LATE, index={"summaries": "none"})
    read: list[str] = []
    plain = OnnxEncoder._read

    def counted(self: OnnxEncoder, texts: list[str], *rest: object, **options: object) -> object:
        read.extend(texts)
        return plain(self, texts, *rest, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(OnnxEncoder, "_read", counted)
    with closing(build(load_settings(project.config))) as made:
        made.load("main", [], [str(project.notes)], refresh=False, progress=quiet)
        report = made.index(rebuild=False, progress=quiet)
        assert len(read) == len(set(read)) == report.passages == report.encoded


def test_lost_token_vectors_are_named_and_made_anew(dragtor: Dragtor, project: Project) -> None:
    before = [(hit.passage.id, hit.score) for hit in found(dragtor, retriever="late").hits]
    settings = load_settings(project.config)
    assert verify(settings) == []
    (file,) = codes(project)
    dragtor.close()
    file.unlink()
    (said,) = verify(settings)
    assert f"{len(before)} passages without token vectors" in said
    assert all("late" not in hit.scores for hit in found(dragtor, retriever="keyword+late").hits)
    report = dragtor.index(rebuild=False, progress=quiet)
    assert report.encoded == len(before)
    assert verify(settings) == []
    after = [(hit.passage.id, hit.score) for hit in found(dragtor, retriever="late").hits]
    assert after == [(id, pytest.approx(score, abs=1e-5)) for id, score in before]


def test_what_is_removed_is_gone_from_every_part_at_once(
    dragtor: Dragtor, project: Project
) -> None:
    all_hits = found(dragtor, retriever="late").hits
    gone = {hit.passage.id for hit in all_hits if hit.document.uri.endswith("pulleys.md")}
    dragtor.remove("main", str(project.notes / "pulleys.md"))
    for retriever in ("late", "hybrid"):
        left = {hit.passage.id for hit in found(dragtor, retriever=retriever).hits}
        assert left == {hit.passage.id for hit in all_hits} - gone
    for space in dragtor.vectors.spaces():
        assert not dragtor.vectors.ids(space) & gone


def test_an_id_never_comes_to_stand_for_another_text(dragtor: Dragtor, project: Project) -> None:
    """Delete and add in turns: whatever is found under an id has always had the same text."""
    texts: dict[str, str] = {}
    file = project.notes / "skin.txt"
    for edition in (
        "Rest the skin.",
        "Dry it.\n\nRest the skin.",
        "",
        "Tape it.",
        "Rest the skin.",
    ):
        file.write_text(edition)
        dragtor.load("main", [], [str(project.notes)], refresh=True, progress=quiet)
        dragtor.index(rebuild=False, progress=quiet)
        for hit in found(dragtor, "rest the skin", retriever="late").hits:
            assert texts.setdefault(hit.passage.id, hit.passage.text) == hit.passage.text


def test_another_size_of_vectors_makes_new_ones_and_drops_the_old(
    dragtor: Dragtor, project: Project
) -> None:
    (before,) = codes(project)
    size = before.stat().st_size
    project.configure(late={**LATE, "token_bytes": 8})
    with closing(build(load_settings(project.config))) as smaller:
        smaller.index(rebuild=False, progress=quiet)
        (after,) = codes(project)
        assert after.stat().st_size == size // 8  # 64 components in 8 bits or in one
        assert len(smaller.vectors.spaces()) == len(dragtor.vectors.spaces())
        assert found(smaller, retriever="late").hits


@pytest.fixture
def colbert(project: Project) -> Project:
    """A project that has a tiny model of kind late beside its encoder."""
    make_tiny_colbert(project.folder / "models" / "tiny-colbert")
    names = ("model.onnx", "tokenizer.json", "tokenizer_config.json")
    entry = {
        "name": "tiny-colbert",
        "kind": "late",
        "description": "random weights, for tests",
        "licence": "none",
        "size_mb": 1,
        "memory_mb": 1,
        "late": {
            "dimension": DIMENSION,
            "max_tokens": MAX_TOKENS,
            "question_marker": QUESTION_MARKER,
            "passage_marker": PASSAGE_MARKER,
            "fastembed": "colbert-ir/colbertv2.0",
        },
        "files": [{"name": name, "sources": [{"local": f"/nowhere/{name}"}]} for name in names],
    }
    project.configure(models=[*CATALOGUE, entry])
    return project


def test_a_model_for_late_interaction_finds_the_same_by_either_engine(colbert: Project) -> None:
    found_by: dict[str, list[tuple[str, float]]] = {}
    for engine in ("onnx", "fastembed"):
        colbert.configure(late={"model": "Tiny-ColBERT", "engine": engine, "first_stage": True})
        with closing(build(load_settings(colbert.config))) as made:
            made.load("main", [], [str(colbert.notes)], refresh=False, progress=quiet)
            report = made.index(rebuild=False, progress=quiet)
            assert report.encoded >= report.passages, "another engine, other vectors"
            hits = found(made, retriever="late").hits
            found_by[engine] = [(hit.passage.id, hit.score) for hit in hits]
    assert len(found_by["onnx"]) == 3
    assert dict(found_by["fastembed"]) == pytest.approx(dict(found_by["onnx"]), abs=1e-4)


def test_a_model_of_another_kind_is_refused(colbert: Project) -> None:
    colbert.configure(late={"model": "tiny"})
    with pytest.raises(ConfigError, match=r"late\.model .*'tiny'.*tiny-colbert"):
        build(load_settings(colbert.config))
    colbert.configure(late={"model": "encoder", "engine": "torch"})
    with pytest.raises(ConfigError, match=r"late\.engine .*'torch'.*onnx"):
        build(load_settings(colbert.config))


def test_other_files_of_the_model_are_noticed(colbert: Project) -> None:
    colbert.configure(late={"model": "tiny-colbert"})
    with closing(build(load_settings(colbert.config))) as made:
        made.load("main", [], [str(colbert.notes)], refresh=False, progress=quiet)
        made.index(rebuild=False, progress=quiet)
    (colbert.folder / "models" / "tiny-colbert" / "onnx_config.json").write_text(
        '{"query_length": 40}'
    )
    with closing(build(load_settings(colbert.config))) as made:
        with pytest.raises(ModelError, match="not those the index was made with"):
            found(made, retriever="keyword+late")
        made.index(rebuild=False, progress=quiet)
        assert found(made, retriever="keyword+late").hits


def test_alone_it_looks_at_four_times_as_many_and_at_all_candidates(
    dragtor: Dragtor, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    find = FirstStage.find

    def counted(self: FirstStage, question: Vectors, k: int, among: None) -> list[str]:
        asked.append(k)
        return find(self, question, k, among)

    monkeypatch.setattr(FirstStage, "find", counted)
    for k, candidates in ((2, 1), (2, 8), (2, 100), (5, 8)):
        ranking = Ranking(retriever="late", candidates=candidates)
        assert dragtor.search(Query(QUESTION, k=k, ranking=ranking)).hits
    assert asked == [8, 8, 100, 20]


def test_alone_and_without_a_first_stage_it_says_what_to_do(project: Project) -> None:
    project.configure(late={"model": "encoder", "first_stage": False})
    with closing(build(load_settings(project.config))) as made:
        made.load("main", [], [str(project.notes)], refresh=False, progress=quiet)
        made.index(rebuild=False, progress=quiet)
        with pytest.raises(QueryError, match="late finds no passages by itself"):
            found(made, retriever="late")
        assert all("late" in hit.scores for hit in found(made, retriever="keyword+late").hits)


def test_eight_threads_with_settings_of_their_own_get_what_each_gets_alone(
    dragtor: Dragtor,
) -> None:
    """Nothing of a query lives where another one could change it."""
    asked = [
        (question, ranking)
        for question in (QUESTION, "What helps against tennis elbow?", "callus")
        for ranking in (
            {"retriever": "late"},
            {"retriever": "hybrid", "fusion": "rrf", "candidates": 3},
            {"retriever": "hybrid", "dense_weight": 0.2, "complete": False},
            {"retriever": "keyword+late", "surrounding": 1},
            {"retriever": "keyword", "reranker": "maxsim", "rerank_candidates": 2},
            {"retriever": "dense", "reranker": "maxsim", "rerank_weight": 0.3},
        )
    ]

    def hits(number: int) -> list[tuple[str, float, dict[str, float], str]]:
        question, ranking = asked[number % len(asked)]
        return [
            (hit.passage.id, hit.score, dict(hit.scores), hit.passage.text)
            for hit in found(dragtor, question, **ranking).hits
        ]

    alone = [hits(number) for number in range(len(asked))]
    assert len({str(one) for one in alone}) > len(asked) // 2, "the settings make a difference"
    wrong: list[int] = []

    def search(first: int) -> None:
        numbers = range(first, first + len(asked))
        wrong.extend(n for n in numbers if hits(n) != alone[n % len(asked)])

    threads = [threading.Thread(target=search, args=(7 * n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


_SCRIPT = """
import sys
from dragtor.cli import main
for arguments in (["load", "notes"], ["index"], ["search", "pulley", "--retriever", "late"]):
    try:
        main(arguments)
    except SystemExit as end:
        assert not end.code, arguments
"""


def test_a_process_that_indexed_and_searched_ends_in_silence(project: Project) -> None:
    """No leaked semaphores, no warnings, no threads that die late."""
    project.configure(late=LATE, index={"summaries": "none"})
    ran = subprocess.run(
        [sys.executable, "-W", "default", "-c", _SCRIPT],
        cwd=project.folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "pulley" in ran.stdout.lower()


def test_the_command_line_shows_what_it_costs(
    project: Project, run: Callable[..., Ran], dragtor: Dragtor
) -> None:
    sizes = run("status", "--json").json["sizes"]
    on_disk = sum(path.stat().st_size for path in (project.folder / "library/tokens").iterdir())
    assert sizes["tokens"] == on_disk > 0
