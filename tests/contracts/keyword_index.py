"""What every keyword index promises. A test class inherits this and supplies ``library``, empty,
and ``index``, a keyword index over it.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dragtor.interfaces import KeywordIndex, Library
from dragtor.types import Generation
from tests.store.making import commit, id_of, put
from tests.store.making import index as index_all

ARTICLES = {
    "pulleys": "Finger pulley injuries are common in climbers.\nAn A2 pulley tears with a pop.",
    "elbows": "Tendinopathy of the elbow.\nEccentric loading helps the elbow of a climber.",
    "sleep": "Sleep well.\nRest days matter more than supplements.",
}


class KeywordIndexContract:
    """Inherit from this and supply the fixtures ``library`` and ``index``."""

    @pytest.fixture
    def generation(self, library: Library) -> Generation:
        """Three articles, a passage for each line."""
        for name, text in ARTICLES.items():
            put(library, f"{name}.txt", text, title=f"About {name}")
        return index_all(library)

    def found(
        self,
        index: KeywordIndex,
        library: Library,
        generation: Generation,
        question: str,
        k: int = 10,
        among: set[str] | None = None,
    ) -> list[str]:
        """Texts of the passages found, best first."""
        hits = index.search(generation.id, question, k, among)
        resolved = library.resolve(generation.id, [hit.id for hit in hits])
        return [resolved[hit.id].passage.text for hit in hits]

    def test_words_find_passages_in_any_form(
        self, index: KeywordIndex, library: Library, generation: Generation
    ) -> None:
        best = self.found(index, library, generation, "How does the A2 PULLEYS' tearing sound?")
        assert best[0] == "An A2 pulley tears with a pop."
        assert "Sleep well." not in best

    def test_a_title_is_found_with_each_of_its_passages(
        self, index: KeywordIndex, library: Library, generation: Generation
    ) -> None:
        assert set(self.found(index, library, generation, "elbows")) == {
            "Tendinopathy of the elbow.",
            "Eccentric loading helps the elbow of a climber.",
        }

    def test_scores_are_positive_and_fall(
        self, index: KeywordIndex, generation: Generation
    ) -> None:
        scores = [one.score for one in index.search(generation.id, "finger pulley climbers", 10)]
        assert len(scores) >= 3
        assert scores == sorted(scores, reverse=True)
        assert scores[-1] > 0

    def test_no_more_than_k(self, index: KeywordIndex, generation: Generation) -> None:
        assert len(index.search(generation.id, "about", 2)) == 2
        assert index.search(generation.id, "about", 0) == []

    def test_among_restricts_the_search(
        self, index: KeywordIndex, library: Library, generation: Generation
    ) -> None:
        sleep = library.passages(generation.id, id_of(library, "sleep.txt"))
        among = {passage.id for passage in sleep[:1]} | {"f" * 16}
        assert self.found(index, library, generation, "about", 10, among) == ["Sleep well."]
        assert index.search(generation.id, "about", 10, set()) == []

    def test_some_passages_are_scored_as_a_search_scores_them(
        self, index: KeywordIndex, library: Library, generation: Generation
    ) -> None:
        question = "How does the A2 pulley of a climber tear?"
        found = {one.id: one.score for one in index.search(generation.id, question, 10)}
        everything = library.passage_ids(generation.id)
        assert 0 < len(found) < len(everything)
        expected = {id: found.get(id, 0.0) for id in everything}
        assert index.score(generation.id, question, sorted(everything)) == expected
        for id in everything:
            assert index.score(generation.id, question, [id]) == {id: expected[id]}
            among = index.search(generation.id, question, 10, {id})
            assert {one.id: one.score for one in among} == ({id: found[id]} if id in found else {})

    def test_what_shares_no_word_or_is_not_there_scores_0(
        self, index: KeywordIndex, library: Library, generation: Generation
    ) -> None:
        (first, *_) = sorted(library.passage_ids(generation.id))
        assert index.score(generation.id, "pulley", ["f" * 16]) == {"f" * 16: 0.0}
        assert index.score(generation.id, "?!", [first]) == {first: 0.0}
        assert index.score(77, "pulley", [first]) == {first: 0.0}
        assert index.score(generation.id, "pulley", []) == {}

    def test_stop_words_alone_still_search(
        self, index: KeywordIndex, library: Library, generation: Generation
    ) -> None:
        assert "Rest days matter more than supplements." in self.found(
            index, library, generation, "more than"
        )

    @pytest.mark.parametrize("question", ["", "?!… --- ''", '"', "* OR NEAR(", "\x00", "_", "´"])
    def test_a_question_without_words_finds_nothing(
        self, index: KeywordIndex, generation: Generation, question: str
    ) -> None:
        assert index.search(generation.id, question.replace("OR NEAR", ""), 10) == []

    def test_ten_thousand_words_are_a_question(
        self, index: KeywordIndex, generation: Generation
    ) -> None:
        question = "pulley " + " ".join(f"word{number}" for number in range(10_000))
        assert len(index.search(generation.id, question, 10)) == 2

    @settings(
        max_examples=50,
        deadline=None,
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.differing_executors,
        ],
    )
    @given(question=st.text(max_size=60))
    def test_no_question_is_illegal(
        self, index: KeywordIndex, generation: Generation, question: str
    ) -> None:
        assert isinstance(index.search(generation.id, question, 5), list)

    def test_a_generation_that_is_not_there_finds_nothing(self, index: KeywordIndex) -> None:
        assert index.search(77, "pulley", 10) == []

    def test_only_the_version_that_is_indexed_is_found(
        self, index: KeywordIndex, library: Library, generation: Generation
    ) -> None:
        put(library, "sleep.txt", "Naps.\nRest days matter more than supplements.", title="Naps")
        assert "Sleep well." in self.found(index, library, generation, "sleep")
        assert self.found(index, library, generation, "naps") == []
        commit(library, generation, [id_of(library, "sleep.txt")])
        assert self.found(index, library, generation, "sleep") == []
        assert len(self.found(index, library, generation, "naps")) == 2
        library.remove([id_of(library, "sleep.txt")])
        assert self.found(index, library, generation, "naps") == []

    def test_generations_are_searched_and_scored_apart(
        self, index: KeywordIndex, library: Library, generation: Generation
    ) -> None:
        before = index.search(generation.id, "pulley", 10)
        other = library.generation("other", {}, {}, fresh=False)
        commit(library, other, [id_of(library, "sleep.txt")])
        assert index.search(generation.id, "pulley", 10) == before
        assert index.search(other.id, "pulley", 10) == []
        assert self.found(index, library, other, "sleep")[0] == "Sleep well."
