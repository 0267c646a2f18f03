"""A library that is searched while it changes: every search sees it as it was at one moment."""

from __future__ import annotations

import multiprocessing
import random
import shutil
import string
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from dragtor.build import build
from dragtor.config import load_settings
from dragtor.pipeline import Dragtor
from dragtor.types import Query, Ranking
from tests.conftest import Project

PASSAGES = 10
ROUNDS = 6
STEADY = 6
FOLD_AT = 30
THREADS = 8
RETRIEVERS = ("keyword", "dense", "late", "hybrid")
SETTINGS = {
    "split": {"splitter": "paragraph", "max_tokens": 36, "overlap_tokens": 0, "context": "none"},
    "late": {"model": "encoder", "first_stage": True},
    "index": {"summaries": "none"},
}


@dataclass
class Truth:
    """What a search must find, and what it must not: texts of passages.

    ``there`` are those whose adding has returned and whose deletion has not begun; ``gone`` those
    whose deletion has returned. Both are replaced, and never changed, so a thread needs no lock.
    Whoever searches takes a ``turn`` for it, so that all searches fall into writing.
    """

    there: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    turns: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    done: bool = False


@pytest.fixture
def dragtor(project: Project) -> Iterator[Dragtor]:
    project.configure(**SETTINGS)
    with closing(opened(project.config)) as made:
        yield made


def opened(config: Path) -> Dragtor:
    """A library whose vectors are folded again and again."""
    made = build(load_settings(config))
    made.vectors._fold_at = FOLD_AT  # type: ignore[attr-defined]
    return made


def test_searches_see_one_moment_while_passages_come_and_go(
    dragtor: Dragtor, project: Project
) -> None:
    truth, chance = Truth(), random.Random(1)
    write_steady(dragtor, project, 0)
    wrong: list[str] = []
    folds: set[str] = set()
    threads = [
        threading.Thread(target=search, args=(dragtor, RETRIEVERS[n % 4], truth, wrong, n))
        for n in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    try:
        files: list[tuple[Path, frozenset[str]]] = []
        for number in range(ROUNDS):
            truth.turns.release(THREADS)
            texts = [sentence(chance) for _ in range(PASSAGES)]
            files.append((put(dragtor, project, f"{number}.txt", texts), frozenset(texts)))
            truth.there |= frozenset(texts)
            if number % 3 == 2:
                write_steady(dragtor, project, number)
            if number > 1:
                path, old = files[chance.randrange(len(files))]
                files.remove((path, old))
                truth.there -= old
                dragtor.remove("main", str(path))
                truth.gone |= old
            folds |= {one.name for one in folders(project)}
    finally:
        truth.done = True
        truth.turns.release(THREADS)
        for thread in threads:
            thread.join()
    assert wrong == []
    assert len(folds) > 3
    assert dragtor.library.status().passages == len(truth.there) + STEADY


def search(dragtor: Dragtor, retriever: str, truth: Truth, wrong: list[str], seed: int) -> None:
    """Search until all is done, and note what is wrong."""
    chance = random.Random(seed)
    try:
        while truth.turns.acquire() and not truth.done:
            wrong += [f"{retriever}: {one}" for one in problems(dragtor, retriever, truth, chance)]
    except Exception as error:
        wrong.append(f"{retriever}: {error!r}")


def problems(
    dragtor: Dragtor, retriever: str, truth: Truth, chance: random.Random
) -> Iterator[str]:
    """What is wrong with two searches: for a passage, and for all of one document."""
    gone, there = truth.gone, truth.there
    if there:
        wanted = chance.choice(sorted(there))
        # The first stage of late interaction only comes near: let it propose everything.
        texts = found(dragtor, retriever, wanted, 2000 if retriever == "late" else 5)
        if wanted not in texts and wanted in truth.there:
            yield f"missed {wanted!r}"
        if late := gone.intersection(texts):
            yield f"found again {late}"
    gone = truth.gone
    texts = found(dragtor, retriever, "the steady rock", 2000)
    if late := gone.intersection(texts):
        yield f"found again {late}"
    versions = [text.rsplit(" ", 1)[1] for text in texts if "steady" in text]
    if len(versions) != STEADY or len(set(versions)) != 1:
        yield f"{len(versions)} passages of the versions {set(versions)}"


def found(dragtor: Dragtor, retriever: str, question: str, k: int) -> list[str]:
    """Texts of hits, of which each has a score by every part."""
    ranking = replace(Ranking(), retriever=retriever, candidates=20)
    hits = dragtor.search(Query(question, k=k, ranking=ranking)).hits
    parts = {"keyword", "dense", "late", "fused"} if retriever == "hybrid" else {retriever}
    for hit in hits:
        assert hit.scores.keys() == parts, hit
    return [hit.passage.text for hit in hits]


def test_another_process_sees_at_once_what_was_added_and_deleted(
    dragtor: Dragtor, project: Project
) -> None:
    chance = random.Random(2)
    texts = [sentence(chance) for _ in range(FOLD_AT)]
    put(dragtor, project, "0.txt", texts)
    before = folders(project)
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=searcher, args=(project.config, theirs), daemon=True)
    process.start()
    try:
        for number in range(1, 4):  # long enough for a fold
            assert asked(ours, texts[0]) == [[texts[0]]] * len(RETRIEVERS)
            new = [sentence(chance) for _ in range(PASSAGES)]
            path = put(dragtor, project, f"{number}.txt", new)
            assert asked(ours, new[0]) == [[new[0]]] * len(RETRIEVERS)
            dragtor.remove("main", str(path))
            assert not any(new[0] in best for best in asked(ours, new[0]))
        assert folders(project) != before
        ours.send(None)
        process.join(60)
        assert process.exitcode == 0
    finally:
        process.kill()


