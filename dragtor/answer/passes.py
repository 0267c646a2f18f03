"""Reading what is too long for one prompt, window by window, and keeping what holds.

For each window the model drafts an answer; of the passages' sentences, those are kept that bear a
sentence of the draft out. One last answer is then made from what was kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Generator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from dragtor.answer import trace
from dragtor.answer.prompt import excerpt_text
from dragtor.answer.refusal import refuses
from dragtor.answer.select import whole
from dragtor.answer.writing import Writing, write
from dragtor.interfaces import LanguageModel, SupportChecker
from dragtor.types import (
    Evidence,
    Excerpt,
    Hit,
    Message,
    Notice,
    Prompt,
    Sentence,
    Span,
    Step,
    Usage,
)

T = TypeVar("T")

NOTE_TOKENS = 200
"""Longest draft from one window."""
MOST_PASSES = 8
"""Windows that are read of one article: of a longer one, those that bear most on the question."""
_Reading = Generator[Step | Notice, None, tuple[Excerpt, ...]]


@dataclass(slots=True)
class Reader:
    """Reads hits in passes.

    ``make_prompt`` asks the question over some excerpts; ``room`` is how many tokens it may have,
    and ``lead`` how the question begins in it. ``refusal`` is the sentence that refuses. ``usage``
    is of all passes so far.
    """

    model: LanguageModel
    checker: SupportChecker
    make_prompt: Callable[[Sequence[Excerpt]], Prompt]
    room: int
    lead: str
    refusal: str
    usage: Usage = field(default_factory=Usage)

    def read(self, evidence: Sequence[Evidence], hits: Sequence[Hit]) -> _Reading:
        """What to answer from: all of the hits if that fits, else what passes over them kept.

        ``evidence`` are the hits' sentences; they say which windows to read where there are too
        many. Returns nothing where no window held an answer. Raises EngineError.
        """
        excerpts = whole(hits)
        windows = in_windows(excerpts, [self._size(one) for one in excerpts], self._room_beside())
        if len(windows) <= 1:
            return excerpts
        chosen = _most_relevant(windows, evidence)
        if len(chosen) < len(windows):
            said = f"the {len(chosen)} of {len(windows)} parts that bear most on the question"
            yield Notice("partly_read", f"the article is long: only {said} were read")
        kept: dict[str, set[Span]] = {}
        for number, window in enumerate(chosen, start=1):
            sentences = yield from self._pass(f"pass {number} of {len(chosen)}", window)
            for id, span in _borne_out(sentences, [excerpt.hit for excerpt in window]):
                kept.setdefault(id, set()).add(span)
        found = [hit for hit in hits if hit.passage.id in kept]
        sentence_count = sum(len(spans) for spans in kept.values())
        yield Step("decision", "passes", {"passes": len(chosen), "kept_sentences": sentence_count})
        return tuple(Excerpt(hit, _joined(hit.passage.text, kept[hit.passage.id])) for hit in found)

    def _pass(
        self, name: str, window: Sequence[Excerpt]
    ) -> Generator[Step, None, tuple[Sentence, ...]]:
        started = time.perf_counter()
        prompt = self.make_prompt(window)
        yield trace.asked(name, prompt)
        writing = Writing(Usage(prompt.tokens, 0))
        for _ in write(self.model, prompt, NOTE_TOKENS, self.lead, writing):
            pass
        self.usage += writing.usage
        yield trace.replied(name, writing.text, time.perf_counter() - started)
        sentences = self.checker.check(writing.draft, prompt.hits, writing.hints)
        return () if refuses(sentences, self.refusal) else sentences

    def _size(self, excerpt: Excerpt) -> int:
        """Tokens of an excerpt in a prompt, at most: counted with what stands around a message."""
        text = f"[99] {excerpt.hit.document.title}\n{excerpt_text(excerpt)}\n\n"
        return self.model.count((Message("user", text),))

    def _room_beside(self) -> int:
        """Tokens that excerpts may have beside the rules and the question."""
        return self.room - self.make_prompt(()).tokens


def in_windows(items: Sequence[T], sizes: Sequence[int], room: int) -> list[Sequence[T]]:
    """Windows in order, each as many items as there is room for, but at least one.

    >>> in_windows("abcde", [3, 4, 2, 9, 1], 7)
    ['ab', 'c', 'd', 'e']
    """
    windows: list[Sequence[T]] = []
    start = filled = 0
    for at, size in enumerate(sizes):
        if at > start and filled + size > room:
            windows.append(items[start:at])
            start, filled = at, 0
        filled += size
    return [*windows, items[start:]] if items else []


def _most_relevant(
    windows: Sequence[Sequence[Excerpt]], evidence: Sequence[Evidence]
) -> list[Sequence[Excerpt]]:
    """At most MOST_PASSES windows in text order, by the most relevant sentence in each."""
    best: dict[str, float] = {}
    for item in evidence:
        id = item.hit.passage.id
        best[id] = max(item.relevance, best.get(id, 0.0))

    def relevance(number: int) -> float:
        return max(best.get(excerpt.hit.passage.id, 0.0) for excerpt in windows[number])

    chosen = sorted(range(len(windows)), key=lambda number: -relevance(number))[:MOST_PASSES]
    return [windows[number] for number in sorted(chosen)]


def _borne_out(sentences: Sequence[Sentence], hits: Sequence[Hit]) -> list[tuple[str, Span]]:
    """The quotes that bear sentences out: passage ids with spans of their texts."""
    starts = {hit.passage.id: hit.passage.start for hit in hits}
    return [
        (one.passage_id, Span(one.start - starts[one.passage_id], one.end - starts[one.passage_id]))
        for sentence in sentences
        for one in sentence.citations
    ]


def _joined(text: str, spans: Collection[Span]) -> tuple[Span, ...]:
    """The spans in text order, those made one between which nothing stands."""
    joined: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, span.end)):
        if joined and not text[joined[-1].end : span.start].strip():
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return tuple(joined)
