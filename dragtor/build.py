"""Settings to Dragtor: the only file that names concrete classes.

Each choice is a name in the settings and a "module:Class" here, imported when it is made. A new
backend is one file that fits its Protocol, and one line in one of these tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import fields
from functools import cached_property, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from dragtor.errors import ConfigError, ModelError
from dragtor.indexing import DENSE, Indexer, space_name
from dragtor.interfaces import (
    Answerer,
    Encoder,
    EntailmentModel,
    EvidenceFinder,
    LanguageModel,
    Progress,
    Refuser,
    Retriever,
    Rewriter,
    Strategy,
    Summariser,
    SupportChecker,
    VectorCache,
    VectorStore,
)
from dragtor.loading import Loader
from dragtor.mistakes import not_one_of
from dragtor.pipeline import Dragtor
from dragtor.summaries import LEAST_PASSAGES, SummaryIndexer, summary_space
from dragtor.types import (
    ArticleHit,
    Document,
    Generation,
    Hit,
    Notice,
    Query,
    SearchResult,
    Section,
    Span,
)

if TYPE_CHECKING:
    from dragtor.answer.domain import Domain
    from dragtor.answer.prompt import Templates
    from dragtor.answer.sentences import SentenceVectors
    from dragtor.calibrating import Calibrator
    from dragtor.catalogue import ModelEntry
    from dragtor.config import Settings
    from dragtor.sources.http import HttpClient
    from dragtor.sources.web import Reader
    from dragtor.store.library import SqliteLibrary
    from dragtor.weights import LlmChoice, Weights

SPLITTERS = {"structure": "dragtor.split.structure:StructureSplitter"}
ENCODERS = {"onnx": "dragtor.encode.onnx:OnnxEncoder"}
RERANKERS = {"onnx": "dragtor.encode.cross:OnnxCrossEncoder"}
RETRIEVERS = {
    "hybrid": "dragtor.retrieve.hybrid:HybridRetriever",
    "dense": "dragtor.retrieve.dense:DenseRetriever",
    "keyword": "dragtor.retrieve.keyword:KeywordRetriever",
}
ENGINES = {
    "llama": "dragtor.answer.llama:LlamaModel",
    "openai": "dragtor.answer.openai:OpenAiModel",
}
STRATEGIES = {
    "plain": "dragtor.answer.strategies.plain:PlainStrategy",
    "step_back": "dragtor.answer.strategies.step_back:StepBackStrategy",
    "hyde": "dragtor.answer.strategies.hyde:HydeStrategy",
    "decompose": "dragtor.answer.strategies.decompose:DecomposeStrategy",
    "agent": "dragtor.answer.strategies.agent:AgentStrategy",
    "summary": "dragtor.answer.strategies.summary:SummaryStrategy",
}
SUMMARISERS = {
    "sentences": "dragtor.answer.summarise:SentenceSummariser",
    "model": "dragtor.answer.summarise:ModelSummariser",
}
EXTRACTORS = {
    "text/plain": "dragtor.sources.text:TextExtractor",
    "text/markdown": "dragtor.sources.text:MarkdownExtractor",
    "text/html": "dragtor.sources.html:HtmlExtractor",
    "application/pdf": "dragtor.sources.pdf:PdfExtractor",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (
        "dragtor.sources.office:DocxExtractor"
    ),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": (
        "dragtor.sources.office:PptxExtractor"
    ),
    "application/epub+zip": "dragtor.sources.epub:EpubExtractor",
    "application/jsonl": "dragtor.sources.jsonl:JsonLinesExtractor",
    "application/x-jina-reader+json": "dragtor.sources.jina:JinaExtractor",
}
READERS = {
    "jina": "dragtor.sources.jina:JinaReader",
    "local": "dragtor.sources.web:LocalReader",
}
FEATURES = "features"
"""The checker of answers that needs no model of its own."""


def build(settings: Settings) -> Dragtor:
    """A Dragtor of these settings; models load when they are first needed.

    Raises ConfigError for an unknown choice, naming the valid ones.
    """
    check_choices(settings)
    parts = _Parts(settings)
    return Dragtor(
        library=parts.library,
        vectors=parts.vectors,
        recipe=parts.recipe,
        make_loader=parts.loader,
        make_indexer=parts.indexer,
        make_retriever=parts.retriever,
        make_answerer=parts.answerer,
        make_strategy=parts.strategy,
        rewriter=parts.rewriter(),
        make_model=lambda: parts.language.model,
        advise=parts.advise,
        make_summaries=parts.summary_indexer,
        make_articles=parts.articles,
        make_calibrator=parts.calibrator,
        make_outline=parts.outline,
    )


def check_choices(settings: Settings) -> None:
    """Check every name of a backend or model, and the texts of the prompt.

    Raises ConfigError with the place of the wrong one, and the valid ones.
    """
    encoder, retrieve = settings.encoder, settings.retrieve
    names: dict[str, tuple[str, Iterable[str]]] = {
        "split.splitter": (settings.split.splitter, SPLITTERS),
        "encoder.engine": (encoder.engine, ENCODERS),
        "retrieve.retriever": (retrieve.retriever, RETRIEVERS),
        "llm.engine": (settings.llm.engine, ENGINES),
        "answer.strategy": (settings.answer.strategy, STRATEGIES),
        "web.reader": (settings.web.reader, READERS),
        "answer.checker": (
            settings.answer.checker,
            ["auto", FEATURES, *_models(settings, "nli", settings.answer.checker)],
        ),
        "encoder.model": (encoder.model, _models(settings, "encoder", encoder.model)),
        "retrieve.reranker": (
            retrieve.reranker,
            ["none", *_models(settings, "reranker", retrieve.reranker)],
        ),
    }
    for key, (name, valid) in names.items():
        if name not in valid:
            raise ConfigError(f"{settings.place(key)}: {not_one_of(key, name, valid)}")
    try:
        _templates(settings)
        for name in STRATEGIES:
            _strategy(settings, name)
    except ConfigError as error:  # begins with the key, as the class knows no places
        raise ConfigError(f"{settings.place(str(error).split()[0])}: {error}") from None


def _models(settings: Settings, kind: str, wanted: str) -> list[str]:
    """Models of a kind; of the wanted one the letters are as wanted, as their case is ignored."""
    names = [entry.name for entry in settings.models if entry.kind == kind]
    return [wanted if name.lower() == wanted.lower() else name for name in names]


def _templates(settings: Settings) -> Templates:
    from dragtor.answer.prompt import Templates

    names = {field.name for field in fields(Templates)}
    return Templates(**settings.prompts.model_dump(include=names))


def _strategy(settings: Settings, name: str) -> Strategy:
    prompts = settings.prompts
    options: dict[str, dict[str, Any]] = {
        "step_back": {"prompt": prompts.step_back},
        "hyde": {"prompt": prompts.hyde},
        "decompose": {"prompt": prompts.decompose},
        "agent": {
            "prompt": prompts.agent,
            "compare": prompts.compare,
            "max_steps": settings.agent.max_steps,
        },
    }
    strategy: Strategy = _choose(STRATEGIES, name, "strategy")(**options.get(name, {}))
    return strategy


def starter_notice(models: Sequence[ModelEntry], memory_bytes: int) -> Notice:
    """What to say of an answer by the starter, with the best model a machine can run, if any."""
    from dragtor.weights.choose import USABLE_SHARE

    room = memory_bytes * USABLE_SHARE
    fit = [m for m in models if m.kind == "llm" and not m.starter and m.memory_mb * 1e6 <= room]
    text = "this answer is by a very small model"
    if best := max(fit, key=lambda model: model.quality, default=None):
        size = f"{best.size_mb / 1000:.1f} GB".replace(".0 ", " ")
        text += f"; for good ones: dragtor models pull {best.name} ({size})"
    return Notice("starter_model", text)


def weights_of(settings: Settings) -> Weights:
    """The models these settings speak of."""
    from dragtor.weights import Weights

    token = settings.credentials.hf_token
    return Weights(
        settings.paths.models,
        settings.models,
        hub_url=settings.web.hub_url,
        hub_token=token.get_secret_value() if token else None,
    )


def choose_llm(settings: Settings) -> LlmChoice:
    """The language model on this machine that answers. Raises ModelError if there is none."""
    return weights_of(settings).llm(settings.llm.model, _memory_bytes())


def answering_model(settings: Settings) -> str | None:
    """The name of the language model that answers; None where none is wanted.

    Raises ConfigError for a name that is none, and ModelError where there is no such model here.
    """
    check_choices(settings)
    if settings.llm.model == "none":
        return None
    return settings.llm.model if settings.llm.engine == "openai" else choose_llm(settings).name


def _memory_bytes() -> int:
    import psutil

    return int(psutil.virtual_memory().total)


def verify(settings: Settings) -> list[str]:
    """What is wrong with the library, passage by passage; nothing if all is well."""
    from dragtor.store.verify import verify as verify_library

    parts = _Parts(settings)
    with closing(parts.library), closing(parts.vectors):
        return verify_library(parts.library, parts.vectors, space_name)


def build_encoder(settings: Settings, generation: Generation) -> Encoder:
    """The encoder an index was made with."""
    encoder: Encoder = _Parts(settings).encoder(generation.recipe)
    return encoder


def evidence_finder(settings: Settings, generation: Generation) -> EvidenceFinder:
    """What finds the sentences of hits that bear on a question, as asking does."""
    return _Parts(settings).finder(generation)


def support_checker(settings: Settings, generation: Generation) -> SupportChecker:
    """What checks the sentences of answers, as asking does."""
    parts = _Parts(settings)
    return parts.checker(parts.encoder(generation.recipe))


def configured_sources(settings: Settings) -> list[str]:
    """Addresses that ``load`` reads without being told."""
    return [*settings.sources, *(site.url for site in settings.sites)]


def _choose(table: Mapping[str, str], name: str, key: str) -> Any:  # noqa: ANN401 (a class)
    if name not in table:
        raise ConfigError(not_one_of(key, name, table))
    module, _, attribute = table[name].partition(":")
    return partial(_make, module, attribute)


def _make(module: str, attribute: str, *args: object, **kwargs: object) -> Any:  # noqa: ANN401
    return getattr(import_module(module), attribute)(*args, **kwargs)


class _Language(NamedTuple):
    """A language model, if there is one, and what is said with every answer it writes."""

    model: LanguageModel | None = None
    starter: bool = False
    notices: tuple[Notice, ...] = ()


class _Parts:
    """The parts of one Dragtor, each made once, when it is first needed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._weights = weights_of(settings)
        self._encoders: dict[tuple[str, str], Any] = {}

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
        from dragtor.store.library import SqliteLibrary

        return SqliteLibrary(self._settings.paths.library)

    @cached_property
    def vectors(self) -> VectorStore:
        from dragtor.store.chroma import ChromaStore

        store: VectorStore = ChromaStore(self._settings.paths.library / "chroma")
        return store

    @property
    def _cache(self) -> VectorCache:
        from dragtor.store.cache import SqliteVectorCache

        return SqliteVectorCache(self._settings.paths.library / "vectors.db")

    # --- loading

    def loader(self) -> Loader:
        from dragtor.sources.extractors import Extractors
        from dragtor.sources.opening import SourceOpener

        settings = self._settings
        opener = SourceOpener(
            self._http,
            self._reader,
            sites={site.url: (site.max_pages, site.exclude) for site in settings.sites},
            min_words=settings.web.min_words,
        )
        by_type = {kind: _choose(EXTRACTORS, kind, "media type") for kind in EXTRACTORS}
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
        reader: Reader = _choose(READERS, web.reader, "web.reader")(
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
            self._encoders[made] = _choose(ENCODERS, recipe["engine"], "encoder.engine")(
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
        from dragtor.split.context import contextualize

        split, encoder = self._settings.split, self.encoder(self.recipe)
        make_splitter = _choose(SPLITTERS, split.splitter, "split.splitter")
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
            options = {"model": self.language.model}
            if self.language.model is None:
                raise ConfigError("index.summaries is model, and llm.model is none: choose one")
        summariser: Summariser = _choose(SUMMARISERS, maker, "index.summaries")(**options)
        return summariser

    def outline(self, document: Document, progress: Progress) -> Sequence[Section]:
        from dragtor.answer.outline import Outliner

        # A starter model names nothing that a section's own words would not name better.
        model = None if self.language.starter else self.language.model
        return Outliner(model).outline(document, progress)

    # --- retrieving

    def articles(self, generation: Generation) -> Callable[[Query], tuple[ArticleHit, ...]]:
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
        from dragtor.retrieve.rerank import RerankingRetriever

        settings = self._settings.retrieve
        make = _choose(RETRIEVERS, name, "retriever")
        retriever: Retriever = make(**self._halves(generation, name))
        if settings.reranker == "none":
            return retriever
        entry = self._weights.entry(settings.reranker)
        reranker = _choose(RERANKERS, "onnx", "reranker")(
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

    # --- answering

    def answerer(self, generation: Generation) -> Answerer:
        from dragtor.answer.answerer import GroundedAnswerer, Options

        settings = self._settings.answer
        language = self.language
        encoder = self._encoder_of(generation)
        by_model: Literal["write", "quote"] = "quote" if language.starter else "write"
        return GroundedAnswerer(
            model=language.model,
            finder=self.finder(generation),
            checker=self.checker(encoder),
            refuser=self._refuser(generation),
            templates=_templates(self._settings),
            options=Options(
                mode=by_model if settings.mode == "auto" else settings.mode,
                max_tokens=self._settings.llm.max_tokens,
                context_tokens=settings.context_tokens,
                quotes=settings.quotes,
                unsupported=settings.unsupported,
            ),
            notices=language.notices,
        )

    def calibrator(
        self, generation: Generation, search: Callable[[Query], SearchResult]
    ) -> Calibrator:
        from dragtor.calibrating import Calibrator

        return Calibrator(self.library, generation, search, self.finder(generation))

    def finder(self, generation: Generation) -> EvidenceFinder:
        from dragtor.answer.evidence import SentenceFinder

        encoder = self._encoder_of(generation)
        return SentenceFinder(
            lambda question: encoder.encode_queries([question])[0],
            self._sentence_vectors(generation),
        )

    def strategy(self, name: str) -> Strategy:
        return _strategy(self._settings, name)

    def rewriter(self) -> Rewriter:
        from dragtor.answer.rewording import ModelRewriter
        from dragtor.answer.rewrite import RuleRewriter

        chat = self._settings.chat
        rules = RuleRewriter(resolve=chat.rewrite != "none", clarify=chat.clarify)
        if chat.rewrite in ("rules", "none"):
            return rules
        return ModelRewriter(partial(self._rewording_model, forced=chat.rewrite == "model"), rules)

    def _rewording_model(self, *, forced: bool) -> LanguageModel | None:
        """The model that rewrites follow-ups: a starter only where it is asked for."""
        language = self.language
        return language.model if forced or not language.starter else None

    def advise(self, question: str) -> Sequence[Notice]:
        """What goes before any answer to a question."""
        return self._domain.advise(question)

    @cached_property
    def _domain(self) -> Domain:
        from dragtor.answer.domain import Domain

        domain = self._settings.domain
        return Domain(domain.notice, domain.emergency, domain.emergency_signs)

    def checker(self, encoder: Encoder) -> SupportChecker:
        from dragtor.answer.citations import FeatureChecker
        from dragtor.answer.nli import NliChecker
        from dragtor.answer.support import Thresholds

        settings = self._settings.answer
        thresholds = Thresholds(settings.support_yes, settings.support_partly)
        if (judge := self._entailment) is None:
            return FeatureChecker(encoder.encode_spans, thresholds)
        return NliChecker(judge, encoder.encode_spans, thresholds)

    @cached_property
    def _entailment(self) -> EntailmentModel | None:
        """The model of entailment that is asked for, or the first that is here; none for features.

        Raises ModelError for one that is asked for and not here.
        """
        from dragtor.encode.cross import OnnxEntailment

        wanted = self._settings.answer.checker
        if wanted == FEATURES:
            return None
        known = [entry for entry in self._settings.models if entry.kind == "nli"]
        if wanted == "auto":
            here = (entry for entry in known if self._weights.present(entry.name))
            entry = next(here, None)
        else:
            entry = self._weights.entry(wanted)
        if entry is None:
            return None
        return OnnxEntailment(
            self._weights.path(entry.name),
            name=entry.name,
            max_tokens=entry.nli.max_tokens,
            template=entry.nli.template,
            threads=self._settings.encoder.threads,
        )

    def _refuser(self, generation: Generation) -> Refuser:
        from dragtor.answer.refusal import CalibratedRefuser
        from dragtor.calibrating import kept

        below = self._settings.answer.refuse_below
        calibration = kept(self.library, generation)
        return CalibratedRefuser(calibration, None if below == "calibrated" else below)

    def _sentence_vectors(self, generation: Generation) -> SentenceVectors:
        from dragtor.answer.sentences import SentenceVectors
        from dragtor.split.context import contextualize

        mode: Any = generation.recipe["context"]

        def encoder_input(hit: Hit) -> str:
            document = self.library.document(hit.document.id)
            return contextualize(document, Span(hit.passage.start, hit.passage.end), mode)

        return SentenceVectors(self._encoder_of(generation), self._cache, encoder_input)

    @cached_property
    def language(self) -> _Language:
        """The language model, where one is wanted."""
        llm = self._settings.llm
        if llm.model == "none":
            return _Language()
        make = _choose(ENGINES, llm.engine, "llm.engine")
        shared = {
            "context_tokens": llm.context_tokens,
            "temperature": llm.temperature,
            "seed": llm.seed,
        }
        if llm.engine == "openai":
            key = self._settings.credentials.openai_api_key
            return _Language(
                make(
                    llm.base_url,
                    llm.model,
                    api_key=key.get_secret_value() if key else None,
                    timeout=llm.timeout_s,
                    **shared,
                )
            )
        try:
            choice = choose_llm(self._settings)
        except ModelError as error:
            if llm.model != "auto":
                raise
            missing = Notice("no_model", f"{error}; these are the sources' own words")
            return _Language(notices=(missing,))
        model = make(
            choice.path,
            choice.name,
            threads=llm.threads,
            gpu_layers=llm.gpu_layers,
            **shared,
        )
        if not choice.starter:
            return _Language(model)
        notice = starter_notice(self._settings.models, _memory_bytes())
        return _Language(model, starter=True, notices=(notice,))