@pytest.mark.parametrize(
    ("files", "parts"),
    [("chroma", "dense, late.fde"), ("tokens", "late"), ("tokens/*.codes", "late")],
)
def test_a_search_says_which_vectors_were_lost(
    dragtor: Dragtor, project: Project, files: str, parts: str
) -> None:
    text = sentence(random.Random(3))
    put(dragtor, project, "0.txt", [text])
    assert notices(dragtor, text) == {}
    dragtor.close()
    (path,) = (project.folder / "library").glob(files)
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    assert notices(dragtor, text)["vectors_lost"].startswith(f"what {parts} search by is no longer")
    dragtor.index(rebuild=False, progress=quiet)
    assert notices(dragtor, text) == {}


def notices(dragtor: Dragtor, question: str) -> dict[str, str]:
    result = dragtor.search(Query(question))
    assert [hit.passage.text for hit in result.hits] == [question]
    return {notice.code: notice.text for notice in result.notices}


def searcher(config: Path, pipe: Connection) -> None:
    """Another process: says what each part finds first."""
    with closing(opened(config)) as dragtor:
        while (question := pipe.recv()) is not None:
            pipe.send([found(dragtor, retriever, question, 2000)[:1] for retriever in RETRIEVERS])


def asked(pipe: Connection, question: str) -> list[list[str]]:
    pipe.send(question)
    assert pipe.poll(60)
    answer: list[list[str]] = pipe.recv()
    return answer


def put(dragtor: Dragtor, project: Project, name: str, texts: Sequence[str]) -> Path:
    """Add a document of one passage for each text, or replace it."""
    path = project.folder / name
    path.write_text("\n\n".join(texts), encoding="utf-8")
    dragtor.load("main", [], [str(path)], refresh=False, progress=quiet)
    dragtor.index(rebuild=False, progress=quiet)
    return path


def write_steady(dragtor: Dragtor, project: Project, version: int) -> None:
    """A document that is always there; all its passages name its version last."""
    lines = [f"The steady rock number {n} stands in edition {version}" for n in range(STEADY)]
    put(dragtor, project, "steady.txt", lines)


def sentence(chance: random.Random) -> str:
    """Words that no other sentence has."""
    return " ".join("".join(chance.choices(string.ascii_lowercase, k=8)) for _ in range(6))


def folders(project: Project) -> list[Path]:
    return [path for path in (project.folder / "library" / "chroma").iterdir() if path.is_dir()]


def quiet(done: int, total: int, what: str) -> None:
    """Progress for nobody."""
