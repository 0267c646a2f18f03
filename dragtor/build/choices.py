"""What there is to choose from: each a name in the settings and a "module:Class".

A class is imported when one is made. A new backend is one file that fits its Protocol, one line in
one of these tables, and a run of the contract tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from functools import partial
from importlib import import_module
from inspect import signature
from typing import TYPE_CHECKING, Any

from dragtor.build.spec import AUTO, Spec, check_spec
from dragtor.catalogue import is_of_fastembed, short_name
from dragtor.errors import ConfigError
from dragtor.fusion import FUSIONS
from dragtor.interfaces import Splitter, Strategy
from dragtor.mistakes import not_one_of

if TYPE_CHECKING:
    from dragtor.answer.prompt import Templates
    from dragtor.answer.structured import Wording
    from dragtor.config import EncoderSettings, Settings, Split

SPLITTERS = {
    "structure": "dragtor.split.structure:StructureSplitter",
    "paragraph": "dragtor.split.paragraph:ParagraphSplitter",
    "recursive": "dragtor.split.recursive:RecursiveSplitter",
    "window": "dragtor.split.window:WindowSplitter",
    "markdown": "dragtor.split.markdown:MarkdownSplitter",
    "semantic": "dragtor.split.semantic:SemanticSplitter",
    "parent_child": "dragtor.split.parent_child:ParentChildSplitter",
    "large": "dragtor.split.large:LargeSplitter",
    "whole": "dragtor.split.whole:WholeSplitter",
}
WITH_PARENTS = frozenset({"parent_child", "window"})
"""Splitters that say of each passage which larger one to read in its place."""
ENCODERS = {
    "onnx": "dragtor.encode.onnx:OnnxEncoder",
    "fastembed": "dragtor.encode.fastembed:FastembedEncoder",
    "hf": "dragtor.encode.hf:HfEncoder",
}
READS_TOKENS = frozenset({"onnx", "hf"})
"""Encoders that give token vectors along with those of texts."""
TOKEN_ENCODERS = {
    "encoder": "dragtor.encode.tokens:EncoderTokens",
    "onnx": "dragtor.encode.colbert:OnnxColbert",
    "fastembed": "dragtor.encode.fastembed_tokens:FastembedTokens",
}
RERANKERS = {"onnx": "dragtor.encode.cross:OnnxCrossEncoder"}
"""``onnx`` runs the models of kind reranker, which are chosen by their own names. Any other needs
no weights: it is chosen by its name here, and made without arguments."""
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
TRACKERS = {"mlflow": "dragtor.tracking.mlflow:MlflowTracker"}
WITHOUT_MODEL = frozenset({"plain", "summary"})
"""Strategies that gather without a language model."""
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
_SCRIPTS = {
    "outline": ("text",),
    "summarise": ("title", "text"),
    "propose": ("title", "text"),
    "rewrite": ("conversation", "question"),
}
"""Prompts beside those of the strategies, and what they hold."""
FEATURES = "features"
"""The checker of answers that needs no model of its own."""


def choose(table: Mapping[str, str], name: str, key: str) -> Any:  # noqa: ANN401 (a class)
    """What makes the class of this name. Raises ConfigError, naming the valid ones."""
    if name not in table:
        raise ConfigError(not_one_of(key, name, table))
    module, _, attribute = table[name].partition(":")
    return partial(_make, module, attribute)


def _make(module: str, attribute: str, *args: object, **kwargs: object) -> Any:  # noqa: ANN401
    return getattr(import_module(module), attribute)(*args, **kwargs)


def make_splitter(split: Split, encoder: Any) -> Splitter:  # noqa: ANN401 (and Tokenizer)
    """The splitter of these settings. Its constructor names those it takes, after the encoder.

    Raises ConfigError for an unknown name, and where values do not go together.
    """
    if split.splitter not in SPLITTERS:
        raise ConfigError(not_one_of("split.splitter", split.splitter, SPLITTERS))
    module, _, attribute = SPLITTERS[split.splitter].partition(":")
    kind = getattr(import_module(module), attribute)
    _, *taken = signature(kind).parameters
    made: Splitter = kind(encoder, **{name: getattr(split, name) for name in taken})
    return made


def check_choices(settings: Settings) -> None:
    """Check every name of a backend or model, and the texts of the prompt.

    Raises ConfigError with the place of the wrong one, and the valid ones.
    """
    retrieve = settings.retrieve
    names: dict[str, tuple[str, Iterable[str]]] = {
        "split.splitter": (settings.split.splitter, SPLITTERS),
        "retrieve.fusion": (retrieve.fusion, FUSIONS),
        "llm.engine": (settings.llm.engine, ENGINES),
        "answer.strategy": (settings.answer.strategy, STRATEGIES),
        "web.reader": (settings.web.reader, READERS),
        "tracking.engine": (settings.tracking.engine, ["none", *TRACKERS]),
        "answer.checker": (
            settings.answer.checker,
            ["auto", FEATURES, *models_of(settings, "nli", settings.answer.checker)],
        ),
        "retrieve.reranker": (
            retrieve.reranker,
            [
                "none",
                "maxsim",
                *(name for name in RERANKERS if name != "onnx"),
                *models_of(settings, "reranker", retrieve.reranker),
            ],
        ),
        "late.model": (
            settings.late.model,
            ["auto", "none", "encoder", *models_of(settings, "late", settings.late.model)],
        ),
        "late.engine": (
            settings.late.engine,
            [name for name in TOKEN_ENCODERS if name != "encoder"],
        ),
    }
    for key, (name, valid) in names.items():
        if name not in valid:
            raise ConfigError(f"{settings.place(key)}: {not_one_of(key, name, valid)}")
    check_encoders(settings)
    _check_parts(settings)
    try:
        templates(settings)
        for name in STRATEGIES:
            strategy(settings, name)
        check_scripts(settings)
    except ConfigError as error:  # begins with the key, as the class knows no places
        raise ConfigError(f"{settings.place(str(error).split()[0])}: {error}") from None


def check_encoders(settings: Settings) -> None:
    """Check names of engines and models, and what is asked of them, as far as the catalogue tells.

    Raises ConfigError.
    """
    cards = {entry.name.lower(): entry.encoder for entry in settings.models}
    met: set[str] = set()
    for number, one in enumerate((settings.encoder, *settings.encoders)):
        section = f"encoders[{number - 1}]" if number else "encoder"
        try:
            _check_encoder(settings, one, section)
            card = cards.get(one.model.lower())
            if card or is_of_fastembed(one.model):
                check_spec(Spec.of(one, settings.models), card, section)
            if short_name(one.model) in met:
                raise ConfigError(f"{section}.model is {one.model}, and there is one such already")
        except ConfigError as error:
            key = "encoders" if number else str(error).split()[0]
            raise ConfigError(f"{settings.place(key)}: {error}") from None
        met.add(short_name(one.model))
    main = Spec.of(settings.encoder, settings.models)
    if settings.late.model == "encoder" and main.engine not in READS_TOKENS:
        raise ConfigError(
            f"{settings.place('late.model')}: late.model is encoder, and {main.engine}, which runs "
            f"{main.model}, gives no vectors of tokens: set it to auto or none"
        )


def _check_encoder(settings: Settings, one: EncoderSettings, section: str) -> None:
    """Check the names of one encoder. Raises ConfigError."""
    names: dict[str, tuple[str, Iterable[str]]] = {
        "engine": (one.engine, [AUTO, *ENCODERS]),
        "model": (one.model, models_of(settings, "encoder", one.model)),
    }
    if is_of_fastembed(one.model):
        del names["model"]  # fastembed knows its own, and is slow to be asked
    for key, (name, valid) in names.items():
        if name not in valid:
            raise ConfigError(not_one_of(f"{section}.{key}", name, valid))


def _check_parts(settings: Settings) -> None:
    """Check the parts that ``retrieve.retriever`` names. Raises ConfigError."""
    key, wanted = "retrieve.retriever", settings.retrieve.retriever
    parts = ["keyword", "dense", "late", *(short_name(more.model) for more in settings.encoders)]
    for name in [] if wanted == "hybrid" else wanted.split("+"):
        if name not in parts:
            wrong = not_one_of(key, name, ["hybrid", *parts])
            raise ConfigError(f"{settings.place(key)}: {wrong}")


def models_of(settings: Settings, kind: str, wanted: str) -> list[str]:
    """Models of a kind; of the wanted one the letters are as wanted, as their case is ignored."""
    names = [entry.name for entry in settings.models if entry.kind == kind]
    return [wanted if name.lower() == wanted.lower() else name for name in names]


def templates(settings: Settings) -> Templates:
    """The texts of a prompt. Raises ConfigError, which begins with the key."""
    from dragtor.answer.prompt import Templates

    names = {field.name for field in fields(Templates)}
    return Templates(**settings.prompts.model_dump(include=names))


def check_scripts(settings: Settings) -> None:
    """Check the prompts beside those of answers and strategies.

    Raises ConfigError, which begins with the key.
    """
    from dragtor.answer.script import Script

    for name, places in _SCRIPTS.items():
        Script.parse(name, getattr(settings.prompts, name), *places)
    wording(settings)


def wording(settings: Settings) -> Wording:
    """How models are asked to fill in forms. Raises ConfigError, which begins with the key."""
    from dragtor.answer.structured import Wording

    return Wording.parse(settings.prompts.form, settings.prompts.repair)


def strategy(settings: Settings, name: str) -> Strategy:
    """A strategy with its prompts. Raises ConfigError, which begins with the key."""
    prompts = settings.prompts
    options: dict[str, dict[str, Any]] = {
        "step_back": {"prompt": prompts.step_back},
        "hyde": {"prompt": prompts.hyde},
        "decompose": {"prompt": prompts.decompose},
        "agent": {
            "prompt": prompts.agent,
            "compare": prompts.compare,
            "wording": wording(settings),
            "max_steps": settings.agent.max_steps,
        },
    }
    made: Strategy = choose(STRATEGIES, name, "strategy")(**options.get(name, {}))
    return made
