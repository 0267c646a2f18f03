"""The parts that hold, bring in and find."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from dragtor.build.choices import (
    EXTRACTORS,
    READERS,
    SPLITTERS,
    SUMMARISERS,
    choose,
    find,
    make_splitter,
    takes,
    wording,
)
from dragtor.build.encoders import (
    OF_ENCODER,
    Encoders,
    LateSpec,
    check_files,
    encoding_recipe,
    late_spec,
    specs,
)
from dragtor.build.finding import Finding
from dragtor.build.language import Language, language, weights_of
from dragtor.build.retrievers import KEYWORD
from dragtor.build.spec import Spec
from dragtor.errors import ConfigError
from dragtor.indexing import Indexer
from dragtor.interfaces import (
    Encoder,
    LanguageModel,
    Progress,
    Retriever,
    Summariser,
    TokenStore,
    VectorCache,
    VectorStore,
)
from dragtor.late.codec import TokenCodec
from dragtor.late_chunking import LateChunkedSpace
from dragtor.loading import Loader
from dragtor.spaces import DENSE, Space, VectorSpace
from dragtor.summaries import LEAST_PASSAGES, SummaryIndexer, summary_space
from dragtor.token_spaces import FirstStageSpace, SharedTokenSpace, TokenSpace
from dragtor.types import ArticleHit, Document, Generation, Query, Ranking, Section

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
        split = self._settings.split
        kind = find(SPLITTERS, split.splitter, "split.splitter")
        return {
            "splitter": split.splitter,
            **{name: str(value) for name, value in split.model_dump().items() if takes(kind, name)},
            "context": split.context,
            **encoding_recipe(self._settings),
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

    @cached_property
    def tokens(self) -> TokenStore:
        """See :class:`dragtor.parts.Parts`."""
        from dragtor.store.tokens import FileTokenStore

        return FileTokenStore(self._settings.paths.library / "tokens")

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

    @cached_property
    def _encoders(self) -> Encoders:
        return Encoders(self._weights, self._settings.encoder.threads)

    def encoder(self, recipe: Mapping[str, str]) -> Any:  # noqa: ANN401 (Encoder and Tokenizer)
        """The main encoder of an index made by this recipe; it loads when it first encodes."""
        return self._encoders.get(specs(recipe)[DENSE])

    def indexer(self) -> Indexer:
        """See :class:`dragtor.parts.Parts`."""
        from dragtor.encode.reading import CachedReader
        from dragtor.split.context import context_fingerprint, contextualize

        split = self._settings.split
        splitter = make_splitter(split, CachedReader(self.encoder(self.recipe), self._cache))
        return Indexer(
            library=self.library,
            splitter=splitter,
            contextualize=partial(contextualize, mode=split.context),
            spaces=self._spaces(),
            vectors=self.vectors,
            recipe=self.recipe,
            fingerprint=f"{splitter.fingerprint} {context_fingerprint(split.context)}",
        )

    def _spaces(self) -> list[Space]:
        """What is written of passages, the main encoder's vectors first."""
        by_name, late = specs(self.recipe), late_spec(self.recipe)
        tokens = self._token_spaces(late, by_name[DENSE]) if late else []
        shared = tokens[0] if tokens and isinstance(tokens[0], SharedTokenSpace) else None
        spaces: list[Space] = []
        for name, spec in by_name.items():
            parts = (name, self.library, self._encoders.get(spec), self.vectors, self._cache)
            if spec.late_chunking:
                spaces.append(LateChunkedSpace(*parts))
            else:
                spaces.append(VectorSpace(*parts, tokens=shared if name == DENSE else None))
        return [*spaces, *tokens]

    def _token_spaces(self, late: LateSpec, main: Spec) -> list[Space]:
        """What is written for late interaction, the token vectors first."""
        encoder = self._encoders.tokens(late, main)
        codec = TokenCodec(encoder.dimension, late.token_bytes)
        made = (self.library, encoder, codec, self.tokens)
        tokens = TokenSpace(*made)
        if late.model == OF_ENCODER:
            tokens = SharedTokenSpace(*made, self._encoders.get(main))
        spaces: list[Space] = [tokens]
        if late.first_stage:
            spaces.append(FirstStageSpace(self.library, tokens, codec, self.tokens, self.vectors))
        return spaces

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

    @property
    def ranking(self) -> Ranking:
        """See :class:`dragtor.parts.Parts`."""
        names = {field.name for field in fields(Ranking)}
        return Ranking(**self._settings.retrieve.model_dump(include=names))

    @cached_property
    def _finding(self) -> Finding:
        return Finding(
            self.library,
            self.vectors,
            self.tokens,
            self._encoders,
            self._weights,
            self._settings.encoder.threads,
        )

    def retriever(self, generation: Generation, ranking: Ranking) -> Retriever:
        """See :class:`dragtor.parts.Parts`."""
        return self._finding.retriever(generation, ranking)

    def articles(self, generation: Generation) -> Callable[[Query], tuple[ArticleHit, ...]]:
        """See :class:`dragtor.parts.Parts`."""
        from dragtor.fusion import convex
        from dragtor.retrieve.articles import ArticleFinder
        from dragtor.retrieve.dense import DenseScorer

        maker = self._summariser.name if self._summariser else ""
        space = summary_space(generation.id, maker)
        summaries = DenseScorer(self.vectors, self._encoder_of(generation), space, "summaries")
        finder = ArticleFinder(
            self.library,
            generation.id,
            keyword=self._finding.scorer(generation, KEYWORD),
            dense=self._finding.scorer(generation, DENSE),
            summaries=summaries if space in self.vectors.spaces() else None,
            fuse=partial(convex, dense_weight=self._settings.retrieve.dense_weight),
            candidates=self._settings.retrieve.candidates,
            maker=maker,
            least_passages=LEAST_PASSAGES,
        )
        return finder.find

    def _encoder_of(self, generation: Generation) -> Encoder:
        encoder = self.encoder(generation.recipe)
        check_files(generation, {DENSE: encoder})
        made: Encoder = encoder
        return made
