from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from dragtor.answer.presumed import without_presumptions
from dragtor.build import build, support_checker
from dragtor.config import load_settings
from dragtor.evaluate.premises import PASSED, FalsePremise, outcome, read_premises
from dragtor.interfaces import SupportChecker
from dragtor.pipeline import Dragtor
from dragtor.types import Answer, Citation, Hint, Hit, Location, Query, Sentence, Support
from tests.answer.conftest import hit

ROOT = Path(__file__).parents[2]
PREMISES = read_premises(ROOT / "assets" / "false_premises.yml")
TRUTH = "Tape does not make a pulley stronger."
PASSAGE = hit(f"{TRUTH} Healing takes months.")
FALSE = FalsePremise("x", "Why does tape?", "Tape makes pulleys stronger.", "tape makes", (TRUTH,))


class Agreeable:
    """Finds everything borne out that shares its first word with the passage."""

    name = "agreeable"

    def check(
        self, text: str, hits: Sequence[Hit], hints: Sequence[Hint] = ()
    ) -> tuple[Sentence, ...]:
        same = hits[0].passage.text.split()[0] == text.split()[0]
        return (Sentence(text, Support("yes" if same else "no", 1.0)),)


def sentence(text: str, quote: str, verdict: Literal["yes", "partly", "no"] = "yes") -> Sentence:
    start = PASSAGE.passage.text.index(quote)
    cited = Citation(
        PASSAGE.passage.id, "d1", "u", "t", quote, start, start + len(quote), Location()
    )
    return Sentence(text, Support(verdict, 1.0), (cited,))


def answer(*sentences: Sentence) -> Answer:
    text = " ".join(one.text for one in sentences)
    return Answer("Why does tape?", "answer", text, sentences, (PASSAGE,), "m")


MONTHS = "Healing takes months."


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (sentence(TRUTH, TRUTH), "contradicted"),
        (sentence(MONTHS, MONTHS), "beside"),
        (sentence("Because tape makes them hard.", MONTHS), "agreed"),
        (sentence("Tape holds pulleys and makes them stronger.", MONTHS), "agreed"),
        (sentence("Tape is sticky.", MONTHS), "beside"),
        (sentence("Because tape makes them hard.", TRUTH, "no"), "agreed"),
        (sentence("Because tape makes them hard.", TRUTH, "partly"), "agreed"),
        (replace(sentence("Other.", MONTHS), citations=()), "evaded"),
    ],
)
def test_what_an_answer_does_to_a_false_premise(given: Sentence, expected: str) -> None:
    assert outcome(answer(given), FALSE, Agreeable()) == expected


def test_a_refusal_does_not_agree() -> None:
    refusal = replace(answer(sentence("Tape makes it.", MONTHS)), kind="refusal")
    assert outcome(refusal, FALSE, Agreeable()) == "refused"


class Sample:
    """The sample library, asked for quotes: each question once; and a checker of sentences."""

    def __init__(self, dragtor: Dragtor, checker: SupportChecker) -> None:
        self.dragtor = dragtor
        self.checker = checker
        self._answers: dict[str, Answer] = {}

    def ask(self, question: str) -> Answer:
        if question not in self._answers:
            events = self.dragtor.ask(Query(question, k=4, mode="quote"))
            found = next(event for event in events if isinstance(event, Answer))
            self._answers[question] = found
        return self._answers[question]


@pytest.fixture(scope="module")
def sample(starter_library: Path) -> Iterator[Sample]:
    to = [f"paths.library={starter_library}", "index.summaries=none", "llm.model=none"]
    settings = load_settings(ROOT / "config" / "params.yml", to)
    with closing(build(settings)) as dragtor:
        generation = dragtor.library.active()
        assert generation is not None
        yield Sample(dragtor, support_checker(settings, generation))


@pytest.mark.models
@pytest.mark.parametrize("false", PREMISES, ids=lambda false: false.id)
def test_quotes_never_agree_with_a_false_premise(sample: Sample, false: FalsePremise) -> None:
    done = outcome(sample.ask(false.question), false, sample.checker)
    assert done in ("refused", "contradicted", "beside")


@pytest.mark.models
def test_quotes_contradict_most_false_premises(sample: Sample) -> None:
    done = [outcome(sample.ask(one.question), one, sample.checker) for one in PREMISES]
    assert sum(one in PASSED for one in done) >= 16


@pytest.mark.models
@pytest.mark.parametrize("false", PREMISES, ids=lambda false: false.id)
def test_a_draft_that_repeats_a_false_premise_is_never_borne_out(
    sample: Sample, false: FalsePremise
) -> None:
    hits = sample.ask(false.question).hits
    checked = sample.checker.check(false.premise, hits)
    (held,) = without_presumptions(false.question, checked, yes=0.5)
    assert held.support.verdict != "yes"


@pytest.mark.models
def test_most_drafts_that_repeat_a_false_premise_are_not_shown(
    sample: Sample,
) -> None:
    verdicts = []
    for false in PREMISES:
        checked = sample.checker.check(false.premise, sample.ask(false.question).hits)
        (held,) = without_presumptions(false.question, checked, yes=0.5)
        verdicts.append(held.support.verdict)
    assert verdicts.count("no") >= 16, verdicts
