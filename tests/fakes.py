"""Small things that fit the Protocols and do what they say, for tests of one stage.

Add to this file what you need; each fake is as simple as its Protocol allows.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from dragtor.answer.citations import citation
from dragtor.answer.structured import Wording
from dragtor.config import Settings
from dragtor.errors import EngineError
from dragtor.passages import sentence_spans
from dragtor.text import words
from dragtor.types import (
    Decision,
    DocumentInfo,
    Evidence,
    Filter,
    Hint,
    Hit,
    Location,
    Message,
    Metric,
    Passage,
    Resolved,
    Scored,
    Sentence,
    Support,
    Usage,
    Vectors,
)

WORDING = Wording.parse(Settings().prompts.form, Settings().prompts.repair)
"""How the models of tests are asked to fill in forms."""


class FakeLibrary:
    """Passages by id, each of a document of its own; ``scope`` is the collection's passages."""

    def __init__(
        self, texts: Mapping[str, str], collections: Mapping[str, Collection[str]] | None = None
    ) -> None:
        self.texts = dict(texts)
        self.collections = collections or {}

    def resolve(self, generation: int, ids: Sequence[str]) -> dict[str, Resolved]:
        return {
            id: Resolved(
                Passage(id, 0, len(self.texts[id]), self.texts[id], self.texts[id]),
                DocumentInfo(f"d-{id}", f"file:///{id}", id.upper(), "text"),
                Location(),
            )
            for id in ids
            if id in self.texts
        }

    def scope(
        self, generation: int, collections: Sequence[str], filters: Sequence[Filter]
    ) -> frozenset[str] | None:
        if not self.collections:
            return None
        return frozenset(id for name in collections for id in self.collections[name])


