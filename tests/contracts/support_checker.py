"""What every checker of answers promises. A test class inherits this and supplies ``checker``."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dragtor.interfaces import SupportChecker
from dragtor.types import Hint, Hit, Sentence
from tests.answer.conftest import hit

PULLEYS = (
    "The A2 pulley tears most often in climbers. Most tears heal in two to 6 weeks without "
    "surgery. Full crimping loads it most."
)
_PIECES = [
    "The pulley", " tears", ". ", "\n\n", "\n- ", "2.5 kg", "1,000", " not", "[1]", "[99]", "[[3]",
    "]", "🧗", "👩‍🚀", "```", "| a |", "e.g. ", "\u2028", "腱。", "שלום. ", "مرحبا ", "\u202e",
    "\r\n", "\x00", "\x1b[2J", "1. ", "III", "increases ", "reduces ", "\ud800",
]  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=120),
    st.lists(st.sampled_from(_PIECES), max_size=25).map("".join),
    st.builds(lambda text, times: text * times, st.sampled_from(_PIECES), st.integers(0, 80)),
)
# A checker is a fixture of its class: it holds nothing that one example could leave to another.
SHARED = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
    deadline=None,
    max_examples=40,
)


class SupportCheckerContract:
    """Inherit from this and supply a fixture ``checker``."""

    @SHARED
    @given(
        answer=TEXTS,
        documents=st.lists(st.tuples(TEXTS, TEXTS), max_size=4),
        hints=st.lists(st.builds(Hint, st.integers(-5, 500), st.integers(-1, 99)), max_size=3),
    )
    def test_every_quote_stands_where_its_citation_says(
        self,
        checker: SupportChecker,
        answer: str,
        documents: list[tuple[str, str]],
        hints: list[Hint],
    ) -> None:
        whole = {f"d{n}": before + text for n, (before, text) in enumerate(documents)}
        hits = [
            hit(text, document=f"d{n}", start=len(before))
            for n, (before, text) in enumerate(documents)
        ]
        for sentence in checker.check(answer, hits, hints):
            assert sentence.text in answer
            assert_sound(sentence, hits, whole)

    def test_without_passages_nothing_is_borne_out(self, checker: SupportChecker) -> None:
        sentences = checker.check("It tears. It heals.", [])
        assert [one.text for one in sentences] == ["It tears.", "It heals."]
        assert {one.support.verdict for one in sentences} == {"no"}

    def test_a_sentence_of_a_passage_bears_itself_out(self, checker: SupportChecker) -> None:
        (sentence,) = checker.check("Full crimping loads it most.", [hit(PULLEYS, start=9)])
        assert sentence.support.verdict == "yes"
        assert [one.quote for one in sentence.citations] == ["Full crimping loads it most."]

    @pytest.mark.parametrize(
        "claim", ["Most tears heal in 9 weeks without surgery.", "The A2 pulley tears in 40 %."]
    )
    def test_a_number_that_no_passage_holds_is_not_borne_out(
        self, checker: SupportChecker, claim: str
    ) -> None:
        (sentence,) = checker.check(claim, [hit(PULLEYS)])
        assert sentence.support.verdict == "no"

    def test_repetition_is_judged_alike(self, checker: SupportChecker) -> None:
        sentences = checker.check("The pulley of climbers tears. " * 50, [hit(PULLEYS)])
        assert len(sentences) == 50
        assert len(set(sentences)) == 1


def assert_sound(sentence: Sentence, hits: list[Hit], whole: dict[str, str]) -> None:
    """Citations are there where the verdict is not no, and each is byte for byte in a passage."""
    assert 0 <= sentence.support.score <= 1
    assert bool(sentence.citations) == (sentence.support.verdict != "no")
    assert len(sentence.citations) <= 3
    for citation in sentence.citations:
        assert citation.quote
        assert whole[citation.document_id][citation.start : citation.end] == citation.quote
        passage = next(one.passage for one in hits if one.passage.id == citation.passage_id)
        assert passage.start <= citation.start < citation.end <= passage.end
