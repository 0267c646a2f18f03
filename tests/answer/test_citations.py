from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragtor.answer.citations import FeatureChecker
from dragtor.answer.stating import headings, states
from dragtor.answer.support import Thresholds
from dragtor.types import Hint, Location, Mark, Sentence, Span, Vectors
from tests.answer.conftest import by_words_and_spans, hit
from tests.contracts.support_checker import TEXTS, SupportCheckerContract

CHECKER = FeatureChecker(by_words_and_spans, Thresholds(yes=0.5, partly=0.35))
PULLEYS = (
    "The A2 pulley tears most often in climbers. Most tears heal in two to 6 weeks without "
    "surgery. Full crimping loads it most."
)
BOARDS = "A hangboard trains the fingers. Warm up for 15 minutes before you hang."


def judged(text: str, hints: Sequence[Hint] = ()) -> tuple[Sentence, ...]:
    hits = [hit(PULLEYS, start=100), hit(BOARDS, title="Hangboards", document="d2", start=7)]
    return CHECKER.check(text, hits, hints)


class TestCite:
    def test_each_sentence_is_matched_to_the_one_that_says_it(self) -> None:
        first, second = judged(
            "The A2 pulley tears most often. Warm up 15 minutes before you hang."
        )
        assert [one.support.verdict for one in (first, second)] == ["yes", "yes"]
        (citation,) = first.citations
        assert citation.quote == "The A2 pulley tears most often in climbers."
        assert (citation.passage_id, citation.document_id) == ("d1:100", "d1")
        assert (citation.start, citation.end) == (100, 100 + len(citation.quote))
        (citation,) = second.citations
        assert citation.quote == "Warm up for 15 minutes before you hang."
        assert citation.start == 7 + BOARDS.index("Warm")
        assert citation.title == "Hangboards"

    def test_a_sentence_without_support_has_no_citation(self) -> None:
        (sentence,) = judged("Bananas are grown in Ecuador.")
        assert sentence.support.verdict == "no"
        assert sentence.citations == ()

    def test_a_number_that_no_passage_holds_is_not_borne_out(self) -> None:
        (sentence,) = judged("Warm up for 45 minutes before you hang.")
        assert sentence.support.verdict == "no"

    def test_a_number_from_another_sentence_is_borne_out_partly_at_most(self) -> None:
        (sentence,) = judged("Full crimping loads it most for 6.")
        assert sentence.support.verdict == "partly"

    @pytest.mark.parametrize("number", ["6", "6.0", "2"])
    def test_numbers_agree_however_they_are_written(self, number: str) -> None:
        (sentence,) = judged(f"Most tears heal in {number} weeks without surgery.")
        assert sentence.support.verdict == "yes"

    def test_a_not_on_one_side_only_is_borne_out_partly_at_most(self) -> None:
        (sentence,) = judged("The A2 pulley never tears most often in climbers.")
        assert sentence.support.verdict == "partly"

    def test_what_two_sentences_say_together_cites_both(self) -> None:
        (sentence,) = judged("The A2 pulley tears most often and full crimping loads it most.")
        assert {citation.quote for citation in sentence.citations} == {
            "The A2 pulley tears most often in climbers.",
            "Full crimping loads it most.",
        }

    def test_the_passage_the_model_names_wins_between_equals(self) -> None:
        same = "Tape supports the pulley."
        hits = [hit(same, document="d1"), hit(same, document="d2")]
        for number in (1, 2):
            hints = [Hint(len(same), number)]
            (sentence,) = CHECKER.check(same, hits, hints)
            assert sentence.citations[0].document_id == f"d{number}"

    def test_the_passage_the_model_names_is_replaced_where_it_says_nothing_of_it(self) -> None:
        text = "The A2 pulley tears most often."
        (sentence,) = judged(text, [Hint(len(text), 2), Hint(len(text), 99)])
        assert sentence.citations[0].document_id == "d1"

    def test_sentences_of_overlapping_passages_count_once(self) -> None:
        whole = hit(PULLEYS, start=0)
        tail = hit(PULLEYS[44:], start=44)
        assert CHECKER.check(PULLEYS, [whole]) == CHECKER.check(PULLEYS, [whole, tail])

    def test_the_place_of_the_hit_is_the_place_of_the_citation(self) -> None:
        placed = replace(hit("Tape supports the pulley."), location=Location(page=3))
        (sentence,) = CHECKER.check("Tape supports the pulley.", [placed])
        assert sentence.citations[0].location == Location(page=3)

    def test_lists_and_markdown_are_sentences_like_others(self) -> None:
        text = "## Steps\n\n1. Warm up for **15 minutes** before you hang.\n2. Eat bananas daily."
        sentences = judged(text)
        assert [one.text for one in sentences] == [
            "## Steps",
            "1. Warm up for **15 minutes** before you hang.",
            "2. Eat bananas daily.",
        ]
        assert [one.support.verdict for one in sentences] == ["no", "yes", "no"]

    def test_a_marker_by_itself_belongs_to_what_follows(self) -> None:
        (sentence,) = judged("**2.**\n\nFull crimping loads it most.")
        assert sentence.text == "**2.**\n\nFull crimping loads it most."
        assert sentence.support.verdict == "yes"

    @pytest.mark.parametrize(
        "text", ["Pulleys", "Full crimping loads:", "**2.**", "**Tears heal**"]
    )
    def test_titles_and_lead_ins_are_borne_out_by_nothing(self, text: str) -> None:
        assert [one.support.verdict for one in judged(text)] == ["no"]

    @pytest.mark.parametrize("text", ["", "  \n ", "…", "```\nx = a[1]\n```", "1.", "- ", "|-|-|"])
    def test_text_that_claims_nothing_is_borne_out_by_nothing(self, text: str) -> None:
        assert all(one.support.verdict == "no" for one in judged(text))

    def test_every_text_is_encoded_once_and_together(self) -> None:
        calls: list[Sequence[str]] = []

        def counting(
            texts: Sequence[str], spans: Sequence[Sequence[Span]]
        ) -> tuple[Vectors, list[Vectors]]:
            calls.append(texts)
            return by_words_and_spans(texts, spans)

        checker = FeatureChecker(counting, Thresholds(0.55, 0.35))
        checker.check("The A2 pulley tears. It heals.", [hit(PULLEYS)])
        assert len(calls) == 1
        assert len(set(calls[0])) == len(calls[0]) == 5


