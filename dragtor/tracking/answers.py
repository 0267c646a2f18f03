"""Answers as they are logged: what was set, asked, found and said."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict

from dragtor.errors import DragtorError
from dragtor.interfaces import Tracker
from dragtor.log import logger
from dragtor.types import Answer, Query

EXPERIMENT = "dragtor ask"


class AnswerLog:
    """Logs each answer as a run of its own. A failure is for the log file: the answer counts."""

    def __init__(self, tracker: Tracker, params: Mapping[str, str]) -> None:
        self._tracker = tracker
        self._params = params

    def __call__(self, query: Query, answer: Answer) -> None:
        """Log an answer: settings and query as parameters, candidates and output as files."""
        asked = {
            "query.k": str(query.k),
            "query.strategy": query.strategy,
            "query.mode": query.mode,
            "query.collections": ", ".join(query.collections),
            "query.filters": ", ".join(f"{f.key}{f.operator}{f.value}" for f in query.filters),
            "answer.kind": answer.kind,
            "answer.model": answer.model or "none",
        }
        # What the query asks of retrieval counts, not what the settings say of it.
        ranking = {} if query.ranking is None else asdict(query.ranking)
        asked |= {f"retrieve.{key}": str(value) for key, value in ranking.items()}
        candidates = [asdict(hit) for hit in answer.hits]
        output = {name: value for name, value in asdict(answer).items() if name != "hits"}
        try:
            self._tracker.log(
                EXPERIMENT,
                query.text,
                {**self._params, **asked},
                _figures(answer),
                {
                    "query.txt": query.text,
                    "answer.txt": answer.text,
                    "candidates.json": _json(candidates),
                    "answer.json": _json(output),
                },
            )
        except DragtorError as error:
            logger.warning("the answer was not logged: {}", error)


def _figures(answer: Answer) -> dict[str, float]:
    verdicts = [sentence.support.verdict for sentence in answer.sentences]
    figures = {
        **{name: float(value) for name, value in answer.timings.items()},
        "hits": float(len(answer.hits)),
        "sentences": float(len(verdicts)),
        "prompt_tokens": float(answer.usage.prompt_tokens),
        "completion_tokens": float(answer.usage.completion_tokens),
    }
    if verdicts:
        figures["support"] = verdicts.count("yes") / len(verdicts)
    if answer.decision is not None:
        figures["answerable"] = answer.decision.answerable
    return figures


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)
