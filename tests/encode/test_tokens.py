from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dragtor.encode.onnx import OnnxEncoder
from dragtor.encode.tokens import EncoderTokens
from dragtor.types import Vectors
from tests.contracts.token_encoder import TokenEncoderContract


@pytest.fixture(scope="module")
def tokens(tiny_encoder: Path) -> EncoderTokens:
    encoder: Any = OnnxEncoder(tiny_encoder, max_tokens=32, threads=1)
    return EncoderTokens(encoder)


class TestEncoderTokens(TokenEncoderContract):
    @pytest.fixture
    def tokens(self, tokens: EncoderTokens) -> EncoderTokens:
        return tokens


def rows_of(tokens: EncoderTokens, text: str) -> Vectors:
    """Vectors of all tokens of a text, special ones included."""
    return tokens.encode_passage_tokens([text])[0]


def among(rows: Vectors, others: Vectors) -> bool:
    return bool((np.abs(others[:, None] - rows[None]).max(axis=2).min(axis=0) < 1e-5).all())


def test_a_question_is_compared_by_its_telling_words_alone(tokens: EncoderTokens) -> None:
    rows = tokens.encode_question_tokens("What is a pulley?")
    everything = rows_of(tokens, "What is a pulley?")
    assert 1 <= len(rows) < len(everything) - 2 - 3
    assert among(rows, everything)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


def test_a_question_of_stop_words_is_compared_by_all_of_them(tokens: EncoderTokens) -> None:
    rows = tokens.encode_question_tokens("Who are you?")
    everything = rows_of(tokens, "Who are you?")
    assert among(rows, everything)
    assert len(rows) < len(everything) - 2, "neither special tokens nor the question mark count"


def test_a_question_without_a_word_is_compared_by_all_it_has(tokens: EncoderTokens) -> None:
    assert len(tokens.encode_question_tokens("?!")) == 2


def test_of_a_long_question_only_what_the_encoder_sees_counts(tokens: EncoderTokens) -> None:
    assert 1 <= len(tokens.encode_question_tokens("pulley " * 500)) <= 32
