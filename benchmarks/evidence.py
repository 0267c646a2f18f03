"""What selecting sentences keeps of the evidence, what it saves, and how good quotes are.

CLAPNQ names the sentences that people answered from, BioASQ the snippets. Scored are how often all
of them are kept within a budget of tokens, what share of them is, and how many of the reference
answer's words are; and the token F1 of quotes. Once the gold documents are given, once they must be
found. Beside the program's own way stand whole passages cut off at the budget ("cut"), and sentence
vectors of each sentence encoded by itself ("alone") instead of pooled from its passage's tokens.

    DRAGTOR_DATA=… python benchmarks/evidence.py [--questions 300]
"""

from __future__ import annotations

import argparse
import random
import shutil
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import common
import numpy as np
import yaml

from dragtor.answer.evidence import SentenceFinder
from dragtor.answer.quoting import quote
from dragtor.answer.select import estimated_tokens, select, whole
from dragtor.build import build_encoder, evidence_finder
from dragtor.evaluate.metrics import token_f1
from dragtor.evaluate.sets import Question, read_set
from dragtor.evaluate.significance import paired_randomisation
from dragtor.interfaces import EvidenceFinder
from dragtor.passages import sentence_spans
from dragtor.pipeline import Dragtor
from dragtor.text import content_stems
from dragtor.types import Evidence, Excerpt, Hit, Query, Vectors

SETS = ("clapnq_dev", "bioasq")
BUDGETS = (100, 200, 400, 800)
QUOTES = (1, 2, 3, 4)
WAYS = ("selected", "alone", "cut")
QUESTIONS = common.HERE.parent / "assets" / "questions.yml"
SAMPLE = common.HERE.parent / "assets" / "library"
Scores = dict[str, list[float]]


def main() -> None:
    """Run, print the tables, and keep the result."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--questions", type=int, default=300)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    arguments = parser.parse_args()
    results = {name: evaluate(name, arguments.questions) for name in arguments.sets}
    for name, result in results.items():
        print(f"{name}, {result['questions']} questions", *_table(result), sep="\n")
    times = quote_times()
    print(f"quoting, warm, sample library: {times['p95_ms']} ms (95th percentile)")
    if arguments.sets == list(SETS):
        common.store("evidence", {"sets": results, "quote_time": times})


def evaluate(name: str, number: int) -> dict[str, Any]:
    """All scores of a set, by what the evidence was found in."""
    settings, dragtor = common.product(common.workplace(name))
    corpus = common.data(name) / "corpus.jsonl"
    dragtor.load("main", [], [str(corpus)], refresh=False, progress=common.quiet)
    dragtor.index(rebuild=False, progress=common.quiet)
    generation = dragtor.library.active()
    assert generation is not None
    encoder = build_encoder(settings, generation)

    @cache
    def encoded(sentences: tuple[str, ...]) -> Vectors:
        return encoder.encode_passages(sentences)

    def alone(hits: Sequence[Hit]) -> list[Vectors]:
        return [encoded(tuple(_sentences(hit))) for hit in hits]

    pooled = evidence_finder(settings, generation)
    by_itself = SentenceFinder(lambda text: encoder.encode_queries([text])[0], alone)
    data = read_set(common.data(name))
    judged = data.judged()
    questions = random.Random(0).sample(judged, min(number, len(judged)))
    documents = {info.uri.partition("#")[2]: info.id for info in dragtor.library.documents("main")}
    by_source: dict[str, Scores] = {"given": {}, "found 4": {}, "found 8": {}}
    for done, question in enumerate(questions, 1):
        gold = [documents[id] for id, grade in data.qrels[question.id].items() if grade > 0]
        given = _passages(dragtor, generation.id, gold)
        found = dragtor.search(Query(question.text, k=8)).hits
        for source, hits in (("given", given), ("found 4", found[:4]), ("found 8", found)):
            _score(by_source[source], question, given, hits, pooled, by_itself)
        common.quiet(done, len(questions), f"questions of {name}")
    return {
        "questions": len(questions),
        "by_source": {source: _means(scores) for source, scores in by_source.items()},
        "p_pooled_against_alone": {
            key: round(paired_randomisation(scores[f"selected {key}"], scores[f"alone {key}"]), 4)
            for scores in [by_source["found 4"]]
            for key in ("200 recall", "400 recall", "quote 3 f1")
        },
    }


def quote_times() -> dict[str, Any]:
    """Milliseconds of search, evidence and quotes on the sample library, models loaded."""
    place = common.workplace("quoting")
    shutil.rmtree(place)
    _, dragtor = common.product(place, ["answer.mode=quote", "llm.model=none"])
    dragtor.load("main", [], [str(SAMPLE)], refresh=False, progress=common.quiet)
    dragtor.index(rebuild=False, progress=common.quiet)
    texts = [one["question"] for one in yaml.safe_load(QUESTIONS.read_text(encoding="utf-8"))]
    wall = []
    for text in [*texts[:5], *texts]:
        started = time.perf_counter()
        list(dragtor.ask(Query(text, k=4)))
        wall.append(1000 * (time.perf_counter() - started))
    warm = wall[5:]
    p95 = round(float(np.percentile(warm, 95)), 1)
    return {"median_ms": round(statistics.median(warm), 1), "p95_ms": p95}


def _score(
    scores: Scores,
    question: Question,
    given: Sequence[Hit],
    hits: Sequence[Hit],
    pooled: EvidenceFinder,
    alone: EvidenceFinder,
) -> None:
    """Add a question's scores to the lists."""
    gold = list(_gold(question, given))
    references = question.meta.get("ideal_answer") or question.answers
    ways = {"selected": pooled.find(question.text, hits), "alone": alone.find(question.text, hits)}
    ways["cut"] = _in_order(ways["selected"])
    everything = [hit.passage.text for hit in hits]
    _add(scores, "whole tokens", sum(map(estimated_tokens, everything)))
    _add_kept(scores, "whole", gold, references, whole(hits))
    for way, evidence in ways.items():
        for budget in BUDGETS:
            excerpts = select(evidence, budget)
            _add_kept(scores, f"{way} {budget}", gold, references, excerpts)
            read = sum(estimated_tokens(text) for text in _texts(excerpts))
            _add(scores, f"{way} {budget} tokens", read)
        if way != "cut":
            for n in QUOTES:
                said = " ".join(sentence.text for sentence in quote(evidence, n, question.text))
                _add(scores, f"{way} quote {n} f1", token_f1(said, references))