class FakeKeywordIndex:
    """Scores a passage by how many words of the question it has."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = dict(texts)

    def search(
        self, generation: int, text: str, k: int, among: Collection[str] | None = None
    ) -> list[Scored]:
        ids = [id for id in self.texts if among is None or id in among]
        scored = [Scored(id, score) for id, score in self.score(generation, text, ids).items()]
        scored.sort(key=lambda one: (-one.score, one.id))
        return [one for one in scored if one.score > 0][:k]

    def score(self, generation: int, text: str, ids: Collection[str]) -> dict[str, float]:
        asked = set(words(text))
        return {
            id: float(sum(word in asked for word in words(self.texts.get(id, "")))) for id in ids
        }


class FakeVectorStore:
    """Exact search over a dict of vectors, one space for all."""

    def __init__(self, vectors: Mapping[str, Sequence[float]]) -> None:
        self.vectors = {id: unit(vector) for id, vector in vectors.items()}

    def search(
        self, space: str, vector: Vectors, k: int, among: Collection[str] | None = None
    ) -> list[Scored]:
        scored = [
            Scored(id, float(row @ vector))
            for id, row in self.vectors.items()
            if among is None or id in among
        ]
        return sorted(scored, key=lambda one: (-one.score, one.id))[:k]

    def get(self, space: str, ids: Sequence[str]) -> dict[str, Vectors]:
        return {id: self.vectors[id] for id in ids if id in self.vectors}


class DictVectorStore:
    """A whole vector store: a dictionary for each space, searched exactly."""

    def __init__(self) -> None:
        self.vectors: dict[str, dict[str, Vectors]] = {}

    def close(self) -> None:
        """Nothing is open."""

    def create(self, space: str, dimension: int, metric: Metric = "cosine") -> None:
        self.vectors.setdefault(space, {})

    def add(self, space: str, ids: Sequence[str], vectors: Vectors) -> None:
        self.vectors[space].update(zip(ids, vectors, strict=True))

    def delete(self, space: str, ids: Collection[str]) -> None:
        for id in ids:
            self.vectors.get(space, {}).pop(id, None)

    def search(
        self, space: str, vector: Vectors, k: int, among: Collection[str] | None = None
    ) -> list[Scored]:
        scored = [
            Scored(id, float(row @ vector))
            for id, row in self.vectors.get(space, {}).items()
            if among is None or id in among
        ]
        return sorted(scored, key=lambda one: (-one.score, one.id))[:k]

    def get(self, space: str, ids: Sequence[str]) -> dict[str, Vectors]:
        there = self.vectors.get(space, {})
        return {id: there[id] for id in ids if id in there}

    def ids(self, space: str) -> set[str]:
        return set(self.vectors.get(space, {}))

    def spaces(self) -> set[str]:
        return set(self.vectors)

    def drop(self, space: str) -> None:
        self.vectors.pop(space, None)


class FakeEncoder:
    """Gives each text the vector it was told, and all others the first axis."""

    fingerprint = "fake"
    max_tokens = 256

    def __init__(self, vectors: Mapping[str, Sequence[float]], dimension: int = 2) -> None:
        self.vectors = {text: unit(vector) for text, vector in vectors.items()}
        self.dimension = dimension

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        other = unit([1.0] + [0.0] * (self.dimension - 1))
        return np.stack([self.vectors.get(text, other) for text in texts])

    encode_queries = encode_passages


class FakeReranker:
    """Prefers short texts."""

    name = "short"

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        return [-float(len(text)) for text in texts]


def unit(vector: Sequence[float]) -> Vectors:
    """A vector of length 1 in this direction."""
    row = np.asarray(vector, dtype=np.float32)
    length = np.linalg.norm(row)
    return row / length if length else row


class ScriptedModel:
    """Says its answers in order, word by word; a token is a word. It has no grammar."""

    name = "scripted"

    def __init__(self, answers: Sequence[str], context_tokens: int = 4096) -> None:
        self.answers = list(answers)
        self.context_tokens = context_tokens
        self.prompts: list[Sequence[Message]] = []
        self.schemas: list[Mapping[str, Any] | None] = []
        self.written = 0

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
        prompt = self.count(messages)
        if prompt >= self.context_tokens:
            raise EngineError(f"the prompt has {prompt} tokens, too many")
        self.prompts.append(messages)
        self.schemas.append(schema)
        self.written = 0
        for piece in re.findall(r"\s*\S+", self.answers.pop(0))[:max_tokens]:
            self.written += 1
            yield piece
        yield Usage(prompt, self.written)


class WordFinder:
    """Relevance is the share of the question's words that a sentence holds."""

    def find(self, question: str, hits: Sequence[Hit]) -> tuple[Evidence, ...]:
        asked = set(words(question))
        found = []
        for hit in hits:
            for span in sentence_spans(hit.passage.text):
                held = asked.intersection(words(hit.passage.text[span.start : span.end]))
                share = len(held) / max(1, len(asked))
                found.append(Evidence(hit, span, share, share, share))
        return tuple(found)


class WordChecker:
    """A sentence is borne out by one that holds all its words, partly by one that holds half."""

    name = "words"

    def check(
        self, text: str, hits: Sequence[Hit], hints: Sequence[Hint] = ()
    ) -> tuple[Sentence, ...]:
        return tuple(self._judge(text[s.start : s.end], hits) for s in sentence_spans(text))

    def _judge(self, claim: str, hits: Sequence[Hit]) -> Sentence:
        wanted = set(words(claim))
        places = [(hit, span) for hit in hits for span in sentence_spans(hit.passage.text)]
        shares = [
            len(wanted.intersection(words(hit.passage.text[span.start : span.end])))
            / max(1, len(wanted))
            for hit, span in places
        ]
        score = max(shares, default=0.0)
        if score < 0.5:
            return Sentence(claim, Support("no", score))
        cited = (citation(*places[shares.index(score)]),)
        return Sentence(claim, Support("yes" if score == 1 else "partly", score), cited)


class FixedRefuser:
    """Says what it was told; after a draft, it refuses what the model refused."""

    def __init__(self, answerable: float = 0.9, *, refuse: bool = False) -> None:
        self.decision = Decision(answerable, refuse)

    def before(self, question: str, hits: Sequence[Hit], evidence: Sequence[Evidence]) -> Decision:
        return self.decision if evidence else Decision(0.0, refuse=True)

    def after(
        self, before: Decision, sentences: Sequence[Sentence], model_refused: bool
    ) -> Decision:
        return Decision(before.answerable, before.refuse or model_refused)
