"""The strategy ``summary``, from the command line to the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from dragtor.build import build, verify
from dragtor.config import load_settings
from dragtor.errors import QueryError
from dragtor.pipeline import Dragtor
from dragtor.types import Filter, Query
from tests.conftest import Project, Ran

Run = Callable[..., Ran]
LONG = "\n\n".join(
    f"## Part {number}\n\n" + f"Fact {number} of elbows is that they bend {number} times. " * 12
    for number in range(1, 9)
)


@pytest.fixture
def indexed(run: Run, project: Project) -> Run:
    (project.notes / "elbows.md").write_text(f"# Elbows\n\n{LONG}", encoding="utf-8")
    done = run("load", "--index")
    assert done.code == 0
    assert "1 long document summarised" in done.out
    return run


def test_the_best_article_is_read_whole_and_in_text_order(indexed: Run) -> None:
    answer = indexed("ask", "--strategy", "summary", "What of elbows that bend?", "--json").json
    starts = [hit["passage"]["start"] for hit in answer["hits"]]
    assert {hit["document"]["title"] for hit in answer["hits"]} == {"Elbows"}
    assert len(starts) >= 4
    assert starts == sorted(starts)
    assert answer["kind"] == "answer"
    assert [notice["code"] for notice in answer["notices"] if "summar" in notice["code"]] == []


def test_an_article_that_is_too_long_is_read_in_passes(indexed: Run, project: Project) -> None:
    project.configure(llm={"context_tokens": 900, "max_tokens": 100})
    asked = ("ask", "--strategy", "summary", "What of elbows that bend?", "--json", "--trace")
    answer = indexed(*asked).json
    names = [step["name"] for step in answer["trace"] if step["kind"] == "prompt"]
    assert len(names) > 2
    assert names[0] == f"pass 1 of {len(names) - 1}"
    assert names[-1] == "answer"
    assert answer["kind"] in ("answer", "quote")
    assert answer["sentences"][0]["citations"][0]["title"] == "Elbows"


def test_without_a_language_model_the_article_is_quoted(indexed: Run, project: Project) -> None:
    project.configure(llm={"model": "none"})
    answer = indexed("ask", "--strategy", "summary", "What of elbows that bend?", "--json").json
    assert answer["kind"] == "quote"
    assert {one["citations"][0]["title"] for one in answer["sentences"]} == {"Elbows"}


def test_a_library_without_summaries_is_said_and_still_answers(
    indexed: Run, project: Project
) -> None:
    project.configure(index={"summaries": "none"})
    assert indexed("index").code == 0
    answer = indexed("ask", "--strategy", "summary", "What of elbows that bend?", "--json").json
    assert "no_summaries" in [notice["code"] for notice in answer["notices"]]
    assert answer["kind"] == "answer"


@pytest.fixture
def dragtor(indexed: Run, project: Project) -> Iterator[Dragtor]:
    with closing(build(load_settings(project.config))) as dragtor:
        yield dragtor


def test_doctor_finds_summaries_in_their_place(indexed: Run, project: Project) -> None:
    assert verify(load_settings(project.config)) == []


def test_a_document_is_read_whole_where_the_question_may_see_it(dragtor: Dragtor) -> None:
    query = Query("What of elbows?")
    id = dragtor.articles(query)[0].document.id
    found = dragtor.read(query, id)
    text = dragtor.library.document(id).text
    assert [hit.rank for hit in found] == list(range(1, len(found) + 1))
    assert all(text[hit.passage.start : hit.passage.end] == hit.passage.text for hit in found)
    with pytest.raises(QueryError, match=id):
        dragtor.read(replace(query, filters=(Filter("kind", "=", "pdf"),)), id)
    with pytest.raises(QueryError, match="'nothing'"):
        dragtor.read(query, "nothing")


def test_a_removed_document_leaves_no_summary(dragtor: Dragtor) -> None:
    (summaries,) = [name for name in dragtor.vectors.spaces() if "summary" in name]
    (id,) = dragtor.vectors.ids(summaries)
    dragtor.remove("main", id)
    assert dragtor.vectors.ids(summaries) == set()
    assert id not in [hit.document.id for hit in dragtor.articles(Query("What of elbows?"))]
