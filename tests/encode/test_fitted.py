from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dragtor.encode.fitted import FittedEncoder, FittedTokenReader, fitted
from dragtor.encode.onnx import OnnxEncoder
from dragtor.encode.vectors import cut
from dragtor.types import Span, Vectors
from tests.contracts.encoder import TEXTS, EncoderContract, approx_ones, cosines
from tests.encode import reference
from tests.tiny import HEADS, LAYERS, tiny_tokenizer, tiny_weights

LONG = "Tendons adapt more slowly than muscles. " * 9 + "Bread with butter."


def tiny(folder: Path, dimensions: int = 0, prefix: str = "", **more: Any) -> FittedEncoder:
    engine = OnnxEncoder(folder, max_tokens=40, threads=1, passage_prefix=prefix)
    return fitted(engine, dimensions, passage_prefix=prefix, **more)


class LongTextContract(EncoderContract):
    """Of encoders that read long texts to their end."""

    test_what_lies_beyond_max_tokens_is_not_seen = None
    test_a_span_that_is_not_seen_has_the_vector_of_its_text = None

    def test_the_end_of_a_long_text_is_seen(self, encoder: FittedEncoder) -> None:
        long = "climb " * 3 * encoder.max_tokens
        vectors = encoder.encode_passages([long, f"{long} Bread with butter."])
        assert vectors[0] @ vectors[1] < 0.9999

    def test_a_span_of_a_long_text_has_a_vector_of_its_own(self, encoder: FittedEncoder) -> None:
        text = "climb " * 2 * encoder.max_tokens
        where = Span(len(text), len(text) + 18)
        _, (spans,) = encoder.encode_spans([f"{text}Bread with butter."], [[where, Span(0, 5)]])
        bread, climb = encoder.encode_passages(["Bread with butter.", "climb"])
        assert spans[0] @ bread > spans[1] @ bread
        assert spans[1] @ climb > spans[0] @ climb


class TestFittedEncoder(LongTextContract):
    @pytest.fixture(scope="class")
    @classmethod
    def encoder(cls, tiny_encoder: Path) -> FittedEncoder:
        return tiny(tiny_encoder)


class TestFittedEncoderWithFewerDimensionsAndPrefix(LongTextContract):
    @pytest.fixture(scope="class")
    @classmethod
    def encoder(cls, tiny_encoder: Path) -> FittedEncoder:
        return tiny(tiny_encoder, 48, "passage: ")

    # Of 48 dimensions of a random model, too few to tell.
    test_the_span_that_shares_a_word_is_closer = None


def test_a_short_text_has_exactly_the_vector_of_the_engine(tiny_encoder: Path) -> None:
    engine = OnnxEncoder(tiny_encoder, max_tokens=40, threads=1)
    assert np.array_equal(
        tiny(tiny_encoder).encode_passages(TEXTS[:3]), engine.encode_passages(TEXTS[:3])
    )
    assert tiny(tiny_encoder).fingerprint == engine.fingerprint
    words = " ".join(["ab"] * 38)  # with [CLS] and [SEP] 40 tokens
    assert np.array_equal(
        tiny(tiny_encoder).encode_passages([words]), engine.encode_passages([words])
    )


def test_a_long_text_has_the_mean_of_its_windows_weighted_with_their_tokens(
    tiny_encoder: Path,
) -> None:
    # Of six tokens two are special, and two are left free where a text is cut: so a window has two.
    encoder = OnnxEncoder(tiny_encoder, max_tokens=6, threads=1)
    text = "ab cd efgh ij"  # ab cd ef gh ij
    first, second, third = pooled(["ab cd ", "efgh ", "ij"])
    mean = 2 * first + 2 * second + 1 * third
    expected = mean / np.linalg.norm(mean)
    read = fitted(encoder)
    assert read.encode_passages([text])[0] == pytest.approx(expected, abs=1e-6)
    vectors, _ = read.encode_spans(["Rest.", text], [[], []])
    assert vectors[1] == pytest.approx(expected, abs=1e-6)


