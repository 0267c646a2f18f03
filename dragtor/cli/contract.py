"""The JSON that programs get: shapes are a contract, described in docs/json.md.

Ids are strings, absent fields are null, and no key is ever left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from dragtor.surroundings import Surroundings
from dragtor.types import (
    Answer,
    Citation,
    Decision,
    Document,
    DocumentInfo,
    Generation,
    Hit,
    LibraryStatus,
    Location,
    Passage,
    Prompt,
    SearchResult,
    Section,
    Sentence,
    Step,
)

Json = dict[str, Any]


def search_json(result: SearchResult) -> Json:
    """What ``dragtor search --json`` prints."""
    return {
        "question": result.question,
        "hits": [hit_json(hit) for hit in result.hits],
        "timings": _rounded(result.timings),
    }


def answer_json(answer: Answer, *, traced: bool = False) -> Json:
    """What ``dragtor ask --json`` prints; the trace is null unless it is wanted."""
    return {
        "question": answer.question,
        "rewritten": answer.rewritten,
        "kind": answer.kind,
        "refused": answer.refused,
        "answer": answer.text,
        "sentences": [_sentence(sentence) for sentence in answer.sentences],
        "nearest": [_citation(citation) for citation in answer.nearest],
        "decision": _decision(answer.decision),
        "hits": [hit_json(hit) for hit in answer.hits],
        "model": answer.model,
        "notices": [asdict(notice) for notice in answer.notices],
        "usage": asdict(answer.usage),
        "timings": {
            name: round(answer.timings.get(name, 0.0), 4)
            for name in ("retrieve_s", "first_token_s", "total_s")
        },
        "trace": [_step(step) for step in answer.trace] if traced else None,
    }


def prompt_json(prompt: Prompt) -> Json:
    """What ``dragtor ask --show-prompt --json`` prints."""
    return {"messages": [asdict(message) for message in prompt.messages], "tokens": prompt.tokens}


def error_json(question: str, error: Exception) -> Json:
    """The line of a question that could not be dealt with."""
    return {"question": question, "error": str(error)}


def hit_json(hit: Hit) -> Json:
    """One hit, alike in searches and answers."""
    return {
        "rank": hit.rank,
        "score": round(hit.score, 6),
        "scores": _rounded(hit.scores),
        **_placed(hit.passage, hit.document, hit.location),
        "found": asdict(hit.found) if hit.found else None,
    }


def surroundings_json(around: Surroundings) -> Json:
    """What ``dragtor show --json`` prints."""
    found = around.resolved
    return {
        **_placed(found.passage, found.document, found.location),
        "before": around.before,
        "after": around.after,
    }


def _placed(passage: Passage, document: DocumentInfo, location: Location) -> Json:
    return {
        "passage": {
            "id": passage.id,
            "start": passage.start,
            "end": passage.end,
            "text": passage.text,
        },
        "document": {
            "id": document.id,
            "uri": document.uri,
            "title": document.title,
            "author": document.author,
            "kind": document.kind,
        },
        "location": location_json(location),
    }


def location_json(location: Location) -> Json:
    """Page, heading, seconds and speaker, null where unknown."""
    return asdict(location)


def document_json(info: DocumentInfo) -> Json:
    """What ``dragtor sources list --json`` prints of a document."""
    return {**asdict(info), "metadata": dict(info.metadata)}


def whole_document_json(document: Document) -> Json:
    """What ``dragtor sources show --json`` prints: with the whole text and its marks."""
    return {
        **document_json(document.info),
        "version": document.version,
        "text": document.text,
        "marks": [asdict(mark) for mark in document.marks],
    }


def outline_json(document: Document, sections: Sequence[Section]) -> Json:
    """What ``dragtor outline --json`` prints."""
    shown = [
        {**asdict(one), "topics": list(one.topics), "location": location_json(one.location)}
        for one in sections
    ]
    return {"document": document_json(document.info), "sections": shown}


def status_json(status: LibraryStatus, models: Mapping[str, str]) -> Json:
    """What ``dragtor status --json`` prints."""
    return {
        **asdict(status),
        "active": _generation(status.active),
        "building": _generation(status.building),
        "models": dict(models),
    }


def _generation(generation: Generation | None) -> Json | None:
    return {**asdict(generation), "id": str(generation.id)} if generation else None


def _decision(decision: Decision | None) -> Json | None:
    if decision is None:
        return None
    return {"answerable": round(decision.answerable, 4), "refuse": decision.refuse}


def _step(step: Step) -> Json:
    return {
        "kind": step.kind,
        "name": step.name,
        "detail": dict(step.detail),
        "seconds": round(step.seconds, 4),
    }


def _sentence(sentence: Sentence) -> Json:
    return {
        "text": sentence.text,
        "support": {
            "verdict": sentence.support.verdict,
            "score": round(sentence.support.score, 4),
        },
        "citations": [_citation(citation) for citation in sentence.citations],
    }


def _citation(citation: Citation) -> Json:
    return {
        "passage_id": citation.passage_id,
        "document_id": citation.document_id,
        "uri": citation.uri,
        "title": citation.title,
        "quote": citation.quote,
        "start": citation.start,
        "end": citation.end,
        "location": location_json(citation.location),
    }


def _rounded(figures: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 6) for name, value in figures.items()}
