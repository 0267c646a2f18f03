"""Whether everything that settings ask for is there, before anything runs."""

from __future__ import annotations

from dragtor.build.answering import AnsweringParts
from dragtor.build.checks import check_choices, check_retriever
from dragtor.build.choices import without_weights
from dragtor.build.encoders import late_spec, specs
from dragtor.build.finding import MAX_SIM
from dragtor.build.language import answering_model, weights_of
from dragtor.build.retrievers import KEYWORD
from dragtor.config import Settings
from dragtor.errors import ConfigError
from dragtor.spaces import LATE


def check_ready(settings: Settings, *, answers: bool = False) -> None:
    """Check every choice, that the models are here, and that the index will have what is searched.

    Raises ConfigError with the place, and ModelError. No model is loaded.
    """
    check_choices(settings)
    parts = AnsweringParts(settings)
    parts.indexer()
    late = [LATE] if late_spec(parts.recipe) else []
    check_retriever(settings, [KEYWORD, *specs(parts.recipe), *late])
    retrieve = settings.retrieve
    if retrieve.reranker == MAX_SIM and not late:
        where = settings.place("retrieve.reranker", "late.model")
        raise ConfigError(
            f"{where}: the reranker maxsim compares token vectors, and late.model is none"
        )
    if retrieve.reranker not in ("none", MAX_SIM, *without_weights()):
        weights_of(settings).path(retrieve.reranker)
    if answers and settings.llm.model not in ("auto", "none"):
        answering_model(settings)
