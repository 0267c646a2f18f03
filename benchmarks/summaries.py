"""Whole documents: how well their summaries find them, and how well a text is cut.

    DRAGTOR_DATA=… python benchmarks/summaries.py

Articles: the questions of the sample library (short articles) and of COVID-QA (papers, put
together again from their passages), each asked of one document. It is ranked by its best passage,
by its summary alone, and as `ask --strategy summary` does.

Cuts: abstracts (BioASQ) and Wikipedia passages (CLAPNQ) in a row, and the sections of the sample
library without their headings, against TextTiling as Hearst (1997) describes it. Pk and WindowDiff
are shares of windows that are judged wrongly: less is better.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean, pstdev
from typing import Any

import common
import yaml

from dragtor.answer.outline import MOST
from dragtor.answer.segments import cuts
from dragtor.build import build_encoder
from dragtor.config import Settings
from dragtor.evaluate.significance import paired_randomisation
from dragtor.pipeline import Dragtor
from dragtor.summaries import LEAST_PASSAGES, summary_space
from dragtor.text import content_stems, sentences, words
from dragtor.types import Query, Ranking

ASSETS = Path(__file__).parents[1] / "assets"
DEPTH = 50
TEXTS_IN_A_ROW, ROWS = 12, 30
LEAST = 60
"""Words of the shortest stretch: the texts in a row are short ones."""
WINDOW = 10
"""Sentences on each side of a border that TextTiling compares."""

Ranked = Callable[[str], list[str]]
Units = tuple[list[list[str]], list[int], set[int]]
"""Content words and length of each sentence, and which sentences begin a text."""


def main() -> int:
    """Run, print and keep the result."""
    result = {
        "articles": {"sample": sample(), "covidqa": papers()},
        "cuts": {
            "abstracts in a row": compare(rows("bioasq")),
            "Wikipedia in a row": compare(rows("clapnq_dev")),
            "sections of the sample": compare(sections()),
        },
    }
    print(yaml.safe_dump(result, sort_keys=False))
    common.store("summaries", result)
    return 0


# --- articles


def sample() -> dict[str, Any]:
    """Questions of the sample library: by the file that the evidence is from."""
    settings, dragtor = common.product(common.workplace("sample"))
    dragtor.load("main", [str(ASSETS / "library")], [], refresh=False, progress=common.quiet)
    dragtor.index(rebuild=False, progress=common.quiet)
    ids = {Path(info.uri).name: info.id for info in dragtor.library.documents("main")}
    questions = yaml.safe_load((ASSETS / "questions.yml").read_text(encoding="utf-8"))
    asked = [
        (one["question"], {ids[item["document"]] for item in one["evidence"]})
        for one in questions
        if one["answerable"]
    ]
    return ranked(settings, dragtor, asked)


def papers() -> dict[str, Any]:
    """Questions of COVID-QA, each asked of one paper; many do not say of which."""
    folder = common.data("covidqa")
    found: dict[str, dict[str, str]] = {}
    for passage in _lines(folder / "corpus.jsonl"):
        id = passage["id"].partition("#")[0]
        paper = found.setdefault(id, {"id": id, "title": passage["title"], "text": ""})
        paper["text"] = f"{paper['text']}\n\n{passage['text']}".strip()
    work = common.workplace("papers")
    file = work / "papers.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in found.values()), encoding="utf-8")
    settings, dragtor = common.product(work)
    dragtor.load("main", [], [str(file)], refresh=False, progress=common.quiet)
    dragtor.index(rebuild=False, progress=common.quiet)
    questions = [
        (one["text"], {one["meta"]["document"]}) for one in _lines(folder / "queries.jsonl")
    ]
    return ranked(settings, dragtor, questions)


def ranked(
    settings: Settings, dragtor: Dragtor, asked: Sequence[tuple[str, set[str]]]
) -> dict[str, Any]:
    """Share of questions whose document is first, and its mean reciprocal rank."""
    scores = {
        name: [_reciprocal_rank(ranking(question), wanted) for question, wanted in asked]
        for name, ranking in rankings(settings, dragtor).items()
    }
    both, passages = scores["summary and passages"], scores["best passage"]
    return {
        "documents": len(dragtor.library.documents("main")),
        "questions": len(asked),
        "rankings": {
            name: {
                "first": round(mean(float(value == 1.0) for value in values), 3),
                "mrr": round(mean(values), 3),
            }
            for name, values in scores.items()
        },
        "p_both_against_passages": round(paired_randomisation(both, passages), 3),
    }


def rankings(settings: Settings, dragtor: Dragtor) -> dict[str, Ranked]:
    """Ways to rank documents for a question."""
    active = dragtor.library.active()
    assert active is not None
    encoder = build_encoder(settings, active)
    (space,) = [
        name
        for name in dragtor.vectors.spaces()
        if name.startswith(summary_space(active.id, "").rpartition("-")[0])
    ]
    short = set(dragtor.library.long_documents(active.id, 1)).difference(
        dragtor.library.long_documents(active.id, LEAST_PASSAGES)
    )
    assert not short, "all documents of these sets are long enough for a summary"

    def by_passages(question: str, retriever: str) -> list[str]:
        hits = dragtor.search(Query(question, DEPTH, Ranking(retriever))).hits
        return list(dict.fromkeys(hit.document.id for hit in hits))

    def by_summaries(question: str) -> list[str]:
        vector = encoder.encode_queries([question])[0]
        return [one.id for one in dragtor.vectors.search(space, vector, DEPTH)]

    def by_both(question: str) -> list[str]:
        return [hit.document.id for hit in dragtor.articles(Query(question, DEPTH))]

    return {
        "best passage by meaning": lambda question: by_passages(question, "dense"),
        "best passage": lambda question: by_passages(question, "hybrid"),
        "summary by meaning": by_summaries,
        "summary and passages": by_both,
    }


def _reciprocal_rank(ids: Sequence[str], wanted: set[str]) -> float:
    return next((1 / rank for rank, id in enumerate(ids, start=1) if id in wanted), 0.0)


# --- cuts


def rows(name: str) -> list[Units]:
    """Texts of a set in a row, at random."""
    texts = [one["text"] for one in _lines(common.data(name) / "corpus.jsonl")]
    texts = [text for text in texts if len(text.split()) > 2 * LEAST]
    chance = random.Random(7)
    return [in_a_row(chance.sample(texts, TEXTS_IN_A_ROW)) for _ in range(ROWS)]


def sections() -> list[Units]:
    """The sections of each article of the sample library, without their headings."""
    found = []
    for path in sorted((ASSETS / "library").glob("*.md")):
        parts = re.split(r"^## .*$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        plain = [re.sub(r"^#.*$", "", part, flags=re.MULTILINE) for part in parts]
        found.append(in_a_row([part for part in plain if len(part.split()) > LEAST // 2]))
    return found


def in_a_row(texts: Sequence[str]) -> Units:
    """The sentences of all texts, and where each text begins."""
    stems: list[list[str]] = []
    sizes, begins = [], set()
    for text in texts:
        begins.add(len(stems))
        for span in sentences(text):
            said = text[span.start : span.end]
            stems.append(content_stems(said))
            sizes.append(len(words(said)))
    return stems, sizes, begins


def compare(items: Sequence[Units]) -> dict[str, Any]:
    """Errors of each way to cut, and how many stretches it makes for each that there is."""
    ways: dict[str, Callable[[list[list[str]], list[int]], set[int]]] = {
        "cheapest cut": lambda stems, sizes: set(cuts(stems, sizes, LEAST, MOST)),
        "TextTiling": tiling,
    }
    result = {}
    for name, way in ways.items():
        found = [(way(stems, sizes), begins, len(stems)) for stems, sizes, begins in items]
        result[name] = {
            "pk": round(mean(error(*one, _differ_in_any) for one in found), 3),
            "window_diff": round(mean(error(*one, _differ_in_number) for one in found), 3),
            "stretches_for_each": round(mean(len(cut) / len(ref) for cut, ref, _ in found), 2),
        }
    return result


def error(
    cut: set[int], reference: set[int], length: int, wrong: Callable[[int, int], bool]
) -> float:
    """Share of windows, half a mean stretch long, with wrongly counted borders inside."""
    window = max(2, round(length / len(reference) / 2))
    counts = [
        [
            sum(start < border <= start + window for border in borders)
            for borders in (cut, reference)
        ]
        for start in range(length - window)
    ]
    return mean(float(wrong(ours, theirs)) for ours, theirs in counts)


def _differ_in_any(ours: int, theirs: int) -> bool:
    return (ours > 0) != (theirs > 0)


def _differ_in_number(ours: int, theirs: int) -> bool:
    return ours != theirs


def tiling(stems: list[list[str]], sizes: list[int]) -> set[int]:
    """Borders at the deepest dips of cohesion, deeper than mean less half a standard deviation."""
    bags = [
        Counter(stem for unit in stems[max(0, at - WINDOW) : at] for stem in unit)
        for at in range(len(stems) + WINDOW + 1)
    ]
    cohesion = [_cosine(bags[at], bags[at + WINDOW]) for at in range(1, len(stems))]
    depths = [
        max(_climb(cohesion, at, -1), cohesion[at]) + max(_climb(cohesion, at, 1), cohesion[at])
        - 2 * cohesion[at]
        for at in range(len(cohesion))
    ]  # fmt: skip
    chosen = {0}
    for at in sorted(range(len(depths)), key=lambda at: -depths[at]):
        if depths[at] <= mean(depths) - pstdev(depths) / 2:
            break
        border, edges = at + 1, {*chosen, len(stems)}
        if all(sum(sizes[min(border, edge) : max(border, edge)]) >= LEAST for edge in edges):
            chosen.add(border)
    return chosen


def _climb(values: Sequence[float], at: int, step: int) -> float:
    """The height reached from here while it does not go down."""
    while 0 <= at + step < len(values) and values[at + step] >= values[at]:
        at += step
    return values[at]


def _cosine(one: Counter[str], other: Counter[str]) -> float:
    product = sum(count * other[stem] for stem, count in one.items())
    lengths = [sum(count * count for count in bag.values()) for bag in (one, other)]
    return float(product / ((lengths[0] * lengths[1]) ** 0.5 or 1.0))


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


if __name__ == "__main__":
    raise SystemExit(main())
