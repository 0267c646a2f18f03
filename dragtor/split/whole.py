"""Each document is one passage."""

from __future__ import annotations

from dragtor.interfaces import Tokenizer
from dragtor.split.tokens import stripped
from dragtor.types import Cut, Document

VERSION = 1


class WholeSplitter:
    """Leaves documents whole. An encoder sees as much of one as it can read at once.

    There is no budget to keep, so the tokenizer that every splitter is given goes unused.
    """

    fingerprint = f"whole-{VERSION}"

    def __init__(self, tokenizer: Tokenizer) -> None:
        del tokenizer

    def split(self, document: Document) -> list[Cut]:
        """See :class:`dragtor.interfaces.Splitter`."""
        whole = stripped(document.text, 0, len(document.text))
        return [] if whole is None else [Cut(whole.start, whole.end)]
