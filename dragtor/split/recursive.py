"""The rules of the RecursiveCharacterTextSplitter that most people know, counted in tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dragtor.interfaces import Tokenizer
from dragtor.split.layout import Layout
from dragtor.split.pack import cuts
from dragtor.split.tokens import Tokens, check_overlap
from dragtor.types import Cut, Document, Span

SEPARATORS = ("\n\n", "\n", " ", "")

VERSION = 1


class RecursiveSplitter:
    """Cuts at the first of SEPARATORS that a text holds; merges pieces up to ``max_tokens``.

    Pieces that are too long by themselves are cut at the next separator, and so on. A separator
    stays with what follows it. A passage begins with the last pieces of the one before it that fit
    into ``overlap_tokens`` together, where both come out of the same text. These are the rules of
    LangChain's RecursiveCharacterTextSplitter (langchain-text-splitters 1.1) with its defaults,
    but lengths are tokens of the encoder, and the last separator, the empty one, parts tokens
    instead of characters. Headings are text like any other. Raises ConfigError if the overlap is
    more than half of the budget.
    """

    def __init__(self, tokenizer: Tokenizer, max_tokens: int, overlap_tokens: int = 0) -> None:
        check_overlap(overlap_tokens, max_tokens)
        self.fingerprint = f"recursive-{VERSION} max={max_tokens} overlap={overlap_tokens}"
        self._tokenizer = tokenizer
        self._max = max_tokens
        self._overlap = overlap_tokens

    def split(self, document: Document) -> list[Cut]:
        """See :class:`dragtor.interfaces.Splitter`."""
        layout = Layout(document, self._tokenizer)
        if layout.whole is None:
            return []
        return cuts(layout, self._cut(layout.tokens, layout.whole, SEPARATORS))

    def _cut(self, tokens: Tokens, span: Span, separators: Sequence[str]) -> Iterator[Span]:
        while separators[0] and tokens.text.find(separators[0], span.start, span.end) < 0:
            separators = separators[1:]
        short: list[Span] = []
        for piece in _pieces(tokens, span, separators[0]):
            if tokens.count(piece.start, piece.end) < self._max or len(separators) == 1:
                short.append(piece)
                continue
            yield from self._merge(tokens, short)
            short = []
            yield from self._cut(tokens, piece, separators[1:])
        yield from self._merge(tokens, short)

    def _merge(self, tokens: Tokens, pieces: Sequence[Span]) -> Iterator[Span]:
        """Pieces side by side as passages, each with what fits of the end of the one before."""
        first = total = 0
        sizes = [tokens.count(piece.start, piece.end) for piece in pieces]
        for number, size in enumerate(sizes):
            if total + size > self._max and number > first:
                yield Span(pieces[first].start, pieces[number - 1].end)
                while total > self._overlap or (total and total + size > self._max):
                    total -= sizes[first]
                    first += 1
            total += size
        if pieces:
            yield Span(pieces[first].start, pieces[-1].end)


def _pieces(tokens: Tokens, span: Span, separator: str) -> Iterator[Span]:
    """Stretches side by side, each but the first beginning with the separator."""
    if separator:
        found = re.finditer(re.escape(separator), tokens.text[span.start : span.end])
        places = [span.start + match.start() for match in found]
    else:
        places = [tokens.starts[i] for i in tokens.joints(*tokens.range(span.start, span.end))]
    for start, end in zip([span.start, *places], [*places, span.end], strict=True):
        if start < end:
            yield Span(start, end)
