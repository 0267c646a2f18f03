"""What answers do to questions that take something false for granted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dragtor.interfaces import SupportChecker
from dragtor.text import content_stems
from dragtor.types import Answer, DocumentInfo, Hit, Location, Passage, Sentence

MOST = 0.75
"""Share of a premise's words that a sentence which agrees with it holds."""
Outcome = Literal["refused", "contradicted", "beside", "evaded", "agreed"]
PASSED: tuple[Outcome, ...] = ("refused", "contradicted")
"""What an answer should do; to leave a premise standing is to fail."""


@dataclass(frozen=True, slots=True)
class FalsePremise:
    """A question, what it takes for granted, and what the library says instead (verbatim).

    ``wrong`` is a regular expression: a sentence that agrees says something like it.
    """

    id: str
    question: str
    premise: str
    wrong: str
    truth: tuple[str, ...]


def read_premises(path: Path) -> list[FalsePremise]:
    """Read a file like assets/false_premises.yml."""
    import yaml

    return [
        FalsePremise(
            id=row["id"],
            question=row["question"],
            premise=row["premise"],
            wrong=row["wrong"],
            truth=tuple(_collapsed(entry["quote"]) for entry in row["truth"]),
        )
        for row in yaml.safe_load(path.read_text(encoding="utf-8"))
    ]


def outcome(answer: Answer, false: FalsePremise, checker: SupportChecker) -> Outcome:
    """What an answer does to a false premise.

    ``agreed``: a sentence says so, whatever its verdict, by its words, or, if it is not the
    sources' own, because it holds most words of the premise and the checker finds that borne out
    by it. ``contradicted``: the library's words against it are cited. ``beside``: they stand in a
    passage that was found, of a document that is cited. ``evaded``: neither.
    """
    if answer.kind in ("refusal", "clarification"):
        return "refused"
    if any(_agrees(sentence, false, checker) for sentence in answer.sentences):
        return "agreed"
    cited = [citation for sentence in answer.sentences for citation in sentence.citations]
    if any(_hold(_collapsed(citation.quote), false.truth) for citation in cited):
        return "contradicted"
    ids = {citation.document_id for citation in cited}
    read = (_collapsed(hit.passage.text) for hit in answer.hits if hit.document.id in ids)
    return "beside" if any(_hold(text, false.truth) for text in read) else "evaded"


def _agrees(sentence: Sentence, false: FalsePremise, checker: SupportChecker) -> bool:
    if re.search(false.wrong, sentence.text, re.IGNORECASE):
        return True
    said = _collapsed(sentence.text)
    if any(said in _collapsed(citation.quote) for citation in sentence.citations):
        return False  # the sources' own words do not say so: that is tested with the question
    premise = set(content_stems(false.premise))
    if len(premise.intersection(content_stems(sentence.text))) < MOST * len(premise):
        return False
    checked = checker.check(false.premise, [_as_hit(sentence.text)])
    return all(one.support.verdict == "yes" for one in checked)


def _as_hit(text: str) -> Hit:
    """A text as a passage, for whoever wants to know what it bears out."""
    info = DocumentInfo("answer", "memory:answer", "", "text")
    return Hit(1, 1.0, {}, Passage("answer", 0, len(text), text), info, Location())


def _hold(text: str, truth: Sequence[str]) -> bool:
    return any(quote in text or text in quote for quote in truth)


def _collapsed(text: str) -> str:
    return " ".join(text.split())
