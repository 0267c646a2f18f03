"""What experiments and answers are logged to."""

from __future__ import annotations

from collections.abc import Callable

from dragtor.build.choices import TRACKERS, choose
from dragtor.config import Settings
from dragtor.interfaces import Tracker
from dragtor.types import Answer, Query

TOLD = ("split", "encoder", "encoders", "late", "index", "retrieve", "llm", "answer")
"""Sections of the settings that an answer may depend on."""


def tracker(settings: Settings) -> Tracker | None:
    """What is logged to, if anything. Raises MissingExtra."""
    if settings.tracking.engine == "none":
        return None
    made: Tracker = choose(TRACKERS, settings.tracking.engine, "tracking.engine")(
        settings.tracking.uri
    )
    return made


def answer_log(settings: Settings) -> Callable[[Query, Answer], None] | None:
    """What is told of each answer, where that is switched on. Raises MissingExtra."""
    if not settings.tracking.ask:
        return None
    from dragtor.tracking.answers import AnswerLog

    made = tracker(settings)
    return AnswerLog(made, told(settings)) if made else None


def told(settings: Settings) -> dict[str, str]:
    """Settings as they are logged, by ``a.b`` key."""
    sections = settings.model_dump(mode="json", include=set(TOLD))
    found: dict[str, str] = {}
    for name, values in sections.items():
        if isinstance(values, dict):
            found |= {f"{name}.{key}": str(value) for key, value in values.items()}
        else:
            found[name] = str(values)
    return found
