"""Which encoders an index is made with, and their making."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from dragtor.build.choices import ENCODERS, TOKEN_ENCODERS, choose
from dragtor.errors import ConfigError, ModelError
from dragtor.interfaces import Encoder, TokenEncoder
from dragtor.spaces import DENSE
from dragtor.types import Generation

if TYPE_CHECKING:
    from dragtor.catalogue import EncoderCard
    from dragtor.config import EncoderSettings, Settings
    from dragtor.weights import Weights

OF_ENCODER = "encoder"
"""As the model for late interaction: the token vectors of the main encoder."""


@dataclass(frozen=True, slots=True)
class Spec:
    """An encoder, and how it is used; see ``encoder:`` in config/params.yml."""

    engine: str
    model: str
    dimensions: int = 0
    precision: str = "fp32"
    late_chunking: bool = False

    @classmethod
    def of(cls, settings: EncoderSettings) -> Spec:
        """As settings have it."""
        return cls(
            settings.engine,
            settings.model,
            settings.dimensions,
            settings.precision,
            settings.late_chunking,
        )


@dataclass(frozen=True, slots=True)
class LateSpec:
    """A token encoder; see ``late:`` in config/params.yml."""

    model: str
    dimensions: int
    first_stage: bool


def encoding_recipe(settings: Settings) -> dict[str, str]:
    """What of the settings says how passages become vectors.

    What is as it was before it could be set is left out, so that older libraries stay as they are.
    """
    main = Spec.of(settings.encoder)
    recipe = {"engine": main.engine, "model": main.model}
    if main != Spec(main.engine, main.model):
        recipe["encoder"] = json.dumps(asdict(main))
    if settings.encoders:
        recipe["encoders"] = json.dumps([asdict(Spec.of(one)) for one in settings.encoders])
    late = settings.late
    if late.model != "none":
        recipe["late"] = json.dumps(asdict(LateSpec(late.model, late.dimensions, late.first_stage)))
    return recipe


def specs(recipe: Mapping[str, str]) -> dict[str, Spec]:
    """The encoders of a recipe by the name of their space, the main one first."""
    main = Spec(recipe["engine"], recipe["model"])
    if "encoder" in recipe:
        main = Spec(**json.loads(recipe["encoder"]))
    more = [Spec(**one) for one in json.loads(recipe.get("encoders", "[]"))]
    return {DENSE: main, **{spec.model: spec for spec in more}}


def late_spec(recipe: Mapping[str, str]) -> LateSpec | None:
    """The token encoder of a recipe, if it has one."""
    return LateSpec(**json.loads(recipe["late"])) if "late" in recipe else None


class Encoders:
    """Encoders by what is said of them, each made once; they load when they first encode."""

    def __init__(self, weights: Weights, threads: int) -> None:
        self._weights = weights
        self._threads = threads
        self._made: dict[Spec, Any] = {}
        self._tokens: dict[tuple[LateSpec, Spec], Any] = {}

    def get(self, spec: Spec) -> Any:  # noqa: ANN401 (an Encoder, and mostly a Tokenizer too)
        """The encoder. Raises ConfigError for a model that is none."""
        if spec not in self._made:
            entry = self._weights.entry(spec.model)
            if entry.encoder is None:
                raise ConfigError(f"encoder.model is {entry.name}, which is of kind {entry.kind}")
            self._made[spec] = choose(ENCODERS, spec.engine, "encoder.engine")(
                self._weights.path(entry.name),
                name=entry.name,
                pooling=entry.encoder.pooling,
                max_tokens=entry.encoder.max_tokens,
                query_prefix=entry.encoder.query_prefix,
                passage_prefix=entry.encoder.passage_prefix,
                threads=self._threads,
                **_more(spec, entry.encoder),
            )
        return self._made[spec]

    def tokens(self, late: LateSpec, main: Spec) -> Any:  # noqa: ANN401 (a TokenEncoder)
        """The token encoder of an index with this main encoder. Raises ConfigError."""
        key = (late, main)
        if key not in self._tokens:
            make = choose(TOKEN_ENCODERS, "encoder", "late.model")
            self._tokens[key] = make(self.get(main), late.dimensions)
        return self._tokens[key]


def _more(spec: Spec, card: EncoderCard) -> dict[str, Any]:
    """What only some engines take."""
    if spec.engine != "hf":
        return {}
    return {
        "dimension": card.dimension,
        "trust_remote_code": card.trust_remote_code,
        "config": card.config,
    }


def check_files(generation: Generation, encoders: Mapping[str, Encoder | TokenEncoder]) -> None:
    """Raise ModelError if an index was made with other files of a model than are there now."""
    for name, encoder in encoders.items():
        if encoder.fingerprint != generation.spaces[name]:
            raise ModelError(
                f"the files of {_model(generation, name)} are not those the index was made with: "
                "run `dragtor index`"
            )


def _model(generation: Generation, space: str) -> str:
    spec = specs(generation.recipe).get(space)
    return spec.model if spec else space
