"""Calibrate: learn from judged questions when this library should refuse."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from dragtor.answer import answerability, fitting, probes
from dragtor.answer.answerability import Calibration
from dragtor.errors import QueryError
from dragtor.interfaces import EvidenceFinder, Library, Progress
from dragtor.log import logger
from dragtor.text import content_stems, words
from dragtor.types import Generation, Hit, Query, SearchResult

PROBES = 100
"""Questions that are made from the library, at most, and as many foreign ones."""
MADE_WEIGHT = 0.1
"""What a question that was made counts beside one that a person judged."""
HELD = 0.6
"""A passage that holds this share of a sentence's words may answer what the sentence does."""

Outcome = tuple[float, bool]
"""The probability of an answer, and whether the question is refused."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A question, and whether the library holds its answer."""

    question: str
    answerable: bool


@dataclass(frozen=True, slots=True)
class CalibrationReport:
    """What a calibration rests on, and what it will do; shares in [0, 1].

    ``area``, ``wrong`` (answerable questions that are refused) and ``caught`` (unanswerable ones
    that are) were found on questions that the fit had not seen, five times a fifth of them.
    ``fitted`` is false where a fit to questions that were made would do no better than what was
    there by default, which is then kept; all figures are its own.
    """

    source: Literal["questions", "library"]
    answerable: int
    unanswerable: int
    area: float
    threshold: float
    threshold_before: float
    wrong: float
    caught: float
    fitted: bool = True


class Calibrator:
    """Fits when to refuse, for one generation of a library."""

    def __init__(
        self,
        library: Library,
        generation: Generation,
        search: Callable[[Query], SearchResult],
        finder: EvidenceFinder,
        allowed_wrong: float = 0.05,
    ) -> None:
        self._library = library
        self._generation = generation
        self._search = search
        self._finder = finder
        self._allowed_wrong = allowed_wrong

    def figures(self, query: Query) -> Mapping[str, float]:
        """What is found for a question, as the decision sees it."""
        return self._figures(query, self._search(query).hits)

    def calibrate(
        self, judged: Sequence[Judged], query: Query, progress: Progress
    ) -> CalibrationReport:
        """Fit to these questions, or without any to such as can be made, and keep the result.

        ``query`` sets everything of the queries but their text. Raises QueryError where questions
        of one kind are missing, or the library is too small to make any.
        """
        source: Literal["questions", "library"] = "questions" if judged else "library"
        examples = list(
            self._examples(judged, query, progress) if judged else self._made(query, progress)
        )
        answerable = sum(example.answerable for example in examples)
        if not 0 < answerable < len(examples):
            raise QueryError(
                f"of {len(examples)} questions {answerable} can be answered: it needs both kinds, "
                "some that the library answers and some that it does not"
            )
        examples = _mixed(examples)
        fitted, outcomes = self._fit(examples), fitting.held_out(examples, self._fit)
        unfitted = _outcomes(answerability.default(), examples)
        if source == "library" and not _better(examples, outcomes, unfitted):
            self.forget()
            report = replace(
                _report(source, examples, answerability.default(), unfitted), fitted=False
            )
        else:
            self._library.keep_calibration(self._generation.id, answerability.to_data(fitted))
            report = _report(source, examples, fitted, outcomes)
        logger.info("calibrate: {}", asdict(report))
        return report

    def forget(self) -> None:
        """Go back to the packaged calibration."""
        self._library.keep_calibration(self._generation.id, None)

    def _fit(self, examples: Sequence[fitting.Example]) -> Calibration:
        return fitting.adjust(answerability.default(), examples, self._allowed_wrong)

    def _examples(
        self, judged: Sequence[Judged], query: Query, progress: Progress
    ) -> Iterator[fitting.Example]:
        for done, one in enumerate(judged):
            progress(done, len(judged), "questions")
            found = self.figures(replace(query, text=one.question))
            yield fitting.Example(found, one.answerable)

    def _made(self, query: Query, progress: Progress) -> Iterator[fitting.Example]:
        """Questions to sentences, each once with and once without what holds them, and foreign."""
        foreign = probes.foreign_questions()[:PROBES]
        sentences = list(self._sentences())
        total = len(sentences) + len(foreign)
        for done, sentence in enumerate(sentences):
            progress(done, total, "questions")
            asked = replace(query, text=probes.question_about(sentence))
            hits = self._search(replace(asked, k=3 * query.k)).hits
            without = [hit for hit in hits if not _holds(hit, sentence)]
            for kept, answerable in ((hits, True), (without, False)):
                found = self._figures(asked, kept[: query.k])
                yield fitting.Example(found, answerable, MADE_WEIGHT)
        for done, question in enumerate(foreign, start=len(sentences)):
            progress(done, total, "questions")
            found = self.figures(replace(query, text=question))
            yield fitting.Example(found, False, MADE_WEIGHT)

    def _sentences(self) -> Iterator[str]:
        """One telling sentence from each of some passages, the same ones every time."""
        generation = self._generation.id
        ids = sorted(self._library.passage_ids(generation), key=_scattered)[: 2 * PROBES]
        passages = self._library.resolve(generation, ids)
        found = (probes.telling_sentence(passages[id].passage.text) for id in ids if id in passages)
        yield from [sentence for sentence in found if sentence][:PROBES]

    def _figures(self, query: Query, hits: Sequence[Hit]) -> Mapping[str, float]:
        return answerability.figures(query.text, hits, self._finder.find(query.text, hits))


