"""Steps of a trace, each made of what it is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from dragtor.types import Decision, Hit, Prompt, Query, Ranking, SearchResult, Step, Usage

SHOWN_CHARS = 80
"""So much of a passage's text goes into a trace: enough to know it by."""


def found(query: Query, result: SearchResult) -> Iterator[Step]:
    """What was searched for, how deep, and all that was found."""
    name = (query.ranking or Ranking()).retriever
    yield Step("query", name, {"text": query.text, "k": query.k})
    yield listed(name, result.hits, result.timings.get("total_s", 0.0))


def listed(name: str, hits: Sequence[Hit], seconds: float = 0.0) -> Step:
    """Hits, each as little as tells it from others, and all that scored it."""
    rows = [
        {
            "rank": hit.rank,
            "passage": hit.passage.id,
            "title": hit.document.title,
            "score": round(hit.score, 4),
            "scores": {part: round(score, 4) for part, score in hit.scores.items()},
            "text": shortened(hit.passage.text),
        }
        for hit in hits
    ]
    return Step("hits", name, {"hits": rows}, seconds)


def asked(name: str, prompt: Prompt) -> Step:
    """What a model is asked."""
    messages = [asdict(message) for message in prompt.messages]
    return Step("prompt", name, {"messages": messages, "tokens": prompt.tokens})


def replied(name: str, text: str, seconds: float, usage: Usage | None = None) -> Step:
    """What a model said; ``usage`` is given on the way to an answer, which has its own."""
    return Step("reply", name, {"text": text}, seconds, usage or Usage())


def decided(name: str, decision: Decision) -> Step:
    """Whether the sources hold the answer, and why."""
    figures = {key: round(value, 4) for key, value in decision.because.items()}
    detail = {"answerable": round(decision.answerable, 4), "refuse": decision.refuse, **figures}
    return Step("decision", name, detail)


def shortened(text: str, chars: int = SHOWN_CHARS) -> str:
    """The beginning of a text on one line.

    >>> shortened("Grade II injuries heal in six weeks.", 20)
    'Grade II injuries…'
    """
    line = " ".join(text.split())
    if len(line) <= chars:
        return line
    return (line[: chars + 1].rsplit(" ", 1)[0] if " " in line[: chars + 1] else line[:chars]) + "…"
