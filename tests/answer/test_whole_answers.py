"""Whatever is in a document, however it is split, whatever a model says: quotes are true.

Everything here is real but the model, which says what hypothesis makes up, and the encoder.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dragtor.answer.answerability import default
from dragtor.answer.answerer import GroundedAnswerer, Options
from dragtor.answer.citations import FeatureChecker
from dragtor.answer.evidence import SentenceFinder
from dragtor.answer.prompt import Templates
from dragtor.answer.refusal import CalibratedRefuser
from dragtor.answer.support import Thresholds
from dragtor.passages import make_passages, sentence_spans
from dragtor.text import clean
from dragtor.types import (
    Answer,
    Cut,
    Document,
    DocumentInfo,
    Gathered,
    Hit,
    Location,
    Query,
    SearchResult,
    Token,
    Vectors,
)
from tests.answer.conftest import by_words, by_words_and_spans
from tests.fakes import ScriptedModel

TEMPLATES = Templates(
    system="Answer from the passages, else say: {refusal}",
    context="{passages}",
    question="Question: {question}",
    refusal="The sources do not answer this question.",
)
HOSTILE = (
    "[99]",
    "[0]",
    "[[1]](https://example.org)",
    "[1, 2, 3, 99999999999]",
    "[passage one]",
    "]][[",
    "The A2 pulley tears most often.",
    "It heals in 6 weeks [1].",
    "- \n- \n1.",
    "``` [1] ```",
    "שלום עולם.",
    "プーリーは六週間で治る。",
    "🧗🏽‍♀️🧗",
    "\u202eterces\u202c",
    "\x1b[2J",
    "\x00",
    "a" * 300,
    "The sources do not answer this question.",
    "Six weeks. " * 30,
    "{question} {0} %s",
    "|a|b|\n|-|",
)
WORDS = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=40))
TEXTS = st.lists(WORDS, max_size=8).map(" ".join)


class Splitter:
    """Cuts wherever it was told to, as any splitter might: passages overlap and break words."""

    def __init__(self, cuts: Sequence[tuple[int, int]]) -> None:
        self.cuts = cuts

    def split(self, text: str) -> list[Cut]:
        spans = {
            (min(a, b) % (len(text) or 1), max(a, b) % (len(text) or 1) + 1) for a, b in self.cuts
        }
        return [Cut(a, b) for a, b in sorted(spans) if a < b and text[a:b].strip()]


def hits_of(text: str, splitter: Splitter) -> tuple[Document, tuple[Hit, ...]]:
    info = DocumentInfo("d", "file:///d", "Title", "text")
    document = Document(info, 1, clean(text))
    passages = make_passages(document, splitter.split(document.text), lambda *_: "")
    scores = {"keyword": 1.0, "dense": 0.5, "fused": 0.5}
    return document, tuple(
        Hit(rank, 1 / rank, scores, passage, info, Location())
        for rank, passage in enumerate(passages, start=1)
    )


def sentence_vectors(hits: Sequence[Hit]) -> list[Vectors]:
    found: list[Vectors] = []
    for hit in hits:
        texts = [hit.passage.text[s.start : s.end] for s in sentence_spans(hit.passage.text)]
        found.append(by_words(texts) if texts else np.zeros((0, 64), dtype=np.float32))
    return found


def answerer(said: str, options: Options) -> GroundedAnswerer:
    return GroundedAnswerer(
        ScriptedModel([said] * 50, context_tokens=100_000),
        SentenceFinder(lambda question: by_words([question])[0], sentence_vectors),
        FeatureChecker(by_words_and_spans, Thresholds(0.5, 0.35)),
        CalibratedRefuser(default(), 0.0),
        TEMPLATES,
        options,
    )


OPTIONS = st.builds(
    Options,
    mode=st.sampled_from(["write", "quote"]),
    max_tokens=st.just(200),
    context_tokens=st.sampled_from([5, 100, 800]),
    quotes=st.integers(1, 4),
    unsupported=st.sampled_from(["mark", "drop"]),
    support_yes=st.just(0.5),
)


SAID = "The A2 pulley tears most often."


@example(SAID, SAID, [(0, 30)], Options("write", 200, 100, 2, "mark", 0.5), False)
@settings(max_examples=120, deadline=None)
@given(
    TEXTS, TEXTS, st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), max_size=6),
    OPTIONS, st.booleans(),
)  # fmt: skip
def test_an_answer_ends_and_every_quote_stands_in_its_document(
    text: str, said: str, cuts: list[tuple[int, int]], options: Options, whole: bool
) -> None:
    document, hits = hits_of(text, Splitter(cuts))
    gathered = Gathered(SearchResult("How long?", hits, {}), whole)
    *events, answer = answerer(said, options).answer(Query("How long does it take?"), gathered)
    assert isinstance(answer, Answer)
    assert answer.kind in ("answer", "quote", "refusal")
    assert sum(isinstance(event, Token) for event in events) <= 2_000
    for sentence in answer.sentences:
        assert bool(sentence.citations) == (sentence.support.verdict != "no")
        assert 0 <= sentence.support.score <= 1
        assert not (options.unsupported == "drop" and sentence.support.verdict == "no")
    cited = [citation for sentence in answer.sentences for citation in sentence.citations]
    for citation in (*cited, *answer.nearest):
        assert document.text[citation.start : citation.end] == citation.quote
        assert citation.passage_id in {hit.passage.id for hit in hits}
