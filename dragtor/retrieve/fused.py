"""Finding passages by one part of retrieval, or by several together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dragtor.fusion import FUSIONS, Lists, Scores
from dragtor.interfaces import Asked, Library, Scorer
from dragtor.retrieve.ranked import Among, Clock, Ranked, by_id, retrieve
from dragtor.text import words
from dragtor.types import Query, Ranking, SearchResult


class FusedRetriever:
    """Merges what its parts find. Hits carry each part's score by its name, and ``fused``.

    With a single part there is nothing to merge, and its own scores rank.
    """

    def __init__(self, library: Library, generation: int, scorers: Sequence[Scorer]) -> None:
        self._library = library
        self._generation = generation
        self._scorers = {scorer.name: scorer for scorer in scorers}

    def retrieve(self, query: Query) -> SearchResult:
        """At most ``query.k`` hits. Raises QueryError.

        Timings: encode_s for reading the question, for each part ``<name>_s``, then complete_s,
        fuse_s and total_s.
        """
        ranking = query.ranking or Ranking()

        def rank(wanted: int, among: Among, clock: Clock) -> Ranked:
            asked = {}
            for name, scorer in self._scorers.items():
                with clock.time("encode_s"):
                    asked[name] = scorer.ask(query.text)
            found: dict[str, dict[str, float]] = {}
            for name, one in asked.items():
                with clock.time(f"{name}_s"):
                    found[name] = by_id(one.search(wanted, among))
            exhausted = all(len(scores) < wanted for scores in found.values())
            if len(found) == 1:
                (only,) = found.values()
                return Ranked(only, found, exhausted)
            if ranking.complete:
                with clock.time("complete_s"):
                    _complete(found, asked)
            with clock.time("fuse_s"):
                fused = FUSIONS[ranking.fusion](self._lists(query.text, found), ranking)
            return Ranked(fused, {**found, "fused": fused}, exhausted)

        candidates = ranking.candidates if len(self._scorers) > 1 else 0
        return retrieve(self._library, self._generation, query, candidates, rank)

    def _lists(self, question: str, found: Mapping[str, Scores]) -> Lists:
        def of(kind: str) -> dict[str, Scores]:
            return {n: scores for n, scores in found.items() if self._scorers[n].kind == kind}

        return Lists(of("keyword"), of("dense"), len(words(question)))


def _complete(found: Mapping[str, dict[str, float]], asked: Mapping[str, Asked]) -> None:
    """Let each part score what only others found; its filters have let that through already."""
    candidates = dict.fromkeys(id for scores in found.values() for id in scores)
    for name, scores in found.items():
        missing = [id for id in candidates if id not in scores]
        if missing:
            scores.update(asked[name].score(missing))
