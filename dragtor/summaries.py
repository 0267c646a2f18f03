"""Summaries of long documents, made and indexed beside the passages.

Their vectors lie in a space of their own, by document id; its name holds the generation and what
made them, so that each maker's summaries are compared with none of another's. A document of fewer
than ``LEAST_PASSAGES`` passages stands for itself and has none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from dragtor.interfaces import (
    Encoder,
    Library,
    Progress,
    Summariser,
    VectorCache,
    VectorStore,
)
from dragtor.log import logger
from dragtor.passages import text_hash
from dragtor.spaces import DENSE, space_name
from dragtor.types import Document, Vectors

LEAST_PASSAGES = 4
"""Passages from which on a document is too much to stand for itself."""
_SUMMARY = "summary"


def summary_space(generation: int, maker: str) -> str:
    """Name of the space that holds the vectors of this maker's summaries."""
    return space_name(generation, f"{_SUMMARY}-{text_hash(maker)[:8]}")


class SummaryIndexer:
    """Brings the summaries of a generation up to date.

    ``batch`` is how many documents are kept together: the most work that a crash can cost. Without
    a summariser nothing is made, and what there is of vectors is dropped.
    """

    def __init__(
        self,
        library: Library,
        vectors: VectorStore,
        encoder: Encoder,
        cache: VectorCache,
        summariser: Summariser | None,
        batch: int,
    ) -> None:
        self._library = library
        self._vectors = vectors
        self._encoder = encoder
        self._cache = cache
        self._summariser = summariser
        self._batch = batch

    def index(self, generation: int, progress: Progress) -> int:
        """Make and index what is missing, and sweep; returns how many summaries were made.

        The vectors of a batch are written first, then its summaries: one that is on record has its
        vector, unless the vectors were lost; then it gets it anew, and nothing is made twice.
        Raises LibraryLocked, StoreError, EngineError.
        """
        with self._library.writing():
            if self._summariser is None:
                self._sweep(generation, None)
                return 0
            space = summary_space(generation, self._summariser.name)
            wanted = self._library.long_documents(generation, LEAST_PASSAGES)
            there = self._vectors.ids(space)
            known = self._library.summaries(generation, self._summariser.name, wanted)
            missing = [id for id in wanted if id not in known or id not in there]
            if missing:
                self._vectors.create(space, self._encoder.dimension)
                self._bring_up_to_date(self._summariser, generation, missing, known, progress)
            self._vectors.delete(space, there.difference(wanted))
            if self._sweep(generation, space) or missing or there.difference(wanted):
                self._library.touch()
        made = len(set(missing) - set(known))
        logger.info("summaries: {} made, {} indexed", made, len(missing))
        return made

    def _bring_up_to_date(
        self,
        summariser: Summariser,
        generation: int,
        missing: Sequence[str],
        known: dict[str, str],
        progress: Progress,
    ) -> None:
        space = summary_space(generation, summariser.name)
        progress(0, len(missing), "summaries")
        for start in range(0, len(missing), self._batch):
            ids = missing[start : start + self._batch]
            made = [self._made(summariser, generation, id) for id in ids if id not in known]
            texts = {id: known[id] for id in ids if id in known}
            texts |= {document.info.id: text for document, text in made}
            self._vectors.add(space, list(texts), self._encode(list(texts.values())))
            self._library.summarise(summariser.name, made)
            progress(start + len(ids), len(missing), "summaries")

    def _made(self, summariser: Summariser, generation: int, id: str) -> tuple[Document, str]:
        document = self._library.document(id)
        passages = self._library.passages(generation, id)
        stored = self._vectors.get(space_name(generation, DENSE), [p.id for p in passages])
        passages = [passage for passage in passages if passage.id in stored]
        vectors = np.stack([stored[passage.id] for passage in passages])
        return document, summariser.summarise(document, passages, vectors)

    def _encode(self, texts: Sequence[str]) -> Vectors:
        fingerprint = self._encoder.fingerprint
        known = self._cache.get(fingerprint, texts)
        missing = sorted({text for text in texts if text not in known})
        if missing:
            vectors = self._encoder.encode_passages(missing)
            self._cache.put(fingerprint, missing, vectors)
            known.update(zip(missing, vectors, strict=True))
        return np.stack([known[text] for text in texts])

    def _sweep(self, generation: int, kept: str | None) -> bool:
        """Drop the summaries of other makers; returns whether there were any."""
        stale = list(self._stale(generation, kept))
        for space in stale:
            self._vectors.drop(space)
        return bool(stale)

    def _stale(self, generation: int, kept: str | None) -> Iterator[str]:
        for space in self._vectors.spaces():
            if space.startswith(space_name(generation, _SUMMARY)) and space != kept:
                yield space
