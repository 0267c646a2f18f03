"""Finding passages by one part of retrieval, or by several together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dragtor.errors import QueryError
from dragtor.fusion import Fusion, Lists, Scores
from dragtor.fusion.named import convex
from dragtor.interfaces import Asked, Library, Scorer
from dragtor.mistakes import not_one_of
from dragtor.retrieve.late import WIDER, LateScorer
from dragtor.retrieve.ranked import Among, Clock, Ranked, by_id, retrieve
from dragtor.text import words
from dragtor.types import Query, Ranking, SearchResult

_CONVEX: Mapping[str, Fusion] = {"convex": convex}


class FusedRetriever:
    """Merges what its parts find. Hits carry each part's score by its name, and ``fused``.

    With a single part there is nothing to merge, and its own scores rank. ``fusions`` are the ways
    to merge, by the names that queries give them.
    """

    def __init__(
        self,
        library: Library,
        generation: int,
        scorers: Sequence[Scorer],
        fusions: Mapping[str, Fusion] = _CONVEX,
    ) -> None:
        self._library = library
        self._generation = generation
        self._scorers = scorers
        self._fusions = fusions

    def retrieve(self, query: Query) -> SearchResult:
        """At most ``query.k`` hits. Raises QueryError.

        Timings: encode_s for reading the question, for each part ``<name>_s``, then complete_s,
        fuse_s and total_s.
        """
        ranking = query.ranking or Ranking()
        if ranking.fusion not in self._fusions:
            raise QueryError(not_one_of("fusion", ranking.fusion, self._fusions))
        ask = _Ask(self._scorers, query.text, ranking, self._fusions[ranking.fusion])
        return retrieve(self._library, self._generation, query, self._proposed(ranking), ask)

    def _proposed(self, ranking: Ranking) -> int:
        """How many passages each part proposes, unless more are wanted."""
        if len(self._scorers) > 1:
            return ranking.candidates
        if self._scorers[0].name == LateScorer.name:  # which looks at more than it proposes
            return -(-ranking.candidates // WIDER)
        return 0


class _Ask:
    """Ranks passages for one question, which each part reads once, however often it is asked."""

    def __init__(
        self, scorers: Sequence[Scorer], question: str, ranking: Ranking, fuse: Fusion
    ) -> None:
        self._scorers = scorers
        self._question = question
        self._ranking = ranking
        self._fuse = fuse
        self._asked: dict[str, Asked] = {}

    def __call__(self, wanted: int, among: Among, clock: Clock) -> Ranked:
        """The best candidates among some passages, so many of each part."""
        if not self._asked:
            with clock.time("encode_s"):
                self._asked = {one.name: one.ask(self._question) for one in self._scorers}
        found: dict[str, dict[str, float]] = {}
        for name, asked in self._asked.items():
            with clock.time(f"{name}_s"):
                found[name] = by_id(asked.search(wanted, among))
        exhausted = all(len(scores) < wanted for scores in found.values())
        if len(found) == 1:
            (only,) = found.values()
            return Ranked(only, found, exhausted)
        incomplete = [s.name for s in self._scorers if self._ranking.complete or not s.finds]
        if incomplete:
            with clock.time("complete_s"):
                _complete(found, {name: self._asked[name] for name in incomplete})
        with clock.time("fuse_s"):
            fused = self._fuse(self._lists(found), self._ranking)
        return Ranked(fused, {**found, "fused": fused}, exhausted)

    def _lists(self, found: Mapping[str, Scores]) -> Lists:
        def of(kind: str) -> dict[str, Scores]:
            return {one.name: found[one.name] for one in self._scorers if one.kind == kind}

        return Lists(of("keyword"), of("dense"), len(words(self._question)))


def _complete(found: Mapping[str, dict[str, float]], asked: Mapping[str, Asked]) -> None:
    """Let each part score what only others found; its filters have let that through already."""
    candidates = dict.fromkeys(id for scores in found.values() for id in scores)
    for name, part in asked.items():
        missing = [id for id in candidates if id not in found[name]]
        if missing:
            found[name].update(part.score(missing))
