"""Settings: params.yml and overrides, as one typed, frozen value.

The only reader of YAML configuration and of the environment. Settings stop at ``build``:
everything below it gets plain values.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    model_validator,
)

from dragtor.catalogue import ModelEntry
from dragtor.errors import ConfigError
from dragtor.layering import Layer, from_assignment, from_yaml, merge
from dragtor.mistakes import explain
from dragtor.prompts import Prompts, Section
from dragtor.types import MOST, Mode

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(gt=0)]
NotNegative = Annotated[int, Field(ge=0)]
Count = Annotated[int, Field(gt=0, le=MOST)]
Threads = Annotated[int, Field(ge=0, le=1024)]


class Site(Section):
    """A section of a site."""

    url: str
    max_pages: Positive = 300
    exclude: tuple[str, ...] = ("/tag/", "/category/")


class Paths(Section):
    """Absolute after loading."""

    library: Path = Path("library")
    models: Path = Path("models")
    logs: Path = Path("logs")
    experiments: Path = Path("experiments")


class Web(Section):
    """How pages are fetched."""

    reader: str = "jina"
    jina_url: str = "https://r.jina.ai/"
    timeout_s: Annotated[float, Field(gt=0)] = 30
    retries: NotNegative = 3
    delay_s: Annotated[float, Field(ge=0)] = 1.0
    max_mb: Positive = 50
    min_words: NotNegative = 150
    hub_url: str = "https://huggingface.co"


class Split(Section):
    """How documents become passages."""

    splitter: str = "structure"
    max_tokens: Annotated[int, Field(ge=16)] = 200
    overlap_tokens: NotNegative = 32
    context: Literal["none", "title", "headings"] = "title"
    parent_tokens: Annotated[int, Field(ge=16)] = 600
    window_sentences: Positive = 2
    percentile: Annotated[float, Field(gt=0, lt=100)] = 90.0


class EncoderSettings(Section):
    """How texts become vectors."""

    engine: str = "auto"
    model: str = "all-MiniLM-L6-v2"
    dimensions: NotNegative = 0
    precision: Literal["fp32", "int8"] = "fp32"
    late_chunking: bool = False
    threads: Threads = 0


class Late(Section):
    """Token vectors of passages, for late interaction."""

    model: str = "auto"
    engine: str = "onnx"
    token_bytes: Annotated[int, Field(gt=0, le=64)] = 64
    first_stage: bool = False


class Index(Section):
    """What is indexed beside passages."""

    summaries: Literal["sentences", "model", "none"] = "sentences"


class Retrieve(Section):
    """How passages are found."""

    retriever: str = "hybrid"
    k: Count = 8
    candidates: Count = 100
    fusion: str = "convex"
    dense_weight: Share = 0.7
    late_weight: Annotated[float, Field(ge=0, le=MOST)] = 1.5
    rrf_k: Count = 60
    complete: bool = True
    reranker: str = "none"
    rerank_candidates: Count = 50
    rerank_weight: Share = 1.0
    surrounding: Annotated[int, Field(ge=0, le=MOST)] = 0
    parents: bool = True


class Llm(Section):
    """What writes the answer."""

    engine: str = "llama"
    model: str = "auto"
    context_tokens: Annotated[int, Field(ge=512)] = 4096
    max_tokens: Positive = 400
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.0
    seed: NotNegative = 0
    threads: Threads = 0
    gpu_layers: Annotated[int, Field(ge=-1)] = -1
    base_url: str = "http://localhost:11434/v1"
    timeout_s: Annotated[float, Field(gt=0)] = 120


class AnswerSettings(Section):
    """What an answer is made of, and when a sentence counts as borne out."""

    mode: Mode = "auto"
    strategy: str = "plain"
    passages: Count = 4
    context_tokens: Positive = 400
    quotes: Positive = 3
    unsupported: Literal["mark", "drop"] = "mark"
    checker: str = "auto"
    support_yes: Share = 0.5
    support_partly: Share = 0.35
    refuse_below: Share | Literal["calibrated"] = "calibrated"


class Chat(Section):
    """How conversations are kept and understood."""

    history_turns: NotNegative = 3
    rewrite: Literal["auto", "rules", "model", "none"] = "auto"
    clarify: bool = True
    keep: bool = True


class Agent(Section):
    """How far the strategy ``agent`` may go."""

    max_steps: Positive = 6


class Domain(Section):
    """What the sources are about asks for: words that go with every answer."""

    notice: str = ""
    emergency: str = ""
    emergency_signs: tuple[str, ...] = ()


class Tracking(Section):
    """Where experiments, and answers, are logged as well."""

    engine: str = "none"
    uri: str = "logs/mlflow"
    ask: bool = False

    @model_validator(mode="before")
    @classmethod
    def _engine_alone(cls, values: object) -> object:
        return {"engine": values} if isinstance(values, str) else values


class Credentials(Section):
    """Keys, from the environment or config/local.yml alone; they print as stars."""

    jina_api_key: SecretStr | None = None
    openai_api_key: SecretStr | None = None
    hf_token: SecretStr | None = None


class Settings(Section):
    """Every setting. The comments of config/params.yml say what each one means."""

    sources: tuple[str, ...] = ()
    sites: tuple[Site, ...] = ()
    paths: Paths = Paths()
    collection: str = "main"
    web: Web = Web()
    split: Split = Split()
    encoder: EncoderSettings = EncoderSettings()
    encoders: tuple[EncoderSettings, ...] = ()
    late: Late = Late()
    index: Index = Index()
    retrieve: Retrieve = Retrieve()
    llm: Llm = Llm()
    answer: AnswerSettings = AnswerSettings()
    chat: Chat = Chat()
    agent: Agent = Agent()
    domain: Domain = Domain()
    tracking: Tracking = Tracking()
    prompts: Prompts = Prompts()
    models: tuple[ModelEntry, ...] = ()
    credentials: Credentials = Credentials()
    _places: Layer = PrivateAttr(default_factory=lambda: Layer({}))

    @model_validator(mode="before")
    @classmethod
    def _empty_lists(cls, values: object) -> object:
        if not isinstance(values, dict):
            return values
        lists = ("sources", "sites", "encoders", "models")
        return {k: () if v is None and k in lists else v for k, v in values.items()}

    def place(self, *names: str) -> str:
        """File and line of the key (``a.b``) that was set last of these, or what is around it."""
        return self._places.place(tuple(self._places.latest(*names).split(".")))


def load_settings(
    config: Path | None = None,
    assignments: Sequence[str] = (),
    cwd: Path | None = None,
    layer: Layer | None = None,
) -> Settings:
    """Read all layers into settings; later ones win, lists of models merge by name.

    ``config`` is a params.yml, or the folder that holds it; without it the file is looked for
    at ``DRAGTOR_CONFIG``, in the working directory and its parents, and in the checkout.
    ``HF_ENDPOINT``, which other programs know too, is the same as ``web.hub_url``.
    ``assignments`` are ``a.b=value`` strings, the values YAML; ``layer`` lies over them. Raises
    ConfigError naming the file, the line, the key and the nearest valid one.
    """
    params = find_config(config, cwd)
    layers = [_catalogue()]
    if params is not None:
        layers.append(from_yaml(params))
        if "credentials" in layers[-1].values:
            where = layers[-1].place(("credentials",))
            raise ConfigError(f"{where}: credentials go into config/local.yml or the environment")
        local = params.with_name("local.yml")
        if local.exists():
            layers.append(from_yaml(local))
    if hub := os.environ.get("HF_ENDPOINT"):
        layers.append(from_assignment(f"web.hub_url={hub}"))
    layers.extend(from_assignment(assignment) for assignment in assignments)
    layers.extend([layer] if layer else [])
    merged = merge(layers)
    _add_credentials(merged.values)
    try:
        settings = Settings.model_validate(merged.values)
    except ValidationError as error:
        raise ConfigError(explain(error, merged, Settings)) from None
    settings._places = Layer({}, merged.places)  # the values hold credentials
    _check_together(settings)
    return _absolute(settings, project_folder(params, cwd))


def find_config(config: Path | None = None, cwd: Path | None = None) -> Path | None:
    """The params.yml that holds, or None when there is none to be found."""
    named = config or (
        Path(os.environ["DRAGTOR_CONFIG"]) if "DRAGTOR_CONFIG" in os.environ else None
    )
    if named is not None:
        path = named / "params.yml" if named.is_dir() else named
        if not path.is_file():
            raise ConfigError(f"no configuration at {path}; --config takes a params.yml")
        return path.absolute()
    here = (cwd or Path.cwd()).absolute()
    for folder in (here, *here.parents, Path(__file__).absolute().parents[1]):
        path = folder / "config" / "params.yml"
        if path.is_file():
            return path
    return None


def project_folder(params: Path | None, cwd: Path | None = None) -> Path:
    """Where relative paths start: the folder above config/, or the one params.yml lies in."""
    if params is None:
        return (cwd or Path.cwd()).absolute()
    return params.parent.parent if params.parent.name == "config" else params.parent


@cache  # an experiment reads its settings many times
def _catalogue() -> Layer:
    text = resources.files("dragtor").joinpath("catalogue.yml").read_text(encoding="utf-8")
    return from_yaml(Path("dragtor/catalogue.yml"), text)


def _add_credentials(values: dict[str, Any]) -> None:
    found = {
        name: os.environ[name.upper()]
        for name in Credentials.model_fields
        if os.environ.get(name.upper())
    }
    given = values.get("credentials") or {}
    if found and isinstance(given, dict):
        values["credentials"] = {**given, **found}


def _check_together(settings: Settings) -> None:
    """Raise ConfigError if values do not go together that are right by themselves."""
    split, answer, llm = settings.split, settings.answer, settings.llm
    half, less, yes = split.max_tokens // 2, llm.context_tokens - 1, answer.support_yes
    limits: list[tuple[str, float, float, str, str]] = [
        ("split.overlap_tokens", split.overlap_tokens, half, "half of", "split.max_tokens"),
        ("answer.support_partly", answer.support_partly, yes, "as", "answer.support_yes"),
        ("llm.max_tokens", llm.max_tokens, less, "less than", "llm.context_tokens"),
    ]
    if split.splitter == "parent_child":
        longer = split.parent_tokens - 1
        limits.append(
            ("split.max_tokens", split.max_tokens, longer, "less than", "split.parent_tokens")
        )
    for key, value, most, how, other in limits:
        if value > most:
            where = settings.place(key, other)
            raise ConfigError(f"{where}: {key} is {value}; it can be {most} at most, {how} {other}")


def _absolute(settings: Settings, project: Path) -> Settings:
    paths = {
        name: project / Path(getattr(settings.paths, name)).expanduser()
        for name in Paths.model_fields
    }
    sources = tuple(
        uri if "://" in uri else str(project / Path(uri).expanduser()) for uri in settings.sources
    )
    uri = settings.tracking.uri
    uri = uri if "://" in uri else str(project / Path(uri).expanduser())
    tracking = settings.tracking.model_copy(update={"uri": uri})
    changed = {"paths": Paths(**paths), "sources": sources, "tracking": tracking}
    return settings.model_copy(update=changed)
