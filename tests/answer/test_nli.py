from __future__ import annotations

from collections.abc import Sequence

import pytest

from dragtor.answer.nli import NliChecker
from dragtor.answer.support import Thresholds
from dragtor.text import content_stems
from dragtor.types import Entailment
from tests.answer.conftest import by_words_and_spans, hit
from tests.contracts.support_checker import PULLEYS, SupportCheckerContract

THRESHOLDS = Thresholds(yes=0.5, partly=0.35)


class SharedWords:
    """Entailed is the share of the hypothesis' words that stand in the premise."""

    name = "shared words"

    def __init__(self, contradicted: float = 0.0) -> None:
        self.contradicted = contradicted
        self.pairs: list[tuple[str, str]] = []

    def entail(self, pairs: Sequence[tuple[str, str]]) -> list[Entailment]:
        self.pairs.extend(pairs)
        return [self._judged(*pair) for pair in pairs]

    def _judged(self, premise: str, hypothesis: str) -> Entailment:
        said = content_stems(hypothesis)
        share = sum(stem in content_stems(premise) for stem in said) / max(1, len(said))
        return Entailment(share * (1 - self.contradicted), self.contradicted)


class TestNliChecker(SupportCheckerContract):
    @pytest.fixture(scope="class")
    @classmethod
    def checker(cls) -> NliChecker:
        return NliChecker(SharedWords(), by_words_and_spans, THRESHOLDS)


def test_it_is_called_as_its_model() -> None:
    assert NliChecker(SharedWords(), by_words_and_spans, THRESHOLDS).name == "shared words"


def test_the_score_is_what_the_model_says_of_the_best_premise() -> None:
    checker = NliChecker(SharedWords(), by_words_and_spans, THRESHOLDS)
    # "climbers", "tear", "pulley" are in the first sentence, "bananas" nowhere: 3 of 4.
    (sentence,) = checker.check("Climbers tear bananas and pulley.", [hit(PULLEYS, start=5)])
    assert (sentence.support.verdict, sentence.support.score) == ("yes", 0.75)
    assert sentence.citations[0].quote == "The A2 pulley tears most often in climbers."


def test_what_a_premise_contradicts_is_not_borne_out() -> None:
    checker = NliChecker(SharedWords(contradicted=0.6), by_words_and_spans, THRESHOLDS)
    (sentence,) = checker.check("The A2 pulley tears in climbers.", [hit(PULLEYS)])
    assert sentence.support.verdict == "no"


def test_the_model_reads_four_pairs_for_a_sentence_at_most_and_none_twice() -> None:
    model = SharedWords()
    text = "The pulley of climbers tears. Full crimping tears it in weeks. " * 20
    NliChecker(model, by_words_and_spans, THRESHOLDS).check(text, [hit(PULLEYS)])
    assert len(model.pairs) == len(set(model.pairs)) <= 8


def test_a_sentence_taken_word_for_word_needs_no_model() -> None:
    model = SharedWords()
    NliChecker(model, by_words_and_spans, THRESHOLDS).check(PULLEYS, [hit(PULLEYS)])
    assert model.pairs == []


def test_texts_without_end_are_cut_for_the_model() -> None:
    model = SharedWords()
    NliChecker(model, by_words_and_spans, THRESHOLDS).check(
        "tears " * 5000, [hit("It tears " * 999)]
    )
    assert all(len(part) <= 2000 for pair in model.pairs for part in pair)
