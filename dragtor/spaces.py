"""Spaces: what each way of looking for passages keeps of them, written while they are indexed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from dragtor.interfaces import (
    Encoder,
    Library,
    TokenReader,
    VectorCache,
    VectorStore,
)
from dragtor.passages import input_hash, sentence_inputs, sentences_key
from dragtor.types import Document, Passage, Vectors

DENSE = "dense"
"""Name of the space of the main encoder; others have the name of their encoder."""
LATE = "late"
"""Name of the space of token vectors."""
FIRST_STAGE = "late.fde"
"""Name of the space of vectors that sum up a passage's token vectors."""
CHUNK = 512
"""Vectors that are written together."""
STEP = 128
"""Passages encoded, and made safe, at a time: the most model time a crash can cost."""

Indexed = tuple[Document, Sequence[Passage]]
Advance = Callable[[int, int], None]
"""Told how many passages are done, and how many of these a model had to read."""


def space_name(generation: int, space: str) -> str:
    """Name that a generation's space has in the vector store."""
    return f"g{generation}-{space}"


class Space(Protocol):
    """One kind of vectors of passages, from one encoder."""

    name: str

    @property
    def fingerprint(self) -> str:
        """Changes when the same passages would get other vectors."""
        ...

    def lost(self, generation: int) -> bool:
        """Whether there is nothing of this generation, as after its files were deleted."""
        ...

    def create(self, generation: int) -> None:
        """Make room; nothing happens if it is there."""
        ...

    def write(
        self,
        generation: int,
        batch: Sequence[Indexed],
        changed: Sequence[Passage],
        advance: Advance,
    ) -> None:
        """Write what ``changed`` needs, passages of ``batch`` whose encoder input is new."""
        ...

    def delete(self, generation: int, ids: Sequence[str]) -> None:
        """Forget passages that are no more."""
        ...

    def sweep(self, generation: int) -> None:
        """Forget all that no passage of this generation, the only one left, needs."""
        ...


class TakesTokens(Protocol):
    """A space of token vectors of the main encoder, which come of the same run as its others."""

    reader: TokenReader

    def take(self, passages: Sequence[Passage], tokens: Sequence[Vectors]) -> None:
        """Keep the token vectors of passages that were just read."""
        ...


class InVectorStore:
    """What spaces share whose vectors lie in the vector store, by passage id."""

    def __init__(self, name: str, library: Library, vectors: VectorStore) -> None:
        self.name = name
        self._library = library
        self._vectors = vectors

    def lost(self, generation: int) -> bool:
        """See Space."""
        return space_name(generation, self.name) not in self._vectors.spaces()

    def delete(self, generation: int, ids: Sequence[str]) -> None:
        """See Space."""
        self._vectors.delete(space_name(generation, self.name), ids)

    def sweep(self, generation: int) -> None:
        """See Space."""
        space = space_name(generation, self.name)
        orphans = self._vectors.ids(space) - self._library.passage_ids(generation)
        self._vectors.delete(space, orphans)


class VectorSpace(InVectorStore):
    """One vector for each passage, in the vector store; with the main encoder, of sentences too.

    ``tokens`` is given the token vectors of every passage that is read.
    """

    def __init__(
        self,
        name: str,
        library: Library,
        encoder: Encoder,
        vectors: VectorStore,
        cache: VectorCache,
        tokens: TakesTokens | None = None,
    ) -> None:
        super().__init__(name, library, vectors)
        self._encoder = encoder
        self._cache = cache
        self._tokens = tokens

    @property
    def fingerprint(self) -> str:
        """See Space."""
        return self._encoder.fingerprint

    def create(self, generation: int) -> None:
        """See Space."""
        self._vectors.create(space_name(generation, self.name), self._encoder.dimension)

    def write(
        self,
        generation: int,
        batch: Sequence[Indexed],
        changed: Sequence[Passage],
        advance: Advance,
    ) -> None:
        """See Space; what the cache has is not encoded."""
        space = space_name(generation, self.name)
        for start in range(0, len(changed), CHUNK):
            chunk = changed[start : start + CHUNK]
            vectors = self._encode(chunk, advance)
            self._vectors.add(space, [passage.id for passage in chunk], vectors)
            self._library.touch()

    def _encode(self, passages: Sequence[Passage], advance: Advance) -> Vectors:
        """Vectors of passages, from the cache or made and put there."""
        inputs = [passage.encoder_input for passage in passages]
        known = self._cache.get(self._encoder.fingerprint, inputs)
        missing = {p.encoder_input: p for p in passages if p.encoder_input not in known}
        advance(len(passages) - len(missing), 0)
        ordered = sorted(missing.values(), key=lambda passage: len(passage.encoder_input))
        for start in range(0, len(ordered), STEP):
            step = ordered[start : start + STEP]
            known.update(zip([p.encoder_input for p in step], self._read(step), strict=True))
            advance(len(step), len(step))
        return np.stack([known[text] for text in inputs])

    def _read(self, passages: Sequence[Passage]) -> Vectors:
        """Run the encoder, and keep all that comes of it."""
        inputs = [passage.encoder_input for passage in passages]
        if self.name != DENSE:
            vectors = self._encoder.encode_passages(inputs)
        else:
            vectors = self._read_with_sentences(passages, inputs)
        self._cache.put(self._encoder.fingerprint, inputs, vectors)
        return vectors

    def _read_with_sentences(self, passages: Sequence[Passage], inputs: Sequence[str]) -> Vectors:
        cuts = [sentence_inputs(passage) for passage in passages]
        if self._tokens is None:
            vectors, sentences = self._encoder.encode_spans(inputs, cuts)
        else:
            encoded = self._tokens.reader.read(inputs, cuts)
            vectors, sentences = encoded.vectors, encoded.spans
            self._tokens.take(passages, encoded.tokens)
        keys = [sentences_key(input_hash(passage), passage) for passage in passages]
        self._cache.put_spans(self._encoder.fingerprint, keys, sentences)
        return vectors
