"""What a search shows of how its hits were scored, and of what is read around them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dragtor.cli import answers
from dragtor.types import DocumentInfo, Hit, Location, Passage
from tests.conftest import Project, Ran

Run = Callable[..., Ran]


@pytest.fixture
def indexed(project: Project, run: Run) -> Run:
    project.configure(split={"max_tokens": 40, "overlap_tokens": 0})
    assert run("load", "--index").code == 0
    return run


def test_scores_are_printed_where_that_is_wanted(indexed: Run) -> None:
    plain = indexed("search", "grade III injuries", "-k", "2")
    shown = indexed("search", "grade III injuries", "-k", "2", "--scores")
    assert shown.out.startswith(plain.out)
    head, *rows = shown.out.removeprefix(plain.out).strip().split("\n")
    hits = indexed("search", "grade III injuries", "-k", "2", "--json").json["hits"]
    for hit, row in zip(hits, rows, strict=True):
        assert head.split() == ["rank", *hit["scores"]]
        rank, *scores = row.split()
        assert rank == str(hit["rank"])
        assert scores == [f"{value:.4f}" for value in hit["scores"].values()]
    nothing = indexed("search", "grade", "--scores", "--filter", "kind=pdf")
    assert nothing.out == "nothing found\n"


def test_all_scores_there_can_be_fit_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    names = ["keyword", "dense", "late", "mxbai-embed-large-v1", "fused", "rerank", "final"]
    hits = [
        Hit(
            rank,
            1.0,
            dict.fromkeys(names[: 8 - rank], -12.34567),
            Passage("abcdef0123456789", 0, 4, "Text"),
            DocumentInfo("d", "file:///d", "Title", "text"),
            Location(),
        )
        for rank in (1, 2)
    ]
    answers.scores(hits)
    _, head, first, second = capsys.readouterr().out.rstrip("\n").split("\n")
    assert max(len(line) for line in (head, first, second)) <= 80
    assert head.split()[4] == "mxbai-emb…"
    assert first.split()[-1] == "-12.3457"
    assert second.split()[-1] == "–"


def test_neighbours_are_read_and_cited_with_what_is_found(indexed: Run) -> None:
    (alone,) = indexed("search", "thermoplastic ring", "-k", "1", "--json").json["hits"]
    assert alone["found"] is None
    found = indexed("search", "thermoplastic ring", "-k", "1", "--surrounding", "1", "--json")
    (hit,) = found.json["hits"]
    assert found.json["timings"]["widen_s"] > 0
    assert hit["passage"]["id"] == alone["passage"]["id"]
    assert hit["found"] == {key: alone["passage"][key] for key in ("start", "end")}
    start = hit["found"]["start"] - hit["passage"]["start"]
    assert start > 0
    assert hit["passage"]["text"][start:].startswith(alone["passage"]["text"])
    asked = ("ask", "Is tape enough?", "-k", "1", "--quote", "--surrounding", "1", "--json")
    answer = indexed(*asked).json
    read = {hit["passage"]["id"]: hit["passage"] for hit in answer["hits"]}
    assert any(hit["found"] for hit in answer["hits"])
    for citation in (one for sentence in answer["sentences"] for one in sentence["citations"]):
        passage = read[citation["passage_id"]]
        assert passage["start"] <= citation["start"] < citation["end"] <= passage["end"]
        start, end = (citation[key] - passage["start"] for key in ("start", "end"))
        assert passage["text"][start:end] == citation["quote"]
