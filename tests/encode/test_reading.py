from __future__ import annotations

from pathlib import Path

import numpy as np

from dragtor.encode.reading import CachedReader
from dragtor.split.semantic import SemanticSplitter
from dragtor.store.cache import SqliteVectorCache
from tests.contracts.splitter import TEXT, markdown
from tests.split.readers import BagOfWords


def test_texts_read_together_are_read_once_and_come_out_the_same(tmp_path: Path) -> None:
    encoder, cache = BagOfWords(), SqliteVectorCache(tmp_path / "vectors.db")
    texts = ["One finger.", "Two elbows and a finger."]
    first = CachedReader(encoder, cache).encode_passages(texts)
    again = CachedReader(encoder, cache).encode_passages(texts)
    assert encoder.calls == 1
    assert np.array_equal(first, again)
    np.testing.assert_allclose(first, encoder.encode_passages(texts), atol=5e-4)


def test_other_texts_and_other_encoders_are_read_anew(tmp_path: Path) -> None:
    cache = SqliteVectorCache(tmp_path / "vectors.db")
    for texts in (["a b", "c"], ["a", "b c"], ["c"]):
        for name in ("one", "two"):
            encoder = BagOfWords(name)
            CachedReader(encoder, cache).encode_passages(texts)
            assert encoder.calls == 1


def test_a_document_cut_at_another_percentile_is_not_read_again(tmp_path: Path) -> None:
    encoder = BagOfWords()
    reader = CachedReader(encoder, SqliteVectorCache(tmp_path / "vectors.db"))
    cuts = [
        SemanticSplitter(reader, 60, percentile=p).split(markdown(TEXT * 9)) for p in (95, 50, 95)
    ]
    assert encoder.calls == 1
    assert cuts[0] == cuts[2] != cuts[1]
