"""What every retriever promises. A test class inherits this and supplies ``retriever``.

The fixture is a retriever over at least three passages that the question :data:`QUESTION` finds.
"""

from __future__ import annotations

import pytest

from dragtor.errors import QueryError
from dragtor.interfaces import Retriever
from dragtor.types import Query

QUESTION = "How does a finger pulley tear?"


class RetrieverContract:
    """Inherit from this and supply a fixture ``retriever``."""

    def test_hits_are_ranked_from_one_by_falling_score(self, retriever: Retriever) -> None:
        hits = retriever.retrieve(Query(QUESTION, k=3)).hits
        assert [hit.rank for hit in hits] == [1, 2, 3]
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)

    def test_no_passage_comes_twice(self, retriever: Retriever) -> None:
        ids = [hit.passage.id for hit in retriever.retrieve(Query(QUESTION, k=100)).hits]
        assert len(ids) == len(set(ids)) >= 3

    def test_fewer_hits_are_the_first_of_more(self, retriever: Retriever) -> None:
        few = retriever.retrieve(Query(QUESTION, k=2)).hits
        many = retriever.retrieve(Query(QUESTION, k=3)).hits
        assert [hit.passage.id for hit in few] == [hit.passage.id for hit in many][:2]

    def test_each_hit_says_by_which_scores_it_came(self, retriever: Retriever) -> None:
        for hit in retriever.retrieve(Query(QUESTION, k=3)).hits:
            assert hit.score in hit.scores.values()

    def test_the_result_names_its_question_and_its_time(self, retriever: Retriever) -> None:
        result = retriever.retrieve(Query(QUESTION))
        assert result.question == QUESTION
        assert 0 < result.timings["total_s"] < 60
        assert all(name.endswith("_s") for name in result.timings)

    @pytest.mark.parametrize("question", ["", "   ", "?!…", "— *** —"])
    def test_a_question_without_a_word_is_refused(
        self, retriever: Retriever, question: str
    ) -> None:
        with pytest.raises(QueryError, match="has nothing to search for"):
            retriever.retrieve(Query(question))

    def test_a_question_of_ten_thousand_words_is_answered(self, retriever: Retriever) -> None:
        question = " ".join([QUESTION, *(f"word{i}" for i in range(10_000))])
        assert retriever.retrieve(Query(question, k=3)).hits

    def test_asking_for_no_passages_is_refused(self, retriever: Retriever) -> None:
        with pytest.raises(QueryError, match="0 passages were asked for"):
            retriever.retrieve(Query(QUESTION, k=0))
