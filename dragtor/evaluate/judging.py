"""Questions with what answers them, and which of a search's hits that is.

What counts as found has an id of its own, so that settings that cut texts otherwise can be
compared: for a set that is the document, for a questions file each piece of evidence. A hit that
only repeats what an earlier one brought is passed over: a document counts by its best passage
(MaxP).
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote

from dragtor.errors import QueryError, SourceError
from dragtor.evaluate.metrics import Judged
from dragtor.evaluate.sets import RetrievalSet, lines_of, references
from dragtor.interfaces import Library
from dragtor.text import clean, words
from dragtor.types import DocumentInfo, Hit, Span

LEAST_SHARED = 0.5
"""A passage holds a quote if they share this much of the shorter of them."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A piece of what answers a question: a quote, of a document if one is named, or all of it.

    A document is named by its id, address, file name or title.
    """

    document: str | None
    quote: str | None


@dataclass(frozen=True, slots=True)
class Case:
    """A question with what is known of its answer; ``answers`` are references.

    Any one piece of ``evidence`` answers it alone if ``any_of``, otherwise all of it is needed.
    """

    id: str
    question: str
    answers: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    any_of: bool = False
    answerable: bool = True


class Judge(Protocol):
    """Says what of the hits of a question is relevant."""

    @property
    def missing(self) -> Sequence[str]:
        """Ids of questions whose evidence, or a part of it, is not in the library."""
        ...

    def judged(self, question: str) -> Judged:
        """Grades by what can be found for a question of this id; none if nothing is known."""
        ...

    def found(self, question: str, hit: Hit) -> Sequence[str]:
        """What a hit brings for a question of this id."""
        ...


@dataclass(frozen=True, slots=True)
class SetJudge:
    """Judges by documents: ``qrels`` of a set, whose documents are the lines of one file."""

    qrels: Mapping[str, Judged]
    missing: Sequence[str] = ()

    def judged(self, question: str) -> Judged:
        """See Judge."""
        return self.qrels.get(question, {})

    def found(self, question: str, hit: Hit) -> Sequence[str]:
        """See Judge. JSON Lines keeps a document's id behind the address of the file."""
        return [hit.document.uri.partition("#")[2]]


@dataclass(slots=True)
class EvidenceJudge:
    """Judges by evidence, which was looked up in the texts of a library."""

    missing: list[str] = field(default_factory=list)
    _places: dict[str, dict[str, list[tuple[str, Span]]]] = field(default_factory=dict)

    def judged(self, question: str) -> Judged:
        """See Judge."""
        return dict.fromkeys(self._places.get(question, {}), 1)

    def found(self, question: str, hit: Hit) -> Sequence[str]:
        """See Judge."""
        passage = Span(hit.passage.start, hit.passage.end)
        held = [
            name
            for name, places in self._places.get(question, {}).items()
            if any(id == hit.document.id and _shares(passage, span) for id, span in places)
        ]
        return held or [hit.passage.id]

    @classmethod
    def of(cls, cases: Iterable[Case], library: Library, collection: str) -> EvidenceJudge:
        """Look the evidence of all questions up, in one walk over the documents it is in."""
        judge = cls()
        by_name = _by_name(library.documents(collection))
        wanted: dict[str, list[tuple[str, str, str | None]]] = defaultdict(list)
        for case in cases:
            for number, one in enumerate(case.evidence, start=1):
                name = "evidence" if case.any_of else f"evidence {number}"
                for id in _named(by_name, one.document):
                    wanted[id].append((case.id, name, one.quote))
        for id, sought in wanted.items():
            text = library.document(id).text
            for question, name, quote in sought:
                places = [(id, span) for span in _spans(text, quote)]
                if places:
                    names = judge._places.setdefault(question, {})
                    names.setdefault(name, []).extend(places)
        judge.missing = [case.id for case in cases if len(judge.judged(case.id)) < _pieces(case)]
        return judge


def set_cases(found: RetrievalSet) -> list[Case]:
    """The questions of a set that something is relevant to."""
    return [Case(one.id, clean(one.text), one.answers) for one in found.judged()]


