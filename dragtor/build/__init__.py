"""Settings to Dragtor: the only place that names concrete classes.

``choices.py`` holds the tables, ``checks.py`` compares settings with them, ``language.py`` says
which language model it is, ``parts.py`` makes what holds, brings in and finds, ``answering.py``
what answers.
"""

from __future__ import annotations

from contextlib import closing

from dragtor.build.answering import AnsweringParts
from dragtor.build.checks import check_choices
from dragtor.build.choices import EXTRACTORS, STRATEGIES, WITHOUT_MODEL
from dragtor.build.language import answering_model, choose_llm, starter_notice, weights_of
from dragtor.build.ready import check_ready
from dragtor.build.tracking import tracker
from dragtor.build.working import build_working
from dragtor.config import Settings
from dragtor.interfaces import Encoder, EvidenceFinder, SupportChecker
from dragtor.pipeline import Dragtor
from dragtor.spaces import space_name
from dragtor.types import Generation

__all__ = [
    "EXTRACTORS",
    "STRATEGIES",
    "WITHOUT_MODEL",
    "answering_model",
    "build",
    "build_encoder",
    "build_working",
    "check_choices",
    "check_ready",
    "choose_llm",
    "configured_sources",
    "evidence_finder",
    "starter_notice",
    "support_checker",
    "tracker",
    "verify",
    "weights_of",
]


def build(settings: Settings) -> Dragtor:
    """A Dragtor of these settings; models load when they are first needed.

    Raises ConfigError for an unknown choice, naming the valid ones.
    """
    check_choices(settings)
    return Dragtor(AnsweringParts(settings))


def verify(settings: Settings) -> list[str]:
    """What is wrong with the library, passage by passage; nothing if all is well."""
    from dragtor.store.verify import verify as verify_library

    parts = AnsweringParts(settings)
    with closing(parts.library), closing(parts.vectors), closing(parts.tokens):
        return verify_library(parts.library, parts.vectors, space_name, parts.tokens)


def build_encoder(settings: Settings, generation: Generation) -> Encoder:
    """The encoder an index was made with."""
    encoder: Encoder = AnsweringParts(settings).encoder(generation.recipe)
    return encoder


def evidence_finder(settings: Settings, generation: Generation) -> EvidenceFinder:
    """What finds the sentences of hits that bear on a question, as asking does."""
    return AnsweringParts(settings).finder(generation)


def support_checker(settings: Settings, generation: Generation) -> SupportChecker:
    """What checks the sentences of answers, as asking does."""
    parts = AnsweringParts(settings)
    return parts.checker(parts.encoder(generation.recipe))


def configured_sources(settings: Settings) -> list[str]:
    """Addresses that ``load`` reads without being told."""
    return [*settings.sources, *(site.url for site in settings.sites)]