class TestContract(SupportCheckerContract):
    @pytest.fixture(scope="class")
    @classmethod
    def checker(cls) -> FeatureChecker:
        return CHECKER


@given(st.lists(TEXTS.filter(str.strip), min_size=1, max_size=3))
def test_a_passage_bears_itself_out(texts: list[str]) -> None:
    hits = [hit(text, document=f"d{n}") for n, text in enumerate(texts)]
    for text in texts:
        for sentence in CHECKER.check(text, hits):
            said = states(sentence.text, headings(hits))
            assert said or sentence.support.verdict == "no"
            if said and not sentence.text.startswith("#"):
                assert sentence.support.verdict == "yes"


def test_a_heading_is_no_evidence() -> None:
    text = "## The stress test\n\nPain in the palm counts as positive."
    place = Location(heading="The stress test")
    (sentence,) = CHECKER.check("The stress test.", [replace(hit(text), location=place)])
    assert all("##" not in citation.quote for citation in sentence.citations)
    inner = replace(hit(f"Before.\n\n{text}"), marks=(Mark(9, heading="The stress test"),))
    (sentence,) = CHECKER.check("The stress test.", [inner])
    assert all("##" not in citation.quote for citation in sentence.citations)


def test_no_text_is_encoded_but_a_dozen_candidates_for_each_sentence() -> None:
    encoded: list[str] = []

    def counting(
        texts: Sequence[str], spans: Sequence[Sequence[Span]]
    ) -> tuple[Vectors, list[Vectors]]:
        encoded.extend(texts)
        assert all(len(own) <= 60 for own in spans)
        return by_words_and_spans(texts, spans)

    passages = [
        hit(". ".join(f"Climber {n} tore pulley {n}{k}" for k in range(40)) + ".", document=f"d{n}")
        for n in range(20)
    ]
    checker = FeatureChecker(counting, Thresholds(0.55, 0.35))
    assert len(checker.check("The climber tore a pulley.", passages)) == 1
    assert len(encoded) <= 1 + 12
    encoded.clear()
    answer = " ".join(f"The climber {n} tore pulley {n % 7}." for n in range(200))
    assert len(checker.check(answer, passages)) == 200
    assert len(encoded) == len(set(encoded)) <= 200 + 20 * 40


def test_a_sentence_without_end_is_read_in_bounded_time() -> None:
    (sentence,) = CHECKER.check("pulley tears " * 20_000, [hit("The pulley tears " * 2_000)])
    assert sentence.support.verdict in ("yes", "partly", "no")


@pytest.mark.parametrize(
    ("said", "claim"),
    [
        ("Grade III injuries need eight weeks.", "Grade III injuries need six weeks."),
        ("Grade III injuries need 8 weeks of rest.", "Grade III injuries need 6 weeks of rest."),
        ("Icing does not speed up the healing.", "Icing speeds up the healing."),
        ("Taping reduces the load on the pulley.", "Taping increases the load on the pulley."),
        ("Stretch the forearm after climbing.", "Stretch the forearm before climbing."),
        ("Crimping puts more load on the A2 pulley.", "Crimping puts less load on the A2 pulley."),
    ],
)  # fmt: skip
def test_what_a_passage_contradicts_is_never_wholly_borne_out(said: str, claim: str) -> None:
    (sentence,) = CHECKER.check(claim, [hit(f"{said} Ask a physiotherapist.")])
    assert sentence.support.verdict != "yes"


def test_what_mixes_two_documents_is_borne_out_partly_at_most() -> None:
    finger = hit("The A2 pulleys of climbers are found in the finger.", document="d1")
    knee = hit("The menisci are found in the knee.", document="d2", title="Knees")
    (sentence,) = CHECKER.check("The A2 pulleys of climbers are found in the knee.", [finger, knee])
    assert sentence.support.verdict == "partly"
    both = hit("The A2 pulleys of climbers are found here. See the knee.", document="d1")
    (sentence,) = CHECKER.check("The A2 pulleys of climbers are found in the knee.", [both, knee])
    assert sentence.support.verdict == "yes"
