"""Whether everything that settings ask for is there, before anything runs."""

from __future__ import annotations

from dragtor.build.answering import AnsweringParts
from dragtor.build.choices import check_choices
from dragtor.build.encoders import late_spec, specs
from dragtor.build.finding import EVERYTHING, KEYWORD, MAX_SIM
from dragtor.build.language import answering_model, weights_of
from dragtor.config import Settings
from dragtor.errors import ConfigError
from dragtor.mistakes import not_one_of
from dragtor.spaces import LATE


def check_ready(settings: Settings, *, answers: bool = False) -> None:
    """Check every choice, that the models are here, and that the index will have what is searched.

    Raises ConfigError with the place, and ModelError. No model is loaded.
    """
    check_choices(settings)
    parts = AnsweringParts(settings)
    parts.indexer()
    late = [LATE] if late_spec(parts.recipe) else []
    names = [KEYWORD, *specs(parts.recipe), *late]
    retrieve = settings.retrieve
    if retrieve.retriever != EVERYTHING:
        for name in retrieve.retriever.split("+"):
            if name not in names:
                where = settings.place("retrieve.retriever")
                valid = [EVERYTHING, *names]
                raise ConfigError(f"{where}: {not_one_of('retrieve.retriever', name, valid)}")
    if retrieve.reranker == MAX_SIM and not late:
        where = settings.place("retrieve.reranker", "late.model")
        raise ConfigError(
            f"{where}: the reranker maxsim compares token vectors, and late.model is none"
        )
    if retrieve.reranker not in ("none", MAX_SIM):
        weights_of(settings).path(retrieve.reranker)
    if answers and settings.llm.model not in ("auto", "none"):
        answering_model(settings)
