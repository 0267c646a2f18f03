"""dragtor as a whole: load, index, search, ask.

Orchestration only. The stages know nothing of one another; they meet here and in ``loading.py``,
``indexing.py`` and ``asking.py``, through ``types``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from threading import Lock

from dragtor.asking import Asking
from dragtor.calibrating import Calibrator
from dragtor.errors import QueryError
from dragtor.indexing import IndexReport
from dragtor.interfaces import (
    Answerer,
    LanguageModel,
    Progress,
    Retriever,
)
from dragtor.loading import LoadReport
from dragtor.log import logger
from dragtor.moment import at_one_moment
from dragtor.outdated import outdated
from dragtor.parts import Parts
from dragtor.retrieve.ranked import check
from dragtor.sources.address import is_web, path_of
from dragtor.surroundings import Surroundings, surroundings
from dragtor.types import (
    Answer,
    ArticleHit,
    Document,
    DocumentInfo,
    Gathered,
    Generation,
    Hit,
    Notice,
    Prompt,
    Query,
    Ranking,
    SearchResult,
    Section,
    Step,
    Token,
    Turn,
)

EMPTY = "the library is empty: `dragtor load` what you trust, then `dragtor index`"


@dataclass(frozen=True, slots=True)
class Removed:
    """The documents that were removed, and the addresses that are no longer remembered."""

    documents: tuple[DocumentInfo, ...]
    forgotten: tuple[str, ...]


class Dragtor:
    """The verbs over one library. It is the :class:`dragtor.interfaces.Desk` of strategies, too."""

    def __init__(self, parts: Parts) -> None:
        self.library = parts.library
        self.vectors = parts.vectors
        self._parts = parts
        self._rewriter = parts.rewriter()
        self._retrievers: dict[tuple[int, str, str], Retriever] = {}
        self._making = Lock()
        self._answerer: tuple[int, Answerer] | None = None

    def load(
        self,
        collection: str,
        configured: Sequence[str],
        named: Sequence[str],
        *,
        refresh: bool,
        progress: Progress,
    ) -> LoadReport:
        """Bring sources into the library; see :meth:`dragtor.loading.Loader.load`."""
        return self._parts.loader().load(
            collection, configured, named, refresh=refresh, progress=progress
        )

    def index(self, *, rebuild: bool, progress: Progress) -> IndexReport:
        """Make what was loaded searchable; see :meth:`dragtor.indexing.Indexer.index`.

        Then long documents get their summaries; see :mod:`dragtor.summaries`.
        """
        report = self._parts.indexer().index(rebuild=rebuild, progress=progress)
        made = self._parts.summary_indexer().index(report.generation, progress)
        return replace(report, summaries=made)

    def calibrator(self) -> Calibrator:
        """What fits, for the index that answers, when to refuse. Raises QueryError."""
        self._answerer = None  # the next question is answered by what will have been fitted
        return self._parts.calibrator(self._active(), self.search)

    @property
    def ranking(self) -> Ranking:
        """How passages are found and ordered where a query does not say."""
        return self._parts.ranking

    @property
    def model(self) -> LanguageModel | None:
        """The language model, if there is one; it loads when it is first asked."""
        return self._parts.model

    def search(self, query: Query) -> SearchResult:
        """Find the passages that bear on a question, as the library is at one moment.

        Raises QueryError for an empty library and for a question with nothing to search for.
        """
        return at_one_moment(self.library, self.vectors, partial(self._search, query))

    def _search(self, query: Query) -> SearchResult:
        generation = self._active()
        ranking = query.ranking or self._parts.ranking
        query = replace(query, ranking=ranking)
        check(query)
        key = (generation.id, ranking.retriever, ranking.reranker)
        with self._making:
            if key not in self._retrievers:
                self._retrievers[key] = self._parts.retriever(generation, ranking)
        result = self._retrievers[key].retrieve(query)
        logger.debug("search: {} hits by {}, {}", len(result.hits), key, result.timings)
        if not result.hits and not self.library.status().documents:
            raise QueryError(EMPTY)
        parts = self._parts
        stale = outdated(self.library, self.vectors, parts.tokens, generation, parts.recipe, query)
        return replace(result, notices=(*result.notices, *stale))

    def articles(self, query: Query) -> tuple[ArticleHit, ...]:
        """Find the documents that bear on a question, by summaries and passages. Raises as search.

        There are at most ``query.k``, best first.
        """

        def find() -> tuple[ArticleHit, ...]:
            return self._parts.articles(self._active())(query)

        return at_one_moment(self.library, self.vectors, find)

    def read(self, query: Query, document_id: str) -> tuple[Hit, ...]:
        """All passages of a document in text order, if the query may see it, else QueryError."""
        with self.library.moment():
            generation = self._active().id
            scope = self.library.document_scope(generation, query.collections, query.filters)
            ids = [passage.id for passage in self.library.passages(generation, document_id)]
            if not ids or (scope is not None and document_id not in scope):
                raise QueryError(f"there is no document {document_id!r} among those asked about")
            found = self.library.resolve(generation, ids)
        passages = [found[id] for id in ids if id in found]
        return tuple(
            Hit(rank, 0.0, {}, one.passage, one.document, one.location, one.marks)
            for rank, one in enumerate(passages, start=1)
        )

    def ask(
        self, query: Query, history: Sequence[Turn] = ()
    ) -> Iterator[Token | Notice | Step | Answer]:
        """Answer a question: tokens, notices and steps as they come, then the answer.

        A follow-up is answered as a question of its own, with what it takes over from ``history``.
        Raises QueryError, ModelError and EngineError.
        """
        log = self._parts.answer_log
        asking = Asking(self.gather, self.answer, self._rewriter, self._parts.advise)
        for event in asking.ask(query, history):
            if log is not None and isinstance(event, Answer):
                log(query, event)
            yield event

    def gather(self, query: Query) -> Iterator[Step | Notice | Gathered]:
        """What the query's strategy brings; see :class:`dragtor.interfaces.Strategy`."""
        query = replace(query, ranking=query.ranking or self._parts.ranking)
        return self._parts.strategy(query.strategy).gather(query, self)

    def answer(
        self, query: Query, gathered: Gathered, history: Sequence[Turn] = ()
    ) -> Iterator[Token | Notice | Step | Answer]:
        """An answer from what was gathered; see :class:`dragtor.interfaces.Answerer`."""
        return self._answering().answer(query, gathered, history)

    def close(self) -> None:
        """Close the library's files; they are opened again when they are needed again."""
        self.vectors.close()
        self._parts.tokens.close()
        self.library.close()

    def prompt(self, query: Query, history: Sequence[Turn] = ()) -> Prompt:
        """What the language model would be asked."""
        return self._answering().prompt(query, self.search(query).hits, history)

    def find(self, collection: str, name: str) -> DocumentInfo:
        """The document of this id or address. Raises QueryError if there is none."""
        documents = self.library.documents(collection)
        addresses = _addresses(name)
        by_id = (info for info in documents if info.id == name)
        by_address = (info for info in documents if info.uri in addresses)
        found = next(by_id, None) or next(by_address, None)
        if found is None:
            raise _unknown(collection, name)
        return found

    def around(self, passage: str, context: int) -> Surroundings:
        """A passage amid its neighbours; see :func:`dragtor.surroundings.surroundings`."""
        with self.library.moment():
            return surroundings(self.library, self._active().id, passage, context)

    def outline(self, document: Document, progress: Progress) -> Sequence[Section]:
        """Sections and topics of a document; see :mod:`dragtor.answer.outline`."""
        return self._parts.outline(document, progress)

    def remove(self, collection: str, name: str) -> Removed:
        """Remove a document, or all that came from an address, at once; no refresh brings it back.

        A remembered source of this address, or of which nothing is left, is forgotten. Raises
        QueryError if there is neither a document nor a remembered source of this name.
        """
        library = self.library
        with library.writing():
            named = _addresses(name)
            documents = self._documents_of(collection, name, named)
            ids = {info.id for info in documents}
            forgotten = []
            for uri in library.remembered(collection):
                held = set(library.holding(collection, uri))
                if uri in named or (held and held <= ids):
                    forgotten.append(uri)
            if not documents and not forgotten:
                raise _unknown(collection, name)
            passages = library.remove(sorted(ids))
            for uri in forgotten:
                library.forget(collection, uri)
            generation = library.active()
            if generation is not None and passages:
                for space in self.vectors.spaces():  # by passage or by document
                    self.vectors.delete(space, [*passages, *ids])
                library.touch()
        return Removed(tuple(documents), tuple(forgotten))

    def _documents_of(
        self, collection: str, name: str, addresses: Collection[str]
    ) -> list[DocumentInfo]:
        """The document of this id, or else all that these addresses are, or hold."""
        documents = self.library.documents(collection)
        if by_id := [info for info in documents if info.id == name]:
            return by_id
        held = {id for uri in addresses for id in self.library.holding(collection, uri)}
        return [info for info in documents if info.uri in addresses or info.id in held]

    def _answering(self) -> Answerer:
        generation = self._active()
        if self._answerer is None or self._answerer[0] != generation.id:
            self._answerer = (generation.id, self._parts.answerer(generation))
        return self._answerer[1]

    def _active(self) -> Generation:
        generation = self.library.active()
        if generation is None:
            raise QueryError(EMPTY)
        return generation


def _addresses(name: str) -> set[str]:
    """What a person may mean by a name: the address itself, or that of the path it is."""
    bare = name.rstrip("/")
    return {name, bare, f"{bare}/"} if is_web(name) else {name, path_of(name).as_uri()}


def _unknown(collection: str, name: str) -> QueryError:
    return QueryError(f"no document {name!r} in {collection}; `dragtor sources list` has them")
