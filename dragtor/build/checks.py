"""Whether settings name what there is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from dragtor.build.choices import (
    ENCODERS,
    ENGINES,
    FEATURES,
    FUSIONS,
    READERS,
    SPLITTERS,
    STRATEGIES,
    TOKEN_ENCODERS,
    TRACKERS,
    check_scripts,
    reads_tokens,
    strategy,
    templates,
    without_weights,
)
from dragtor.build.retrievers import KEYWORD, chosen_parts
from dragtor.build.spec import AUTO, Spec, check_spec
from dragtor.catalogue import is_of_fastembed, short_name
from dragtor.errors import ConfigError, QueryError
from dragtor.mistakes import not_one_of
from dragtor.spaces import DENSE, LATE

if TYPE_CHECKING:
    from dragtor.config import EncoderSettings, Settings


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
                *without_weights(),
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
    if settings.late.model == "encoder" and not reads_tokens(main.engine):
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
    engine = Spec.of(one, settings.models).engine
    if one.engine == AUTO and engine not in ENCODERS:
        key = f"the engine of {one.model} under models"
        raise ConfigError(f"{section}.engine is {AUTO}, and {not_one_of(key, engine, ENCODERS)}")
    if is_of_fastembed(one.model):
        del names["model"]  # fastembed knows its own, and is slow to be asked
    for key, (name, valid) in names.items():
        if name not in valid:
            raise ConfigError(not_one_of(f"{section}.{key}", name, valid))


def _check_parts(settings: Settings) -> None:
    """Check the parts that ``retrieve.retriever`` names. Raises ConfigError."""
    parts = [KEYWORD, DENSE, LATE, *(short_name(more.model) for more in settings.encoders)]
    check_retriever(settings, parts)


def check_retriever(settings: Settings, parts: Sequence[str]) -> None:
    """Check ``retrieve.retriever`` against the parts there are. Raises ConfigError."""
    key = "retrieve.retriever"
    try:
        chosen_parts(settings.retrieve.retriever, parts, key=key)
    except QueryError as error:
        raise ConfigError(f"{settings.place(key)}: {error}") from None


def models_of(settings: Settings, kind: str, wanted: str) -> list[str]:
    """Models of a kind; of the wanted one the letters are as wanted, as their case is ignored."""
    names = [entry.name for entry in settings.models if entry.kind == kind]
    return [wanted if name.lower() == wanted.lower() else name for name in names]
