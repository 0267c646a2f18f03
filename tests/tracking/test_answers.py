from __future__ import annotations

import json
from collections.abc import Mapping

from dragtor.errors import StoreError
from dragtor.tracking.answers import AnswerLog
from dragtor.types import (
    Answer,
    Decision,
    DocumentInfo,
    Filter,
    Hit,
    Location,
    Passage,
    Query,
    Ranking,
    Sentence,
    Support,
    Usage,
)

HIT = Hit(
    1,
    0.9,
    {"keyword": 3.1},
    Passage("p1", 0, 5, "Rings"),
    DocumentInfo("d1", "file:///a.md", "A", "markdown"),
    Location(page=4),
)
ANSWER = Answer(
    "how?",
    "quote",
    "Rings.",
    (Sentence("Rings.", Support("yes", 0.9)), Sentence("So.", Support("no", 0.1))),
    (HIT,),
    None,
    usage=Usage(7, 3),
    timings={"total_s": 0.5},
    decision=Decision(0.8, False),
)


class Notebook:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.params: dict[str, str] = {}
        self.metrics: dict[str, float] = {}
        self.files: dict[str, str | bytes] = {}
        self.names: tuple[str, str] = ("", "")

    def log(
        self,
        experiment: str,
        name: str,
        params: Mapping[str, str],
        metrics: Mapping[str, float],
        files: Mapping[str, str | bytes],
    ) -> None:
        self.names = experiment, name
        self.params, self.metrics, self.files = dict(params), dict(metrics), dict(files)


class Broken(Notebook):
    """Takes nothing."""

    def log(self, *_: object) -> None:
        raise StoreError("the disk is full")


def test_an_answer_is_logged_with_settings_query_candidates_and_output() -> None:
    notebook = Notebook()
    query = Query("how?", k=4, filters=(Filter("kind", "=", "pdf"),), collections=("a", "b"))
    AnswerLog(notebook, {"llm.model": "none"})(query, ANSWER)
    assert notebook.names == ("dragtor ask", "how?")
    assert notebook.params["llm.model"] == "none"
    assert (notebook.params["query.k"], notebook.params["query.filters"]) == ("4", "kind=pdf")
    assert notebook.params["query.collections"] == "a, b"
    assert notebook.metrics == {
        "total_s": 0.5,
        "hits": 1.0,
        "sentences": 2.0,
        "prompt_tokens": 7.0,
        "completion_tokens": 3.0,
        "support": 0.5,
        "answerable": 0.8,
    }
    (candidate,) = json.loads(notebook.files["candidates.json"])
    assert (candidate["passage"]["text"], candidate["scores"]) == ("Rings", {"keyword": 3.1})
    assert json.loads(notebook.files["answer.json"])["text"] == "Rings."
    assert notebook.files["answer.txt"] == "Rings."


def test_the_ranking_of_the_query_is_logged_in_place_of_the_settings() -> None:
    notebook = Notebook()
    query = Query("how?", ranking=Ranking(retriever="keyword", complete=False, late_weight=2.0))
    told = {"retrieve.retriever": "hybrid", "retrieve.k": "8"}
    AnswerLog(notebook, told)(query, ANSWER)
    logged = notebook.params
    assert (logged["retrieve.retriever"], logged["retrieve.k"]) == ("keyword", "8")
    assert (logged["retrieve.complete"], logged["retrieve.dense_weight"]) == ("False", "0.7")


def test_an_answer_counts_even_where_it_cannot_be_logged() -> None:
    AnswerLog(Broken(), {})(Query("how?"), ANSWER)
