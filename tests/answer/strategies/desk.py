"""A desk over a few documents in memory, searched by shared words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dragtor.errors import EngineError, QueryError
from dragtor.filters import matches
from dragtor.interfaces import LanguageModel
from dragtor.text import content_stems, require_words
from dragtor.types import (
    ArticleHit,
    DocumentInfo,
    Hit,
    Location,
    Message,
    Passage,
    Query,
    SearchResult,
    Usage,
)

MAIN = ("main",)
DOCUMENTS = {
    "pulleys": (
        "A grade II pulley injury is a partial rupture of the A2 pulley.",
        "Pulley injuries of grade II heal in six weeks with a ring.",
        "Grade IV pulley injuries need surgery.",
    ),
    "elbow": (
        "Tennis elbow is pain on the outside of the elbow.",
        "Eccentric training heals tennis elbow in twelve weeks.",
    ),
    "skin": ("File calluses flat once a week, and let torn skin heal.",),
    "secret": ("The secret pulley injury heals in one day.",),
}
PUBLIC = ("pulleys", "elbow", "skin")


@dataclass
class FakeDesk:
    """``secret`` lies in a collection of its own; a filter on ``id`` is understood.

    The article that shares the most words with a question is the best; all have summaries.
    """

    model: LanguageModel | None = None
    documents: Mapping[str, Sequence[str]] = field(default_factory=lambda: DOCUMENTS)
    searches: list[Query] = field(default_factory=list)
    surveys: list[Query] = field(default_factory=list)
    readings: list[Query] = field(default_factory=list)

    def search(self, query: Query) -> SearchResult:
        self.searches.append(query)
        require_words(query.text)
        asked = set(content_stems(query.text))
        scored = []
        for name in self._seen(query):
            for hit in self._hits(name):
                shared = len(asked.intersection(content_stems(hit.passage.text)))
                scored.append((-shared, hit.passage.id, hit))
        best = [(-shared, hit) for shared, _, hit in sorted(scored, key=lambda one: one[:2])]
        hits = [
            Hit(
                rank, float(shared), {"words": float(shared)}, hit.passage, hit.document, Location()
            )
            for rank, (shared, hit) in enumerate(best[: query.k], start=1)
            if shared
        ]
        return SearchResult(query.text, tuple(hits), {"total_s": 0.5})

    @property
    def prompts(self) -> list[str]:
        """What the model was asked."""
        return self.model.prompts if isinstance(self.model, SayingModel) else []

    def articles(self, query: Query) -> tuple[ArticleHit, ...]:
        self.surveys.append(query)
        asked = set(content_stems(query.text))
        found = []
        for name in self._seen(query):
            text = " ".join(self.documents[name])
            if shared := len(asked.intersection(content_stems(text))):
                (hit, *_) = self._hits(name)
                found.append(ArticleHit(hit.document, text, float(shared)))
        return tuple(sorted(found, key=lambda one: (-one.score, one.document.id))[: query.k])

    def read(self, query: Query, document_id: str) -> tuple[Hit, ...]:
        self.readings.append(query)
        if document_id not in self._seen(query):
            raise QueryError(f"there is no document {document_id!r} among those asked about")
        return tuple(self._hits(document_id))

    def _seen(self, query: Query) -> list[str]:
        names = [name for name in self.documents if name != "secret" or query.collections != MAIN]
        wanted = [one for one in query.filters if one.key == "id"]
        return [n for n in names if all(matches(one.operator, n, one.value) for one in wanted)]

    def _hits(self, name: str) -> Iterator[Hit]:
        start = 0
        info = DocumentInfo(name, f"file:///{name}", name.title(), "text")
        for rank, text in enumerate(self.documents[name], start=1):
            passage = Passage(f"{name}-{rank}", start, start + len(text), text)
            yield Hit(rank, 0.0, {}, passage, info, Location())
            start += len(text) + 1


class SayingModel:
    """Says its replies in order, and the last one for ever; without any, it fails."""

    name = "saying"
    context_tokens = 4096

    def __init__(self, *replies: str) -> None:
        self.replies = replies
        self.prompts: list[str] = []

    def count(self, messages: Sequence[Message]) -> int:
        return sum(len(message.content.split()) for message in messages)

    def stream(
        self,
        messages: Sequence[Message],
        max_tokens: int,
        *,
        passages: int = 0,
        schema: Mapping[str, Any] | None = None,
    ) -> Iterator[str | Usage]:
        self.prompts.append("\n".join(message.content for message in messages))
        if not self.replies:
            raise EngineError("the model is broken")
        yield self.replies[min(len(self.prompts), len(self.replies)) - 1]
        yield Usage(1, 1)
