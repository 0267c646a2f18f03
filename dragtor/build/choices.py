"""What there is to choose from: each a name in the settings and a "module:Class".

A class is imported when it is needed, and given what its constructor names. A new backend is one
file that fits its Protocol, one line in one of these tables, and a run of the contract tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from functools import partial
from importlib import import_module
from inspect import signature
from typing import TYPE_CHECKING, Any

from dragtor.errors import ConfigError
from dragtor.interfaces import Splitter, Strategy
from dragtor.mistakes import not_one_of

if TYPE_CHECKING:
    from dragtor.answer.prompt import Templates
    from dragtor.answer.structured import Wording
    from dragtor.config import Settings, Split

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
ENCODERS = {
    "onnx": "dragtor.encode.onnx:OnnxEncoder",
    "fastembed": "dragtor.encode.fastembed:FastembedEncoder",
    "hf": "dragtor.encode.hf:HfEncoder",
}
TOKEN_ENCODERS = {
    "encoder": "dragtor.encode.tokens:EncoderTokens",
    "onnx": "dragtor.encode.colbert:OnnxColbert",
    "fastembed": "dragtor.encode.fastembed_tokens:FastembedTokens",
}
RERANKERS = {"onnx": "dragtor.encode.cross:OnnxCrossEncoder"}
"""One whose constructor names ``folder`` runs models of kind reranker, whose cards say which one.
Any other needs no weights, and is chosen by its name here."""
FUSIONS = {
    "convex": "dragtor.fusion.named:convex",
    "relative": "dragtor.fusion.named:relative",
    "distribution": "dragtor.fusion.named:distribution",
    "rrf": "dragtor.fusion.named:rrf",
    "mean": "dragtor.fusion.named:mean",
    "max": "dragtor.fusion.named:maximum",
    "posnorm": "dragtor.fusion.named:posnorm",
    "pos": "dragtor.fusion.named:pos",
    "length": "dragtor.fusion.named:length",
    "loglength": "dragtor.fusion.named:loglength",
    "norm": "dragtor.fusion.named:norm",
    "nll": "dragtor.fusion.named:nll",
}
"""Functions, that merge what the parts of retrieval gave."""
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


def find(table: Mapping[str, str], name: str, key: str) -> Any:  # noqa: ANN401 (class or function)
    """What a name stands for, imported. Raises ConfigError, naming the valid ones."""
    if name not in table:
        raise ConfigError(not_one_of(key, name, table))
    module, _, attribute = table[name].partition(":")
    return getattr(import_module(module), attribute)


def choose(table: Mapping[str, str], name: str, key: str) -> Any:  # noqa: ANN401 (a class)
    """What imports and calls what a name stands for. Raises ConfigError, naming the valid ones."""
    if name not in table:
        raise ConfigError(not_one_of(key, name, table))
    return partial(_make, table, name, key)


def _make(table: Mapping[str, str], name: str, key: str, /, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
    return find(table, name, key)(*args, **kwargs)


def takes(kind: type, name: str) -> bool:
    """Whether the constructor of a class names this."""
    return name in signature(kind).parameters


def make(kind: type, *args: object, **offered: object) -> Any:  # noqa: ANN401 (an instance)
    """One of a class, given what its constructor names of all that is offered."""
    return kind(*args, **{name: value for name, value in offered.items() if takes(kind, name)})


def make_splitter(split: Split, encoder: Any) -> Splitter:  # noqa: ANN401 (and Tokenizer)
    """The splitter of these settings. Its constructor names those it takes, after the encoder.

    Raises ConfigError for an unknown name, and where values do not go together.
    """
    kind = find(SPLITTERS, split.splitter, "split.splitter")
    made: Splitter = make(kind, encoder, **split.model_dump())
    return made


def gives_parents(splitter: str) -> bool:
    """Whether a splitter says of passages which larger one to read in their place."""
    if splitter not in SPLITTERS:  # an index may be older than the choice there is
        return False
    return bool(getattr(find(SPLITTERS, splitter, "split.splitter"), "gives_parents", False))


def reads_tokens(engine: str) -> bool:
    """Whether an encoder gives token vectors along with those of texts."""
    kind = find(ENCODERS, engine, "encoder.engine")
    return hasattr(kind, "read") and hasattr(kind, "read_question")


def without_weights() -> list[str]:
    """Rerankers that are chosen by their own name, as they need no model."""
    return [name for name in RERANKERS if not takes(find(RERANKERS, name, "reranker"), "folder")]


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
