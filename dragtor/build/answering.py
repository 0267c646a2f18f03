"""The parts that answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Literal

from dragtor.build.choices import FEATURES, strategy, templates
from dragtor.build.parts import Parts
from dragtor.build.tracking import answer_log
from dragtor.interfaces import (
    Answerer,
    Encoder,
    EntailmentModel,
    EvidenceFinder,
    LanguageModel,
    Refuser,
    Rewriter,
    Strategy,
    SupportChecker,
)
from dragtor.types import Answer, Generation, Hit, Notice, Query, SearchResult, Span

if TYPE_CHECKING:
    from dragtor.answer.domain import Domain
    from dragtor.answer.sentences import SentenceVectors
    from dragtor.calibrating import Calibrator


class AnsweringParts(Parts):
    """All parts of one Dragtor; fits :class:`dragtor.parts.Parts`."""

    def answerer(self, generation: Generation) -> Answerer:
        """See :class:`dragtor.parts.Parts`."""
        from dragtor.answer.answerer import GroundedAnswerer, Options

        settings = self._settings.answer
        language = self.language
        encoder = self._encoder_of(generation)
        by_model: Literal["write", "quote"] = "quote" if language.starter else "write"
        return GroundedAnswerer(
            model=language.model,
            finder=self.finder(generation),
            checker=self.checker(encoder),
            refuser=self._refuser(generation),
            templates=templates(self._settings),
            options=Options(
                mode=by_model if settings.mode == "auto" else settings.mode,
                max_tokens=self._settings.llm.max_tokens,
                context_tokens=settings.context_tokens,
                quotes=settings.quotes,
                unsupported=settings.unsupported,
                support_yes=settings.support_yes,
            ),
            notices=language.notices,
        )

    def calibrator(
        self, generation: Generation, search: Callable[[Query], SearchResult]
    ) -> Calibrator:
        """See :class:`dragtor.parts.Parts`."""
        from dragtor.calibrating import Calibrator

        return Calibrator(self.library, generation, search, self.finder(generation))

    def finder(self, generation: Generation) -> EvidenceFinder:
        """See :class:`dragtor.parts.Parts`."""
        from dragtor.answer.evidence import SentenceFinder

        encoder = self._encoder_of(generation)
        return SentenceFinder(
            lambda question: encoder.encode_queries([question])[0],
            self._sentence_vectors(generation),
        )

    def strategy(self, name: str) -> Strategy:
        """See :class:`dragtor.parts.Parts`."""
        return strategy(self._settings, name)

    def rewriter(self) -> Rewriter:
        """See :class:`dragtor.parts.Parts`."""
        from dragtor.answer.rewording import ModelRewriter
        from dragtor.answer.rewrite import RuleRewriter

        chat = self._settings.chat
        rules = RuleRewriter(resolve=chat.rewrite != "none", clarify=chat.clarify)
        if chat.rewrite in ("rules", "none"):
            return rules
        make_model = partial(self._rewording_model, forced=chat.rewrite == "model")
        return ModelRewriter(make_model, rules, self._settings.prompts.rewrite)

    def _rewording_model(self, *, forced: bool) -> LanguageModel | None:
        """The model that rewrites follow-ups: a starter only where it is asked for."""
        language = self.language
        return language.model if forced or not language.starter else None

    @cached_property
    def answer_log(self) -> Callable[[Query, Answer], None] | None:
        """See :class:`dragtor.parts.Parts`."""
        return answer_log(self._settings)

    def advise(self, question: str) -> Sequence[Notice]:
        """What goes before any answer to a question."""
        return self._domain.advise(question)

    @cached_property
    def _domain(self) -> Domain:
        from dragtor.answer.domain import Domain

        domain = self._settings.domain
        return Domain(domain.notice, domain.emergency, domain.emergency_signs)

    def checker(self, encoder: Encoder) -> SupportChecker:
        """See :class:`dragtor.parts.Parts`."""
        from dragtor.answer.citations import FeatureChecker
        from dragtor.answer.nli import NliChecker
        from dragtor.answer.support import Thresholds

        settings = self._settings.answer
        thresholds = Thresholds(settings.support_yes, settings.support_partly)
        if (judge := self._entailment) is None:
            return FeatureChecker(encoder.encode_spans, thresholds)
        return NliChecker(judge, encoder.encode_spans, thresholds)

    @cached_property
    def _entailment(self) -> EntailmentModel | None:
        """The model of entailment that is asked for, or the first that is here; none for features.

        Raises ModelError for one that is asked for and not here.
        """
        from dragtor.catalogue import NliCard
        from dragtor.encode.cross import OnnxEntailment

        wanted = self._settings.answer.checker
        if wanted == FEATURES:
            return None
        known = [entry for entry in self._settings.models if entry.kind == "nli"]
        if wanted == "auto":
            here = (entry for entry in known if self._weights.present(entry.name))
            entry = next(here, None)
        else:
            entry = self._weights.entry(wanted)
        if entry is None:
            return None
        card = entry.nli or NliCard()
        return OnnxEntailment(
            self._weights.path(entry.name),
            name=entry.name,
            max_tokens=card.max_tokens,
            template=card.template,
            threads=self._settings.encoder.threads,
        )

    def _refuser(self, generation: Generation) -> Refuser:
        from dragtor.answer.refusal import CalibratedRefuser
        from dragtor.calibrating import kept

        below = self._settings.answer.refuse_below
        calibration = kept(self.library, generation)
        return CalibratedRefuser(calibration, None if below == "calibrated" else below)

    def _sentence_vectors(self, generation: Generation) -> SentenceVectors:
        from dragtor.answer.sentences import SentenceVectors
        from dragtor.split.context import contextualize

        mode: Any = generation.recipe["context"]

        def encoder_input(hit: Hit) -> str:
            document = self.library.document(hit.document.id)
            return contextualize(document, Span(hit.passage.start, hit.passage.end), mode)

        return SentenceVectors(self._encoder_of(generation), self._cache, encoder_input)
