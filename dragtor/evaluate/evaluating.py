"""Asking questions and measuring what comes back: one outcome a question, and their means."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from dragtor.evaluate.judging import Case, Judge
from dragtor.evaluate.metrics import MEASURES, token_f1
from dragtor.text import words
from dragtor.types import Answer, Query, SearchResult

if TYPE_CHECKING:
    from dragtor.interfaces import Progress
    from dragtor.pipeline import Dragtor

DEPTH = 100
"""How deep a ranking is judged: MRR and MAP look no further either."""
TIMED = 100
"""Questions that are timed, at most, spread over all there are."""
F1, SUPPORT = "token_F1", "support"
QUALITY = (*MEASURES, F1, SUPPORT)
"""Metrics of a question, in the order in which they are shown: in [0, 1], higher is better."""
LATENCY = {"latency_p50_ms": 50, "latency_p95_ms": 95}
"""Metrics of all questions together: percentiles of the time of a search."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one question.

    ``scores`` holds the metrics that apply to it. ``rank`` is the place of the first relevant
    thing, from 1, None if there was none among the first :data:`DEPTH`. ``seconds`` is what a
    search took, where it was timed; ``answer`` the text of the answer, where one was made.
    """

    id: str
    question: str
    scores: Mapping[str, float]
    rank: int | None = None
    seconds: float | None = None
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class Examination:
    """How questions are asked: ``search`` is the query whose text is still to come.

    ``answer`` is the same for answers, None if there are to be none.
    """

    search: Query
    answer: Query | None = None


def evaluate(
    dragtor: Dragtor,
    cases: Sequence[Case],
    judge: Judge,
    examination: Examination,
    progress: Progress,
    done: Collection[str] = (),
) -> Iterator[Outcome]:
    """Outcomes in the order of the questions, but for those that are ``done``.

    A question that nothing is known of is left out. A timed question is first searched for as a
    person would (the query's own k), with the encoder reading it for the first time, then as deep
    as the metrics look.
    """
    progress(0, len(cases), "")
    step = max(1, -(-len(cases) // TIMED))
    _search(dragtor, replace(examination.search, text="What comes first loads the models."))
    for number, case in enumerate(cases):
        progress(number, len(cases), case.question)
        if case.id in done or not _measurable(case, judge, examination):
            continue
        yield _outcome(dragtor, case, judge, examination, timed=number % step == 0)
    progress(len(cases), len(cases), "")


def measurable(cases: Iterable[Case], judge: Judge, *, answers: bool) -> list[Case]:
    """The questions that something is known of: what is relevant or, for answers, a reference."""
    wanted = Examination(Query(""), Query("") if answers else None)
    return [case for case in cases if _measurable(case, judge, wanted)]


def means(outcomes: Sequence[Outcome]) -> dict[str, float | None]:
    """Each metric over the questions it applies to; None where it applies to none."""
    found: dict[str, float | None] = {}
    for name in QUALITY:
        values = [one.scores[name] for one in outcomes if name in one.scores]
        found[name] = float(np.mean(values)) if values else None
    seconds = [one.seconds for one in outcomes if one.seconds is not None]
    for name, percent in LATENCY.items():
        found[name] = 1000 * float(np.percentile(seconds, percent)) if seconds else None
    return found


def worst_first(outcomes: Iterable[Outcome], metric: str = "nDCG@10") -> list[Outcome]:
    """By a metric, then by the others; questions that a metric does not apply to come last."""

    def badness(one: Outcome) -> tuple[float, ...]:
        names = (metric, *(name for name in QUALITY if name != metric))
        return tuple(one.scores.get(name, 2.0) for name in names)

    return sorted(outcomes, key=badness)


def ranked(dragtor: Dragtor, query: Query, case: Case, judge: Judge) -> list[str]:
    """What a question finds, best first, each once, :data:`DEPTH` deep.

    First comes what the settings rank, as far as their candidates reach and so as a person gets it.
    Where this is not deep enough, or of too few documents, what further searches bring follows,
    without a reranker, until nothing relevant is left to be found.
    """
    ranking = query.ranking or dragtor.ranking
    reach = ranking.candidates
    if ranking.reranker != "none":
        reach = min(reach, ranking.rerank_candidates)
    wanted = {id for id, grade in judge.judged(case.id).items() if grade > 0}
    ids: dict[str, None] = {}
    passages, before = min(DEPTH, max(query.k, reach)), -1
    while before < len(ids) < DEPTH and not wanted <= ids.keys():
        before = len(ids)
        result = _search(dragtor, replace(query, text=case.question, k=passages, ranking=ranking))
        hits = result.hits if result else ()
        ids |= dict.fromkeys(id for hit in hits for id in judge.found(case.id, hit))
        passages = 2 * passages if passages >= DEPTH else DEPTH
        ranking = replace(ranking, reranker="none")
    return list(ids)[:DEPTH]


def _outcome(
    dragtor: Dragtor, case: Case, judge: Judge, examination: Examination, *, timed: bool
) -> Outcome:
    judged = judge.judged(case.id)
    scores: dict[str, float] = {}
    rank, seconds, answer = None, None, None
    if timed:
        found = _search(dragtor, replace(examination.search, text=case.question))
        seconds = found.timings.get("total_s") if found else None
    if judged:
        order = ranked(dragtor, examination.search, case, judge)
        scores |= {name: measure(order, judged) for name, measure in MEASURES.items()}
        rank = next((n for n, id in enumerate(order, start=1) if judged.get(id, 0) > 0), None)
    if examination.answer and case.answers:
        said = _answer(dragtor, replace(examination.answer, text=case.question))
        answer = said.text if said else ""
        refused = said is None or said.kind in ("refusal", "clarification")
        scores[F1] = 0.0 if refused else token_f1(answer, case.answers)
        if said and said.sentences:
            borne_out = sum(one.support.verdict == "yes" for one in said.sentences)
            scores[SUPPORT] = borne_out / len(said.sentences)
    return Outcome(case.id, case.question, scores, rank, seconds, answer)


def _measurable(case: Case, judge: Judge, examination: Examination) -> bool:
    known = any(grade > 0 for grade in judge.judged(case.id).values())
    return case.answerable and (known or bool(examination.answer and case.answers))


def _search(dragtor: Dragtor, query: Query) -> SearchResult | None:
    """What is found; nothing for a question without anything to search for."""
    return dragtor.search(query) if words(query.text) else None


def _answer(dragtor: Dragtor, query: Query) -> Answer | None:
    if not words(query.text):
        return None
    return next(event for event in dragtor.ask(query) if isinstance(event, Answer))
