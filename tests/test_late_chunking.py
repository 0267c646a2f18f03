"""Late chunking: windows around passages, and vectors that have seen what stands around."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragtor.encode.fitted import FittedTokenReader, fitted
from dragtor.encode.onnx import OnnxEncoder
from dragtor.interfaces import Library
from dragtor.late_chunking import LateChunkedSpace, plan
from dragtor.passages import make_passages
from dragtor.store.cache import SqliteVectorCache
from dragtor.types import Cut, Document, DocumentInfo, Passage, Span, Vectors
from tests.fakes import DictVectorStore


def passage(start: int, end: int) -> Passage:
    return Passage(f"{start}-{end}", start, end, "x" * (end - start))


@settings(max_examples=30)
@given(
    lengths=st.lists(st.integers(1, 12), min_size=1, max_size=12),
    overlap=st.integers(0, 3),
    size=st.integers(4, 20),
)
def test_each_passage_lies_whole_in_one_window_that_is_not_too_long(
    lengths: Sequence[int], overlap: int, size: int
) -> None:
    """Each character is a token."""
    ends = np.cumsum(lengths).tolist()
    passages = [
        passage(max(0, end - n - overlap), end) for n, end in zip(lengths, ends, strict=True)
    ]
    tokens = [(i, i + 1) for i in range(ends[-1])]
    windows = list(plan(passages, tokens, size))
    assert [p for window in windows for p in window.passages] == passages
    for window in windows:
        whole = Span(window.passages[0].start, max(p.end for p in window.passages))
        assert window.span.start <= whole.start < whole.end <= window.span.end
        length = window.span.end - window.span.start
        assert length == min(len(tokens), max(size, whole.end - whole.start))


def test_neighbours_share_a_window_and_have_a_margin_on_both_sides() -> None:
    """Of 40 tokens a quarter is margin on each side, so 20 are left: four passages of five."""
    passages = [passage(start, start + 5) for start in range(0, 100, 5)]
    tokens = [(i, i + 1) for i in range(100)]
    windows = list(plan(passages, tokens, 40))
    assert [len(window.passages) for window in windows] == [4] * 5
    assert [window.span for window in windows] == [
        Span(0, 40),
        Span(10, 50),
        Span(30, 70),
        Span(50, 90),
        Span(60, 100),
    ]


def test_a_text_without_tokens_is_no_failure() -> None:
    (window,) = plan([passage(0, 2)], [], 10)
    assert window.span == Span(0, 2)


# --- the space -------------------------------------------------------------------------------

SENTENCES = [f"{word} is a word of this text." for word in ("Rest", "Tape", "Ring", "Sleep")]


class Counted(OnnxEncoder):
    """Remembers what it read."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        super().__init__(folder, **settings)
        self.seen: list[str] = []

    def encode_spans(
        self, texts: Sequence[str], spans: Sequence[Sequence[Span]]
    ) -> tuple[Vectors, list[Vectors]]:
        self.seen += texts
        return super().encode_spans(texts, spans)


class Bench:
    """A space over stores in memory, and documents of a sentence a passage."""

    def __init__(self, model: Path, folder: Path, max_tokens: int = 256) -> None:
        self.engine = Counted(model, max_tokens=max_tokens, threads=1)
        encoder = fitted(self.engine)
        assert isinstance(encoder, FittedTokenReader)
        self.vectors = DictVectorStore()
        library = cast(Library, self)
        cache = SqliteVectorCache(folder / "vectors.db")
        self.space = LateChunkedSpace("dense", library, encoder, self.vectors, cache)
        self.space.create(1)
        self.done: list[tuple[int, int]] = []

    def touch(self) -> None:
        """As a library that is told of vectors."""

    def write(self, sentences: Sequence[str], changed: Sequence[int] | None = None) -> list[str]:
        """Index a document of these sentences; returns what the encoder read."""
        text, cuts = " ".join(sentences), list[Cut]()
        for sentence in sentences:
            start = cuts[-1].end + 1 if cuts else 0
            cuts.append(Cut(start, start + len(sentence)))
        document = Document(DocumentInfo("d", "file:///d", "Title", "text"), 1, text)
        passages = make_passages(document, cuts, lambda d, s: f"Title\n{d.text[s.start : s.end]}")
        new = passages if changed is None else [passages[i] for i in changed]
        self.engine.seen.clear()
        self.space.write(1, [(document, passages)], new, lambda *done: self.done.append(done))
        self.ids = [one.id for one in passages]
        return list(self.engine.seen)


@pytest.fixture
def bench(tiny_model: Path, tmp_path: Path) -> Bench:
    return Bench(tiny_model, tmp_path)


def test_passages_of_a_short_document_are_pooled_from_one_reading_of_it(bench: Bench) -> None:
    (read,) = bench.write(SENTENCES)
    assert read == "Title\n" + " ".join(SENTENCES)
    starts = [read.index(sentence) for sentence in SENTENCES]
    spans = [Span(s, s + len(t)) for s, t in zip(starts, SENTENCES, strict=True)]
    _, (expected,) = bench.engine.encode_spans([read], [spans])
    stored = bench.vectors.get("g1-dense", bench.ids)
    assert np.stack([stored[id] for id in bench.ids]) == pytest.approx(expected, abs=1e-3)
    assert (sum(done for done, _ in bench.done), sum(read for _, read in bench.done)) == (4, 4)


def test_a_passage_has_another_vector_where_another_one_stands_beside_it(bench: Bench) -> None:
    bench.write(SENTENCES)
    before = dict(bench.vectors.vectors["g1-dense"])
    bench.write([*SENTENCES[:3], "Bread with butter."], changed=[3])
    for id in bench.ids[:3]:
        assert before[id] @ bench.vectors.vectors["g1-dense"][id] < 0.9999


def test_what_was_read_once_is_not_read_again(bench: Bench) -> None:
    assert len(bench.write(SENTENCES)) == 1
    bench.vectors.vectors["g1-dense"].clear()
    assert bench.write(SENTENCES) == []
    assert set(bench.vectors.vectors["g1-dense"]) == set(bench.ids)


def test_each_window_of_a_long_document_begins_with_the_context_line(
    tiny_model: Path, tmp_path: Path
) -> None:
    bench = Bench(tiny_model, tmp_path, max_tokens=64)
    read = bench.write(SENTENCES * 5)
    assert len(read) > 3
    assert all(text.startswith("Title\n") for text in read)
    assert all(len(bench.engine.token_spans(text)) <= 62 for text in read)
    assert len(bench.vectors.vectors["g1-dense"]) == 20


def test_late_chunking_is_part_of_what_vectors_are_known_by(bench: Bench) -> None:
    assert bench.space.fingerprint.startswith(bench.engine.fingerprint)
    assert bench.space.fingerprint != bench.engine.fingerprint
