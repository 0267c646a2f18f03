"""Sections and topics of a document.

Where the document has headings, they are its sections. Where it has none for long, as in a
transcript, the program finds where the topic changes, and a language model names what it reads.
What the model says is taken only where it speaks of the section; otherwise, and without a model,
the section's most telling words stand for it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from pydantic import BaseModel, Field

from dragtor.answer.script import Script
from dragtor.answer.segments import cuts
from dragtor.answer.structured import Wording, structured
from dragtor.answer.summarise import Candidate, central
from dragtor.answer.telling import telling
from dragtor.errors import StructureError
from dragtor.interfaces import LanguageModel, Progress
from dragtor.log import logger
from dragtor.text import content_stems, locate, sentences, word_spans, words
from dragtor.types import Document, Section, Span

LONG = 900
"""Words without a heading from which on it is looked for changes of topic."""
LEAST, MOST = 150, 1_500
"""Words of a section that was found so."""
UNIT_WORDS = 60
"""Words from which on a sentence is taken apart."""
MOST_UNITS = 4_000
MOST_SECTIONS = 40
"""Sections found in one stretch, and sections a model is asked about: what bounds its calls."""
READ_WORDS = 350
"""Words of a section that the model reads: all, or the most central sentences."""
_TITLE_WORDS, _TOPICS = 3, 4
_TITLE_CHARS = 80
_BYLINE_WORDS = 12
_BYLINE = re.compile(
    r"\W*(?:by|authors?|written by|published|updated|date|tags?|keywords|source|doi)\b"
    r"|.*\b\d{4}-\d{2}-\d{2}\b",
    re.IGNORECASE,
)
"""A short line of this kind says who wrote it and when, and not what it is about."""
_REFERENCES = re.compile(
    r"[\W\d]*(?:references|bibliography|literature(?: cited)?|works cited|citations|sources"
    r"|further reading)\W*",
    re.IGNORECASE,
)
"""Headings of what lists other works."""
_NAME_TOKENS = 120


class Named(BaseModel):
    """What a model says of a section."""

    title: str = Field(description="a title of two to eight words", max_length=_TITLE_CHARS)
    topics: list[str] = Field(description="two to four topics", max_length=_TOPICS)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A section before it has a name."""

    span: Span
    heading: str | None = None
    level: int | None = None


class Outliner:
    """Makes outlines; without a model, of headings and telling words alone.

    ``prompt`` holds ``{text}``; ``wording`` is how a model is asked to fill in a form.
    """

    def __init__(self, model: LanguageModel | None, prompt: str, wording: Wording) -> None:
        self._model = model
        self._script = Script.parse("outline", prompt, "text")
        self._wording = wording

    def outline(self, document: Document, progress: Progress) -> list[Section]:
        """Sections in text order; none of a document without text. Raises EngineError.

        The model is asked at most MOST_SECTIONS times (twice more where its answer has no form):
        about the longest sections where there are more. Progress counts sections.
        """
        stretches = _stretches(document)
        texts = [document.text[one.span.start : one.span.end] for one in stretches]
        told = _told(stretches, texts)
        longest = sorted(range(len(texts)), key=lambda number: -len(texts[number]))
        asked = set(longest[:MOST_SECTIONS]) if self._model else set()
        sections = []
        progress(0, len(stretches), "sections")
        for number, (stretch, text) in enumerate(zip(stretches, texts, strict=True)):
            named = self._named(text) if number in asked else None
            sections.append(_section(document, stretch, named, told[number]))
            progress(number + 1, len(stretches), "sections")
        return sections

    def _named(self, text: str) -> Named | None:
        """What the model says of a text, as far as it speaks of it."""
        assert self._model is not None
        messages = self._script.messages(text=_excerpt(text))
        try:
            said = structured(self._model, messages, Named, _NAME_TOKENS, self._wording)
        except StructureError as error:
            logger.info("outline: {}", error)
            return None
        held = frozenset(content_stems(text))
        title = _plain(said.title)
        spoken = [_plain(topic) for topic in said.topics if _speaks_of(topic, held)]
        once = {
            topic.lower(): topic for topic in reversed(spoken) if topic.lower() != title.lower()
        }
        topics = list(reversed(once.values()))
        return Named(title=title if _speaks_of(title, held) else "", topics=topics)


def _section(
    document: Document, stretch: _Stretch, named: Named | None, told: Sequence[str]
) -> Section:
    span = stretch.span
    location = locate(document.marks, span.start)
    topics = tuple(named.topics) if named and named.topics else tuple(told[_TITLE_WORDS:])
    if stretch.heading:
        topics = topics if named and named.topics else tuple(told[:_TOPICS])
        return Section(
            span.start, span.end, stretch.heading, topics, location, "heading", stretch.level
        )
    if named and named.title:
        return Section(span.start, span.end, named.title, topics, location, "model")
    title = ", ".join(told[:_TITLE_WORDS]) or _beginning(document.text[span.start : span.end])
    return Section(span.start, span.end, title[:1].upper() + title[1:], topics, location, "words")


