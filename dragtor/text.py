"""Pure functions on text: cleaning, sentences, words. Offsets count Unicode code points."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from dragtor.errors import QueryError
from dragtor.types import Location, Mark, Span

_LINE_ENDS = re.compile(r"\r\n?|[\u2028\u2029\x85]")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_WORD = re.compile(r"\w+(?:['’.\-]\w+)*", re.UNICODE)
_PART = re.compile(r"\w+")
# A blank line, or a line that begins a list item, a heading or a table row.
_BLOCK_BREAK = re.compile(
    r"\n(?:[ \t]*\n)+|\n(?=[ \t]*(?:[-*+•·][ \t]|\d{1,3}[.)][ \t]|#{1,6}[ \t]|\|))"
)

_NOWHERE = Location()

STOP_WORDS = frozenset(
    """a about above after again against all am an and any are as at be because been before being
    below between both but by can could did do does doing down during each few for from further had
    has have having he her here hers him his how i if in into is it its itself just me more most my
    no nor not of off on once only or other our out over own same she should so some such than that
    the their them then there these they this those through to too under until up very was we were
    what when where which while who whom why will with would you your""".split()
)
"""English function words, which say nothing about what a passage is about."""


def clean(text: str) -> str:
    r"""Make a text storable: line ends become ``\n``; NUL and lone surrogates become U+FFFD.

    Nothing else changes, and applying it twice is the same as once.

    >>> clean("a\r\nb\x00")
    'a\nb\ufffd'
    """
    return _UNSTORABLE.sub("\ufffd", _LINE_ENDS.sub("\n", text))


def encodable(text: str) -> str:
    r"""A text of the same length that has an encoding: no lone surrogates, which a model may write.

    >>> encodable("\ud800 heals")
    '\ufffd heals'
    """
    return _SURROGATE.sub("\ufffd", text)


def blocks(text: str, within: Span | None = None) -> Iterator[Span]:
    """Paragraphs, list items, headings and table rows, without the white space around them."""
    span = within or Span(0, len(text))
    start = span.start
    for gap in _BLOCK_BREAK.finditer(text, span.start, span.end):
        yield from _stripped(text, start, gap.start())
        start = gap.end()
    yield from _stripped(text, start, span.end)


def sentences(text: str, within: Span | None = None) -> list[Span]:
    """Sentences in text order, without the white space around them; they never overlap.

    Blocks (see :func:`blocks`) end sentences; inside a block the sentencex library decides
    (rules for abbreviations, quotes, numbers; its English rules serve other languages well enough).
    """
    import sentencex

    found: list[Span] = []
    for block in blocks(text, within):
        start = block.start
        for piece in sentencex.segment("en", encodable(text[block.start : block.end])):
            found.extend(_stripped(text, start, start + len(piece)))
            start += len(piece)
    return found


def words(text: str) -> list[str]:
    """Words in lower case, numbers and inner hyphens, points and apostrophes kept.

    >>> words("Max. 2.5 kg, A2-pulley")
    ['max', '2.5', 'kg', 'a2-pulley']
    """
    return [match.group().lower() for match in _WORD.finditer(text)]


def require_words(question: str) -> None:
    """Raise QueryError for a question without a single word."""
    if not words(question):
        raise QueryError(
            f"the question {question.strip()[:60]!r} has nothing to search for: "
            "ask with at least one word"
        )


def word_spans(text: str) -> Iterator[Span]:
    """Where the words of :func:`words` lie."""
    for match in _WORD.finditer(text):
        yield Span(match.start(), match.end())


def telling_spans(text: str) -> list[Span]:
    """Where the words lie that say what a text is about, hyphenated ones taken apart.

    These are all but stop words; all words where there are no others.

    >>> [(span.start, span.end) for span in telling_spans("What about the A2-pulley?")]
    [(15, 17), (18, 24)]
    """
    spans = [Span(match.start(), match.end()) for match in _PART.finditer(text)]
    telling = [one for one in spans if text[one.start : one.end].lower() not in STOP_WORDS]
    return telling or spans


def stems(tokens: Iterable[str]) -> list[str]:
    """Snowball English stems, one for each token.

    >>> stems(["pulleys", "injuries"])
    ['pulley', 'injuri']
    """
    return [_stem(token) for token in tokens]


def content_stems(text: str) -> list[str]:
    """Stems of the words that carry meaning: stop words left out, hyphenated words taken apart."""
    parts = (part for word in words(text) for part in re.split(r"[-'’]", word))
    return [_stem(part) for part in parts if part and part not in STOP_WORDS]


def locate(marks: Iterable[Mark], offset: int, before: Location = _NOWHERE) -> Location:
    """The page, heading, second and speaker that hold at an offset.

    ``marks`` are in offset order; ``before`` is what holds before the first of them. A heading is
    the nearest one above, of any level.
    """
    page, heading, seconds, speaker = before.page, before.heading, before.seconds, before.speaker
    for mark in marks:
        if mark.offset > offset:
            break
        page = mark.page if mark.page is not None else page
        heading = mark.heading if mark.heading is not None else heading
        seconds = mark.seconds if mark.seconds is not None else seconds
        speaker = mark.speaker if mark.speaker is not None else speaker
    return Location(page, heading, seconds, speaker)


def place(location: Location) -> str:
    """A location in words, empty if nothing is known.

    >>> place(Location(page=4, heading="Grades"))
    'p. 4, Grades'
    """
    parts = [
        f"p. {location.page}" if location.page is not None else None,
        clock(location.seconds) if location.seconds is not None else None,
        location.speaker,
        location.heading,
    ]
    return ", ".join(part for part in parts if part)


def clock(seconds: float) -> str:
    """Time in a recording.

    >>> clock(2467.9), clock(4000)
    ('41:07', '1:06:40')
    """
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def heading_path(marks: Iterable[Mark], offset: int) -> tuple[str, ...]:
    """Headings that hold at an offset, outermost first."""
    path: list[tuple[int, str]] = []
    for mark in marks:
        if mark.offset > offset:
            break
        if mark.heading is not None:
            level = mark.level or 1
            path = [(above, title) for above, title in path if above < level]
            path.append((level, mark.heading))
    return tuple(title for _, title in path)


def _stripped(text: str, start: int, end: int) -> Iterator[Span]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield Span(start, end)


@lru_cache(maxsize=65_536)
def _stem(token: str) -> str:
    import snowballstemmer

    # A stemmer holds state while it works; one for each call is what makes this thread-safe.
    stem: str = snowballstemmer.stemmer("english").stemWord(token)
    return stem
