from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragtor.answer.evidence import (
    COVERAGE,
    RANK,
    SentenceFinder,
    coverages,
    neighbours,
    source_order,
)
from dragtor.passages import sentence_spans
from dragtor.types import Evidence, Hit, Mark, Vectors
from tests.answer.conftest import by_words, hit


def vectors(hits: Sequence[Hit]) -> list[Vectors]:
    cut = [[h.passage.text[s.start : s.end] for s in sentence_spans(h.passage.text)] for h in hits]
    return [by_words(texts) if texts else np.empty((0, 64), np.float32) for texts in cut]


FINDER = SentenceFinder(lambda question: by_words([question])[0], vectors)


def texts(evidence: Sequence[Evidence]) -> list[str]:
    return [item.text for item in evidence]


def test_relevance_is_made_of_meaning_words_and_the_rank_of_the_passage() -> None:
    first = replace(hit("Bread with butter."), score=0.9)
    second = replace(hit("The pulley tore. Rest.", document="d2"), score=0.8, rank=2)
    third = replace(hit("A pulley.", document="d3"), score=0.8, rank=3)
    evidence = FINDER.find("pulley", [first, second, third])
    assert texts(evidence) == ["Bread with butter.", "The pulley tore.", "Rest.", "A pulley."]
    for item, rank in zip(evidence, [1, 2, 2, 2], strict=True):
        cosine = float(by_words([item.text])[0] @ by_words(["pulley"])[0])
        assert item.cosine == pytest.approx(cosine, abs=1e-6)
        expected = (1 - COVERAGE) * cosine + COVERAGE * item.coverage - RANK * log2(rank)
        assert item.relevance == pytest.approx(expected, abs=1e-6)
    assert [item.coverage for item in evidence] == [0, 1, 0, 1]


def test_headings_are_left_out() -> None:
    one = hit("# Tape\n\nTape it.\n\n## Rest ##\n\nRest it.")
    marks = (Mark(0, heading="Tape", level=1), Mark(18, heading="Rest", level=2))
    assert texts(FINDER.find("tape", [replace(one, marks=marks)])) == ["Tape it.", "Rest it."]


def test_a_sentence_knows_how_near_the_heading_above_it_is() -> None:
    one = hit("First.\n\n# Tape\n\nWind it.\n\nAgain.\n\n## Rest ##\n\nWait.")
    marks = (Mark(8, heading="Tape", level=1), Mark(34, heading="Rest", level=2))
    found = FINDER.find("tape", [replace(one, marks=marks)])
    assert texts(found) == ["First.", "Wind it.", "Again.", "Wait."]
    near = float(by_words(["# Tape"])[0] @ by_words(["tape"])[0])
    assert found[0].heading_cosine is None
    assert [item.heading_cosine for item in found[1:3]] == pytest.approx([near, near], abs=1e-6)
    assert found[3].heading_cosine != pytest.approx(near, abs=1e-6)


def test_what_passages_share_comes_once() -> None:
    text = "One it is. Two it is. Three it is."
    early, late = hit(text[:21], start=0), hit(text[11:], start=11)
    evidence = FINDER.find("two", [late, early])
    assert texts(evidence) == ["Two it is.", "Three it is.", "One it is."]
    assert texts(source_order(evidence)) == ["One it is.", "Two it is.", "Three it is."]


def test_neighbours_are_found_across_passages_and_not_across_headings() -> None:
    evidence = FINDER.find(
        "one", [hit("One. Two.\n\nThree.\n\n# Tape\n\nFour."), hit("X.", start=99)]
    )
    evidence = tuple(item for item in evidence if "#" not in item.text)
    pairs = [(evidence[a].text, evidence[b].text) for a, b in neighbours(evidence)]
    assert pairs == [("One.", "Two."), ("Two.", "Three.")]
    parts = FINDER.find("one", [hit("Two.", start=5), hit("One."), hit("Three.", document="d2")])
    assert [(parts[a].text, parts[b].text) for a, b in neighbours(parts)] == [("One.", "Two.")]


def test_no_hits_and_no_sentences_are_no_evidence() -> None:
    assert FINDER.find("pulley", []) == ()
    assert FINDER.find("pulley", [hit(" \n ")]) == ()


def test_a_rare_word_covers_more_than_a_common_one() -> None:
    pulley, tear, both = coverages("pulley tears?", ["A pulley.", "It tears.", "Pulley tears."])
    # Each is held by 2 of 3.
    assert (pulley, tear, both) == (0.5, 0.5, 1.0)
    rare, common, _ = coverages("pulley tears?", ["A pulley.", "It tears.", "Tears."])
    # log(1 + 3/1) and log(1 + 3/2)
    assert rare == pytest.approx(1.3863 / (1.3863 + 0.9163), abs=1e-4)
    assert common == pytest.approx(1 - rare)


@given(st.text(), st.lists(st.text(max_size=200), max_size=3))
def test_any_text_can_be_read(question: str, passages: list[str]) -> None:
    hits = [hit(text, document=f"d{n}") for n, text in enumerate(passages)]
    for item in FINDER.find(question, hits):
        assert item.text.strip()
        assert 0 <= item.coverage <= 1.000001
