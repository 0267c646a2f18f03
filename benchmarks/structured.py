"""How often a model gives a valid instance of a pydantic model: at once, after repairs, never.

Asked are questions of CLAPNQ in two forms, a short list and a nested one; once with the engine's
grammar, and once without, as with a server that knows no schemas. Usage:

    DRAGTOR_DATA=… python benchmarks/structured.py [--questions 15]
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import common
from pydantic import BaseModel, Field

from dragtor.answer.structured import Wording, structured
from dragtor.config import Settings
from dragtor.errors import StructureError
from dragtor.evaluate.sets import Question, read_set
from dragtor.interfaces import LanguageModel
from dragtor.types import Message, Usage

MAX_TOKENS = 200
REPAIRS = 2
WORDING = Wording.parse(Settings().prompts.form, Settings().prompts.repair)


class Queries(BaseModel):
    """What to search for."""

    queries: list[str] = Field(min_length=1, max_length=3)


class Step(BaseModel):
    """One step of a plan."""

    action: Literal["search", "read", "compare"]
    of: str = Field(min_length=1, max_length=80)
    why: str = Field(max_length=80)


class Plan(BaseModel):
    """How to go about a question."""

    topic: str = Field(max_length=80)
    steps: list[Step] = Field(min_length=1, max_length=3)
    sure: bool


PROMPTS: dict[type[BaseModel], str] = {
    Queries: "Which one to three things would you look up to answer this question? {question}",
    Plan: "Plan in one to three steps how to answer this question from a library. {question}",
}


def main() -> int:
    """Run, print the table, and keep the result."""
    parser = argparse.ArgumentParser(description="Valid instances out of the starter model.")
    parser.add_argument("--questions", type=int, default=15)
    arguments = parser.parse_args()
    judged = read_set(common.data("clapnq_dev")).judged()
    questions = random.Random(0).sample(judged, arguments.questions)
    _, dragtor = common.product(common.workplace("structured"), ["llm.threads=1"])
    model = dragtor.model
    assert model is not None
    results = {
        f"{schema.__name__} {how}": _tried(asked, schema, questions)
        for schema in PROMPTS
        for how, asked in (("grammar", model), ("asked", _Unheld(model)))
    }
    print(f"{'':16} at once  repaired  never  median s")
    for name, row in results.items():
        counts = f"{row['at_once']:7}  {row['repaired']:8}  {row['never']:5}"
        print(f"{name:16} {counts}  {row['seconds']:8.1f}")
    facts = {"model": model.name, "questions": len(questions), "repairs": REPAIRS}
    common.store("structured", {**facts, "forms": results})
    return 0


class _Unheld:
    """A language model whose engine has no grammar."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self.name, self.context_tokens = model.name, model.context_tokens
        self.count = model.count

    def stream(
        self,
        messages: Sequence[Message],
        max_tokens: int,
        *,
        passages: int = 0,
        schema: Mapping[str, Any] | None = None,
    ) -> Iterator[str | Usage]:
        """See :class:`dragtor.interfaces.LanguageModel`; ``schema`` is left out."""
        return self._model.stream(messages, max_tokens, passages=passages)


def _tried(
    model: LanguageModel, schema: type[BaseModel], questions: Sequence[Question]
) -> dict[str, Any]:
    outcomes, seconds = [], []
    for question in questions:
        tries: list[str] = []
        messages = [Message("user", PROMPTS[schema].format(question=question.text))]
        started = time.process_time()
        try:
            structured(
                model,
                messages,
                schema,
                MAX_TOKENS,
                WORDING,
                REPAIRS,
                heard=lambda _asked, said, _s, _u, tries=tries: tries.append(said),  # type: ignore[misc]
            )
            outcomes.append("at_once" if len(tries) == 1 else "repaired")
        except StructureError:
            outcomes.append("never")
        seconds.append(time.process_time() - started)
        common.quiet(len(outcomes), len(questions), schema.__name__)
    counts = {name: outcomes.count(name) for name in ("at_once", "repaired", "never")}
    return {**counts, "seconds": round(statistics.median(seconds), 2)}


if __name__ == "__main__":
    raise SystemExit(main())
