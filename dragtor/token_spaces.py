"""Spaces of token vectors: packed ones of every token, and one vector that sums them up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dragtor.interfaces import Library, TokenEncoder, TokenReader, TokenStore, VectorStore
from dragtor.late.codec import TokenCodec
from dragtor.late.muvera import FixedDimensions
from dragtor.late.pooling import PASSAGE_BYTES, pooled
from dragtor.passages import input_hash
from dragtor.spaces import (
    CHUNK,
    FIRST_STAGE,
    LATE,
    STEP,
    Advance,
    Indexed,
    InVectorStore,
    space_name,
)
from dragtor.types import Passage, Vectors


class TokenSpace:
    """Token vectors of passages for late interaction, in the token store, by encoder input.

    The store's space is of the encoder and not of a generation, so that a passage that comes
    again under another splitter costs no model.
    """

    name = LATE

    def __init__(
        self, library: Library, encoder: TokenEncoder, codec: TokenCodec, store: TokenStore
    ) -> None:
        self._library = library
        self._encoder = encoder
        self._codec = codec
        self._store = store

    @property
    def fingerprint(self) -> str:
        """See Space; that of the encoder and of what is kept of its vectors."""
        return token_fingerprint(self._encoder, self._codec)

    def lost(self, generation: int) -> bool:
        """See Space."""
        keys = _keys(self._library, generation)
        return bool(self._store.missing(self.fingerprint, keys))

    def create(self, generation: int) -> None:
        """See Space."""
        self._store.create(self.fingerprint, self._codec.width)

    def write(
        self,
        generation: int,
        batch: Sequence[Indexed],
        changed: Sequence[Passage],
        advance: Advance,
    ) -> None:
        """See Space; what the store has is not encoded."""
        by_key = {input_hash(passage): passage for passage in changed}
        missing = self._store.missing(self.fingerprint, by_key)
        advance(len(changed) - len(missing), 0)
        ordered = sorted((by_key[key] for key in missing), key=lambda p: len(p.encoder_input))
        for start in range(0, len(ordered), STEP):
            step = ordered[start : start + STEP]
            inputs = [passage.encoder_input for passage in step]
            self._keep(step, self._encoder.encode_passage_tokens(inputs))
            advance(len(step), len(step))

    def delete(self, generation: int, ids: Sequence[str]) -> None:
        """Nothing to do: what the library does not know is not found, and is swept later."""

    def sweep(self, generation: int) -> None:
        """See Space."""
        for other in self._store.spaces() - {self.fingerprint}:
            self._store.drop(other)
        self._store.keep(self.fingerprint, _keys(self._library, generation))

    def _keep(self, passages: Sequence[Passage], tokens: Sequence[Vectors]) -> None:
        keys = [input_hash(passage) for passage in passages]
        most = PASSAGE_BYTES // self._codec.width
        codes = [self._codec.encode(pooled(rows, most)) for rows in tokens]
        self._store.add(self.fingerprint, keys, codes)


class SharedTokenSpace(TokenSpace):
    """A token space of the main encoder's own token vectors, which come of the same run."""

    def __init__(
        self,
        library: Library,
        encoder: TokenEncoder,
        codec: TokenCodec,
        store: TokenStore,
        reader: TokenReader,
    ) -> None:
        super().__init__(library, encoder, codec, store)
        self.reader = reader

    def take(self, passages: Sequence[Passage], tokens: Sequence[Vectors]) -> None:
        """See :class:`dragtor.spaces.TakesTokens`."""
        self._keep(passages, tokens)


class FirstStageSpace(InVectorStore):
    """One vector for each passage that sums up its token vectors, to find candidates by.

    It is made of what the token store has, so it is written after ``tokens``.
    """

    def __init__(
        self,
        library: Library,
        tokens: TokenSpace,
        codec: TokenCodec,
        store: TokenStore,
        vectors: VectorStore,
    ) -> None:
        super().__init__(FIRST_STAGE, library, vectors)
        self._tokens = tokens
        self._codec = codec
        self._store = store
        self._fixed = FixedDimensions(codec.kept)

    @property
    def fingerprint(self) -> str:
        """See Space."""
        return f"{self._tokens.fingerprint}-{self._fixed.fingerprint}"

    def create(self, generation: int) -> None:
        """See Space."""
        self._vectors.create(space_name(generation, self.name), self._fixed.size, "ip")

    def write(
        self,
        generation: int,
        batch: Sequence[Indexed],
        changed: Sequence[Passage],
        advance: Advance,
    ) -> None:
        """See Space."""
        space = space_name(generation, self.name)
        for start in range(0, len(changed), CHUNK):
            chunk = changed[start : start + CHUNK]
            keys = [input_hash(passage) for passage in chunk]
            codes = self._store.get(self._tokens.fingerprint, keys)
            rows = [self._fixed.passage(self._codec.decode(codes[key])) for key in keys]
            self._vectors.add(space, [passage.id for passage in chunk], np.stack(rows))
            self._library.touch()
            advance(len(chunk), 0)


def token_fingerprint(encoder: TokenEncoder, codec: TokenCodec) -> str:
    """Fingerprint of a space of these token vectors, which is its name in the token store."""
    return f"{encoder.fingerprint}-{codec.fingerprint}"


def _keys(library: Library, generation: int) -> set[str]:
    """Hashes of what the encoder saw of all passages."""
    ids = sorted(library.passage_ids(generation))
    return set(library.input_hashes(generation, ids).values())
