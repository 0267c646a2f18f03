"""Questions proposed from a library, each with the passage it rests on, for a person to judge.

A language model is asked where there is a good one; otherwise rules make them
(:mod:`dragtor.evaluate.cloze`), and where no rule fits, the words of a telling sentence are a
search as people type it. None of this replaces questions that people ask.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Any, Literal, Protocol

from dragtor.answer.probes import question_about, telling_sentence
from dragtor.errors import QueryError
from dragtor.evaluate.cloze import is_yes_or_no, questions_of, questions_of_heading
from dragtor.evaluate.stretches import placed, sections, stretches
from dragtor.interfaces import Library
from dragtor.passages import sentence_spans
from dragtor.pipeline import EMPTY
from dragtor.text import content_stems, words
from dragtor.types import Document, DocumentInfo, Query, SearchResult, Span

Origin = Literal["model", "heading", "sentence", "words"]

ALIKE = 0.6
"""Two questions are the same if they share this much of the words that either has."""
_DEPTH = 10
"""A question that does not find its document among so many passages is hard."""
_LEAST_WORDS = 3
_MODEL_TRIES = 3
"""Passages of a document that a model may fail at before the next document's turn."""
_QUERY_LEAD = "What about "


@dataclass(frozen=True, slots=True)
class Proposal:
    """A question, and ``quote``, the stretch ``start`` to ``end`` of a document that answers it.

    ``origin`` says what made it; ``hard``, that the library's own search does not find it.
    """

    question: str
    origin: Origin
    document: DocumentInfo
    start: int
    end: int
    quote: str
    hard: bool = False


class Writer(Protocol):
    """Writes a question, and copies what answers it; nothing where it cannot."""

    def write(self, title: str, passage: str) -> tuple[str, str] | None:
        """(question, quote) from a passage of a document of this title."""
        ...


class Proposer:
    """Proposes questions of one collection, spread over its documents, the same ones for a seed."""

    def __init__(
        self,
        library: Library,
        search: Callable[[Query], SearchResult],
        query: Query,
        *,
        writer: Writer | None = None,
        seed: int = 0,
    ) -> None:
        self._library = library
        self._search = search
        self._query = replace(query, k=_DEPTH)
        self._writer = writer
        self._seed = seed

    def propose(self, known: Iterable[str] = ()) -> Iterator[Proposal]:
        """Questions, none like one before or like those known, as long as there are any.

        Raises QueryError for a library that is empty or not indexed, ModelError and EngineError.
        """
        (collection,) = self._query.collections
        documents = sorted(self._library.documents(collection), key=lambda info: info.uri)
        if not documents:
            raise QueryError(EMPTY)
        self._random("").shuffle(documents)
        seen = [frozenset(content_stems(question)) for question in known]
        for kind in self._kinds():
            for proposal in _in_turn([partial(self._of, info, kind) for info in documents]):
                stems = frozenset(content_stems(proposal.question))
                if any(_alike(stems, other) for other in seen):
                    continue
                if kind != "words" and _says(proposal.document.title, stems):
                    continue
                seen.append(stems)
                yield replace(proposal, hard=not self._found(proposal))

    def _kinds(self) -> Sequence[str]:
        return ("model", "rules", "words") if self._writer else ("rules", "words")

    def _of(self, info: DocumentInfo, kind: str) -> Iterator[Proposal]:
        document = self._library.document(info.id)
        rng = self._random(f"{kind} {info.uri}")
        made = {"model": self._written, "rules": _by_rules, "words": _by_words}[kind]
        for question, origin, span in made(document, rng):
            quote = document.text[span.start : span.end]
            yield Proposal(question, origin, info, span.start, span.end, quote)

    def _written(self, document: Document, rng: random.Random) -> Iterator[_Made]:
        """What a model makes of passages: blocks of the text, those that belong together."""
        assert self._writer is not None
        failures = 0
        for span in _shuffled(stretches(document.text), rng):
            text = document.text[span.start : span.end]
            written = self._writer.write(document.info.title, text)
            quoted = written and placed(text, span.start, written[1])
            if written and quoted and _stands_alone(written[0], text):
                yield " ".join(written[0].split()), "model", quoted
            elif (failures := failures + 1) == _MODEL_TRIES:
                return

    def _found(self, proposal: Proposal) -> bool:
        result = self._search(replace(self._query, text=proposal.question))
        return any(hit.document.id == proposal.document.id for hit in result.hits)

    def _random(self, name: str) -> random.Random:
        return random.Random(f"{self._seed} {name}")


