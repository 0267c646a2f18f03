"""What an agent knows by now: the sources it has seen, in words a model can be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dragtor.answer import trace
from dragtor.answer.evidence import coverages
from dragtor.answer.script import Script
from dragtor.answer.strategies.replies import is_echo
from dragtor.errors import QueryError
from dragtor.text import content_stems
from dragtor.types import Hit, Query, SearchResult, Step

NEW = 3
"""Sources that a model is shown at most of those that a search brings."""
GLANCE_CHARS = 160
READ_CHARS = 1_200
"""Characters it is shown of a source that was found, and of one that was read."""
READ_BACK = 0.5
"""A search of which more is from the instructions than this is not of the model's own making."""
KEPT = 4
"""Passages of a source that was read which count as found by that."""


@dataclass
class Known:
    """A source that was found: its number for the model, and the text the model is shown.

    ``sought`` is what it was found by. ``hits`` are its passages that the model points at when it
    names it, best first.
    """

    number: int
    id: str
    title: str
    text: str
    sought: str
    hits: tuple[Hit, ...]
    was_read: bool = False


class Findings:
    """Sources by number, from 1 in the order they were found, and what was done so far.

    ``script`` is what the model is told, beside what it is shown of all this.
    """

    def __init__(self, query: Query, own: SearchResult, script: Script) -> None:
        self.query = query
        told = " ".join(turn.content for turn in script.turns)
        self._told = set(content_stems(told)).difference(content_stems(query.text))
        self._searches: list[SearchResult] = []
        self._named: list[Known] = []
        self._known: dict[str, Known] = {}
        self._done: list[str] = []
        self._meet(own)

    def found(self) -> list[SearchResult]:
        """What the moves brought: the sources that were named, each once, then the searches.

        The last comes first: a model that looks on was not content with what it had.
        """
        named = [SearchResult(self.query.text, one.hits, {}) for one in reversed(self._named)]
        return [*named, *reversed(self._searches)]

    def listed(self) -> str:
        """The sources, numbered, each with its title and the beginning of what is known of it."""
        lines = [
            f"{one.number}. {trace.shortened(one.title)}: "
            + trace.shortened(one.text, READ_CHARS if one.was_read else GLANCE_CHARS)
            for one in self._known.values()
        ]
        return "\n".join(lines) or "none"

    def done(self) -> str:
        """What was done so far, one thing a line."""
        return "\n".join(f"- {line}" for line in self._done) or "nothing"

    def note(self, line: str) -> None:
        """Add to what was done."""
        self._done.append(trace.shortened(line, GLANCE_CHARS))

    def check_search(self, text: str) -> None:
        """Raise QueryError for a search that says nothing, or only what the model was told."""
        said = set(content_stems(text))
        read_back = len(said & self._told) > READ_BACK * len(said)
        if not said or read_back or is_echo(text, self.query.text):
            raise QueryError(f"a search for {trace.shortened(text, 40)!r} would bring nothing new")

    def add_search(self, text: str, result: SearchResult) -> None:
        """Take in what a search found. Raises QueryError where that is nothing."""
        if not result.hits:
            raise QueryError(f"the search for {trace.shortened(text, 40)!r} found nothing")
        self._searches.append(result)
        before = len(self._known)
        self._meet(result)
        self.note(f"searched {text!r}: {len(self._known) - before} new sources")

    def sources(self, numbers: Sequence[int], wanted: int) -> list[Known]:
        """So many different sources of these numbers. Raises QueryError where there are not."""
        by_number = {one.number: one for one in self._known.values()}
        found = [by_number[number] for number in dict.fromkeys(numbers) if number in by_number]
        if len(found) < wanted:
            what = "one source" if wanted == 1 else f"{wanted} different sources"
            raise QueryError(f"{list(numbers)} does not name {what} of 1 to {len(by_number)}")
        return found[:wanted]

    def name(self, source: Known) -> None:
        """Count a source as found that the model pointed at, and once where it does so again."""
        self._named = [one for one in self._named if one.id != source.id] + [source]

    def choose(self, numbers: Sequence[int]) -> None:
        """Count sources as found that the model ends with; a number that is none is no matter."""
        by_number = {one.number: one for one in self._known.values()}
        for number in reversed(numbers):
            if number in by_number:
                self.name(by_number[number])

    def read(self, source: Known, passages: Sequence[Hit]) -> Step:
        """Take in a whole document: what of it shares most with what was asked counts as found.

        That is the question, and the search that found the document.
        """
        asked = f"{self.query.text}\n{source.sought}"
        covered = coverages(asked, [hit.passage.text for hit in passages])
        order = sorted(range(len(passages)), key=lambda at: (-covered[at], at))[:KEPT]
        source.hits = tuple(
            replace(passages[at], rank=rank, score=covered[at], scores={})
            for rank, at in enumerate(order, start=1)
        )
        source.was_read = True
        self.name(source)
        source.text = " … ".join(passages[at].passage.text for at in sorted(order))
        self.note(f"read {source.number}: {len(passages)} passages")
        return trace.listed("read", passages)

    def _meet(self, result: SearchResult) -> None:
        """Number the sources of the best hits that are not known yet."""
        new = {hit.document.id: hit for hit in reversed(result.hits) if self._is_new(hit)}
        for hit in sorted(new.values(), key=lambda hit: hit.rank)[:NEW]:
            info, number = hit.document, len(self._known) + 1
            text = hit.passage.text
            self._known[info.id] = Known(number, info.id, info.title, text, result.question, (hit,))

    def _is_new(self, hit: Hit) -> bool:
        return hit.document.id not in self._known and hit.rank <= self.query.k
