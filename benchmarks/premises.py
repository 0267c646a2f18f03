"""What becomes of questions that have it wrong: assets/false_premises.yml over the sample library.

    python benchmarks/premises.py                      # in quotes, and written by the model here
    python benchmarks/premises.py --modes quote

An answer passes that refuses or contradicts; to leave the premise standing, or to agree, is to
fail. See dragtor/evaluate/premises.py.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import common

from dragtor.build import support_checker
from dragtor.evaluate.premises import PASSED, outcome, read_premises
from dragtor.types import Answer, Query

ASSETS = Path(__file__).parents[1] / "assets"
MODES = ("quote", "write")


def main() -> int:
    """Run, print and keep the result; 1 if an answer agrees."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--modes", nargs="+", choices=MODES, default=list(MODES))
    arguments = parser.parse_args()
    settings, dragtor = common.product(common.workplace("sample"))
    dragtor.load("main", [str(ASSETS / "library")], [], refresh=False, progress=common.quiet)
    dragtor.index(rebuild=False, progress=common.quiet)
    generation = dragtor.library.active()
    assert generation is not None, "the sample library is indexed"
    checker = support_checker(settings, generation)
    questions = read_premises(ASSETS / "false_premises.yml")
    result: dict[str, Any] = {}
    for mode in arguments.modes:
        outcomes = {}
        for false in questions:
            query = Query(false.question, k=settings.answer.passages, mode=mode)
            answer = next(event for event in dragtor.ask(query) if isinstance(event, Answer))
            outcomes[false.id] = outcome(answer, false, checker)
            print(f"{mode:6} {outcomes[false.id]:13} {false.question[:58]}", flush=True)
        passed = sum(done in PASSED for done in outcomes.values())
        counts = dict(Counter(outcomes.values()))
        result[mode] = {"passed": passed, "counts": counts, "outcomes": outcomes}
        print(f"{mode:6} {passed} of {len(questions)} passed {counts}\n")
    if set(arguments.modes) == set(MODES):
        common.store("premises", {"questions": len(questions), **result})
    return int(any("agreed" in each["counts"] for each in result.values()))


if __name__ == "__main__":
    sys.exit(main())
