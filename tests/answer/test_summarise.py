from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dragtor.answer.summarise import Candidate, ModelSummariser, SentenceSummariser, central
from dragtor.config import Settings
from dragtor.interfaces import Summariser
from dragtor.types import Document, DocumentInfo, Passage, Span, Vectors
from tests.fakes import ScriptedModel

PROMPT = Settings().prompts.summarise

PARTS = (
    "Pulley injuries are the most common injuries of climbers.",
    "The weather was nice when we met at the old café.",
    "A pulley injury heals in six weeks for most climbers.",
    "Climbers protect an injured pulley with a thermoplastic ring.",
)


def document(*parts: str, title: str = "Pulleys") -> tuple[Document, list[Passage], Vectors]:
    """A document with a passage for each part; the café lies across from all else."""
    text, passages = "", []
    for part in parts:
        start = len(text) + (2 if text else 0)
        text = f"{text}\n\n{part}" if text else part
        passages.append(Passage(f"p{start}", start, start + len(part), part))
    vectors = np.array([[0.0, 1.0] if "café" in part else [1.0, 0.0] for part in parts])
    info = DocumentInfo("d", "file:///d", title, "text")
    return Document(info, 1, text), passages, vectors.astype(np.float32)


def candidate(start: int, *stems: str, words: int = 10, weight: float = 1.0) -> Candidate:
    return Candidate(Span(start, start + 5), stems, words, weight)


def test_the_most_frequent_words_are_central_and_then_count_for_less() -> None:
    # Shares: a 4/8, b 2/8, c 1/8, d 1/8. First (a, a): 1/2. Then a counts 1/4: (a, b) 1/4,
    # (a, c) 3/16, (b, d) 3/16; so b comes second.
    candidates = [
        candidate(0, "a", "c"),
        candidate(10, "b", "d"),
        candidate(20, "a", "b"),
        candidate(30, "a", "a"),
    ]
    assert central(candidates, 10) == [Span(30, 35)]
    assert central(candidates, 20) == [Span(20, 25), Span(30, 35)]


def test_what_lies_beside_the_topic_weighs_less() -> None:
    candidates = [candidate(0, "a", weight=0.2), candidate(10, "a", weight=0.9)]
    assert central(candidates, 10) == [Span(10, 15)]


def test_one_sentence_is_chosen_however_long() -> None:
    assert central([candidate(0, "a", words=50)], 10) == [Span(0, 5)]
    assert central([], 10) == []


@given(
    st.lists(st.tuples(st.lists(st.sampled_from("abcdef"), max_size=5), st.integers(6, 60))),
    st.integers(1, 200),
)
def test_a_summary_keeps_to_its_length_and_to_the_order_of_the_text(
    items: list[tuple[list[str], int]], room: int
) -> None:
    candidates = [
        Candidate(Span(10 * n, 10 * n + 5), tuple(stems), words, 1.0)
        for n, (stems, words) in enumerate(items)
    ]
    spans = central(candidates, room)
    lengths = {one.span: one.words for one in candidates}
    assert [span.start for span in spans] == sorted({span.start for span in spans})
    assert len(spans) <= 1 or sum(lengths[span] for span in spans) <= room
    assert bool(spans) == any(stems for stems, _ in items)


class TestSentenceSummariser:
    def test_it_takes_whole_sentences_in_text_order_below_the_title(self) -> None:
        fitting: Summariser = SentenceSummariser()
        said = fitting.summarise(*document(*PARTS))
        title, *sentences = said.split("\n")
        assert title == "Pulleys"
        assert [part for part in PARTS if part in sentences] == sentences
        assert PARTS[0] in sentences

    def test_a_text_without_sentences_is_summarised_by_its_beginning(self) -> None:
        said = SentenceSummariser().summarise(*document("Rope.", "Chalk.", title=""))
        assert said == "Rope. Chalk."


class TestModelSummariser:
    def test_the_model_writes_the_summary(self) -> None:
        model = ScriptedModel(["It is about pulleys."])
        fitting: Summariser = ModelSummariser(model, PROMPT)
        assert fitting.summarise(*document(*PARTS)) == "Pulleys\nIt is about pulleys."
        assert PARTS[3] in model.prompts[0][0].content
        assert "scripted" in fitting.name

    def test_a_long_text_is_summarised_part_by_part_and_then_the_summaries(self) -> None:
        # The question has 32 words and each passage about 10; 220 are kept for the summary.
        model = ScriptedModel(["About injuries.", "About rings.", "Both."], context_tokens=280)
        assert ModelSummariser(model, PROMPT).summarise(*document(*PARTS)) == "Pulleys\nBoth."
        assert "About injuries.\n\nAbout rings." in model.prompts[2][0].content

    def test_a_model_that_says_nothing_leaves_it_to_the_sentences(self) -> None:
        model = ScriptedModel([""])
        assert PARTS[0] in ModelSummariser(model, PROMPT).summarise(*document(*PARTS))

    def test_it_ends_where_the_context_is_too_small_for_two_summaries(self) -> None:
        model = ScriptedModel([f"Summary {n}." for n in range(9)], context_tokens=271)
        said = ModelSummariser(model, PROMPT).summarise(*document(*PARTS))
        assert said.startswith("Pulleys\nSummary")
