"""What every token encoder promises. A test class inherits this and supplies ``tokens``."""

from __future__ import annotations

import numpy as np
import pytest

from dragtor.interfaces import TokenEncoder
from dragtor.types import Vectors
from tests.contracts.encoder import TEXTS


class TokenEncoderContract:
    """Inherit from this and supply a fixture ``tokens``."""

    def test_vectors_are_float32_of_the_dimension_it_names(self, tokens: TokenEncoder) -> None:
        made = [*tokens.encode_passage_tokens(TEXTS), tokens.encode_question_tokens(TEXTS[0])]
        assert len(made) == len(TEXTS) + 1
        for rows in made:
            assert rows.dtype == np.float32
            assert rows.shape == (len(rows), tokens.dimension)

    def test_every_vector_has_length_one(self, tokens: TokenEncoder) -> None:
        for rows in [*tokens.encode_passage_tokens(TEXTS), tokens.encode_question_tokens("Rest")]:
            assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(len(rows)), abs=1e-5)

    def test_a_longer_text_has_more_tokens(self, tokens: TokenEncoder) -> None:
        short, long = tokens.encode_passage_tokens(["Rest.", "Rest a while, then load it again."])
        assert 1 <= len(short) < len(long)

    def test_vectors_come_in_the_order_of_the_texts(self, tokens: TokenEncoder) -> None:
        forward = tokens.encode_passage_tokens(TEXTS)
        backward = tokens.encode_passage_tokens(TEXTS[::-1])
        for one, other in zip(forward, backward[::-1], strict=True):
            assert one == pytest.approx(other, abs=1e-5)

    def test_a_text_has_the_same_vectors_alone_and_in_company(self, tokens: TokenEncoder) -> None:
        for text, together in zip(TEXTS, tokens.encode_passage_tokens(TEXTS), strict=True):
            (alone,) = tokens.encode_passage_tokens([text])
            assert together == pytest.approx(alone, abs=1e-5)

    def test_any_question_has_vectors(self, tokens: TokenEncoder) -> None:
        for text in (*TEXTS, "?!", "word " * 2000):
            assert len(tokens.encode_question_tokens(text)) >= 1

    def test_a_question_asked_again_is_the_same(self, tokens: TokenEncoder) -> None:
        before = tokens.encode_question_tokens("pulley").copy()
        tokens.encode_question_tokens("bread")
        assert np.array_equal(tokens.encode_question_tokens("pulley"), before)

    def test_a_shared_word_brings_texts_closer(self, tokens: TokenEncoder) -> None:
        asked = tokens.encode_question_tokens("pulley")
        near, far = tokens.encode_passage_tokens(["The pulley tore.", "Bread with butter."])
        assert max_sim(asked, near) > max_sim(asked, far)

    def test_no_texts_give_no_vectors(self, tokens: TokenEncoder) -> None:
        assert tokens.encode_passage_tokens([]) == []

    def test_its_fingerprint_stays_the_same(self, tokens: TokenEncoder) -> None:
        before = tokens.fingerprint
        tokens.encode_passage_tokens(TEXTS[:1])
        assert tokens.fingerprint == before != ""


def max_sim(question: Vectors, passage: Vectors) -> float:
    """As it is defined, one after the other."""
    return sum(max(float(q @ p) for p in passage) for q in question) / len(question)
