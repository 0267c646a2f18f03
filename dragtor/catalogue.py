"""What an entry of the model catalogue says: where a model comes from and what it needs.

The catalogue itself is data: ``catalogue.yml`` beside this file, to which the configuration adds
(key ``models``; an entry of the same name replaces the packaged one).
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

Kind = Literal["llm", "encoder", "reranker", "nli", "whisper", "vad"]


def _plain_name(value: str) -> str:
    """Refuse names that would lead out of the folder they are put in."""
    if not re.fullmatch(r"[\w][\w.+ -]*", value):
        raise ValueError(f"{value!r} is no plain name: letters, digits and . _ - + only")
    return value


PlainName = Annotated[str, AfterValidator(_plain_name)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class HubFile(_Frozen):
    """A file of a repository on the Hugging Face hub."""

    hub: str = Field(pattern=r"^[\w.-]+/[\w.-]+$")
    """The repository: ``owner/name``."""
    path: str
    revision: str = "main"


class WheelMember(_Frozen):
    """A file inside a wheel, which pip downloads from wherever it is set up to look."""

    wheel: str
    """A pinned requirement: ``name==version``."""
    member: str


class LocalFile(_Frozen):
    """A file that lies on this machine already; ``~`` is the home folder."""

    local: str


ModelOrigin = HubFile | WheelMember | LocalFile


class ModelFile(_Frozen):
    """One file of a model: the same bytes, whichever of its sources they come from."""

    name: PlainName
    """What it is called in the model's folder."""
    sha256: Sha256 | None = None
    """Of the file as it was really held; ``None`` if the hub's own checksum has to do."""
    sources: tuple[ModelOrigin, ...] = Field(min_length=1)
    """Tried in this order."""


class EncoderCard(_Frozen):
    """How texts are to be given to an encoder, and what comes out."""

    dimension: int = Field(gt=0)
    max_tokens: int = Field(gt=0)
    """Longest text it was made for, special tokens included."""
    pooling: Literal["mean", "cls"]
    query_prefix: str = ""
    passage_prefix: str = ""


class NliCard(_Frozen):
    """How premise and hypothesis are to be given to a model that judges entailment."""

    max_tokens: int = Field(default=512, gt=0)
    """Of both together, special tokens included."""
    template: str = ""
    """One text with {premise} and {hypothesis}, for a model that does not read pairs."""

    @field_validator("template")
    @classmethod
    def _with_both(cls, value: str) -> str:
        if value and not re.search(r"(?s)\{premise\}.*\{hypothesis\}", value):
            raise ValueError("a template has {premise} and, after it, {hypothesis}")
        return value


class ModelEntry(_Frozen):
    """A model of the catalogue. Sizes in MB (10**6 bytes) are approximate."""

    name: PlainName
    kind: Kind
    description: str
    licence: str
    size_mb: int = Field(gt=0)
    """Size of all its files."""
    memory_mb: int = Field(gt=0)
    """Memory it needs to run: its weights, and for a language model a context of 4,096 tokens."""
    gated: bool = False
    """Whether the hub wants the licence accepted, and a token, before it gives the files."""
    starter: bool = False
    """Part of the starter set: small, and to be had from a package index alone."""
    quality: int = 0
    """For a language model: the higher, the better it answers; used to choose the best."""
    convert: Literal["bert"] | None = None
    """What has to be done once to its files: ``bert`` makes ``model.onnx`` of safetensors."""
    encoder: EncoderCard | None = None
    nli: NliCard | None = None
    """Only for an entry of kind nli; without it, the card's defaults hold."""
    files: tuple[ModelFile, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> ModelEntry:
        if (self.kind == "encoder") != (self.encoder is not None):
            raise ValueError("an entry of kind encoder, and no other, has the key encoder")
        if len({file.name for file in self.files}) != len(self.files):
            raise ValueError("two files have the same name")
        return self
