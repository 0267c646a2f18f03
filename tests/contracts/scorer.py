"""What every part of retrieval promises.

A test class inherits this and supplies ``scorer``, over a library that holds passages about
``QUESTION``, and ``ids``, those of all its passages.
"""

from __future__ import annotations

import math

import pytest

from dragtor.interfaces import Scorer
from tests.contracts.retriever import QUESTION


class ScorerContract:
    """Inherit from this and supply fixtures ``scorer`` and ``ids``."""

    def test_it_finds_the_best_first(self, scorer: Scorer, ids: list[str]) -> None:
        found = scorer.ask(QUESTION).search(len(ids))
        assert found
        assert {one.id for one in found} <= set(ids)
        assert len({one.id for one in found}) == len(found)
        assert [one.score for one in found] == sorted((o.score for o in found), reverse=True)

    def test_scores_are_of_the_scale_of_its_kind(self, scorer: Scorer, ids: list[str]) -> None:
        for score in scorer.ask(QUESTION).score(ids).values():
            assert math.isfinite(score)
            assert score >= 0 if scorer.kind == "keyword" else -1.1 <= score <= 1.1

    def test_what_is_found_is_scored_the_same_by_itself(
        self, scorer: Scorer, ids: list[str]
    ) -> None:
        found = {one.id: one.score for one in scorer.ask(QUESTION).search(len(ids))}
        for id, score in found.items():
            assert scorer.ask(QUESTION).score([id]) == {id: pytest.approx(score, abs=1e-5)}
        scored = scorer.ask(QUESTION).score(ids)
        assert {id: scored[id] for id in found} == pytest.approx(found, abs=1e-5)

    def test_fewer_are_the_first_of_more(self, scorer: Scorer, ids: list[str]) -> None:
        asked = scorer.ask(QUESTION)
        found = asked.search(len(ids))
        assert asked.search(1) == found[:1]
        assert asked.search(0) == []
        assert len(asked.search(10 * len(ids))) <= len(ids)

    def test_it_finds_among_some_alone(self, scorer: Scorer, ids: list[str]) -> None:
        asked = scorer.ask(QUESTION)
        everywhere = {one.id: one.score for one in asked.search(len(ids))}
        last = list(everywhere)[-1]
        (only,) = asked.search(1, {last, "f" * 16})
        assert only.id == last
        assert only.score == pytest.approx(everywhere[last], abs=1e-5)
        assert asked.search(3, set()) == []

    def test_what_is_unknown_has_no_score(self, scorer: Scorer, ids: list[str]) -> None:
        asked = scorer.ask(QUESTION)
        assert asked.score([]) == {}
        scores = asked.score([*ids, "f" * 16])
        assert "f" * 16 not in scores or scorer.kind == "keyword"
        assert set(scores) - {"f" * 16} <= set(ids)

    def test_two_questions_at_a_time_do_not_mix(self, scorer: Scorer, ids: list[str]) -> None:
        first, second = scorer.ask(QUESTION), scorer.ask("sleep")
        alone = scorer.ask("sleep").score(ids)
        first.search(3)
        assert second.score(ids) == alone
        assert first.score(ids) == scorer.ask(QUESTION).score(ids)

    def test_any_question_is_legal(self, scorer: Scorer, ids: list[str]) -> None:
        for question in ('pulley"', "NEAR(a b", "漢字", "word " * 300):
            asked = scorer.ask(question)
            asked.search(3)
            asked.score(ids)
