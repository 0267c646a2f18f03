"""Whether what questions rest on is still in the library."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from dragtor.errors import QueryError
from dragtor.evaluate.judging import Case, Evidence, EvidenceJudge
from dragtor.interfaces import Library
from dragtor.passages import sentence_spans
from dragtor.text import content_stems
from dragtor.types import Hit, Query, SearchResult, Span


@dataclass(frozen=True, slots=True)
class Gone:
    """A piece of evidence that is not there any more.

    ``reason``: the ``document`` is gone, or its ``text`` has changed. ``nearest`` is the passage
    that is most like it now, if a search finds any, and ``similarity`` the share of the quote's
    content words that it holds, in [0, 1].
    """

    case: Case
    evidence: Evidence
    reason: Literal["document", "text"]
    nearest: Hit | None = None
    similarity: float = 0.0


def check(
    cases: Sequence[Case],
    library: Library,
    search: Callable[[Query], SearchResult],
    query: Query,
) -> list[Gone]:
    """Evidence of questions that the library no longer holds, in the order of the questions.

    ``query`` sets all of the searches for what is nearest but their text.
    """
    (collection,) = query.collections
    pieces = [(case, one) for case in cases for one in case.evidence]
    asked = [
        Case(f"{part} {number}", case.question, evidence=(evidence,))
        for number, (case, one) in enumerate(pieces)
        for part, evidence in _parts(one)
    ]
    missing = set(EvidenceJudge.of(asked, library, collection).missing)
    return [
        _gone(case, one, f"document {number}" in missing, search, query)
        for number, (case, one) in enumerate(pieces)
        if f"whole {number}" in missing
    ]


def begins_alike(passage: str, quote: str) -> int:
    """Where in a passage the sentence begins that shares most content words with a quote."""
    wanted = set(content_stems(quote))
    spans = sentence_spans(passage)

    def shared(span: Span) -> int:
        return len(wanted.intersection(content_stems(passage[span.start : span.end])))

    return max(spans, key=shared).start if spans else 0


def _parts(evidence: Evidence) -> list[tuple[str, Evidence]]:
    """The evidence, and the document alone that it is of, if it names one."""
    whole = [("whole", evidence)]
    alone = replace(evidence, quote=None)
    return [*whole, ("document", alone)] if evidence.document is not None else whole


def _gone(
    case: Case,
    evidence: Evidence,
    without_document: bool,
    search: Callable[[Query], SearchResult],
    query: Query,
) -> Gone:
    gone = Gone(case, evidence, "document" if without_document else "text")
    wanted = set(content_stems(evidence.quote or ""))
    if not wanted:
        return gone
    try:
        hits = search(replace(query, text=evidence.quote or "", k=10)).hits
    except QueryError:  # a library without an index has nothing near
        return gone

    def similarity(hit: Hit) -> float:
        return len(wanted.intersection(content_stems(hit.passage.text))) / len(wanted)

    nearest = max(hits, key=similarity, default=None)
    return (
        gone
        if nearest is None
        else replace(gone, nearest=nearest, similarity=round(similarity(nearest), 3))
    )
