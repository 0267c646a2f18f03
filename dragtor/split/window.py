"""Each sentence is embedded; the sentences around it are given to the model with it."""

from __future__ import annotations

from dataclasses import replace

from dragtor.errors import ConfigError
from dragtor.interfaces import Tokenizer
from dragtor.split.layout import Layout
from dragtor.split.pack import sentence_cuts
from dragtor.types import Cut, Document, Span

VERSION = 1


class WindowSplitter:
    """Makes each sentence a passage whose parent is a window around it.

    The window holds ``window_sentences`` passages on each side, fewer at the ends of the document
    (LlamaIndex calls this SentenceWindowNodeParser). A heading belongs to the sentence below it,
    and a sentence of more than ``max_tokens`` is several passages. Nothing overlaps but windows.
    Raises ConfigError if the window has no sentence on each side.
    """

    gives_parents = True

    def __init__(self, tokenizer: Tokenizer, max_tokens: int, *, window_sentences: int = 2) -> None:
        if window_sentences < 1:
            raise ConfigError(
                f"split.window_sentences is {window_sentences}: set it to 1 or more sentences"
            )
        self.fingerprint = f"window-{VERSION} max={max_tokens} window={window_sentences}"
        self._tokenizer = tokenizer
        self._max = max_tokens
        self._each_side = window_sentences

    def split(self, document: Document) -> list[Cut]:
        """See :class:`dragtor.interfaces.Splitter`."""
        cuts = sentence_cuts(Layout(document, self._tokenizer), self._max)
        last = len(cuts) - 1
        windows = (
            Span(cuts[max(0, i - self._each_side)].start, cuts[min(last, i + self._each_side)].end)
            for i in range(len(cuts))
        )
        return [replace(cut, parent=window) for cut, window in zip(cuts, windows, strict=True)]
