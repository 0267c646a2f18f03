"""The values that flow through dragtor, each frozen, each with its invariant.

::

    Original ─extract→ Content ─store→ Document ─split→ Passage ─retrieve→ Hit ─answer→ Answer

Offsets count Unicode code points of ``Document.text``, which was cleaned once, at load
(:func:`dragtor.text.clean`), and never changes again. For every passage and every citation::

    document.text[passage.start:passage.end] == passage.text
    document.text[citation.start:citation.end] == citation.quote
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
"""A matrix of shape (n, dimension), or one vector of shape (dimension,); rows have length 1."""

Codes = npt.NDArray[np.uint8]
"""Packed token vectors of a text, shape (tokens, bytes); see :mod:`dragtor.late.codec`."""

Metric = Literal["cosine", "ip"]
"""How vectors of a space are compared: by cosine, or by inner product."""

Mode = Literal["auto", "write", "quote"]
"""Who words an answer: a language model, or the sources themselves."""


# --- documents ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mark:
    """What begins at an offset of a text: a page, a heading, a second of sound, a speaker's turn.

    A mark holds until the next mark of the same kind. ``level`` is 1 to 6 and goes with
    ``heading``; ``page`` counts from 1; ``seconds`` from the start of the recording;
    ``speaker`` is an id, not a name.
    """

    offset: int
    page: int | None = None
    heading: str | None = None
    level: int | None = None
    seconds: float | None = None
    speaker: str | None = None


@dataclass(frozen=True, slots=True)
class Location:
    """Where in its document something lies, as far as the marks tell."""

    page: int | None = None
    heading: str | None = None
    seconds: float | None = None
    speaker: str | None = None


@dataclass(frozen=True, slots=True)
class Original:
    """Bytes as they were fetched, before anything was understood of them.

    ``media_type`` chooses the extractor. ``validator`` is an opaque string by which the source
    can tell later, cheaply, that nothing has changed (size and time of a file, ETag of a page);
    ``None`` when the source has no such thing.
    """

    uri: str
    media_type: str
    data: bytes
    validator: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Something a source holds, known by its address before it is fetched.

    ``validator`` is what discovery learned for free (see :class:`Original`). ``skipped`` gives
    the reason when the source leaves it out without fetching it.
    """

    uri: str
    validator: str | None = None
    skipped: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What the library remembers of an original: enough to see that nothing has to be done.

    ``extractor`` is the version that understood it last. ``removed`` is true when a person removed
    it, so that a refresh does not bring it back.
    """

    validator: str | None
    media_type: str
    extractor: str
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Content:
    """What an extractor understood of an original: clean text, with marks in offset order.

    ``key`` and ``uri`` are set where one original holds many documents (JSON Lines): ``key`` is
    the document's own id there, ``uri`` its own address.
    """

    text: str
    title: str
    kind: str
    marks: tuple[Mark, ...] = ()
    author: str | None = None
    published: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    key: str | None = None
    uri: str | None = None


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """A document without its text. ``published`` is an ISO 8601 date or date and time."""

    id: str
    uri: str
    title: str
    kind: str
    author: str | None = None
    published: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Document:
    """One version of a document, with its whole text. ``version`` rises and is never reused."""

    info: DocumentInfo
    version: int
    text: str
    marks: tuple[Mark, ...] = ()


# --- passages ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a text: ``0 <= start < end <= len(text)``."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Cut:
    """A passage to be, as a splitter cuts it: ``0 <= start < end <= len(text)``.

    ``parent`` is the wider stretch around it that a model may read in its place, if there is one.
    """

    start: int
    end: int
    parent: Span | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """The unit of retrieval: ``document.text[start:end] == text``.

    ``id`` is made of the document's id, the hash of the text and which occurrence of that text
    in the document this is. So text inserted above changes no id, and an id never comes to stand
    for another text. ``encoder_input`` is exactly what the encoder sees, context line included,
    while a passage is being indexed; of one that was, ``input_hash`` is the hash of it.
    ``parent`` is as in :class:`Cut`.
    """

    id: str
    start: int
    end: int
    text: str
    encoder_input: str = ""
    input_hash: str = ""
    parent: Span | None = None


@dataclass(frozen=True, slots=True)
class Encoded:
    """What an encoder makes of texts in one run.

    ``vectors`` has shape (texts, dimension); ``spans`` holds for each text the vectors of the spans
    that were asked for, shape (spans, dimension), all of length 1. ``tokens`` holds for each text
    those of its tokens, special ones included, of length 1, shape (tokens, dimension).
    """

    vectors: Vectors
    spans: list[Vectors]
    tokens: list[Vectors]


@dataclass(frozen=True, slots=True)
class Resolved:
    """A passage with its document's description and its place, as a hit needs them.

    ``location`` is where the passage begins; ``marks`` are those of the document inside it.
    """

    passage: Passage
    document: DocumentInfo
    location: Location
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Generation:
    """A splitter with its named vector spaces; ``spaces`` maps a name to an encoder's fingerprint.

    One generation is active and answers; at most one other is being built beside it.
    ``recipe`` is the configuration it was made with, so that an old generation can still be
    searched with its own encoder after the configuration has moved on.
    """

    id: int
    splitter: str
    spaces: Mapping[str, str]
    recipe: Mapping[str, str]


# --- what there is -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """A source, what it gave (documents by kind) and what failed when it was loaded last.

    ``loaded`` is an ISO 8601 time in UTC; ``failures`` gives the reason by URI.
    """

    uri: str
    remembered: bool
    kinds: Mapping[str, int]
    loaded: str | None
    failures: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LibraryStatus:
    """Counts over all collections. ``sizes`` are bytes on disk by part of the library.

    ``pending`` documents are loaded but not indexed in ``active``, the generation that answers;
    ``passages`` are those it has.
    """

    collections: tuple[str, ...]
    sources: int
    documents: int
    pending: int
    passages: int
    active: Generation | None
    building: Generation | None
    revision: int
    sizes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of a document about one thing: ``start`` to ``end`` of its text.

    Sections of a document follow one another, and hold all of its text but white space.
    ``titled`` says where the title is from: a heading of the document (with its ``level``, 1 to
    6), a language model, or the stretch's own most telling words.
    """

    start: int
    end: int
    title: str
    topics: tuple[str, ...]
    location: Location
    titled: Literal["heading", "model", "words"]
    level: int | None = None


