from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragtor.answer.evidence import is_heading
from dragtor.answer.prompt import excerpt_text
from dragtor.answer.select import NEAR, estimated_tokens, select
from dragtor.passages import sentence_spans
from dragtor.types import Evidence, Excerpt, Hit, Mark
from tests.answer.conftest import hit

TEXT = "Rest it. Load it.\n\n# Tape\n\nTape it. Cut it. Glue it."
TITLE = 1 + 4
"""Tokens of the title "Tape" and of the numbering."""


def found(relevance: Sequence[float], *hits: Hit) -> tuple[Evidence, ...]:
    """The sentences of the hits, with these relevances in order."""
    places = [(one, s) for one in hits for s in sentence_spans(one.passage.text)]
    sentences = [(one, span) for one, span in places if not is_heading(one, span)]
    return tuple(
        Evidence(one, span, worth, worth, worth)
        for (one, span), worth in zip(sentences, relevance, strict=True)
    )


def read(excerpts: Sequence[Excerpt]) -> list[str]:
    return [excerpt_text(excerpt) for excerpt in excerpts]


def taped() -> Hit:
    return replace(hit(TEXT, title="Tape"), marks=(Mark(TEXT.index("#"), heading="Tape", level=1),))


def test_the_best_sentence_is_read_with_its_heading_and_never_nothing() -> None:
    evidence = found([0.1, 0.1, 0.9, 0.1, 0.1], taped())
    assert read(select(evidence, 1)) == ["# Tape\n\nTape it."]
    assert select((), 100) == ()


def test_neighbours_come_before_what_is_elsewhere_and_bears_little() -> None:
    evidence = found([0.5, 0.1, 0.1, 0.9, 0.1], taped())
    # "# Tape\n\nTape it. Cut it. Glue it." has 2 + 3 + 3 + 3
    assert read(select(evidence, TITLE + 11)) == ["# Tape\n\nTape it. Cut it. Glue it."]
    # "Rest it." takes 3 more, and 3 for the ellipsis, in place of which "Load it." may stand
    assert read(select(evidence, TITLE + 16)) == ["# Tape\n\nTape it. Cut it. Glue it."]
    assert read(select(evidence, TITLE + 17)) == [TEXT]


def test_a_sentence_nearly_as_good_comes_before_a_neighbour() -> None:
    evidence = found([0.9 - NEAR / 2, 0.1, 0.1, 0.9, 0.1], taped())
    # 3 and an ellipsis of 3, the heading 2 and an ellipsis of 3 (or "Tape it."), and 3
    assert read(select(evidence, TITLE + 14)) == ["Rest it. […]\n# Tape\n\nTape it. Cut it."]


def test_a_document_is_read_in_text_order_and_the_best_document_first() -> None:
    late, other = hit("Late one.", start=50), hit("Other one.", document="d2")
    early = hit("Early one.", start=10)
    evidence = found([0.5, 0.9, 0.1], late, other, early)
    assert read(select(evidence, 100)) == ["Early one.", "Late one.", "Other one."]


def test_the_given_count_decides() -> None:
    evidence = found([0.5, 0.4, 0.3, 0.2, 0.1], taped())
    assert len(read(select(evidence, 100, count=lambda text: 50))) == 1
    assert read(select(evidence, 100, count=lambda text: 50)) == ["Rest it."]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 0), ("A2, 36%", 4), ("biomechanical", 3), ("漢字。", 3), ("it's", 3)],
)
def test_tokens_are_estimated_by_letters_and_signs(text: str, tokens: int) -> None:
    assert estimated_tokens(text) == tokens


worths = st.floats(-1, 1, allow_nan=False)
sentence = st.sampled_from(
    ["Rest it.", "A pulley tears with a loud pop.", "漢字。", "So?", "👩‍🚀!"]
)
paragraph = st.lists(sentence, min_size=1, max_size=5).map(" ".join)
passage = st.lists(paragraph, min_size=1, max_size=3).map("\n\n".join)


@st.composite
def evidences(draw: st.DrawFn) -> tuple[Evidence, ...]:
    texts = draw(st.lists(passage, min_size=1, max_size=4))
    hits = [
        hit(text, document=f"d{draw(st.integers(0, 1))}", start=1000 * number)
        for number, text in enumerate(texts)
    ]
    n = sum(len(sentence_spans(one.passage.text)) for one in hits)
    return found(draw(st.lists(worths, min_size=n, max_size=n)), *hits)


@given(evidences(), st.integers(0, 200), st.integers(0, 100))
def test_more_tokens_never_lose_anything_and_few_are_never_exceeded(
    evidence: tuple[Evidence, ...], tokens: int, more: int
) -> None:
    small, large = select(evidence, tokens), select(evidence, tokens + more)
    assert small == select(evidence, tokens)
    assert characters(small) <= characters(large)
    assert len(read(small)) >= 1
    sentences = sum(len(sentence_spans(text)) for text in read(small))
    said = sum(
        estimated_tokens(f"[1] {excerpt.hit.document.title}\n{excerpt_text(excerpt)}")
        for excerpt in small
    )
    assert sentences == 1 or said <= tokens


@given(evidences(), st.integers(0, 200))
def test_spans_are_sentences_in_text_order_that_do_not_overlap(
    evidence: tuple[Evidence, ...], tokens: int
) -> None:
    for excerpt in select(evidence, tokens):
        text = excerpt.hit.passage.text
        cuts = sentence_spans(text)
        end = 0
        for span in excerpt.spans:
            assert end <= span.start < span.end <= len(text)
            assert span.start in {cut.start for cut in cuts}
            assert span.end in {cut.end for cut in cuts}
            end = span.end


def characters(excerpts: Sequence[Excerpt]) -> set[tuple[str, int]]:
    return {
        (excerpt.hit.passage.id, offset)
        for excerpt in excerpts
        for span in excerpt.spans
        for offset in range(span.start, span.end)
    }
