from __future__ import annotations

import math

import pytest

from dragtor.answer.support import Scorer, Thresholds, traits

THRESHOLDS = Thresholds(yes=0.6, partly=0.4)


class TestTraits:
    @pytest.mark.parametrize(
        ("text", "numbers"),
        [
            ("1,000 climbers in 2,5 weeks", {"1000", "2.5"}),
            ("2.50 kg at -5.0 °C for 007", {"2.5", "5", "7"}),
            ("1. Rest 3 days", {"3"}),
            ("- 2-3 weeks of 4x4s in the 1990s", {"2", "3", "4", "1990"}),
            ("The A2 pulley, the C3, COVID-19 and omega-3", set()),
            ("1,234,567.80 at 0.0 and 0", {"1234567.8", "0"}),
            ("Ends with 6.", {"6"}),
        ],
    )
    def test_numbers_are_read_in_one_way_of_writing(self, text: str, numbers: set[str]) -> None:
        assert traits(text).numbers == numbers

    def test_numbers_in_words_are_stated_but_not_claimed(self) -> None:
        read = traits("Two to 6 weeks")
        assert read.numbers == {"6"}
        assert read.stated == {"2", "6"}

    @pytest.mark.parametrize("text", ["It doesn’t heal", "It can't heal", "Never rest", "No rest"])
    def test_a_not_is_seen_however_it_is_written(self, text: str) -> None:
        assert traits(text).negated


class TestScorer:
    def test_words_weigh_by_how_few_sentences_hold_them(self) -> None:
        evidence = [traits("pulley tears"), traits("pulley heals")]
        scorer = Scorer.over(evidence, THRESHOLDS)
        # "pulley" is in both: log(1 + 2/2); "tears" in one: log(1 + 2/1); "bone" in none, counted
        # as half a sentence: log(1 + 2/0.5).
        pulley, tears, bone = math.log(2), math.log(3), math.log(5)
        claim = traits("pulley tears bone")
        expected = (pulley + tears) / (pulley + tears + bone)
        assert scorer.coverage(claim, evidence[0], evidence[0]) == pytest.approx(expected)

    def test_a_word_of_the_passage_around_counts_half(self) -> None:
        evidence = [traits("It tears"), traits("pulley")]
        scorer = Scorer.over(evidence, THRESHOLDS)
        around = traits("It tears. The pulley")
        expected = (1 + 0.5) / 2
        assert scorer.coverage(traits("pulley tears"), evidence[0], around) == pytest.approx(
            expected
        )

    def test_the_score_is_half_words_and_half_cosine(self) -> None:
        said = traits("The pulley tears")
        scorer = Scorer.over([said], THRESHOLDS)
        assert scorer.score(said, said, said, cosine=0.5) == pytest.approx(0.5 + 0.5 * 0.5)
        assert scorer.score(said, said, said, cosine=-0.5) == pytest.approx(0.5)

    def test_a_number_that_only_the_passage_holds_ends_in_partly(self) -> None:
        said, around = traits("Tears heal in weeks"), traits("Tears heal in weeks. Rest 6 days.")
        scorer = Scorer.over([said], THRESHOLDS)
        score = scorer.score(traits("Tears heal in 6 weeks"), said, around, cosine=1.0)
        assert scorer.support(score).verdict == "partly"

    def test_a_number_that_no_passage_holds_ends_in_no(self) -> None:
        said = traits("Tears heal in weeks")
        scorer = Scorer.over([said], THRESHOLDS)
        score = scorer.score(traits("Tears heal in 6 weeks"), said, said, cosine=1.0)
        assert scorer.support(score).verdict == "no"

    @pytest.mark.parametrize(
        ("score", "verdict"), [(1.2, "yes"), (0.6, "yes"), (0.59, "partly"), (0.4, "partly"),
                               (0.39, "no"), (-0.1, "no")]
    )  # fmt: skip
    def test_the_verdict_follows_from_the_score(self, score: float, verdict: str) -> None:
        support = Scorer.over([], THRESHOLDS).support(score)
        assert support.verdict == verdict
        assert 0 <= support.score <= 1
