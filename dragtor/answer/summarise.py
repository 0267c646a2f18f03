"""Summaries of whole documents: what a document is about, in few words.

They find documents, and are never shown as an answer; so the cheap one is made of sentences of the
document itself.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dragtor.answer.passes import in_windows
from dragtor.answer.script import Script
from dragtor.answer.writing import Writing, write
from dragtor.interfaces import LanguageModel
from dragtor.text import content_stems, sentences, words
from dragtor.types import Document, Message, Passage, Prompt, Span, Usage, Vectors

WORDS = 150
"""Words of a summary, without its title: about what an encoder of 256 tokens sees of a text."""
SUMMARY_TOKENS = 220
"""Longest summary that a model writes."""
_LENGTHS = range(6, 60)
"""Words of a sentence that may stand in a summary: shorter ones are headings and labels."""


class SentenceSummariser:
    """Fits :class:`dragtor.interfaces.Summariser`: title and most central sentences.

    Sentences are chosen as SumBasic does (Nenkova and Vanderwende, "The impact of frequency on
    summarization", 2005): the one whose content words are the most frequent in the document, then
    the words it holds count for less (their share is squared), and again. Each score is multiplied
    by the cosine of its passage's vector and the mean of all, so that what lies beside the
    document's topic stays out. No model reads anything.
    """

    name = "sentences 1"

    def summarise(self, document: Document, passages: Sequence[Passage], vectors: Vectors) -> str:
        """Title and sentences in text order; ``vectors`` are those of the passages, in order."""
        chosen = central(_candidates(document.text, passages, vectors), WORDS)
        texts = [document.text[span.start : span.end] for span in chosen]
        if not texts:
            texts = [" ".join(document.text.split()[:WORDS])]
        return "\n".join(" ".join(text.split()) for text in (document.info.title, *texts) if text)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may stand in a summary; ``weight`` is in [0, 1]."""

    span: Span
    stems: tuple[str, ...]
    words: int
    weight: float


def central(candidates: Sequence[Candidate], most_words: int) -> list[Span]:
    """The most central sentences in text order, together at most so many words, but at least one.

    Of equals the earlier one is taken.
    """
    counts = Counter(stem for one in candidates for stem in one.stems)
    total = counts.total()
    share = {stem: count / total for stem, count in counts.items()}
    left = {number: one for number, one in enumerate(candidates) if one.stems}
    chosen: list[int] = []
    room = most_words
    while left:
        best = max(left, key=lambda number: (_score(left[number], share), -number))
        one = left.pop(best)
        chosen.append(best)
        room -= one.words
        left = {number: other for number, other in left.items() if other.words <= room}
        for stem in set(one.stems):
            share[stem] **= 2
    return [candidates[number].span for number in sorted(chosen)]


def _score(one: Candidate, share: dict[str, float]) -> float:
    return one.weight * sum(share[stem] for stem in one.stems) / len(one.stems)


def _candidates(text: str, passages: Sequence[Passage], vectors: Vectors) -> list[Candidate]:
    """The sentences of the passages, each once, as overlapping passages share some."""
    middle = vectors.mean(axis=0)
    cosines = np.clip(vectors @ middle / max(float(np.linalg.norm(middle)), 1e-9), 0.0, 1.0)
    found: dict[Span, Candidate] = {}
    for passage, cosine in zip(passages, cosines, strict=True):
        for span in sentences(text, Span(passage.start, passage.end)):
            said = text[span.start : span.end]
            length = len(words(said))
            if span not in found and length in _LENGTHS:
                stems = tuple(content_stems(said))
                found[span] = Candidate(span, stems, length, float(cosine))
    return sorted(found.values(), key=lambda one: one.span.start)


class ModelSummariser:
    """Fits :class:`dragtor.interfaces.Summariser`: a language model writes the summary.

    A text that is too long for one prompt is summarised window by window, and the summaries again.
    Where the model writes nothing, sentences are chosen instead. ``prompt`` holds ``{title}`` and
    ``{text}``; another one is another summariser.
    """

    def __init__(self, model: LanguageModel, prompt: str) -> None:
        asked = hashlib.sha256(prompt.encode()).hexdigest()[:8]
        self.name = f"model 1 {model.name} {asked}"
        self._model = model
        self._script = Script.parse("summarise", prompt, "title", "text")

    def summarise(self, document: Document, passages: Sequence[Passage], vectors: Vectors) -> str:
        """Title and what the model wrote. Raises EngineError."""
        texts: Sequence[str] = [
            document.text[span.start : span.end] for span in _without_overlap(passages)
        ]
        title = document.info.title
        while len(windows := self._windows(title, texts)) > 1:
            fewer = [self._written(title, window) for window in windows]
            if len(fewer) >= len(texts):  # a context too small for two summaries
                texts = fewer[:1]
                break
            texts = fewer
        written = self._written(title, texts)
        if not written:
            return SentenceSummariser().summarise(document, passages, vectors)
        return f"{title}\n{written}" if title else written

    def _written(self, title: str, texts: Sequence[str]) -> str:
        messages = self._messages(title, texts)
        prompt = Prompt(messages, (), self._count(messages))
        lead = self._script.turns[-1].content.rpartition("}")[2].strip()
        writing = Writing(Usage(prompt.tokens, 0))
        for _ in write(self._model, prompt, SUMMARY_TOKENS, lead, writing):
            pass
        return " ".join(writing.draft.split())

    def _windows(self, title: str, texts: Sequence[str]) -> list[Sequence[str]]:
        room = self._model.context_tokens - SUMMARY_TOKENS - self._count(self._messages(title, ()))
        sizes = [self._count((Message("user", f"{text}\n\n"),)) for text in texts]
        return in_windows(texts, sizes, room)

    def _messages(self, title: str, texts: Sequence[str]) -> tuple[Message, ...]:
        return self._script.messages(title=title, text="\n\n".join(texts))

    def _count(self, messages: Sequence[Message]) -> int:
        return self._model.count(messages)


def _without_overlap(passages: Sequence[Passage]) -> list[Span]:
    """What each passage has that the ones before it have not."""
    spans, reached = [], 0
    for passage in passages:
        if passage.end > reached:
            spans.append(Span(max(passage.start, reached), passage.end))
            reached = passage.end
    return spans
