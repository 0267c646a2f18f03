"""What the tests of this folder share: hits, a word encoder, the starter model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest

from dragtor.answer.llama import LlamaModel
from dragtor.types import DocumentInfo, Hit, Location, Passage, Span, Vectors
from tests.fakes import unit

FOLDER = Path(__file__).parents[2] / "models" / "SmolLM2-135M-Instruct"


def hit(text: str, *, title: str = "Pulleys", document: str = "d1", start: int = 0) -> Hit:
    """A hit whose passage begins at ``start`` of its document."""
    return Hit(
        rank=1,
        score=1.0,
        scores={"keyword": 1.0},
        passage=Passage(f"{document}:{start}", start, start + len(text), text),
        document=DocumentInfo(document, f"file:///{document}", title, "text"),
        location=Location(),
    )


def by_words(texts: Sequence[str]) -> Vectors:
    """Vectors that are close where texts share words: each word adds an axis by its hash."""
    rows = np.zeros((len(texts), 64), dtype=np.float32)
    for row, text in zip(rows, texts, strict=True):
        row[0] = 0.01
        for word in text.lower().split():
            row[crc32(word.strip(".,").encode("utf-8", "replace")) % 64] += 1
    return np.stack([unit(row) for row in rows])


def by_words_and_spans(
    texts: Sequence[str], spans: Sequence[Sequence[Span]]
) -> tuple[Vectors, list[Vectors]]:
    """The same for texts and for spans of each."""
    parts = [
        [text[span.start : span.end] for span in own]
        for text, own in zip(texts, spans, strict=True)
    ]
    nothing = np.zeros((0, 64), dtype=np.float32)
    return by_words(texts), [by_words(own) if own else nothing for own in parts]


@pytest.fixture
def encode() -> Callable[[Sequence[str]], Vectors]:
    return by_words


@pytest.fixture(scope="session")
def starter_file() -> Path:
    files = sorted(FOLDER.glob("*.gguf"))
    if not files:
        pytest.skip(f"no starter model in {FOLDER}")
    return files[0]


@pytest.fixture(scope="session")
def starter(starter_file: Path) -> Iterator[LlamaModel]:
    model = LlamaModel(starter_file, "SmolLM2-135M-Instruct", context_tokens=512, threads=1)
    yield model
    model.close()