def _add_kept(
    scores: Scores,
    name: str,
    gold: Sequence[frozenset[tuple[str, int]]],
    references: Sequence[str],
    excerpts: Sequence[Excerpt],
) -> None:
    there = {
        (excerpt.hit.document.id, excerpt.hit.passage.start + offset)
        for excerpt in excerpts
        for span in excerpt.spans
        for offset in range(span.start, span.end)
    }
    kept = [sentence <= there for sentence in gold]
    if kept:
        _add(scores, f"{name} all", float(all(kept)))
        _add(scores, f"{name} recall", sum(kept) / len(kept))
    words = {stem for text in _texts(excerpts) for stem in content_stems(text)}
    wanted = [set(content_stems(text)) for text in references]
    shares = [len(stems & words) / len(stems) for stems in wanted if stems]
    _add(scores, f"{name} words", max(shares, default=0.0))


def _gold(question: Question, given: Sequence[Hit]) -> Iterator[frozenset[tuple[str, int]]]:
    """Each gold sentence or snippet as the characters of the document that it is."""
    snippets = [one["text"] for one in question.meta.get("snippets", [])]
    for text in dict.fromkeys(question.meta.get("selected_sentences", snippets)):
        for document, whole_text in _document_texts(given).items():
            start = whole_text.find(text.strip())
            if start >= 0:
                offsets = range(start, start + len(text.strip()))
                yield frozenset((document, at) for at in offsets if not whole_text[at].isspace())
                break


def _document_texts(hits: Sequence[Hit]) -> dict[str, str]:
    """Texts of documents put together from their passages."""
    texts: dict[str, str] = {}
    for hit in hits:
        before = texts.get(hit.document.id, "")
        passage = hit.passage
        texts[hit.document.id] = before[: passage.start].ljust(passage.start) + passage.text
    return texts


def _passages(dragtor: Dragtor, generation: int, documents: Sequence[str]) -> list[Hit]:
    """All passages of documents as hits of one rank, in text order."""
    hits: list[Hit] = []
    for document in documents:
        ids = [passage.id for passage in dragtor.library.passages(generation, document)]
        known = dragtor.library.resolve(generation, ids)
        for one in (known[id] for id in ids):
            place = (one.passage, one.document, one.location, one.marks)
            hits.append(Hit(len(hits) + 1, 1.0, {}, *place))
    return hits


def _in_order(evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """The evidence as if nothing were known of it but the order of the passages."""
    return tuple(replace(item, relevance=-float(place)) for place, item in enumerate(evidence))


def _texts(excerpts: Sequence[Excerpt]) -> Iterator[str]:
    for excerpt in excerpts:
        for span in excerpt.spans:
            yield excerpt.hit.passage.text[span.start : span.end]


def _sentences(hit: Hit) -> Iterator[str]:
    for span in sentence_spans(hit.passage.text):
        yield hit.passage.text[span.start : span.end]


def _add(scores: Scores, name: str, score: float) -> None:
    scores.setdefault(name, []).append(score)


def _means(scores: Scores) -> dict[str, float]:
    return {
        name: round(statistics.fmean(all_of_it), 1 if name.endswith("tokens") else 4)
        for name, all_of_it in scores.items()
    }


def _table(result: Mapping[str, Any]) -> Iterator[str]:
    """What is kept by budget, all/share/words in percent with the tokens read, then F1."""
    for source, means in result["by_source"].items():
        head = "".join(f"{way:>23}" for way in WAYS)
        yield f"{source:>9}{head}"
        for budget in BUDGETS:
            cells = (_cell(means, f"{way} {budget}") for way in WAYS)
            yield f"{budget:>9}" + "".join(f"{cell:>23}" for cell in cells)
        yield f"{'whole':>9}{_cell(means, 'whole'):>23}"
        for way in WAYS[:2]:
            f1 = "  ".join(f"{n}: {means[f'{way} quote {n} f1']:.3f}" for n in QUOTES)
            yield f"{'quotes':>9}  {way:9} {f1}"


def _cell(means: Mapping[str, float], name: str) -> str:
    shares = (means[f"{name} {what}"] for what in ("all", "recall", "words"))
    return " ".join(f"{100 * share:.0f}" for share in shares) + f" ({means[f'{name} tokens']:.0f})"


if __name__ == "__main__":
    main()
