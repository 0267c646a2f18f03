"""Steps of a trace, each made of what it is about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from dragtor.types import Decision, Prompt, Query, SearchResult, Step


def found(query: Query, result: SearchResult) -> Iterator[Step]:
    """What was searched for, and what was found."""
    yield Step("query", query.retriever, {"text": query.text, "k": query.k})
    hits = [
        {"rank": hit.rank, "passage": hit.passage.id, "title": hit.document.title}
        | {"score": round(hit.score, 4)}
        for hit in result.hits
    ]
    yield Step("hits", query.retriever, {"hits": hits}, result.timings.get("total_s", 0.0))


def asked(name: str, prompt: Prompt) -> Step:
    """What a model is asked."""
    messages = [asdict(message) for message in prompt.messages]
    return Step("prompt", name, {"messages": messages, "tokens": prompt.tokens})


def replied(name: str, text: str, seconds: float) -> Step:
    """What a model said."""
    return Step("reply", name, {"text": text}, seconds)


def decided(name: str, decision: Decision) -> Step:
    """Whether the sources hold the answer, and why."""
    figures = {key: round(value, 4) for key, value in decision.because.items()}
    detail = {"answerable": round(decision.answerable, 4), "refuse": decision.refuse, **figures}
    return Step("decision", name, detail)
