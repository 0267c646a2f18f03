"""How much of a passage is kept token by token."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from dragtor.interfaces import Library, TokenEncoder, TokenReader
from dragtor.late.codec import TokenCodec
from dragtor.passages import input_hash, make_passages
from dragtor.store.tokens import FileTokenStore
from dragtor.token_spaces import SharedTokenSpace
from dragtor.types import Cut, Document, DocumentInfo, Vectors
from tests.late.test_codec import lopsided


class Letters:
    """A token for each letter, and a vector for each token."""

    fingerprint = "letters"

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension

    def encode_passage_tokens(self, texts: list[str]) -> list[Vectors]:
        return [lopsided(len(text), self.dimension) for text in texts]


@pytest.mark.parametrize(("dimension", "most"), [(64, 256), (384, 341), (512, 256)])
def test_token_vectors_of_a_passage_take_16_kb_at_most(
    tmp_path: Path, dimension: int, most: int
) -> None:
    """Whether the space reads them or takes them: 1,400 tokens would take up to 90 KB."""
    encoder, codec, store = Letters(dimension), TokenCodec(dimension), FileTokenStore(tmp_path)
    space = SharedTokenSpace(
        cast(Library, None), cast(TokenEncoder, encoder), codec, store, cast(TokenReader, None)
    )
    space.create(1)
    document = Document(DocumentInfo("d", "file:///d", "", "text"), 1, "a" * (1400 + most), ())
    cuts = [Cut(0, 1400), Cut(1400, 1400 + most)]
    passages = make_passages(
        document, cuts, lambda document, span: document.text[span.start : span.end]
    )
    space.write(1, [], passages, lambda done, encoded: None)
    written = store.get(space.fingerprint, [input_hash(one) for one in passages])
    space.take(passages, encoder.encode_passage_tokens([one.text for one in passages]))
    for found in (written, store.get(space.fingerprint, list(written))):
        assert [codes.shape for codes in found.values()] == [(most, codec.width)] * 2
        assert all(codes.nbytes <= 16_384 for codes in found.values())
    store.close()
