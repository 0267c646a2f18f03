"""What every reranker promises. A test class inherits this and supplies ``reranker``."""

from __future__ import annotations

import pytest

from dragtor.interfaces import Reranker

QUESTION = "How does a finger pulley tear?"
TEXTS = (
    "A pulley tears with a pop when the finger slips.",
    "",
    "Rest.",
    "Tendons adapt more slowly than muscles, so a plan for the fingers takes months. " * 20,
    "漢字 한국어 naïve 👩‍🚀",
)


class RerankerContract:
    """Inherit from this and supply a fixture ``reranker``."""

    def test_each_text_gets_one_plain_number(self, reranker: Reranker) -> None:
        scores = reranker.score(QUESTION, TEXTS)
        assert [type(score) for score in scores] == [float] * len(TEXTS)

    def test_scores_come_in_the_order_of_the_texts(self, reranker: Reranker) -> None:
        forward = reranker.score(QUESTION, TEXTS)
        assert len(set(forward)) == len(TEXTS)
        assert reranker.score(QUESTION, TEXTS[::-1])[::-1] == pytest.approx(forward, abs=1e-4)

    def test_a_text_scores_the_same_alone_and_in_company(self, reranker: Reranker) -> None:
        alone = [reranker.score(QUESTION, [text])[0] for text in TEXTS]
        assert alone == pytest.approx(reranker.score(QUESTION, TEXTS), abs=1e-4)

    def test_the_question_matters(self, reranker: Reranker) -> None:
        assert reranker.score("Bread?", TEXTS) != pytest.approx(reranker.score(QUESTION, TEXTS))

    def test_no_texts_give_no_scores(self, reranker: Reranker) -> None:
        assert reranker.score(QUESTION, []) == []

    def test_a_question_of_ten_thousand_words_is_legal(self, reranker: Reranker) -> None:
        question = " ".join(f"word{i}" for i in range(10_000))
        assert len(reranker.score(question, TEXTS)) == len(TEXTS)
