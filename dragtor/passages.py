"""Passages and their identity: what makes a passage the same passage after its document changed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from hashlib import sha256

from dragtor.text import sentences
from dragtor.types import Cut, Document, Passage, Span

_BARE_MARKER = re.compile(r"(?:[-*+•·]|\d{1,3}[.)]|#{1,6})[ \t]+")


def make_passages(
    document: Document, cuts: Sequence[Cut], contextualize: Callable[[Document, Span], str]
) -> list[Passage]:
    """Turn the cuts of a document into passages; ``contextualize`` gives the encoder's input."""
    seen: Counter[str] = Counter()
    passages = []
    for cut in cuts:
        text = document.text[cut.start : cut.end]
        id = passage_id(document.info.id, text, seen[text])
        seen[text] += 1
        read = contextualize(document, Span(cut.start, cut.end))
        passages.append(Passage(id, cut.start, cut.end, text, read, parent=cut.parent))
    return passages


def passage_id(document_id: str, text: str, occurrence: int) -> str:
    """Name a passage: 16 hexadecimal digits of SHA-256 over document, text, and which one it is.

    ``occurrence`` counts passages of this document with this very text, from 0. So text inserted
    above a passage leaves its id alone, and no id ever comes to stand for another text.
    """
    return text_hash(f"{document_id}\0{text_hash(text)}\0{occurrence}")[:16]


def input_hash(passage: Passage) -> str:
    """Hash of what the encoder sees of a passage: as long as it stands, so does its vector."""
    return text_hash(passage.encoder_input)


def context_of(passage: Passage) -> str:
    """The line above a passage in what the encoder sees, which ends with its text; may be empty."""
    return passage.encoder_input[: -len(passage.text)].rstrip("\n")


def text_hash(text: str) -> str:
    """SHA-256 of a text's UTF-8, in hexadecimal."""
    return sha256(text.encode()).hexdigest()


def sentence_inputs(passage: Passage) -> list[Span]:
    """Where the passage's sentences lie in what the encoder sees, which ends with its text."""
    shift = len(passage.encoder_input) - len(passage.text)
    return [Span(span.start + shift, span.end + shift) for span in sentence_spans(passage.text)]


def sentences_key(input_hash: str, passage: Passage) -> str:
    """What the vectors of a passage's sentences are kept by: what was read, and where it is cut."""
    cuts = " ".join(f"{span.start}-{span.end}" for span in sentence_spans(passage.text))
    return f"{input_hash} {cuts}"


def sentence_spans(text: str) -> list[Span]:
    """The sentences of a passage, counted from its start, headings and table rows among them.

    The marker of a list item belongs to the item and is no sentence of its own.
    """
    return list(_sentence_spans(text))


@lru_cache(maxsize=4096)
def _sentence_spans(text: str) -> tuple[Span, ...]:
    spans: list[Span] = []
    for span in sentences(text):
        if spans and _BARE_MARKER.fullmatch(text, spans[-1].start, span.start):
            spans[-1] = Span(spans[-1].start, span.end)
        else:
            spans.append(span)
    return tuple(spans)
