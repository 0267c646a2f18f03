"""Parts of retrieval over the real library, keyword index, vector and token store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from dragtor.interfaces import Scorer
from dragtor.retrieve.late import LateScorer, Tokens
from tests.contracts.retriever import QUESTION
from tests.contracts.scorer import ScorerContract
from tests.contracts.token_encoder import max_sim
from tests.retrieve.test_real_stores import Shelf, WordTokens, made


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """Not to be changed."""
    yield from made(tmp_path_factory.mktemp("shelf"))


@pytest.fixture
def ids(shelf: Shelf) -> list[str]:
    return sorted(shelf.library.passage_ids(shelf.generation))


class TestParts(ScorerContract):
    @pytest.fixture(params=["keyword", "dense", "late"])
    def scorer(self, request: pytest.FixtureRequest, shelf: Shelf) -> Scorer:
        return shelf.scorer(request.param)


def test_late_scores_are_the_mean_of_the_best_matches(shelf: Shelf, ids: list[str]) -> None:
    """MaxSim by its definition, of plain vectors; eight bits a component move it by little."""
    scores = shelf.scorer("late").ask(QUESTION).score(ids)
    found = shelf.library.resolve(shelf.generation, ids)
    question = WordTokens().encode_question_tokens(QUESTION)
    for id, one in found.items():
        (passage,) = WordTokens().encode_passage_tokens([one.passage.text])
        assert scores[id] == pytest.approx(max_sim(question, passage), abs=0.02)


def test_passages_of_the_same_text_share_their_vectors_and_each_has_its_score(
    shelf: Shelf, ids: list[str]
) -> None:
    scores = shelf.scorer("late").ask(QUESTION).score([ids[0], ids[0], ids[1]])
    assert set(scores) == {ids[0], ids[1]}


def test_without_a_first_stage_late_scores_and_does_not_find(shelf: Shelf, ids: list[str]) -> None:
    tokens = Tokens(shelf.library, shelf.generation, shelf.tokens, "words", shelf.codec)
    asked = LateScorer(WordTokens(), tokens).ask(QUESTION)
    assert asked.search(5) == []
    assert asked.score(ids) == shelf.scorer("late").ask(QUESTION).score(ids)


def test_a_passage_without_token_vectors_has_no_score(shelf: Shelf, ids: list[str]) -> None:
    tokens = Tokens(shelf.library, shelf.generation, shelf.tokens, "others", shelf.codec)
    assert LateScorer(WordTokens(), tokens).ask(QUESTION).score(ids) == {}
    empty = replace(tokens, space="empty")
    shelf.tokens.create("empty", shelf.codec.width)
    key = shelf.library.input_hashes(shelf.generation, ids)[ids[0]]
    shelf.tokens.add("empty", [key], [np.empty((0, shelf.codec.width), dtype=np.uint8)])
    assert LateScorer(WordTokens(), empty).ask(QUESTION).score(ids) == {}