# --- questions and what is found ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition on a document. The same key twice is OR, different keys are AND.

    ``operator``: ``=`` equal, ``>`` ``>=`` ``<`` ``<=`` ordered (numbers as numbers, otherwise
    as text), ``^=`` begins with, ``*=`` contains, ``has`` is there at all (``value`` is empty).
    Keys and text compare without regard to case. A date compares as far as ``value`` says it:
    2023-05-01 is ``=2023``, ``>=2023`` and ``<=2023``. Conditions that order are AND even with
    the same key, so that ``published>=2020`` with ``published<2022`` is a range.
    """

    key: str
    operator: Literal["=", ">", ">=", "<", "<=", "^=", "*=", "has"]
    value: str = ""


MOST = 1_000_000
"""Most passages, candidates or neighbours that can be asked for."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """How passages are found and ordered; all of it may differ per query.

    ``retriever``: ``hybrid`` for every part that the index has, or parts joined by ``+``:
    ``keyword``, ``dense``, ``late``, and the names of further encoders. Each part proposes its
    best ``candidates``. Several parts are merged by ``fusion``, a name of ``FUSIONS`` in
    ``dragtor/build/choices.py``, in which ``dense_weight`` (0 to 1) is the share of meaning
    against words, ``late_weight`` how much ``late`` counts among what reads meaning (1: as much
    as another part), and ``rrf_k`` the constant of reciprocal rank fusion; with ``complete``, every
    part first scores what only others have found. ``reranker`` looks again at the best
    ``rerank_candidates``, and ``rerank_weight`` (0 to 1) is its share of the score that follows.
    Of what is left, ``surrounding`` passages on each side, or the parent of each, are read as well.
    """

    retriever: str = "hybrid"
    candidates: int = 100
    fusion: str = "convex"
    dense_weight: float = 0.7
    late_weight: float = 1.5
    rrf_k: int = 60
    complete: bool = True
    reranker: str = "none"
    rerank_candidates: int = 50
    rerank_weight: float = 1.0
    surrounding: int = 0
    parents: bool = True


@dataclass(frozen=True, slots=True)
class Query:
    """A question with everything that may differ per question; nothing of it lives elsewhere.

    ``ranking`` is as the settings say where it is ``None``.
    ``strategy`` is how ``ask`` gathers what the answer rests on; ``mode`` says whether a language
    model writes the answer or the sources' own sentences are quoted (``auto``: as is set up).
    """

    text: str
    k: int = 8
    ranking: Ranking | None = None
    filters: tuple[Filter, ...] = ()
    collections: tuple[str, ...] = ("main",)
    strategy: str = "plain"
    mode: Mode = "auto"


@dataclass(frozen=True, slots=True)
class Scored:
    """A passage's id with a score; a higher score is better, its scale the giver's own."""

    id: str
    score: float


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found, its place, and how each part of retrieval scored it.

    ``location`` and ``marks`` are as in :class:`Resolved`. ``found`` is where the passage of this
    id lies in its document, when what is to be read (``passage``) is wider.
    """

    rank: int
    score: float
    scores: Mapping[str, float]
    passage: Passage
    document: DocumentInfo
    location: Location
    marks: tuple[Mark, ...] = ()
    found: Span | None = None


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Hits in order of rank (from 1), and the seconds each step took."""

    question: str
    hits: tuple[Hit, ...]
    timings: Mapping[str, float]
    notices: tuple[Notice, ...] = ()


# --- evidence ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence of a hit's passage, and how far it bears on the question.

    ``span`` counts from the passage's start. ``cosine`` is that of the vectors of question and
    sentence; ``coverage`` the share of the question's content words, weighted by rarity, that the
    sentence holds, in [0, 1]; ``relevance`` is made of both and of the passage's rank, and decides.
    ``heading_cosine`` is that of the heading it stands under, where its passage holds one.
    """

    hit: Hit
    span: Span
    cosine: float
    coverage: float
    relevance: float
    heading_cosine: float | None = None

    @property
    def text(self) -> str:
        """The sentence, as it stands in the passage."""
        return self.hit.passage.text[self.span.start : self.span.end]


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What of a hit a model is to read: spans of its passage's text, in text order."""

    hit: Hit
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether the sources hold the answer: a probability, and what follows from it.

    ``because`` are the figures it was made of, by name.
    """

    answerable: float
    refuse: bool
    because: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a strategy brings to an answer.

    ``whole`` asks for the hits to be read whole, in passes where they are too much for one prompt,
    instead of the sentences that bear on the question.
    """

    result: SearchResult
    whole: bool = False


