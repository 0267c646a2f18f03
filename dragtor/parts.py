"""What a Dragtor is made of, as far as it needs to know: ``build`` makes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from dragtor.calibrating import Calibrator
from dragtor.indexing import Indexer
from dragtor.interfaces import (
    Answerer,
    LanguageModel,
    Library,
    Progress,
    Retriever,
    Rewriter,
    Strategy,
    TokenStore,
    VectorStore,
)
from dragtor.loading import Loader
from dragtor.summaries import SummaryIndexer
from dragtor.types import (
    Answer,
    ArticleHit,
    Document,
    Generation,
    Notice,
    Query,
    Ranking,
    SearchResult,
    Section,
)


class Parts(Protocol):
    """What a Dragtor is made of. What loads a model does so when it is first needed."""

    @property
    def library(self) -> Library:
        """The record of everything."""
        ...

    @property
    def vectors(self) -> VectorStore:
        """The vectors of passages and summaries."""
        ...

    @property
    def tokens(self) -> TokenStore:
        """The token vectors of passages, for late interaction."""
        ...

    @property
    def recipe(self) -> Mapping[str, str]:
        """What an index would be made by now."""
        ...

    @property
    def model(self) -> LanguageModel | None:
        """The language model, if there is one."""
        ...

    def loader(self) -> Loader:
        """What brings sources in."""
        ...

    def indexer(self) -> Indexer:
        """What makes passages searchable."""
        ...

    def summary_indexer(self) -> SummaryIndexer:
        """What makes whole documents searchable."""
        ...

    @property
    def ranking(self) -> Ranking:
        """How passages are found and ordered where a query does not say."""
        ...

    def retriever(self, generation: Generation, ranking: Ranking) -> Retriever:
        """What finds by the retriever and reranker of a ranking, over an index.

        It uses the encoders the index was made with. Raises QueryError for a part it lacks.
        """
        ...

    def articles(self, generation: Generation) -> Callable[[Query], tuple[ArticleHit, ...]]:
        """What finds whole documents."""
        ...

    def strategy(self, name: str) -> Strategy:
        """The strategy of this name. Raises ConfigError, naming the valid ones."""
        ...

    def answerer(self, generation: Generation) -> Answerer:
        """What answers from passages of an index."""
        ...

    def calibrator(
        self, generation: Generation, search: Callable[[Query], SearchResult]
    ) -> Calibrator:
        """What fits the decision to refuse to a library."""
        ...

    def outline(self, document: Document, progress: Progress) -> Sequence[Section]:
        """The sections of a document."""
        ...

    @property
    def answer_log(self) -> Callable[[Query, Answer], None] | None:
        """What is told of each answer, if anything is."""
        ...

    def rewriter(self) -> Rewriter:
        """What makes follow-ups questions of their own."""
        ...

    def advise(self, question: str) -> Sequence[Notice]:
        """What goes before any answer to a question."""
        ...