_Made = tuple[str, Origin, Span]


def entry(proposal: Proposal, id: str, *, checked: bool) -> dict[str, Any]:
    """A question as a questions file has it; ``checked`` says that a person has kept it."""
    made: dict[str, Any] = {
        "id": id,
        "question": proposal.question,
        "answerable": True,
        "evidence": [
            {
                "document": proposal.document.uri,
                "quote": proposal.quote,
                "start": proposal.start,
                "end": proposal.end,
            }
        ],
        "proposed": proposal.origin,
        "checked": checked,
    }
    return made | ({"hard": True} if proposal.hard else {})


def id_of(question: str, taken: Iterable[str]) -> str:
    """A name for a question, made of its words, that no other one has.

    >>> id_of("What is a flapper?", ["what-is-a-flapper"])
    'what-is-a-flapper-2'
    """
    plain = [re.sub(r"[^\w]", "", word) for word in words(question)]
    name = "-".join(word for word in plain[:6] if word) or "question"
    others, number, candidate = set(taken), 1, name
    while candidate in others:
        number += 1
        candidate = f"{name}-{number}"
    return candidate


def _by_rules(document: Document, rng: random.Random) -> Iterator[_Made]:
    """From headings first, then from sentences, one question of each."""
    for span, heading in _shuffled(list(sections(document)), rng):
        for question in islice(questions_of_heading(heading, document.info.title), 1):
            yield question, "heading", span
    made: list[tuple[str, Span]] = []
    for span in _shuffled(sentence_spans(document.text), rng):
        sentence = document.text[span.start : span.end]
        questions = () if "|" in sentence else questions_of(sentence, document.text)
        made += [(question, span) for question in islice(questions, 1)]
    # Questions for yes or no come last, as a passage about their words is all there is to find.
    for question, span in sorted(made, key=lambda one: is_yes_or_no(one[0])):
        yield question, "sentence", span


def _by_words(document: Document, rng: random.Random) -> Iterator[_Made]:
    """The words of the telling sentence of a stretch, some of them left out."""
    for stretch in _shuffled(stretches(document.text), rng):
        text = document.text[stretch.start : stretch.end]
        sentence = telling_sentence(text)
        if sentence is None:
            continue
        query = question_about(sentence).removeprefix(_QUERY_LEAD).rstrip("?")
        start = stretch.start + text.index(sentence)
        if _is_search(query):
            yield query, "words", Span(start, start + len(sentence))


def _is_search(query: str) -> bool:
    """Whether words are more than names and initials, as references are made of."""
    found = query.split()
    plain = [word for word in found if word.islower() and len(word) > 2]
    return len(found) >= _LEAST_WORDS and len(plain) >= len(found) - 2


def _stands_alone(question: str, passage: str) -> bool:
    """Whether a model's question can be asked by who has not seen the passage, and is about it."""
    from dragtor.answer.clarify import question_back

    stems = set(content_stems(question))
    plain = question.strip()
    if not plain.endswith("?") or "\n" in plain or not _LEAST_WORDS < len(words(plain)) <= 30:
        return False
    if re.search(r"\b(?:this|the|above) (?:passage|text|article|document|author)\b", plain, re.I):
        return False
    shared = stems.intersection(content_stems(passage))
    return len(shared) >= len(stems) / 2 and question_back(plain) is None


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= ALIKE * len(one | other)


def _says(title: str, stems: frozenset[str]) -> bool:
    """Whether a title holds all that a question is made of: then any search would find it."""
    return stems <= set(content_stems(title))


def _shuffled(items: Sequence[Any], rng: random.Random) -> list[Any]:
    shuffled = list(items)
    rng.shuffle(shuffled)
    return shuffled


def _in_turn(makers: Sequence[Callable[[], Iterator[Proposal]]]) -> Iterator[Proposal]:
    """One of each, then the next of each, until all are at their end."""
    open_ones: list[Iterator[Proposal]] = []
    for make in makers:
        made = make()
        for one in made:
            yield one
            open_ones.append(made)
            break
    while open_ones:
        going_on = []
        for made in open_ones:
            for one in made:
                yield one
                going_on.append(made)
                break
        open_ones = going_on
