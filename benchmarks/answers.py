"""How good the answers are: by quotes, by the starter model, and by the model rewording quotes.

Questions with human reference answers go the way of a person's: `load`, `index`, `ask`. Scored are
token F1 against the references, the share of sentences that are borne out, and whether every
quote stands byte for byte where its citation says. Usage:

    DRAGTOR_DATA=… python benchmarks/answers.py [--variants quote …] [--questions 30]

An answer that was made is kept in kept/answers, so that an interrupted run goes on where it stopped
(--fresh begins anew).
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import common

from dragtor.evaluate.metrics import token_f1
from dragtor.evaluate.sets import Question, read_set
from dragtor.evaluate.significance import paired_randomisation
from dragtor.pipeline import Dragtor
from dragtor.types import Answer, Citation, Query

SETS = {"clapnq_dev": 300, "bioasq": 100}
"""How many questions of each set are asked."""
REWORDED = "answer.context_tokens=80"
"""About two sentences: what the quotes hold."""
VARIANTS: dict[str, tuple[str, ...]] = {
    "quote": ("answer.mode=quote",),
    "write": ("answer.mode=write",),
    "reword": ("answer.mode=write", REWORDED),
}
Row = dict[str, Any]


def main() -> int:
    """Run, print the table, and keep the result."""
    arguments = _arguments()
    results: dict[str, Any] = {}
    for name in arguments.sets:
        questions = _sample(name, arguments.questions or SETS[name])
        by_variant = {
            variant: _answered(name, variant, questions, fresh=arguments.fresh)
            for variant in arguments.variants
        }
        results[name] = {variant: _summary(rows) for variant, rows in by_variant.items()}
        results[name]["against_quote"] = _against(by_variant)
    print(_table(results))
    if set(arguments.variants) == set(VARIANTS) and set(arguments.sets) == set(SETS):
        common.store("answers", {"sets": results})
    return 0


def references(question: Question) -> tuple[str, ...]:
    """The human answers in whole sentences."""
    ideal = question.meta.get("ideal_answer")
    return tuple(ideal) if ideal else question.answers


def _sample(name: str, number: int) -> list[Question]:
    judged = read_set(common.data(name)).judged()
    return random.Random(0).sample(judged, min(number, len(judged)))


def _answered(name: str, variant: str, questions: list[Question], *, fresh: bool) -> list[Row]:
    _, dragtor = common.product(common.workplace(name), VARIANTS[variant])
    corpus = common.data(name) / "corpus.jsonl"
    dragtor.load("main", [], [str(corpus)], refresh=False, progress=common.quiet)
    dragtor.index(rebuild=False, progress=common.quiet)
    kept = common.workplace("answers") / f"{name}-{variant}.jsonl"
    if fresh:
        kept.unlink(missing_ok=True)
    rows = _kept(kept)
    settings, _ = common.product(common.workplace(name))
    with kept.open("a", encoding="utf-8") as file:
        for number, question in enumerate(questions, start=1):
            common.quiet(number, len(questions), f"{name} {variant}")
            if question.id not in rows:
                query = Query(question.text, k=settings.answer.passages)
                *_, answer = dragtor.ask(query)
                assert isinstance(answer, Answer)
                rows[question.id] = _row(dragtor, question, answer)
                file.write(json.dumps({"id": question.id, **rows[question.id]}) + "\n")
                file.flush()
    dragtor.close()
    return [rows[question.id] for question in questions]


def _kept(path: Path) -> dict[str, Row]:
    if not path.exists():
        return {}
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return {row.pop("id"): row for row in rows}


def _row(dragtor: Dragtor, question: Question, answer: Answer) -> Row:
    return {
        "kind": answer.kind,
        "text": answer.text,
        "f1": 0.0 if answer.refused else token_f1(answer.text, references(question)),
        "verdicts": [sentence.support.verdict for sentence in answer.sentences],
        "unproven": sum(
            sentence.support.verdict != "no" and not _proven(dragtor, sentence.citations)
            for sentence in answer.sentences
        ),
        "read": answer.usage.prompt_tokens,
        "written": answer.usage.completion_tokens,
        "seconds": round(answer.timings["total_s"], 3),
    }


def _proven(dragtor: Dragtor, citations: Sequence[Citation]) -> bool:
    """Whether there are quotes, each byte for byte at its offsets in the stored document."""
    return bool(citations) and all(
        dragtor.library.document(c.document_id).text[c.start : c.end] == c.quote for c in citations
    )


def _summary(rows: list[Row]) -> Row:
    verdicts = [verdict for row in rows for verdict in row["verdicts"]]
    count = Counter(verdicts)
    return {
        "questions": len(rows),
        "kinds": dict(sorted(Counter(row["kind"] for row in rows).items())),
        "token_f1": _mean([row["f1"] for row in rows]),
        "sentences": len(verdicts),
        "supported": _share(count["yes"], len(verdicts)),
        "partly": _share(count["partly"], len(verdicts)),
        "proven": 1 - _share(sum(row["unproven"] for row in rows), len(verdicts)),
        "tokens_read": _mean([row["read"] for row in rows]),
        "seconds": round(statistics.median(row["seconds"] for row in rows), 3),
    }


def _against(by_variant: dict[str, list[Row]]) -> Row:
    """Each variant's token F1 against that of quoting, paired by question."""
    if "quote" not in by_variant:
        return {}
    quoted = [row["f1"] for row in by_variant["quote"]]
    scores = {name: [row["f1"] for row in rows] for name, rows in by_variant.items()}
    return {
        name: {
            "difference": round(_mean(ours) - _mean(quoted), 4),
            "p": round(paired_randomisation(ours, quoted), 5),
        }
        for name, ours in scores.items()
        if name != "quote"
    }


def _table(results: dict[str, Any]) -> str:
    head = ("set", "answered by", "F1", "yes", "partly", "proven", "refused", "s")
    lines = ["{:11} {:11} {:>6} {:>6} {:>6} {:>6} {:>7} {:>6}".format(*head)]
    for name, variants in results.items():
        for variant in VARIANTS:
            if variant not in variants:
                continue
            one = variants[variant]
            refused = one["kinds"].get("refusal", 0) / one["questions"]
            shares = (one["token_f1"], one["supported"], one["partly"], one["proven"], refused)
            cells = [f"{100 * share:6.1f}" for share in shares]
            lines.append(f"{name:11} {variant:11} {' '.join(cells)}  {one['seconds']:6.2f}")
        for variant, against in variants["against_quote"].items():
            difference = f"{100 * against['difference']:+.1f} F1 (p = {against['p']})"
            lines.append(f"{name:11} {variant} - quote: {difference}")
    return "\n".join(lines)


def _mean(values: list[float]) -> float:
    return round(sum(values) / len(values), 4)


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--sets", nargs="+", default=list(SETS), help="folders below DRAGTOR_DATA")
    parser.add_argument("--variants", nargs="+", default=list(VARIANTS), choices=list(VARIANTS))
    parser.add_argument("--questions", type=int, help="at most so many of each set")
    parser.add_argument("--fresh", action="store_true", help="forget what was kept")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