@dataclass(frozen=True, slots=True)
class ArticleHit:
    """A whole document that bears on a question; a higher ``score`` is better.

    ``summary`` is the text of a document that stands for itself, and empty where a longer one has
    none yet.
    """

    document: DocumentInfo
    summary: str
    score: float


# --- answers -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens read and written by the language model."""

    prompt_tokens: int = 0
    completion_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        """The tokens of both."""
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done on the way to an answer, for whoever wants to see why it came out.

    ``kind``: ``query`` (what was searched for), ``hits`` (what was found), ``prompt`` (what a model
    was asked), ``reply`` (what it said), ``decision`` (what was made of it). ``detail`` holds only
    what JSON can say. ``usage`` is of a reply on the way to the words of an answer.
    """

    kind: Literal["query", "hits", "prompt", "reply", "decision"]
    name: str
    detail: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    usage: Usage = Usage()


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A follow-up as a question of its own, and who made it so.

    Where ``clarify`` is set the question cannot be understood, and this is what to ask back.
    ``steps`` are what a model was asked for it and said.
    """

    text: str
    by: Literal["asked", "rules", "model"] = "asked"
    clarify: str | None = None
    steps: tuple[Step, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation, as chat templates take it."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is asked: ``excerpts`` are in it, numbered from 1 in this order."""

    messages: tuple[Message, ...]
    excerpts: tuple[Excerpt, ...]
    tokens: int
    notices: tuple[Notice, ...] = ()

    @property
    def hits(self) -> tuple[Hit, ...]:
        """The passages that the excerpts are of, in the same order."""
        return tuple(excerpt.hit for excerpt in self.excerpts)


@dataclass(frozen=True, slots=True)
class Turn:
    """A question of a chat and the answer it got.

    ``rewritten`` is the question as one of its own, where it was none. ``asked_back`` says that the
    answer is a question back. ``shown`` says whether the model that writes is to see the turn;
    whoever rewrites follow-ups sees all.
    """

    question: str
    answer: str
    rewritten: str | None = None
    asked_back: bool = False
    shown: bool = True

    @property
    def standalone(self) -> str:
        """The question, so that it can be understood without the turns before it."""
        return self.rewritten or self.question


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the answer as the model writes it."""

    text: str


@dataclass(frozen=True, slots=True)
class Hint:
    """The model says that what ends at ``offset`` of the clean text rests on passage ``number``."""

    offset: int
    number: int


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should know beside the answer; ``code`` is stable, for programs."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a sentence rests: ``document.text[start:end] == quote``, inside the cited passage."""

    passage_id: str
    document_id: str
    uri: str
    title: str
    quote: str
    start: int
    end: int
    location: Location


@dataclass(frozen=True, slots=True)
class Entailment:
    """What follows for a hypothesis from a premise: probabilities, together 1 at most."""

    entailed: float
    contradicted: float = 0.0


@dataclass(frozen=True, slots=True)
class Support:
    """Whether the passages bear a sentence out; ``score`` is between 0 and 1."""

    verdict: Literal["yes", "partly", "no"]
    score: float


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an answer, with what supports it; no citations when the verdict is no."""

    text: str
    support: Support
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """The end of an answer's stream. Every cited passage is among ``hits``.

    ``kind``: ``answer`` (written by a model), ``quote`` (the sources' own sentences), ``refusal``
    (the sources do not hold it; ``nearest`` is the nearest they do hold), ``clarification`` (a
    question back). ``model`` is the name of what wrote it, ``None`` if no model did.
    ``rewritten`` is the question that was really answered, where it is not the one asked.
    ``usage`` is of all that models were asked on the way, too. ``decision`` says how likely the
    sources hold the answer. ``trace`` is how it came about.
    """

    question: str
    kind: Literal["answer", "quote", "refusal", "clarification"]
    text: str
    sentences: tuple[Sentence, ...]
    hits: tuple[Hit, ...]
    model: str | None
    notices: tuple[Notice, ...] = ()
    usage: Usage = Usage()
    timings: Mapping[str, float] = field(default_factory=dict)
    nearest: tuple[Citation, ...] = ()
    rewritten: str | None = None
    decision: Decision | None = None
    trace: tuple[Step, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether the sources did not hold the answer."""
        return self.kind == "refusal"

    def parts(self) -> Iterator[tuple[str, Sentence | None]]:
        """The text piece by piece, each with its sentence, or with None for what lies between."""
        position = 0
        for sentence in self.sentences:
            start = self.text.find(sentence.text, position)
            if start >= 0:
                yield self.text[position:start], None
                yield sentence.text, sentence
                position = start + len(sentence.text)
        yield self.text[position:], None
