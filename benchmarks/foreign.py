"""How the packaged decision to refuse does in libraries that nothing was fitted on.

    DRAGTOR_DATA=… python benchmarks/foreign.py

BioASQ (questions with an answer) and the sample library (assets/questions.yml), each also asked a
hundred everyday questions that it does not answer, or hardly any of them.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import common

from dragtor.answer import answerability
from dragtor.answer.probes import foreign_questions
from dragtor.calibrating import Judged, read_questions
from dragtor.evaluate.sets import read_set
from dragtor.types import Query

ASSETS = Path(__file__).parents[1] / "assets"
COUNT = 150
"""Questions of BioASQ."""


def main() -> int:
    """Run, print and keep the result."""
    bioasq = common.data("bioasq")
    questions = sorted(read_set(bioasq).judged(), key=lambda one: sha256(one.id.encode()).digest())
    libraries: dict[str, tuple[Path, list[Judged]]] = {
        "bioasq": (bioasq / "corpus.jsonl", [Judged(q.text, True) for q in questions[:COUNT]]),
        "sample": (ASSETS / "library", read_questions(ASSETS / "questions.yml")),
    }
    result = {name: _asked(name, *library) for name, library in libraries.items()}
    for name, shares in result.items():
        print(f"{name:8}" + "".join(f"  {kind} {share:.3f}" for kind, share in shares.items()))
    common.store("foreign", {"refused": result})
    return 0


def _asked(name: str, source: Path, judged: Sequence[Judged]) -> dict[str, Any]:
    """The share that is refused, of each kind of question."""
    settings, dragtor = common.product(common.workplace(name), ["llm.model=none"])
    dragtor.load("main", [], [str(source)], refresh=False, progress=common.quiet)
    dragtor.index(rebuild=False, progress=common.quiet)
    figures, packaged = dragtor.calibrator().figures, answerability.default()

    def refused(question: str) -> bool:
        found = figures(Query(question, k=settings.answer.passages))
        return not found or packaged.probability(found) < packaged.threshold

    kinds = {
        "answerable": [one.question for one in judged if one.answerable],
        "unanswerable": [one.question for one in judged if not one.answerable],
        "foreign": foreign_questions(),
    }
    shares = {
        kind: round(sum(map(refused, questions)) / len(questions), 4)
        for kind, questions in kinds.items()
        if questions
    }
    dragtor.close()
    return shares


if __name__ == "__main__":
    sys.exit(main())
