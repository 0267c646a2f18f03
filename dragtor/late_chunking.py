"""Late chunking: passages that are read together with what stands around them.

Günther et al. 2024, "Late Chunking" (https://arxiv.org/abs/2409.04701): a long text is read once,
and the vector of a passage is the mean of its own tokens' vectors, which have seen the rest. Where
a document is longer than an encoder reads at once, each passage is read in a window of its own
surroundings, which it shares with as many neighbours as leave a margin of the window on each side.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from dragtor.interfaces import Encoder, Library, Tokenizer, VectorCache, VectorStore
from dragtor.passages import text_hash
from dragtor.spaces import Advance, Indexed, VectorSpace, space_name
from dragtor.types import Document, Passage, Span, Vectors

STEP = 32
"""Windows that are read, and made safe, at a time."""
_MARGIN = 0.25
"""Least share of a window that lies on each side of its passages, where there is text."""
_VERSION = "late1"
"""Rises when windows come to be cut otherwise."""


class WindowReader(Encoder, Tokenizer, Protocol):
    """An encoder that pools the vectors of spans from those of tokens."""

    @property
    def window_tokens(self) -> int:
        """Tokens of a text that are read at once."""
        ...


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a document that is read at once, and the passages that are pooled from it."""

    span: Span
    passages: tuple[Passage, ...]


def chunked_late(fingerprint: str) -> str:
    """What stands for the vectors that an encoder gives passages by late chunking."""
    return f"{fingerprint}-{_VERSION}"


def plan(
    passages: Sequence[Passage], tokens: Sequence[tuple[int, int]], size: int
) -> Iterator[Window]:
    """Lay windows of at most ``size`` tokens over passages in text order, each in one window.

    ``tokens`` are where the tokens of the document lie. A passage of more than ``size`` is a window
    of its own.
    """
    starts = [start for start, _ in tokens]
    room = size - 2 * int(_MARGIN * size)
    left = list(passages)
    while left:
        first = bisect_left(starts, left[0].start)
        last = _last(starts, left[0])
        together = [left.pop(0)]
        while left and _last(starts, left[0]) - first <= room:
            together.append(left.pop(0))
            last = max(last, _last(starts, together[-1]))
        begin, end = _around(tokens, first, last, size)
        span = Span(
            min([begin, *(p.start for p in together)]), max([end, *(p.end for p in together)])
        )
        yield Window(span, tuple(together))


def _last(starts: Sequence[int], passage: Passage) -> int:
    """How many tokens lie before the end of a passage."""
    return bisect_left(starts, passage.end)


def _around(tokens: Sequence[tuple[int, int]], first: int, last: int, size: int) -> tuple[int, int]:
    """Start and end of ``size`` tokens, or of all there are, with the tokens first to last amidst.

    Of a text without tokens, an empty stretch.
    """
    if not tokens:
        return 0, 0
    spare = max(0, size - (last - first))
    begin = max(0, min(first - spare // 2, len(tokens) - size))
    end = min(len(tokens), max(begin + size, last))
    return tokens[begin][0], tokens[end - 1][1]


@dataclass(frozen=True, slots=True)
class _Read:
    """A window as the encoder sees it; ``key`` is what its vectors are kept by."""

    key: str
    text: str
    spans: Sequence[Span]
    passages: Sequence[Passage]

    @classmethod
    def of(cls, document: Document, window: Window) -> _Read:
        """A window after the context line of its first passage."""
        start, end = window.span.start, window.span.end
        context = _context(window.passages[0])
        text = context + document.text[start:end]
        shift = len(context) - start
        spans = [Span(p.start + shift, p.end + shift) for p in window.passages]
        key = " ".join([text_hash(text), *(f"{span.start}-{span.end}" for span in spans)])
        return cls(key, text, spans, window.passages)


def _context(passage: Passage) -> str:
    """What stands before a passage's own text in what encoders see of it."""
    return passage.encoder_input[: len(passage.encoder_input) - len(passage.text)]


class LateChunkedSpace(VectorSpace):
    """Vectors of passages from windows of their document, in the vector store.

    All passages of a document that is indexed are written, as its windows may have changed where
    a passage has not. The vectors of sentences, which are of the passage alone, are left to those
    who need them.
    """

    def __init__(
        self,
        name: str,
        library: Library,
        encoder: WindowReader,
        vectors: VectorStore,
        cache: VectorCache,
    ) -> None:
        super().__init__(name, library, encoder, vectors, cache)
        self._reader = encoder

    @property
    def fingerprint(self) -> str:
        """See Space."""
        return chunked_late(self._reader.fingerprint)

    def write(
        self,
        generation: int,
        batch: Sequence[Indexed],
        changed: Sequence[Passage],
        advance: Advance,
    ) -> None:
        """See Space; windows that the cache has are not read."""
        space = space_name(generation, self.name)
        new = {passage.id for passage in changed}
        reads = self._reads(batch)
        while step := list(islice(reads, STEP)):
            known = self._cache.get_spans(self.fingerprint, [read.key for read in step])
            made = self._pooled([read for read in step if read.key not in known])
            for read in step:
                ids = [passage.id for passage in read.passages]
                self._vectors.add(space, ids, (known | made)[read.key])
                fresh = len(new.intersection(ids))
                advance(fresh, fresh if read.key in made else 0)
            self._library.touch()

    def _reads(self, batch: Sequence[Indexed]) -> Iterator[_Read]:
        for document, passages in batch:
            tokens = self._reader.token_spans(document.text)
            contexts = {_context(passage) for passage in passages}
            longest = max((len(self._reader.token_spans(c)) for c in contexts), default=0)
            for window in plan(passages, tokens, max(1, self._reader.window_tokens - longest)):
                yield _Read.of(document, window)

    def _pooled(self, reads: Sequence[_Read]) -> dict[str, Vectors]:
        if not reads:
            return {}
        _, spans = self._reader.encode_spans([r.text for r in reads], [r.spans for r in reads])
        made = {read.key: rows for read, rows in zip(reads, spans, strict=True)}
        self._cache.put_spans(self.fingerprint, list(made), list(made.values()))
        return made
