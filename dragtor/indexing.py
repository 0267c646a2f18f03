"""Index: documents become passages, keyword rows and vectors. Nothing is computed twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dragtor.errors import QueryError
from dragtor.interfaces import Encoder, Library, Progress, Splitter, VectorCache, VectorStore
from dragtor.log import logger
from dragtor.passages import input_hash, make_passages, sentence_inputs, sentences_key
from dragtor.types import Document, Generation, Passage, Span, Vectors

DENSE = "dense"
"""Name of the one vector space that a generation has today."""
BATCH = 512
"""Passages that are stored and flipped together."""
STEP = 128
"""Passages encoded, and made safe in the cache, at a time: the most model time a crash can cost."""

Indexed = tuple[Document, Sequence[Passage]]


def space_name(generation: int, space: str) -> str:
    """Name that a generation's space has in the vector store."""
    return f"g{generation}-{space}"


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What an index run did. ``encoded`` counts passages that a model had to read."""

    documents: int
    passages: int
    encoded: int
    generation: int
    summaries: int = 0


class Indexer:
    """Brings a generation up to date with the library's documents.

    ``fingerprint`` changes when passages, or what the encoder sees of them, would come out
    otherwise; ``recipe`` is the configuration behind it.
    """

    def __init__(
        self,
        library: Library,
        splitter: Splitter,
        contextualize: Callable[[Document, Span], str],
        encoder: Encoder,
        vectors: VectorStore,
        cache: VectorCache,
        recipe: Mapping[str, str],
        fingerprint: str,
    ) -> None:
        self._library = library
        self._splitter = splitter
        self._contextualize = contextualize
        self._encoder = encoder
        self._vectors = vectors
        self._cache = cache
        self._recipe = recipe
        self._fingerprint = fingerprint

    def index(self, *, rebuild: bool, progress: Progress) -> IndexReport:
        """Index what is pending; in a new generation under other settings or to ``rebuild``.

        A vector store that was lost is made anew as well, from the vector cache.

        Vectors are written first, then each batch of documents flips in one transaction, then
        what no document needs any more is swept. Progress counts passages, of which the total
        is an estimate until all documents are split. Raises QueryError where nothing was ever
        loaded, LibraryLocked, StoreError, EngineError.
        """
        library = self._library
        if library.active() is None and not library.status().documents:
            raise QueryError("nothing is loaded yet: `dragtor load` what you trust")
        with library.writing():
            generation = self._generation(fresh=rebuild)
            if self._vectors_lost(generation):
                generation = self._generation(fresh=True)
            pending = library.pending(generation.id)
            tally = _Tally(progress, sum(pending.values()))
            if pending:
                self._bring_up_to_date(generation, pending, tally)
            if library.activate(generation.id) or pending:
                self._sweep(generation)
        report = IndexReport(tally.documents, tally.passages, tally.encoded, generation.id)
        logger.info("index: {}", report)
        return report

    def _generation(self, *, fresh: bool) -> Generation:
        spaces = {DENSE: self._encoder.fingerprint}
        return self._library.generation(self._fingerprint, spaces, self._recipe, fresh=fresh)

    def _vectors_lost(self, generation: Generation) -> bool:
        """Whether the vector store was deleted under passages that need it."""
        there = space_name(generation.id, DENSE) in self._vectors.spaces()
        return not there and bool(self._library.passage_ids(generation.id))

    def _bring_up_to_date(
        self, generation: Generation, pending: Iterable[str], tally: _Tally
    ) -> None:
        space = space_name(generation.id, DENSE)
        self._vectors.create(space, self._encoder.dimension)
        for batch in self._batches(pending):
            self._write_vectors(space, self._changed(generation, batch, tally), tally)
            gone = self._library.commit(generation.id, batch)
            self._vectors.delete(space, gone)

    def _sweep(self, generation: Generation) -> None:
        """Forget vectors that nothing needs: of interrupted runs, and of other generations."""
        space = space_name(generation.id, DENSE)
        for other in self._vectors.spaces():
            if not other.startswith(space_name(generation.id, "")):
                self._vectors.drop(other)
        orphans = self._vectors.ids(space) - self._library.passage_ids(generation.id)
        self._vectors.delete(space, orphans)
        self._library.touch()

    def _batches(self, pending: Iterable[str]) -> Iterator[list[Indexed]]:
        """Documents with their passages, together about BATCH passages."""
        batch: list[Indexed] = []
        for id in pending:
            document = self._library.newest(id)
            spans = self._splitter.split(document)
            batch.append((document, make_passages(document, spans, self._contextualize)))
            if sum(len(passages) for _, passages in batch) >= BATCH:
                yield batch
                batch = []
        if batch:
            yield batch

    def _changed(
        self, generation: Generation, batch: Sequence[Indexed], tally: _Tally
    ) -> list[Passage]:
        """Passages that are new, or that the encoder now sees otherwise (a new title, say)."""
        changed: list[Passage] = []
        for document, passages in batch:
            there = self._library.encoder_inputs(generation.id, document.info.id)
            changed += [p for p in passages if there.get(p.id) != input_hash(p)]
            tally.met(document, passages)
        tally.advance(sum(len(passages) for _, passages in batch) - len(changed))
        return changed

    def _write_vectors(self, space: str, passages: Sequence[Passage], tally: _Tally) -> None:
        for start in range(0, len(passages), BATCH):
            chunk = passages[start : start + BATCH]
            vectors = self._encode(chunk, tally)
            self._vectors.add(space, [passage.id for passage in chunk], vectors)
            self._library.touch()

    def _encode(self, passages: Sequence[Passage], tally: _Tally) -> Vectors:
        """Vectors of passages; those of their sentences are kept for who asks, on the way."""
        fingerprint = self._encoder.fingerprint
        known = self._cache.get(fingerprint, [passage.encoder_input for passage in passages])
        missing = {p.encoder_input: p for p in passages if p.encoder_input not in known}
        tally.advance(len(passages) - len(missing))
        ordered = sorted(missing.values(), key=lambda passage: len(passage.encoder_input))
        for start in range(0, len(ordered), STEP):
            step = ordered[start : start + STEP]
            inputs = [passage.encoder_input for passage in step]
            cuts = [sentence_inputs(passage) for passage in step]
            vectors, sentences = self._encoder.encode_spans(inputs, cuts)
            keys = [sentences_key(input_hash(passage), passage) for passage in step]
            self._cache.put_spans(fingerprint, keys, sentences)
            self._cache.put(fingerprint, inputs, vectors)
            known.update(zip(inputs, vectors, strict=True))
            tally.encoded += len(step)
            tally.advance(len(step))
        return np.stack([known[passage.encoder_input] for passage in passages])


class _Tally:
    """Counts what a run does, and tells a person.

    The number of passages to come is an estimate, from the characters that are left, until the
    last document is split.
    """

    def __init__(self, progress: Progress, characters: int) -> None:
        self.documents = self.passages = self.encoded = 0
        self._done = self._characters_met = 0
        self._characters = characters
        self._progress = progress
        self.advance(0)

    def met(self, document: Document, passages: Sequence[Passage]) -> None:
        self.documents += 1
        self.passages += len(passages)
        self._characters_met += len(document.text)

    def advance(self, passages: int) -> None:
        self._done += passages
        left = self._characters - self._characters_met
        each = self._characters_met / self.passages if self.passages else 800.0
        self._progress(self._done, self.passages + round(left / each), "passages")