def read_cases(path: Path) -> list[Case]:
    """Questions from a YAML list or a JSON Lines file, as ``assets/questions.yml`` shows them.

    Each has ``question`` (or ``text``); ``id``, ``answer`` or ``answers``, ``evidence`` (a list of
    ``{document, quote}``, either alone, or of quotes), ``any_of`` and ``answerable`` as far as they
    are known. Raises QueryError, naming the file and the entry that is wrong.
    """
    by_line = path.suffix in (".jsonl", ".ndjson")
    seen: dict[str, str] = {}
    cases: list[Case] = []
    for number, row in _json_lines(path) if by_line else enumerate(_yaml(path), start=1):
        where = f"line {number}" if by_line else f"entry {number}"
        case = _case(f"{path}: {where}", len(cases) + 1, row)
        if case.id in seen:
            raise QueryError(
                f"{path}: {where}: {seen[case.id]} has the id {case.id!r} too: give each its own"
            )
        seen[case.id] = where
        cases.append(case)
    if not cases:
        raise QueryError(f"{path} holds no questions")
    return cases


def _json_lines(path: Path) -> Iterator[tuple[int, Any]]:
    try:
        for number, line in lines_of(path):
            try:
                yield number, json.loads(line)
            except ValueError as error:
                raise QueryError(f"{path}: line {number} is not JSON: {error}") from None
    except SourceError as error:
        raise QueryError(str(error)) from None


def _yaml(path: Path) -> list[Any]:
    import yaml

    try:
        rows = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise QueryError(f"{path}: {error.strerror or error}") from None
    except (yaml.YAMLError, ValueError) as error:
        said = " ".join(str(error).split())
        raise QueryError(f"{path} cannot be read as questions: {said}") from None
    if not isinstance(rows, list):
        raise QueryError(f"{path} cannot be read as questions: it is no list")
    return rows


def _case(where: str, number: int, row: object) -> Case:
    """A question; without an id, its number is one."""
    if not isinstance(row, dict):
        raise QueryError(f"{where} must have keys with values, `question` among them")
    question = row.get("question", row.get("text"))
    if not isinstance(question, str) or not words(question):
        raise QueryError(f"{where} needs `question`, a text")
    answerable, any_of = row.get("answerable", True), row.get("any_of", False)
    if not isinstance(answerable, bool) or not isinstance(any_of, bool):
        raise QueryError(f"{where}: `answerable` and `any_of` can be true or false")
    evidence = row.get("evidence") or []
    if not isinstance(evidence, list):
        raise QueryError(f"{where}: `evidence` must be a list")
    try:
        answers = references(row)
    except ValueError as error:
        raise QueryError(f"{where}: {error}") from None
    return Case(
        id=str(number if row.get("id") is None else row["id"]),
        question=clean(question),
        answers=answers,
        evidence=tuple(_evidence(where, one) for one in evidence),
        any_of=any_of,
        answerable=answerable,
    )


def _evidence(where: str, row: object) -> Evidence:
    if isinstance(row, str):
        row = {"quote": row}
    values = [row.get(key) for key in ("document", "quote")] if isinstance(row, dict) else [None]
    given = [value for value in values if value is not None]
    if not given or not all(isinstance(value, str) and value.strip() for value in given):
        raise QueryError(f"{where}: each piece of `evidence` needs `document`, `quote` or both")
    return Evidence(*values)


def _pieces(case: Case) -> int:
    return min(len(case.evidence), 1) if case.any_of else len(case.evidence)


def _by_name(documents: Iterable[DocumentInfo]) -> dict[str, list[str]]:
    """Ids of documents by all that a person may call them."""
    named: dict[str, list[str]] = defaultdict(list)
    for info in documents:
        bare, _, fragment = info.uri.partition("#")
        file = unquote(bare.rstrip("/").rsplit("/", 1)[-1])
        for name in {info.id, info.uri, unquote(info.uri), file, fragment, info.title} - {""}:
            named[name].append(info.id)
        named[""].append(info.id)
    return named


def _named(by_name: Mapping[str, Sequence[str]], document: str | None) -> Sequence[str]:
    """The documents of a name, of a path by its last part; all if there is no name."""
    if document is None:
        return by_name.get("", ())
    return by_name.get(document) or by_name.get(document.rsplit("/", 1)[-1], ())


def _spans(text: str, quote: str | None) -> list[Span]:
    """Where a quote stands, any white space like any other; without one all of the text."""
    if quote is None:
        return [Span(0, len(text))] if text else []
    pattern = r"\s+".join(re.escape(word) for word in quote.split())
    return [Span(one.start(), one.end()) for one in re.finditer(pattern, text)]


def _shares(one: Span, other: Span) -> bool:
    shared = min(one.end, other.end) - max(one.start, other.start)
    return shared > 0 and shared >= LEAST_SHARED * min(one.end - one.start, other.end - other.start)
