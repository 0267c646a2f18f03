"""Index: documents become passages, keyword rows and vectors. Nothing is computed twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dragtor.errors import QueryError
from dragtor.interfaces import Library, Progress, Splitter, VectorStore
from dragtor.log import logger
from dragtor.passages import input_hash, make_passages
from dragtor.spaces import Indexed, Space, space_name
from dragtor.types import Document, Generation, Passage, Span

BATCH = 512
"""Passages that are stored and flipped together."""


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

    ``spaces`` are written one after the other. ``fingerprint`` changes when passages, or what the
    encoders see of them, would come out otherwise; ``recipe`` is the configuration behind it.
    """

    def __init__(
        self,
        library: Library,
        splitter: Splitter,
        contextualize: Callable[[Document, Span], str],
        spaces: Sequence[Space],
        vectors: VectorStore,
        recipe: Mapping[str, str],
        fingerprint: str,
    ) -> None:
        self._library = library
        self._splitter = splitter
        self._contextualize = contextualize
        self._spaces = spaces
        self._vectors = vectors
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
            if self._lost(generation):
                generation = self._generation(fresh=True)
            pending = library.pending(generation.id)
            tally = _Tally(progress, sum(pending.values()), len(self._spaces))
            if pending:
                self._bring_up_to_date(generation, pending, tally)
            if library.activate(generation.id) or pending:
                self._sweep(generation)
        report = IndexReport(tally.documents, tally.passages, tally.encoded, generation.id)
        logger.info("index: {}", report)
        return report

    def _generation(self, *, fresh: bool) -> Generation:
        spaces = {space.name: space.fingerprint for space in self._spaces}
        return self._library.generation(self._fingerprint, spaces, self._recipe, fresh=fresh)

    def _lost(self, generation: Generation) -> bool:
        """Whether vectors were deleted under passages that need them."""
        lost = any(space.lost(generation.id) for space in self._spaces)
        return lost and bool(self._library.passage_ids(generation.id))

    def _bring_up_to_date(
        self, generation: Generation, pending: Iterable[str], tally: _Tally
    ) -> None:
        for space in self._spaces:
            space.create(generation.id)
        for batch in self._batches(pending):
            changed = self._changed(generation, batch, tally)
            for space in self._spaces:
                space.write(generation.id, batch, changed, tally.advance)
            gone = self._library.commit(generation.id, batch)
            for space in self._spaces:
                space.delete(generation.id, gone)

    def _sweep(self, generation: Generation) -> None:
        """Forget what nothing needs: of interrupted runs, and of other generations."""
        for other in self._vectors.spaces():
            if not other.startswith(space_name(generation.id, "")):
                self._vectors.drop(other)
        for space in self._spaces:
            space.sweep(generation.id)
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
        unchanged = sum(len(passages) for _, passages in batch) - len(changed)
        tally.advance(unchanged * len(self._spaces), 0)
        return changed


class _Tally:
    """Counts what a run does, and tells a person.

    The number of passages to come is an estimate, from the characters that are left, until the
    last document is split. A passage is done when it is in every space.
    """

    def __init__(self, progress: Progress, characters: int, spaces: int) -> None:
        self.documents = self.passages = self.encoded = 0
        self._done = self._characters_met = 0
        self._characters = characters
        self._spaces = spaces
        self._progress = progress
        self.advance(0, 0)

    def met(self, document: Document, passages: Sequence[Passage]) -> None:
        self.documents += 1
        self.passages += len(passages)
        self._characters_met += len(document.text)

    def advance(self, passages: int, encoded: int) -> None:
        """Passages that are done in one space, and how many of them a model read."""
        self._done += passages
        self.encoded += encoded
        left = self._characters - self._characters_met
        each = self._characters_met / self.passages if self.passages else 800.0
        total = self.passages + round(left / each)
        self._progress(self._done // self._spaces, total, "passages")
