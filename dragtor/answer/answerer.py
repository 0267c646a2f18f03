"""Answers that rest on passages: what is read, who words it, and whether it holds."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from dragtor.answer import trace
from dragtor.answer.passes import Reader
from dragtor.answer.presumed import takes_for_granted, without_presumptions
from dragtor.answer.prompt import Templates, build_prompt
from dragtor.answer.quoting import nearest, quote
from dragtor.answer.refusal import refuses
from dragtor.answer.select import select
from dragtor.answer.writing import Writing, write
from dragtor.errors import QueryError
from dragtor.interfaces import EvidenceFinder, LanguageModel, Refuser, SupportChecker
from dragtor.passages import sentence_spans
from dragtor.types import (
    Answer,
    Decision,
    Evidence,
    Excerpt,
    Gathered,
    Hit,
    Notice,
    Prompt,
    Query,
    Sentence,
    Span,
    Step,
    Token,
    Turn,
    Usage,
)

_QUOTED = Notice(
    "quoted",
    "the model wrote nothing that the sources bear out: these are their own words on the question",
)
_PRESUMED = Notice(
    "presumed", "the model took for granted what no source says: these are their own words"
)


@dataclass(frozen=True, slots=True)
class Options:
    """How answers are made. ``mode`` is never ``auto`` here.

    ``max_tokens`` bounds what is written, ``context_tokens`` what is read of the passages,
    ``quotes`` the sentences of quotes. A sentence counts as borne out from ``support_yes`` on.
    """

    mode: Literal["write", "quote"]
    max_tokens: int
    context_tokens: int
    quotes: int
    unsupported: Literal["mark", "drop"]
    support_yes: float


class GroundedAnswerer:
    """Fits :class:`dragtor.interfaces.Answerer`.

    The tokens' texts joined are ``Answer.text``, but for what is cut off at its end (white space,
    repetition, an item or a lead-in with nothing after it), what is dropped as unsupported, and
    where a refusal or quotes take the place of a draft that does not hold.

    Parameters
    ----------
    model
        Asked only when an answer is to be written; without one the sources are quoted.
    notices
        Said with every answer the model wrote, such as how to get a better one; without a model,
        with every quote.
    """

    def __init__(
        self,
        model: LanguageModel | None,
        finder: EvidenceFinder,
        checker: SupportChecker,
        refuser: Refuser,
        templates: Templates,
        options: Options,
        notices: Sequence[Notice] = (),
    ) -> None:
        self._model = model
        self._finder = finder
        self._checker = checker
        self._refuser = refuser
        self._templates = templates
        self._options = options
        self._notices = tuple(notices)

    def prompt(self, query: Query, hits: Sequence[Hit], history: Sequence[Turn] = ()) -> Prompt:
        """What the model would be asked. Raises QueryError where the question alone is too long."""
        if self._model is None:
            raise QueryError("llm.model is none: no model is asked, so there is no prompt")
        evidence = self._finder.find(query.text, hits)
        return self._prompt(query, self._selected(evidence), history)

    def answer(
        self, query: Query, gathered: Gathered, history: Sequence[Turn] = ()
    ) -> Iterator[Token | Notice | Step | Answer]:
        """Tokens, notices and steps as they come; the last item is the answer.

        Without hits it refuses and asks no model. Raises EngineError and QueryError.
        """
        started = time.perf_counter()
        hits = gathered.result.hits
        evidence = self._finder.find(query.text, hits)
        decision = self._refuser.before(query.text, hits, evidence)
        draft = _Draft(query, hits, started, evidence, decision)
        yield trace.decided("sources hold it", draft.decision)
        if decision.refuse:
            yield from _said(self._refusal(draft))
        elif self._quoting(query):
            yield from _said(self._quoted(draft, () if self._model else self._notices))
        else:
            yield from self._written(draft, gathered, history)

    def _written(
        self, draft: _Draft, gathered: Gathered, history: Sequence[Turn]
    ) -> Iterator[Token | Notice | Step | Answer]:
        assert self._model is not None
        excerpts = self._selected(draft.evidence)
        if gathered.whole:
            reader = self._reader(draft.query)
            excerpts = (yield from reader.read(draft.evidence, draft.hits)) or excerpts
            draft.passes = reader.usage
        prompt = self._prompt(draft.query, excerpts, history)
        yield trace.asked("answer", prompt)
        writing = Writing(Usage(prompt.tokens, 0))
        lead = self._templates.question.partition("{")[0].strip()
        tokens = write(self._model, prompt, self._options.max_tokens, lead, writing)
        if self._options.unsupported == "drop":
            tokens = self._borne_out(tokens, prompt)
        yield from tokens
        draft.writing = writing
        yield trace.replied("answer", writing.text, time.perf_counter() - draft.started)
        checked = self._checker.check(writing.draft, prompt.hits, writing.hints)
        sentences = without_presumptions(draft.query.text, checked, self._options.support_yes)
        refused = refuses(sentences, self._templates.refusal)
        draft.decision = self._refuser.after(draft.decision, sentences, refused)
        yield trace.decided("draft holds", draft.decision)
        cut = (*prompt.notices, *self._notices, *writing.notices(self._options.max_tokens))
        if draft.decision.refuse:
            yield self._refusal(draft, cut)
        elif refused or all(sentence.support.verdict == "no" for sentence in sentences):
            yield self._quoted(draft, (*cut, _QUOTED))
        elif takes_for_granted(draft.query.text, sentences):
            yield self._quoted(draft, (*cut, _PRESUMED))
        else:
            yield self._kept(draft, sentences, cut)

    def _kept(
        self, draft: _Draft, sentences: tuple[Sentence, ...], notices: tuple[Notice, ...]
    ) -> Answer:
        assert draft.writing is not None
        text = draft.writing.draft
        unsupported = [sentence for sentence in sentences if sentence.support.verdict == "no"]
        count = f"{len(unsupported)} of {len(sentences)} sentences"
        if unsupported and self._options.unsupported == "drop":
            text = without(text, unsupported)
            sentences = tuple(s for s in sentences if s.support.verdict != "no")
            notices = (*notices, Notice("dropped", f"{count} left out: no passage bears them out"))
        elif unsupported:
            said = f"{count} are not borne out by the passages"
            notices = (*notices, Notice("unsupported", said))
        return replace(draft.answer("answer", text, notices, self._name), sentences=sentences)

    def _quoted(self, draft: _Draft, notices: tuple[Notice, ...]) -> Answer:
        sentences = quote(draft.evidence, self._options.quotes, draft.query.text)
        if not sentences:
            return self._refusal(draft, notices)
        text = "\n".join(sentence.text for sentence in sentences)
        model = self._name if draft.writing else None
        return replace(draft.answer("quote", text, notices, model), sentences=sentences)

    def _refusal(self, draft: _Draft, notices: tuple[Notice, ...] = ()) -> Answer:
        model = self._name if draft.writing else None
        answer = draft.answer("refusal", self._templates.refusal, notices, model)
        places = nearest(draft.evidence, self._options.quotes, draft.query.text)
        return replace(answer, nearest=places)

    def _borne_out(self, tokens: Iterator[Token], prompt: Prompt) -> Iterator[Token]:
        """The tokens sentence by sentence, each checked before it is shown."""
        held = ""
        for token in tokens:
            held += token.text
            *done, last = sentence_spans(held) or [Span(0, 0)]
            for span in done:
                yield from self._shown(held[span.start : span.end], prompt)
            held = held[last.start :]
        yield from self._shown(held, prompt)

    def _shown(self, sentence: str, prompt: Prompt) -> Iterator[Token]:
        checked = self._checker.check(sentence, prompt.hits)
        if any(one.support.verdict != "no" for one in checked):
            yield Token(f"{sentence} ")

    def _quoting(self, query: Query) -> bool:
        mode = self._options.mode if query.mode == "auto" else query.mode
        if self._model is None and query.mode == "write":
            raise QueryError("there is no language model to write an answer: ask with --quote")
        return mode == "quote" or self._model is None

    def _selected(self, evidence: Sequence[Evidence]) -> tuple[Excerpt, ...]:
        return select(evidence, self._options.context_tokens)

    def _reader(self, query: Query) -> Reader:
        assert self._model is not None
        return Reader(
            self._model,
            self._checker,
            lambda excerpts: self._prompt(query, excerpts, ()),
            self._model.context_tokens - self._options.max_tokens,
            self._templates.question.partition("{")[0].strip(),
            self._templates.refusal,
        )

    def _prompt(self, query: Query, excerpts: Sequence[Excerpt], history: Sequence[Turn]) -> Prompt:
        model = self._model
        assert model is not None
        return build_prompt(
            query.text,
            excerpts,
            history,
            self._templates,
            model.count,
            model.context_tokens,
            self._options.max_tokens,
        )

    @property
    def _name(self) -> str | None:
        return self._model.name if self._model else None


def without(text: str, unsupported: Sequence[Sentence]) -> str:
    r"""An answer without some of its sentences, and without the white space before them.

    >>> no = Support("no", 0.0)
    >>> without("One. Two.\nThree.", [Sentence("Two.", no)])
    'One.\nThree.'
    """
    position = 0
    for sentence in unsupported:
        start = text.find(sentence.text, position)
        if start >= 0:
            kept = text[:start].rstrip()
            text = kept + text[start + len(sentence.text) :]
            position = len(kept)
    return text.strip()


def _said(answer: Answer) -> Iterator[Token | Answer]:
    """An answer that no model streamed: its words, then itself."""
    yield Token(answer.text)
    yield answer


@dataclass
class _Draft:
    """What is known of an answer while it is made."""

    query: Query
    hits: tuple[Hit, ...]
    started: float
    evidence: tuple[Evidence, ...]
    decision: Decision
    writing: Writing | None = None
    passes: Usage = field(default_factory=Usage)
    """Of the model's calls before the one that wrote the answer."""

    def answer(
        self,
        kind: Literal["answer", "quote", "refusal"],
        text: str,
        notices: tuple[Notice, ...],
        model: str | None,
    ) -> Answer:
        """The answer so far, without sentences."""
        total = time.perf_counter() - self.started
        first = self.writing.first_token_s if self.writing else total
        return Answer(
            question=self.query.text,
            kind=kind,
            text=text,
            sentences=(),
            hits=self.hits,
            model=model,
            notices=notices,
            usage=self.passes + self.writing.usage if self.writing else Usage(),
            timings={"first_token_s": first, "total_s": total},
            decision=self.decision,
        )
