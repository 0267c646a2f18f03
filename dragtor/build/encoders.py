"""Which encoders an index is made with, and their making."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from dragtor.build.choices import (
    ENCODERS,
    TOKEN_ENCODERS,
    choose,
    find,
    make,
    reads_tokens,
)
from dragtor.build.spec import Spec, check_spec
from dragtor.catalogue import short_name
from dragtor.encode.fitted import fitted
from dragtor.errors import ConfigError, ModelError
from dragtor.interfaces import Encoder, TokenEncoder
from dragtor.late_chunking import chunked_late
from dragtor.spaces import DENSE
from dragtor.types import Generation

if TYPE_CHECKING:
    from dragtor.catalogue import ModelEntry
    from dragtor.config import Settings
    from dragtor.weights import Weights

OF_ENCODER = "encoder"
"""As the model for late interaction: the token vectors of the main encoder."""


@dataclass(frozen=True, slots=True)
class LateSpec:
    """A token encoder; see ``late:`` in config/params.yml."""

    model: str
    engine: str
    token_bytes: int
    first_stage: bool


def configured(settings: Settings) -> list[Spec]:
    """The encoders of the settings, the main one first."""
    return [Spec.of(one, settings.models) for one in (settings.encoder, *settings.encoders)]


def encoding_recipe(settings: Settings) -> dict[str, str]:
    """What of the settings says how passages become vectors.

    What is as it was before it could be set is left out, so that older libraries stay as they are.
    """
    main, *more = configured(settings)
    recipe = {"engine": main.engine, "model": main.model}
    if main != Spec(main.engine, main.model):
        recipe["encoder"] = json.dumps(asdict(main))
    if more:
        recipe["encoders"] = json.dumps([asdict(spec) for spec in more])
    late = settings.late
    model = _own_tokens(main) if late.model == "auto" else late.model
    if model != "none":
        spec = LateSpec(model, late.engine, late.token_bytes, late.first_stage)
        recipe["late"] = json.dumps(asdict(spec))
    return recipe


def _own_tokens(main: Spec) -> str:
    """The token vectors of the main encoder where they come of the same run, else none."""
    return OF_ENCODER if reads_tokens(main.engine) and not main.late_chunking else "none"


def specs(recipe: Mapping[str, str]) -> dict[str, Spec]:
    """The encoders of a recipe by the name of their space, the main one first."""
    main = Spec(recipe["engine"], recipe["model"])
    if "encoder" in recipe:
        main = Spec(**json.loads(recipe["encoder"]))
    more = [Spec(**one) for one in json.loads(recipe.get("encoders", "[]"))]
    return {DENSE: main, **{short_name(spec.model): spec for spec in more}}


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
        """The encoder. Raises ConfigError for a model that is none, or cannot do what is asked."""
        spec = replace(spec, late_chunking=False)  # which is no matter of the encoder
        if spec not in self._made:
            entry = self._weights.entry(spec.model, "encoder")
            if entry.encoder is None:
                raise ConfigError(f"encoder.model is {entry.name}, which is of kind {entry.kind}")
            check_spec(spec, entry.encoder)
            engine = make(
                find(ENCODERS, spec.engine, "encoder.engine"),
                self._weights.path(entry.name),
                **_offered(spec, entry, self._threads),
            )
            self._made[spec] = fitted(
                engine,
                spec.dimensions if spec.dimensions != entry.encoder.dimension else 0,
                passage_prefix=entry.encoder.passage_prefix,
                layer_norm=entry.encoder.layer_norm,
            )
        return self._made[spec]

    def tokens(self, late: LateSpec, main: Spec) -> Any:  # noqa: ANN401 (a TokenEncoder)
        """The token encoder of an index with this main encoder. Raises ConfigError."""
        key = (late, main)
        if key not in self._tokens:
            self._tokens[key] = self._token_encoder(late, main)
        return self._tokens[key]

    def _token_encoder(self, late: LateSpec, main: Spec) -> Any:  # noqa: ANN401 (a TokenEncoder)
        if late.model == OF_ENCODER:
            return choose(TOKEN_ENCODERS, OF_ENCODER, "late.model")(self.get(main))
        entry = self._weights.entry(late.model)
        if entry.late is None:
            raise ConfigError(f"late.model is {entry.name}, which is of kind {entry.kind}")
        return choose(TOKEN_ENCODERS, late.engine, "late.engine")(
            self._weights.path(entry.name), entry.late, name=entry.name, threads=self._threads
        )


def _offered(spec: Spec, entry: ModelEntry, threads: int) -> dict[str, Any]:
    """What the constructor of an engine may name, beside the folder of the model."""
    card = entry.encoder
    assert card is not None
    return {
        "name": entry.name,
        "model": entry.name.replace("--", "/"),
        "dimension": card.dimension,
        "max_tokens": card.max_tokens,
        "pooling": card.pooling,
        "query_prefix": card.query_prefix,
        "passage_prefix": card.passage_prefix,
        "trust_remote_code": card.trust_remote_code,
        "config": card.config,
        "precision": spec.precision,
        "threads": threads,
    }


def check_files(generation: Generation, encoders: Mapping[str, Encoder | TokenEncoder]) -> None:
    """Raise ModelError if an index was made with other files of a model than are there now."""
    by_name = specs(generation.recipe)
    for name, encoder in encoders.items():
        spec = by_name.get(name)
        late = spec is not None and spec.late_chunking
        fingerprint = chunked_late(encoder.fingerprint) if late else encoder.fingerprint
        check_fingerprint(generation, name, fingerprint)


def check_fingerprint(generation: Generation, space: str, fingerprint: str) -> None:
    """The same for one space."""
    if fingerprint != generation.spaces[space]:
        raise ModelError(
            f"the files of {_model(generation, space)} are not those the index was made with: "
            "run `dragtor index`"
        )


def _model(generation: Generation, space: str) -> str:
    spec = specs(generation.recipe).get(space)
    return spec.model if spec else space
