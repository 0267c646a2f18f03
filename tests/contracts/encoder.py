"""What every encoder promises. A test class inherits this and supplies ``encoder``."""

from __future__ import annotations

import numpy as np
import pytest

from dragtor.interfaces import Encoder
from dragtor.types import Span, Vectors

TEXTS = (
    "A pulley tears with a pop.",
    "",
    "Rest.",
    "Tendons adapt more slowly than muscles, so a plan for the fingers takes months. " * 6,
    "漢字 한국어 naïve 👩‍🚀\n\n\t2.5 kg",
    "   ",
    "A pulley tears with a pop.",
)
"""Of unequal length, one of them empty, one of white space, one twice."""


class EncoderContract:
    """Inherit from this and supply a fixture ``encoder``."""

    def test_vectors_are_float32_of_the_dimension_it_names(self, encoder: Encoder) -> None:
        for vectors in (encoder.encode_passages(TEXTS), encoder.encode_queries(TEXTS)):
            assert vectors.dtype == np.float32
            assert vectors.shape == (len(TEXTS), encoder.dimension)

    def test_every_vector_has_length_one(self, encoder: Encoder) -> None:
        for vectors in (encoder.encode_passages(TEXTS), encoder.encode_queries(TEXTS)):
            assert np.linalg.norm(vectors, axis=1) == approx_ones(len(TEXTS))

    def test_vectors_come_in_the_order_of_the_texts(self, encoder: Encoder) -> None:
        forward = encoder.encode_passages(TEXTS)
        backward = encoder.encode_passages(TEXTS[::-1])
        assert cosines(forward, backward[::-1]) == approx_ones(len(TEXTS))

    def test_a_text_has_the_same_vector_alone_and_in_company(self, encoder: Encoder) -> None:
        together = encoder.encode_passages(TEXTS)
        alone = np.concatenate([encoder.encode_passages([text]) for text in TEXTS])
        assert cosines(together, alone) == approx_ones(len(TEXTS))

    def test_different_texts_have_different_vectors(self, encoder: Encoder) -> None:
        vectors = encoder.encode_passages([TEXTS[0], TEXTS[2], TEXTS[3]])
        assert np.all((vectors @ vectors.T)[np.triu_indices(3, 1)] < 0.999)

    def test_a_shared_word_brings_texts_closer(self, encoder: Encoder) -> None:
        asked = encoder.encode_queries(["pulley"])
        near, far = encoder.encode_passages(["The pulley tore.", "Bread with butter."])
        assert asked @ near > asked @ far

    def test_no_texts_give_no_vectors(self, encoder: Encoder) -> None:
        assert encoder.encode_passages([]).shape == (0, encoder.dimension)
        assert encoder.encode_queries([]).shape == (0, encoder.dimension)

    def test_what_lies_beyond_max_tokens_is_not_seen(self, encoder: Encoder) -> None:
        long = "climb " * encoder.max_tokens
        vectors = encoder.encode_passages([long, f"{long} Bread with butter.", "climb"])
        assert cosines(vectors[:1], vectors[1:2]) == approx_ones(1)
        assert vectors[0] @ vectors[2] < 0.99999

    def test_spans_come_with_the_vectors_of_their_texts(self, encoder: Encoder) -> None:
        spans = [[Span(0, len(text)), Span(0, 1)] if text else [] for text in TEXTS]
        vectors, pooled = encoder.encode_spans(TEXTS, spans)
        assert cosines(vectors, encoder.encode_passages(TEXTS)) == approx_ones(len(TEXTS))
        assert [rows.shape for rows in pooled] == [(len(s), encoder.dimension) for s in spans]
        for rows in pooled:
            assert rows.dtype == np.float32
            assert np.linalg.norm(rows, axis=1) == approx_ones(len(rows))
        vectors, pooled = encoder.encode_spans([], [])
        assert vectors.shape == (0, encoder.dimension)
        assert pooled == []

    def test_the_span_that_shares_a_word_is_closer(self, encoder: Encoder) -> None:
        text = "Bread with butter. Pulley."
        _, (spans,) = encoder.encode_spans([text], [[Span(0, 18), Span(19, 26)]])
        far, near = spans @ encoder.encode_queries(["pulley"])[0]
        assert near > far

    def test_a_span_that_is_not_seen_has_the_vector_of_its_text(self, encoder: Encoder) -> None:
        text = "climb " * encoder.max_tokens + "Bread with butter."
        (whole,), (spans,) = encoder.encode_spans([text], [[Span(len(text) - 18, len(text))]])
        assert cosines(spans, whole[None]) == approx_ones(1)

    def test_its_fingerprint_stays_the_same(self, encoder: Encoder) -> None:
        before = encoder.fingerprint
        encoder.encode_passages(TEXTS[:1])
        assert encoder.fingerprint == before != ""


def cosines(one: Vectors, other: Vectors) -> Vectors:
    """Cosine of each row of one with the same row of the other, which are all of length 1."""
    return np.sum(one * other, axis=1)


def approx_ones(n: int) -> object:
    return pytest.approx(np.ones(n), abs=1e-5)
