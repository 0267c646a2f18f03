"""The parts that hold, bring in and find."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from dragtor.build.choices import (
    ENCODERS,
    EXTRACTORS,
    READERS,
    RERANKERS,
    RETRIEVERS,
    SPLITTERS,
    SUMMARISERS,
    choose,
    wording,
)
from dragtor.build.language import Language, language, weights_of
from dragtor.errors import ConfigError, ModelError
from dragtor.indexing import DENSE, Indexer, space_name
from dragtor.interfaces import (
    Encoder,
    LanguageModel,
    Progress,
    Retriever,
    Summariser,
    VectorCache,
    VectorStore,
)
from dragtor.loading import Loader
from dragtor.summaries import LEAST_PASSAGES, SummaryIndexer, summary_space
from dragtor.types import ArticleHit, Document, Generation, Query, Section

if TYPE_CHECKING:
    from dragtor.config import Settings
    from dragtor.sources.http import HttpClient
    from dragtor.sources.web import Reader
    from dragtor.store.library import SqliteLibrary


class Parts:
    """The parts of one Dragtor, each made once, when it is first needed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._weights = weights_of(settings)
        self._encoders: dict[tuple[str, str], Any] = {}

    @cached_property
    def language(self) -> Language:
        """The language model, where one is wanted."""
        return language(self._settings)

    @property
    def model(self) -> LanguageModel | None:
        """See :class:`dragtor.parts.Parts`."""
        return self.language.model

    @property
    def recipe(self) -> dict[str, str]:
        """What an index is made by: another recipe is another generation."""
        split, encoder = self._settings.split, self._settings.encoder
        return {
            "splitter": split.splitter,
            "max_tokens": str(split.max_tokens),
            "overlap_tokens": str(split.overlap_tokens),
            "context": split.context,
            "engine": encoder.engine,
            "model": encoder.model,
        }

    @cached_property
    def library(self) -> SqliteLibrary:
        """See :class:`dragtor.parts.Parts`."""
        from dragtor.store.library import SqliteLibrary

        return SqliteLibrary(self._settings.paths.library)

    @cached_property
    def vectors(self) -> VectorStore:
        """See :class:`dragtor.parts.Parts`."""
        from dragtor.store.chroma import ChromaStore

        store: VectorStore = ChromaStore(self._settings.paths.library / "chroma")
        return store

    @property
    def _cache(self) -> VectorCache:
        from dragtor.store.cache import SqliteVectorCache

        return SqliteVectorCache(self._settings.paths.library / "vectors.db")

    # --- loading

    def loader(self) -> Loader:
        """See :class:`dragtor.parts.Parts`."""
        from dragtor.sources.extractors import Extractors
        from dragtor.sources.opening import SourceOpener

        settings = self._settings
        opener = SourceOpener(
            self._http,
            self._reader,
            sites={site.url: (site.max_pages, site.exclude) for site in settings.sites},
            min_words=settings.web.min_words,
        )
        by_type = {kind: choose(EXTRACTORS, kind, "media type") for kind in EXTRACTORS}
        return Loader(self.library, opener, Extractors(by_type))

    def _http(self) -> HttpClient:
        from dragtor.sources.http import HttpClient

        web = self._settings.web
        return HttpClient(
            timeout_s=web.timeout_s, retries=web.retries, delay_s=web.delay_s, max_mb=web.max_mb
        )

    def _reader(self, http: HttpClient) -> Reader:
        web, key = self._settings.web, self._settings.credentials.jina_api_key
        options = {"base_url": web.jina_url, "key": key.get_secret_value() if key else None}
        reader: Reader = choose(READERS, web.reader, "web.reader")(
            http, **(options if web.reader == "jina" else {})
        )
        return reader

    # --- indexing

    def encoder(self, recipe: Mapping[str, str]) -> Any:  # noqa: ANN401 (Encoder and Tokenizer)
        """The encoder of an index made by this recipe; it loads when it first encodes."""
        made = (recipe["engine"], recipe["model"])
        if made not in self._encoders:
            entry = self._weights.entry(recipe["model"])
            if entry.encoder is None:
                raise ConfigError(f"encoder.model is {entry.name}, which is of kind {entry.kind}")
            self._encoders[made] = choose(ENCODERS, recipe["engine"], "encoder.engine")(
                self._weights.path(entry.name),
                name=entry.name,
                pooling=entry.encoder.pooling,
                max_tokens=entry.encoder.max_tokens,
                query_prefix=entry.encoder.query_prefix,
                passage_prefix=entry.encoder.passage_prefix,
                threads=self._settings.encoder.threads,
            )
        return self._encoders[made]

    def indexer(self) -> Indexer:
        """See :class:`dragtor.parts.Parts`."""
        from dragtor.split.context import contextualize

        split, encoder = self._settings.split, self.encoder(self.recipe)
        make_splitter = choose(SPLITTERS, split.splitter, "split.splitter")
        splitter = make_splitter(encoder, split.max_tokens, split.overlap_tokens)
        return Indexer(
            library=self.library,
            splitter=splitter,
            contextualize=partial(contextualize, mode=split.context),
            encoder=encoder,
            vectors=self.vectors,
            cache=self._cache,
            recipe=self.recipe,
            fingerprint=f"{splitter.fingerprint} context={split.context}",
        )

    def summary_indexer(self) -> SummaryIndexer:
        """See :class:`dragtor.parts.Parts`."""
        by_model = self._settings.index.summaries == "model"
        return SummaryIndexer(
            library=self.library,
            vectors=self.vectors,
            encoder=self.encoder(self.recipe),
            cache=self._cache,
            summariser=self._summariser,
            batch=1 if by_model else 64,
        )

    @cached_property
    def _summariser(self) -> Summariser | None:
        """What makes summaries, if any are wanted. Raises ConfigError for a model that is none."""
        maker = self._settings.index.summaries
        if maker == "none":
            return None
        options: dict[str, Any] = {}
        if maker == "model":
            options = {"model": self.language.model, "prompt": self._settings.prompts.summarise}
            if self.language.model is None:
                raise ConfigError("index.summaries is model, and llm.model is none: choose one")
        summariser: Summariser = choose(SUMMARISERS, maker, "index.summaries")(**options)
        return summariser

    def outline(self, document: Document, progress: Progress) -> Sequence[Section]:
        """See :class:`dragtor.parts.Parts`."""
        from dragtor.answer.outline import Outliner

        # A starter model names nothing that a section's own words would not name better.
        model = None if self.language.starter else self.language.model
        outliner = Outliner(model, self._settings.prompts.outline, wording(self._settings))
        return outliner.outline(document, progress)

    # --- retrieving

    def articles(self, generation: Generation) -> Callable[[Query], tuple[ArticleHit, ...]]:
        """See :class:`dragtor.parts.Parts`."""
        from dragtor.retrieve.articles import ArticleFinder

        maker = self._summariser.name if self._summariser else ""
        finder = ArticleFinder(
            **self._halves(generation, "hybrid"),
            summaries=summary_space(generation.id, maker),
            maker=maker,
            least_passages=LEAST_PASSAGES,
        )
        return finder.find

    def retriever(self, generation: Generation, name: str) -> Retriever:
        """See :class:`dragtor.parts.Parts`."""
        from dragtor.retrieve.rerank import RerankingRetriever

        settings = self._settings.retrieve
        make = choose(RETRIEVERS, name, "retriever")
        retriever: Retriever = make(**self._halves(generation, name))
        if settings.reranker == "none":
            return retriever
        entry = self._weights.entry(settings.reranker)
        reranker = choose(RERANKERS, "onnx", "reranker")(
            self._weights.path(entry.name), name=entry.name, threads=self._settings.encoder.threads
        )
        return RerankingRetriever(retriever, reranker, settings.rerank_candidates)

    def _halves(self, generation: Generation, name: str) -> dict[str, Any]:
        """What the constructor of a retriever takes: keyword index, vectors, or both."""
        from dragtor.fusion import convex
        from dragtor.store.keywords import SqliteKeywordIndex

        parts: dict[str, Any] = {"library": self.library, "generation": generation.id}
        if name != "dense":
            parts |= {"index": SqliteKeywordIndex(self.library.database)}
        if name != "keyword":
            parts |= {
                "vectors": self.vectors,
                "encoder": self._encoder_of(generation),
                "space": space_name(generation.id, DENSE),
            }
        if name == "hybrid":
            settings = self._settings.retrieve
            parts |= {
                "fuse": partial(convex, dense_weight=settings.dense_weight),
                "candidates": settings.candidates,
            }
        return parts

    def _encoder_of(self, generation: Generation) -> Encoder:
        encoder: Encoder = self.encoder(generation.recipe)
        if encoder.fingerprint != generation.spaces[DENSE]:
            raise ModelError(
                f"the files of {generation.recipe['model']} are not those the index was made with: "
                "run `dragtor index`"
            )
        return encoder
