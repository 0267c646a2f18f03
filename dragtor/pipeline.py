"""dragtor as a whole: load, index, search, ask.

Orchestration only. The stages know nothing of one another; they meet here and in ``loading.py``
and ``indexing.py``, through ``types``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from dragtor.errors import QueryError
from dragtor.indexing import Indexer, IndexReport
from dragtor.interfaces import Answerer, Library, Progress, Retriever
from dragtor.loading import Loader, LoadReport
from dragtor.types import Answer, Generation, Notice, Query, SearchResult, Token, Turn


class Dragtor:
    """The verbs over one library.

    What loads a model is given as a function and called when it is first needed.
    ``make_retriever`` gets the generation that answers, so that an index made under other
    settings is still searched with its own encoder.
    """

    def __init__(
        self,
        library: Library,
        make_loader: Callable[[], Loader],
        make_indexer: Callable[[], Indexer],
        make_retriever: Callable[[Generation, str], Retriever],
        make_answerer: Callable[[Generation], Answerer],
    ) -> None:
        self.library = library
        self._make_loader = make_loader
        self._make_indexer = make_indexer
        self._make_retriever = make_retriever
        self._make_answerer = make_answerer
        self._retrievers: dict[tuple[int, str], Retriever] = {}
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
        return self._make_loader().load(
            collection, configured, named, refresh=refresh, progress=progress
        )

    def index(self, *, rebuild: bool, progress: Progress) -> IndexReport:
        """Make what was loaded searchable; see :meth:`dragtor.indexing.Indexer.index`."""
        return self._make_indexer().index(rebuild=rebuild, progress=progress)

    def search(self, query: Query) -> SearchResult:
        """Find the passages that bear on a question.

        Raises QueryError for an empty library and for a question with nothing to search for.
        """
        generation = self._active()
        key = (generation.id, query.retriever)
        if key not in self._retrievers:
            self._retrievers[key] = self._make_retriever(generation, query.retriever)
        result = self._retrievers[key].retrieve(query)
        return replace(result, notices=(*result.notices, *self._pending(generation)))

    def ask(
        self, query: Query, history: Sequence[Turn] = (), search_text: str | None = None
    ) -> Iterator[Token | Notice | Answer]:
        """Answer a question: notices and tokens as they come, then the answer.

        ``search_text`` is what is searched for, where that is not the question itself: a follow-up
        is found together with the question before it.
        """
        started = time.perf_counter()
        found = self.search(replace(query, text=search_text or query.text))
        retrieve_s = time.perf_counter() - started
        yield from found.notices
        for event in self.answerer().answer(query, found.hits, history):
            if isinstance(event, Answer):
                event = replace(
                    event,
                    notices=(*found.notices, *event.notices),
                    timings={
                        **event.timings,
                        "retrieve_s": retrieve_s,
                        "first_token_s": retrieve_s + event.timings.get("first_token_s", 0.0),
                        "total_s": time.perf_counter() - started,
                    },
                )
            yield event

    def answerer(self) -> Answerer:
        """What writes answers, with its model loaded once."""
        generation = self._active()
        if self._answerer is None or self._answerer[0] != generation.id:
            self._answerer = (generation.id, self._make_answerer(generation))
        return self._answerer[1]

    def _active(self) -> Generation:
        generation = self.library.active()
        if generation is None:
            raise QueryError(
                "the library is empty: `dragtor load` what you trust, then `dragtor index`"
            )
        return generation

    def _pending(self, generation: Generation) -> Iterator[Notice]:
        count = len(self.library.pending(generation.id))
        if count:
            documents = "1 document is" if count == 1 else f"{count} documents are"
            yield Notice("pending", f"{documents} loaded but not indexed: run `dragtor index`")
