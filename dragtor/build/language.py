"""Which language model answers, and what is said with its answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from dragtor.build.checks import check_choices
from dragtor.build.choices import ENGINES, choose
from dragtor.errors import ModelError
from dragtor.interfaces import LanguageModel
from dragtor.types import Notice

if TYPE_CHECKING:
    from dragtor.catalogue import ModelEntry
    from dragtor.config import Settings
    from dragtor.weights import LlmChoice, Weights


class Language(NamedTuple):
    """A language model, if there is one, and what is said with every answer it writes."""

    model: LanguageModel | None = None
    starter: bool = False
    notices: tuple[Notice, ...] = ()


def language(settings: Settings) -> Language:
    """The language model, where one is wanted; its weights load when it is first asked."""
    llm = settings.llm
    if llm.model == "none":
        return Language()
    make = choose(ENGINES, llm.engine, "llm.engine")
    shared = {
        "context_tokens": llm.context_tokens,
        "temperature": llm.temperature,
        "seed": llm.seed,
    }
    if llm.engine == "openai":
        key = settings.credentials.openai_api_key
        return Language(
            make(
                llm.base_url,
                llm.model,
                api_key=key.get_secret_value() if key else None,
                timeout=llm.timeout_s,
                **shared,
            )
        )
    try:
        choice = choose_llm(settings)
    except ModelError as error:
        if llm.model != "auto":
            raise
        missing = Notice("no_model", f"{error}; these are the sources' own words")
        return Language(notices=(missing,))
    model = make(
        choice.path,
        choice.name,
        threads=llm.threads,
        gpu_layers=llm.gpu_layers,
        **shared,
    )
    if not choice.starter:
        return Language(model)
    notice = starter_notice(settings.models, _memory_bytes())
    return Language(model, starter=True, notices=(notice,))


def starter_notice(models: Sequence[ModelEntry], memory_bytes: int) -> Notice:
    """What to say of an answer by the starter, with the best model a machine can run, if any."""
    from dragtor.weights.choose import USABLE_SHARE

    room = memory_bytes * USABLE_SHARE
    fit = [m for m in models if m.kind == "llm" and not m.starter and m.memory_mb * 1e6 <= room]
    text = "this answer is by a very small model"
    if best := max(fit, key=lambda model: model.quality, default=None):
        size = f"{best.size_mb / 1000:.1f} GB".replace(".0 ", " ")
        text += f"; for good ones: dragtor models pull {best.name} ({size})"
    return Notice("starter_model", text)


def weights_of(settings: Settings) -> Weights:
    """The models these settings speak of."""
    from dragtor.weights import Weights

    token = settings.credentials.hf_token
    return Weights(
        settings.paths.models,
        settings.models,
        hub_url=settings.web.hub_url,
        hub_token=token.get_secret_value() if token else None,
    )


def choose_llm(settings: Settings) -> LlmChoice:
    """The language model on this machine that answers. Raises ModelError if there is none."""
    return weights_of(settings).llm(settings.llm.model, _memory_bytes())


def answering_model(settings: Settings) -> str | None:
    """The name of the language model that answers; None where none is wanted.

    Raises ConfigError for a name that is none, and ModelError where there is no such model here.
    """
    check_choices(settings)
    if settings.llm.model == "none":
        return None
    return settings.llm.model if settings.llm.engine == "openai" else choose_llm(settings).name


def _memory_bytes() -> int:
    import psutil

    return int(psutil.virtual_memory().total)
