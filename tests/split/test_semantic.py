from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragtor.errors import ConfigError
from dragtor.split.semantic import SemanticSplitter, distances
from tests.contracts.splitter import document
from tests.split.readers import BagOfWords

FINGER = "Tape the finger. Rest the finger. Cool the finger. Move the finger. "
ELBOW = "Elbows hurt outside. Elbows hurt inside. Elbows hurt always. Elbows hurt rarely."


def cut(text: str, max_tokens: int, overlap: int = 0, percentile: float = 80) -> list[str]:
    splitter = SemanticSplitter(BagOfWords(), max_tokens, overlap, percentile=percentile)
    return [text[cut.start : cut.end] for cut in splitter.split(document(text))]


def test_a_passage_ends_where_the_sentences_turn_to_something_else() -> None:
    assert cut(FINGER + ELBOW, 100, percentile=90) == [FINGER.strip(), ELBOW]


def test_the_lower_the_percentile_the_more_passages() -> None:
    sizes = [len(cut((FINGER + ELBOW) * 4, 200, percentile=p)) for p in (95, 80, 50, 10)]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]


def test_no_overlap_where_topics_part_but_where_the_budget_ends_a_passage() -> None:
    passages = cut(FINGER * 3 + ELBOW, 40, overlap=12, percentile=95)
    (elbows,) = [i for i, passage in enumerate(passages) if passage.startswith("Elbows")][:1]
    assert "finger" not in passages[elbows]
    assert passages[1].startswith(passages[0].rpartition(". ")[2])


def test_sentences_are_read_in_one_call() -> None:
    encoder = BagOfWords()
    SemanticSplitter(encoder, 60, percentile=80).split(document((FINGER + ELBOW) * 9))
    assert encoder.calls == 1


def test_a_short_document_is_not_read_at_all() -> None:
    encoder = BagOfWords()
    assert len(SemanticSplitter(encoder, 200).split(document(FINGER))) == 1
    assert encoder.calls == 0


def test_distances_are_those_of_sentences_with_their_neighbours() -> None:
    # Two of one kind, then two of another. With neighbours: (2, 0), (2, 1), (1, 2), (0, 2), so the
    # cosines are 2/sqrt(5) = 0.894, 4/5 and 2/sqrt(5).
    vectors = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], dtype=np.float32)
    assert distances(vectors) == pytest.approx([1 - 2 / 5**0.5, 0.2, 1 - 2 / 5**0.5])


@settings(max_examples=20, deadline=None)
@given(st.integers(min_value=1, max_value=9))
def test_distances_are_what_a_plain_loop_says(rows: int) -> None:
    vectors = np.random.default_rng(rows).standard_normal((rows, 4)).astype(np.float32)
    around = [vectors[max(0, i - 1) : i + 2].sum(axis=0) for i in range(rows)]
    unit = [row / np.linalg.norm(row) for row in around]
    expected = [1 - float(unit[i] @ unit[i + 1]) for i in range(rows - 1)]
    assert distances(vectors) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("percentile", [-1, 101])
def test_a_percentile_that_is_none_is_refused(percentile: float) -> None:
    with pytest.raises(ConfigError, match=rf"split.percentile is {percentile}: .* 0 and 100"):
        SemanticSplitter(BagOfWords(), 100, percentile=percentile)
