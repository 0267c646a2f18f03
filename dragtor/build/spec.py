"""What can be asked of an encoder."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dragtor.build.choices import ENCODERS, find, reads_tokens, takes
from dragtor.catalogue import is_of_fastembed
from dragtor.errors import ConfigError

if TYPE_CHECKING:
    from dragtor.catalogue import EncoderCard, ModelEntry
    from dragtor.config import EncoderSettings

AUTO = "auto"
"""As the engine of an encoder: the one that the model's card names."""


@dataclass(frozen=True, slots=True)
class Spec:
    """An encoder, and how it is used; see ``encoder:`` in config/params.yml."""

    engine: str
    model: str
    dimensions: int = 0
    precision: str = "fp32"
    late_chunking: bool = False

    @classmethod
    def of(cls, settings: EncoderSettings, models: Iterable[ModelEntry]) -> Spec:
        """As settings have it; the engine ``auto`` is what the model's card says."""
        engine = settings.engine
        if engine == AUTO:
            engine = _engine(settings.model, models)
        return cls(
            engine,
            settings.model,
            settings.dimensions,
            settings.precision,
            settings.late_chunking,
        )


def _engine(model: str, models: Iterable[ModelEntry]) -> str:
    """The engine of a model: its card's, and fastembed for names with an owner."""
    if is_of_fastembed(model):
        return "fastembed"
    cards = {entry.name.lower(): entry.encoder for entry in models}
    card = cards.get(model.lower())
    return card.engine if card else "onnx"


def check_spec(spec: Spec, card: EncoderCard | None, section: str = "encoder") -> None:
    """Raise ConfigError, which begins with the key, for what a model or its engine cannot do.

    Without ``card``, of a model that fastembed knows, only what is the same for all is checked.
    """
    dimensions = (0, card.dimension, *card.matryoshka) if card else (spec.dimensions,)
    of_fastembed = card is None or card.engine == "fastembed"
    if spec.dimensions not in dimensions:
        allowed = ", ".join(str(size) for size in sorted(dimensions[1:]))
        raise ConfigError(
            f"{section}.dimensions is {spec.dimensions}, and {spec.model} was trained for "
            f"{allowed}: choose one of these, or 0 for all"
        )
    if (spec.engine == "fastembed") != of_fastembed:
        other = "auto" if of_fastembed else "auto, or name the model as fastembed does, owner/name"
        raise ConfigError(
            f"{section}.engine is {spec.engine}, which does not run {spec.model}: set it to {other}"
        )
    if spec.precision != "fp32" and not _takes_precision(spec.engine):
        able = " or ".join(engine for engine in ENCODERS if _takes_precision(engine))
        raise ConfigError(
            f"{section}.precision is {spec.precision}, which is for the engine {able}, and "
            f"{spec.engine} runs {spec.model}: set it to fp32"
        )
    if spec.late_chunking and not reads_tokens(spec.engine):
        raise ConfigError(
            f"{section}.late_chunking is true, and {spec.engine}, which runs {spec.model}, gives "
            "no vectors of tokens: set it to false"
        )


def _takes_precision(engine: str) -> bool:
    return takes(find(ENCODERS, engine, "encoder.engine"), "precision")