def _told(stretches: Sequence[_Stretch], texts: Sequence[str]) -> list[list[str]]:
    """The telling words of each section: none of references, none that its heading says."""
    said = [
        "" if _REFERENCES.fullmatch(one.heading or "") else _body(text)
        for one, text in zip(stretches, texts, strict=True)
    ]
    known = [set(content_stems(one.heading or "")) for one in stretches]
    most = _TITLE_WORDS + _TOPICS
    told = telling(said, most + max(map(len, known), default=0))
    return [
        [name for name in names if not set(content_stems(name)) <= stems][:most]
        for names, stems in zip(told, known, strict=True)
    ]


def _body(text: str) -> str:
    """A text without lines about itself: who wrote it, and when."""
    return "\n".join(
        line
        for line in text.splitlines()
        if len(words(line)) > _BYLINE_WORDS or not _BYLINE.match(line.strip())
    )


def _speaks_of(said: str, held: frozenset[str]) -> bool:
    """Whether at least half of the words that say something are words of the text."""
    stems = content_stems(said)
    return bool(stems) and 2 * sum(stem in held for stem in stems) >= len(stems)


def _plain(said: str) -> str:
    """One line, without the quotation marks and bullets that models put around a name."""
    return " ".join(said.split()).strip(" .\"'#*-")


def _beginning(text: str) -> str:
    return " ".join(text.split())[:_TITLE_CHARS]


def _stretches(document: Document) -> list[_Stretch]:
    """Sections without names: from heading to heading, long ones cut where the topic changes."""
    text = document.text
    found = []
    for span, heading, level in _between_headings(document):
        first, *others = _cut(text, span)
        found.append(_Stretch(first, heading, level))
        found += [_Stretch(other) for other in others]
    return found


def _between_headings(document: Document) -> list[tuple[Span, str | None, int | None]]:
    """Stretches from heading to heading; of headings with nothing between the last one counts."""
    text = document.text
    borders: list[tuple[int, str | None, int | None]] = [(0, None, None)]
    for mark in document.marks:
        if mark.heading and mark.offset < len(text):
            if not _says_more(text[borders[-1][0] : mark.offset], borders[-1][1]):
                borders[-1] = (borders[-1][0], mark.heading, mark.level)
            else:
                borders.append((mark.offset, mark.heading, mark.level))
    found = []
    for (start, heading, level), (end, *_) in pairwise([*borders, (len(text), None, None)]):
        piece = text[start:end]
        start += len(piece) - len(piece.lstrip())
        if piece.strip():
            found.append((Span(start, start + len(piece.strip())), heading, level))
    return found


def _says_more(piece: str, heading: str | None) -> bool:
    """Whether there is more in a piece than its heading."""
    return words(piece) != words(heading or "")


def _cut(text: str, span: Span) -> list[Span]:
    """A stretch, cut where the topic changes if it is long."""
    units = _units(text, span)
    sizes = [len(words(text[unit.start : unit.end])) for unit in units]
    if sum(sizes) < LONG:
        return [span]
    stems = [content_stems(text[unit.start : unit.end]) for unit in units]
    prior, least = 1.0, max(LEAST, sum(sizes) // (2 * MOST_SECTIONS))
    while len(starts := cuts(stems, sizes, least, max(MOST, 2 * least), prior)) > MOST_SECTIONS:
        prior, least = prior * 2, least * 2
    edges = [*(units[number].start for number in starts), span.end]
    edges[0] = span.start
    return [Span(start, start + len(text[start:end].rstrip())) for start, end in pairwise(edges)]


def _units(text: str, span: Span) -> list[Span]:
    """Sentences, taken apart where they are long, as in speech without punctuation.

    Of a book neighbours are taken together, so that there are about MOST_UNITS at most.
    """
    units: list[Span] = []
    for sentence in sentences(text, span):
        starts = [word.start for word in word_spans(text[sentence.start : sentence.end])]
        inner = [sentence.start + start for start in starts[UNIT_WORDS::UNIT_WORDS]]
        edges = [sentence.start, *inner, sentence.end]
        units += [Span(start, end) for start, end in pairwise(edges)]
    many = -(-len(units) // MOST_UNITS)
    return [
        Span(group[0].start, group[-1].end)
        for group in (units[n : n + many] for n in range(0, len(units), many))
    ]


def _excerpt(text: str) -> str:
    """So much of a section as the model reads."""
    if len(words(text)) <= READ_WORDS:
        return text
    candidates = []
    for span in _units(text, Span(0, len(text))):
        said = text[span.start : span.end]
        stems = tuple(content_stems(said))
        candidates.append(Candidate(span, stems, len(words(said)), 1.0))
    spans = central(candidates, READ_WORDS)
    return "\n".join(text[span.start : span.end] for span in spans)