def pooled(texts: list[str]) -> Vectors:
    """Pooled vectors by the reference implementation."""
    tokenizer = tiny_tokenizer()
    weights = tiny_weights(tokenizer.get_vocab_size())
    rows = []
    for text in texts:
        ids = tokenizer.encode(text).ids
        state = reference.hidden_state(weights, ids, [0] * len(ids), heads=HEADS, layers=LAYERS)
        mean = state.mean(axis=0)
        rows.append(mean / np.linalg.norm(mean))
    return np.array(rows)


def test_a_span_across_windows_is_made_of_both_its_parts(tiny_encoder: Path) -> None:
    engine = OnnxEncoder(tiny_encoder, max_tokens=6, threads=1)
    text = "ab cd efgh ij"
    _, (spans,) = fitted(engine).encode_spans([text], [[Span(3, 10)]])
    _, (first, second) = engine.encode_spans(["ab cd ", "efgh "], [[Span(3, 6)], [Span(0, 4)]])
    mean = first[0] + 2 * second[0]  # cd | ef gh
    assert spans[0] == pytest.approx(mean / np.linalg.norm(mean), abs=1e-6)


def test_tokens_of_a_long_text_come_in_order(tiny_encoder: Path) -> None:
    encoder = tiny(tiny_encoder)
    assert isinstance(encoder, FittedTokenReader)
    read = encoder.read(["Rest.", LONG], [[], [Span(0, 4)]])
    assert cosines(read.vectors, encoder.encode_passages(["Rest.", LONG])) == approx_ones(2)
    tokens = len(encoder.token_spans(LONG))
    assert len(read.tokens[1]) > tokens > 80
    assert [rows.shape for rows in read.spans] == [(0, 64), (1, 64)]
    asked = encoder.read_question("bread", [Span(0, 5)])[0]
    scores = read.tokens[1] @ asked
    assert scores.argmax() > 0.9 * len(scores)


def test_each_window_has_the_prefix_and_room_for_it(tiny_encoder: Path) -> None:
    prefixed, plain = tiny(tiny_encoder, prefix="passage: "), tiny(tiny_encoder)
    assert prefixed.window_tokens == plain.window_tokens - len(plain.token_spans("passage: "))


def test_an_engine_without_tokens_is_no_token_reader(tiny_encoder: Path) -> None:
    class Plain:
        def __init__(self, engine: OnnxEncoder) -> None:
            for name in ("max_tokens", "token_spans", "encode_passages", "dimension"):
                setattr(self, name, getattr(engine, name))

    plain: Any = Plain(OnnxEncoder(tiny_encoder, max_tokens=40, threads=1))
    encoder = fitted(plain)
    assert not isinstance(encoder, FittedTokenReader)
    assert cosines(
        encoder.encode_passages([LONG]), tiny(tiny_encoder).encode_passages([LONG])
    ) == approx_ones(1)


def test_fewer_dimensions_are_the_first_ones_at_length_one(tiny_encoder: Path) -> None:
    whole, few = tiny(tiny_encoder), tiny(tiny_encoder, 16)
    expected = whole.encode_passages(TEXTS)[:, :16]
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    assert few.encode_passages(TEXTS) == pytest.approx(expected, abs=1e-6)
    assert few.dimension == 16
    assert few.read(TEXTS[:1], [[]]).tokens[0].shape[1] == 16
    assert len({whole.fingerprint, few.fingerprint, tiny(tiny_encoder, 32).fingerprint}) == 3


def test_a_layer_norm_comes_before_the_cut() -> None:
    """(4, 2, 0, -2) less its mean 1 is (3, 1, -1, -3); two of it have length sqrt 10."""
    rows = np.array([[4, 2, 0, -2]], dtype=np.float32)
    assert cut(rows, 2, layer_norm=True)[0] == pytest.approx(np.array([3, 1]) / np.sqrt(10))
    assert cut(rows, 2)[0] == pytest.approx(np.array([4, 2]) / np.sqrt(20))
