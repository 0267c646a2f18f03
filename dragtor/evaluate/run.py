"""Running a retriever over the questions of a set, and scoring what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from dragtor.evaluate.metrics import METRICS, Judged, Metric
from dragtor.evaluate.sets import Question
from dragtor.types import Hit, Query, SearchResult

Search = Callable[[Query], SearchResult]
"""A retriever's ``retrieve``, or the ``search`` of the whole program."""


def run(
    search: Search,
    questions: Iterable[Question],
    depth: int,
    document_id: Callable[[Hit], str],
    template: Query | None = None,
) -> dict[str, list[str]]:
    """The best ``depth`` documents by question id, each document ranked by its best passage (MaxP).

    ``template`` sets everything of the queries but their text and k. Twice as many passages as
    documents are asked for; where long documents take so many places that too few are left, twice
    as many again, until there are enough or no more passages.
    """
    template = template or Query("")
    return {
        question.id: _documents(search, replace(template, text=question.text), depth, document_id)
        for question in questions
    }


def score(
    ranked: Mapping[str, Sequence[str]],
    qrels: Mapping[str, Judged],
    metrics: Mapping[str, Metric] = METRICS,
) -> dict[str, list[float]]:
    """By metric, the score of each question, in the order of ``ranked``.

    A question without relevant documents in ``qrels`` is left out of all metrics.
    """
    judged = [id for id in ranked if any(grade > 0 for grade in qrels.get(id, {}).values())]
    return {
        name: [metric(ranked[id], qrels[id]) for id in judged] for name, metric in metrics.items()
    }


def _documents(
    search: Search, query: Query, depth: int, document_id: Callable[[Hit], str]
) -> list[str]:
    passages = 2 * depth
    while True:
        hits = search(replace(query, k=passages)).hits
        documents = list(dict.fromkeys(document_id(hit) for hit in hits))
        if len(documents) >= depth or len(hits) < passages:
            return documents[:depth]
        passages *= 2