def _report(
    source: Literal["questions", "library"],
    examples: Sequence[fitting.Example],
    used: Calibration,
    outcomes: Sequence[Outcome],
) -> CalibrationReport:
    yes, no = _by_kind(examples, outcomes)
    wrong, caught = _refused(examples, outcomes)
    return CalibrationReport(
        source=source,
        answerable=len(yes),
        unanswerable=len(no),
        area=round(fitting.area([p for p, _ in yes], [p for p, _ in no]), 4),
        threshold=used.threshold,
        threshold_before=answerability.default().threshold,
        wrong=round(wrong, 4),
        caught=round(caught, 4),
    )


def _outcomes(calibration: Calibration, examples: Sequence[fitting.Example]) -> list[Outcome]:
    probabilities = [calibration.probability(example.figures) for example in examples]
    return [(probability, probability < calibration.threshold) for probability in probabilities]


def _better(
    examples: Sequence[fitting.Example], fitted: Sequence[Outcome], unfitted: Sequence[Outcome]
) -> bool:
    """Whether a fit refuses better in one way and no worse in the other.

    Questions that are made are no measure of what a person loses by the one and gains by the other.
    """
    (wrong, caught), (wrong_before, caught_before) = (
        _refused(examples, outcomes) for outcomes in (fitted, unfitted)
    )
    gains = wrong_before - wrong, caught - caught_before
    return min(gains) >= 0 < max(gains)


def _refused(
    examples: Sequence[fitting.Example], outcomes: Sequence[Outcome]
) -> tuple[float, float]:
    """Shares of answerable and of unanswerable questions that are refused."""
    yes, no = (
        sum(refused for _, refused in kind) / len(kind) for kind in _by_kind(examples, outcomes)
    )
    return yes, no


def _by_kind(
    examples: Sequence[fitting.Example], outcomes: Sequence[Outcome]
) -> tuple[list[Outcome], list[Outcome]]:
    pairs = list(zip(examples, outcomes, strict=True))
    return [o for e, o in pairs if e.answerable], [o for e, o in pairs if not e.answerable]


def kept(library: Library, generation: Generation) -> Calibration:
    """What was fitted for a generation; the packaged calibration where nothing was."""
    data = library.calibration(generation.id)
    if data is None:
        return answerability.default()
    try:
        return answerability.from_data(data)
    except (KeyError, TypeError, ValueError) as error:
        logger.warning("the library's calibration cannot be read ({}): calibrate again", error)
        return answerability.default()


def read_questions(path: Path) -> list[Judged]:
    """Questions from a YAML list or a JSON Lines file, each with ``question`` and ``answerable``.

    Raises QueryError, naming the file and the question that is wrong.
    """
    try:
        text = path.read_text(encoding="utf-8")
        rows = _rows(text) if path.suffix in (".jsonl", ".ndjson") else _yaml(text)
    except OSError as error:
        raise QueryError(f"{path}: {error.strerror or error}") from None
    except ValueError as error:
        said = " ".join(str(error).split())
        raise QueryError(f"{path} cannot be read as questions: {said}") from None
    judged = [_judged(path, number, row) for number, row in enumerate(rows, start=1)]
    if not judged:
        raise QueryError(f"{path} holds no questions")
    return judged


def _rows(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def _yaml(text: str) -> list[Any]:
    import yaml

    try:
        rows = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(error) from None
    if not isinstance(rows, list):
        raise ValueError("it is no list")
    return rows


def _judged(path: Path, number: int, row: object) -> Judged:
    question = row.get("question") if isinstance(row, dict) else None
    answerable = row.get("answerable") if isinstance(row, dict) else None
    if not isinstance(question, str) or not words(question) or not isinstance(answerable, bool):
        raise QueryError(
            f"{path}: entry {number} needs `question` (a text) and `answerable` (true or false)"
        )
    return Judged(question, answerable)


def _holds(hit: Hit, sentence: str) -> bool:
    """Whether a passage holds the sentence, or most of its words."""
    wanted = set(content_stems(sentence))
    held = wanted.intersection(content_stems(hit.passage.text))
    return sentence in hit.passage.text or len(held) >= HELD * len(wanted)


def _scattered(name: str) -> str:
    """A key that puts names into an order that has nothing to do with them."""
    return sha256(name.encode()).hexdigest()


def _mixed(examples: Iterable[fitting.Example]) -> list[fitting.Example]:
    """Both kinds in turn, so that every fold has its share of both."""
    return sorted(examples, key=lambda example: example.answerable)
