"""The seams of dragtor: each stage as the smallest Protocol that works.

A new backend is one file that fits one of these, one line in ``build/choices.py``, and a run of the
contract tests in ``tests/contracts/``. Nothing needs to inherit from anything here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal, Protocol

from dragtor.types import (
    Answer,
    ArticleHit,
    Codes,
    Content,
    Cut,
    Decision,
    Document,
    DocumentInfo,
    Encoded,
    Entailment,
    Evidence,
    Filter,
    Found,
    Gathered,
    Generation,
    Hint,
    Hit,
    Known,
    LibraryStatus,
    Message,
    Metric,
    Notice,
    Original,
    Passage,
    Prompt,
    Query,
    Resolved,
    Rewritten,
    Scored,
    SearchResult,
    Sentence,
    SourceInfo,
    Span,
    Step,
    Token,
    Turn,
    Usage,
    Vectors,
)


class Progress(Protocol):
    """Shows how far something has come. Whoever does the work calls it, also with 0 done."""

    def __call__(self, done: int, total: int, what: str) -> None:
        """``total`` may change on the way; ``what`` names the thing in hand."""
        ...


# --- loading -----------------------------------------------------------------------------


class Source(Protocol):
    """A place documents come from: a file, a folder, a page, a section of a site."""

    uri: str
    """The address it is remembered by."""
    min_words: int
    """Documents with fewer words are left out, and named; 0 keeps all that are not empty."""
    unique: bool
    """Whether a document with the same text as another of this source is left out, and named."""
    complete: bool
    """Whether the last discovery named all there is: what it did not name is then gone."""

    def discover(self) -> Iterable[Found]:
        """Name what is there, without fetching it. Raises SourceError if it cannot be reached."""
        ...

    def fetch(self, uri: str, validator: str | None) -> Original | None:
        """Get one thing that was discovered; ``None`` if it is as it was at ``validator``.

        Raises SourceError if it cannot be had.
        """
        ...


class Extractor(Protocol):
    """Turns originals into text with marks."""

    def version(self, media_type: str) -> str:
        """A name that changes when the same bytes of this type would give another text."""
        ...

    def extract(self, original: Original) -> Iterator[Content]:
        """Read an original. Raises SourceError (broken, encrypted) or NothingToRead (empty)."""
        ...


# --- splitting and encoding --------------------------------------------------------------


class Tokenizer(Protocol):
    """Says where the tokens of a text lie."""

    def token_spans(self, text: str) -> Sequence[tuple[int, int]]:
        """(start, end) of each token in code points, in order, special tokens left out."""
        ...


class Splitter(Protocol):
    """Cuts a document into passages. One that gives parents has ``gives_parents = True``."""

    fingerprint: str
    """Changes when the same document would be cut differently."""

    def split(self, document: Document) -> list[Cut]:
        """Cuts in text order, none empty or white space only; they may overlap."""
        ...


class Encoder(Protocol):
    """Turns texts into vectors of length 1, so that a dot product is a cosine."""

    fingerprint: str
    """Changes when the same text would get another vector: model, precision, prefixes, length."""
    dimension: int
    max_tokens: int
    """Tokens that are read at once. Engines see no more of a text; fitted for use, an encoder reads
    a longer passage in windows (:mod:`dragtor.encode.fitted`)."""

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors of shape (len(texts), dimension), in the order of the texts."""
        ...

    def encode_spans(
        self, texts: Sequence[str], spans: Sequence[Sequence[Span]]
    ) -> tuple[Vectors, list[Vectors]]:
        """Vectors of texts as :meth:`encode_passages` gives them, and of spans of each text.

        The latter have shape (spans of the text, dimension) and length 1, and cost no second run.
        """
        ...

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """The same for questions, which some models want to be prefixed differently."""
        ...


class TokenReader(Encoder, Tokenizer, Protocol):
    """An encoder whose vectors are pooled from those of tokens, which can be had as well."""

    def read(self, texts: Sequence[str], spans: Sequence[Sequence[Span]]) -> Encoded:
        """What :meth:`encode_spans` gives, and the token vectors of the same run."""
        ...

    def read_question(self, text: str, spans: Sequence[Span]) -> Vectors:
        """Vectors of spans of a question, shape (spans, dimension), as of those of passages."""
        ...


class TokenEncoder(Protocol):
    """Turns texts into one vector per token, to be compared by MaxSim."""

    fingerprint: str
    """Changes when the same text would get other vectors."""
    dimension: int

    def encode_passage_tokens(self, texts: Sequence[str]) -> list[Vectors]:
        """For each text, vectors of length 1, shape (tokens, dimension)."""
        ...

    def encode_question_tokens(self, text: str) -> Vectors:
        """Vectors of length 1 at most, shape (tokens, dimension); a shorter one counts less."""
        ...


class Reranker(Protocol):
    """Judges passages against a question by reading both together."""

    name: str

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """One score for each text, higher is better."""
        ...


# --- storing -----------------------------------------------------------------------------


class KeywordIndex(Protocol):
    """Finds passages by their words. It is filled inside the library's own transactions."""

    def search(
        self, generation: int, text: str, k: int, among: Collection[str] | None = None
    ) -> list[Scored]:
        """At most k passages, best first, by BM25 (positive, higher is better).

        Any question is legal, also one with only punctuation or with 10,000 words. ``among``
        restricts the search to these passage ids.
        """
        ...

    def score(self, generation: int, text: str, ids: Collection[str]) -> dict[str, float]:
        """The scores that :meth:`search` gives to each of these; 0 where no word is shared."""
        ...


class VectorStore(Protocol):
    """Finds passages by their vectors. A space holds the vectors of one encoder, by passage id.

    It is derived data: whatever it returns may be unknown to the library by now.
    """

    def create(self, space: str, dimension: int, metric: Metric = "cosine") -> None:
        """Make a space; nothing happens if it is there.

        Vectors of a space of ``cosine`` have length 1, those of ``ip`` any: there, scores are
        inner products.
        """
        ...

    def add(self, space: str, ids: Sequence[str], vectors: Vectors) -> None:
        """Store vectors of shape (len(ids), dimension), replacing those of the same ids."""
        ...

    def delete(self, space: str, ids: Collection[str]) -> None:
        """Forget vectors; ids that are not there do no harm."""
        ...

    def search(
        self, space: str, vector: Vectors, k: int, among: Collection[str] | None = None
    ) -> list[Scored]:
        """At most k ids, best first, with their cosine to a vector (dimension,), in [-1, 1].

        In a space of the metric ``ip`` it is the inner product.
        """
        ...

    def get(self, space: str, ids: Sequence[str]) -> dict[str, Vectors]:
        """Stored vectors by id; ids that are not there are absent."""
        ...

    def ids(self, space: str) -> set[str]:
        """Ids of all vectors of a space; empty if there is no such space."""
        ...

    def moment(self) -> AbstractContextManager[None]:
        """Everything that this thread searches and gets inside is of one moment.

        Raises Moved, inside, where that can no longer be had.
        """
        ...

    def spaces(self) -> set[str]:
        """Names of all spaces."""
        ...

    def drop(self, space: str) -> None:
        """Remove a space with its vectors; nothing happens if it is not there."""
        ...

    def close(self) -> None:
        """Close what is open; it is opened again when it is needed again."""
        ...


class VectorCache(Protocol):
    """Vectors by what made them: encoder fingerprint and the exact text the encoder saw.

    What cannot be read is not there, and a reader writes nothing. Writing raises StoreError.
    """

    def get(self, fingerprint: str, texts: Sequence[str]) -> dict[str, Vectors]:
        """Vectors by text; texts that are not there are absent."""
        ...

    def put(self, fingerprint: str, texts: Sequence[str], vectors: Vectors) -> None:
        """Keep vectors of shape (len(texts), dimension)."""
        ...

    def get_spans(self, fingerprint: str, keys: Sequence[str]) -> dict[str, Vectors]:
        """Vectors of the spans of a text, shape (spans, dimension), by key."""
        ...

    def put_spans(self, fingerprint: str, keys: Sequence[str], vectors: Sequence[Vectors]) -> None:
        """Keep the vectors of spans of texts, one array for each key."""
        ...


class TokenStore(Protocol):
    """Packed token vectors of texts; a space holds those of one token encoder.

    It is derived data, kept by hash of what the encoder saw. The library says which passage that
    is of, so that what is deleted there is not found, and what comes again costs no model. What
    was added is there for every reader, in any thread or process, once ``add`` has returned.
    """

    def create(self, space: str, width: int) -> None:
        """Make a space for vectors of so many bytes; nothing happens if it is there."""
        ...

    def add(self, space: str, keys: Sequence[str], codes: Sequence[Codes]) -> None:
        """Keep the vectors of texts, each of shape (tokens, width), over what there was."""
        ...

    def get(self, space: str, keys: Sequence[str]) -> dict[str, Codes]:
        """Vectors of texts, shape (tokens, width), by key; absent where there are none.

        They are views of what is stored: not to be written to, and valid as long as they are held.
        """
        ...

    def missing(self, space: str, keys: Collection[str]) -> set[str]:
        """Which of these keys are not there, or were lost."""
        ...

    def keep(self, space: str, keys: Collection[str]) -> None:
        """Forget all other keys of a space, and give their room back when there is much of it."""
        ...

    def spaces(self) -> set[str]:
        """Names of all spaces."""
        ...

    def lost(self, space: str) -> bool:
        """Whether a space is not there, or not all of what was added to it; cheap to ask."""
        ...

    def drop(self, space: str) -> None:
        """Remove a space; nothing happens if it is not there."""
        ...

    def close(self) -> None:
        """Close what is open; it is opened again when it is needed again."""
        ...


class Library(Protocol):
    """The record of everything: documents and their versions, passages, sources, generations.

    Readers see one generation, the active one, and of each document the version that is indexed
    there. Writers call :meth:`writing` first. All methods raise StoreError when the disk does.
    """

    def close(self) -> None:
        """Close what is open; it is opened again when it is needed again."""
        ...

    # reading

    def moment(self) -> AbstractContextManager[None]:
        """Everything that this thread reads inside is of one moment, whoever writes meanwhile."""
        ...

    def revision(self) -> int:
        """A number that rises with every change to what a search can find or say is pending."""
        ...

    def active(self) -> Generation | None:
        """The generation that answers; ``None`` until something has been indexed."""
        ...

    def resolve(
        self, generation: int, ids: Sequence[str], wider: Mapping[str, Span] | None = None
    ) -> dict[str, Resolved]:
        """Passages by id, as they are now; ids that are unknown or removed are absent.

        ``wider`` gives, by passage id, another stretch of its document to read in its place.
        """
        ...

    def scope(
        self, generation: int, collections: Sequence[str], filters: Sequence[Filter]
    ) -> frozenset[str] | None:
        """Ids of the passages a query may see; ``None`` when that is all of them.

        Raises QueryError for an unknown collection.
        """
        ...

    def document_scope(
        self, generation: int, collections: Sequence[str], filters: Sequence[Filter]
    ) -> frozenset[str] | None:
        """The same for documents: ids of those that a query may see; ``None`` for all."""
        ...

    def documents(self, collection: str) -> list[DocumentInfo]:
        """All documents of a collection, oldest first."""
        ...

    def document(self, id: str) -> Document:
        """The version that answers, or the newest if none is indexed. Raises QueryError."""
        ...

    def passages(self, generation: int, document_id: str) -> list[Passage]:
        """Passages of a document in text order."""
        ...

    def input_hashes(self, generation: int, ids: Sequence[str]) -> dict[str, str]:
        """Hash of the encoder's input by passage id; unknown ids are absent."""
        ...

    def passage_ids(self, generation: int) -> set[str]:
        """Ids of all passages of a generation."""
        ...

    def calibration(self, generation: int) -> Mapping[str, Any] | None:
        """What was fitted for this generation, as it was kept; ``None`` if nothing was."""
        ...

    def status(self) -> LibraryStatus:
        """Counts and sizes of everything."""
        ...

    def sources(self, collection: str) -> list[SourceInfo]:
        """Sources of a collection, oldest first. Raises QueryError for an unknown collection."""
        ...

    # loading

    def writing(self) -> AbstractContextManager[None]:
        """Hold the writer's lock. Raises LibraryLocked, naming the process that holds it."""
        ...

    def remember(self, collection: str, source: str) -> None:
        """Keep a source's address, so that a later ``load`` refreshes it."""
        ...

    def forget(self, collection: str, source: str) -> None:
        """Stop refreshing a source; its documents stay."""
        ...

    def remembered(self, collection: str) -> list[str]:
        """Addresses of the remembered sources, oldest first."""
        ...

    def known(self, collection: str, source: str) -> Mapping[str, Known]:
        """What this source gave before, by URI."""
        ...

    def original(self, collection: str, source: str, uri: str) -> Original:
        """An original as it was kept. Raises StoreError if it is gone from the disk."""
        ...

    def store(
        self,
        collection: str,
        source: str,
        original: Original,
        contents: Sequence[Content],
        extractor: str,
    ) -> Literal["new", "changed", "unchanged"]:
        """Keep an original and the documents in it; returns ``new``, ``changed`` or ``unchanged``.

        A changed document becomes a new version beside the old one, which answers until the new
        one is indexed. Documents that the original no longer holds are removed.
        """
        ...

    def want_back(self, collection: str, source: str) -> None:
        """Let the next :meth:`store` of a source bring back what a person removed of it.

        Originals that held a removed document lose their validator, so that they are read again.
        """
        ...

    def holding(self, collection: str, address: str) -> list[str]:
        """Ids of the documents of a source, or out of one original, of this address."""
        ...

    def report(self, collection: str, source: str, failures: Mapping[str, str]) -> None:
        """Note that a source was loaded just now, and why what failed did, by URI.

        Nothing happens for a source of which nothing was stored, and that is not remembered.
        """
        ...

    def twin(self, collection: str, source: str, uri: str, text: str) -> str | None:
        """The URI of another document of this source with the same text, if there is one."""
        ...

    def remove(self, ids: Sequence[str]) -> list[str]:
        """Remove documents at once; returns the ids of their passages in every generation."""
        ...

    # indexing

    def generation(
        self, splitter: str, spaces: Mapping[str, str], recipe: Mapping[str, str], *, fresh: bool
    ) -> Generation:
        """The generation of this making: the active one, the one being built, or a new one.

        ``fresh`` never returns the active one.
        """
        ...

    def pending(self, generation: int, collections: Sequence[str] | None = None) -> dict[str, int]:
        """Documents whose newest version is not indexed in this generation: characters by id.

        Without ``collections``, those of all.
        """
        ...

    def newest(self, id: str) -> Document:
        """The newest version of a document."""
        ...

    def encoder_inputs(self, generation: int, document_id: str) -> dict[str, str]:
        """Hash of the encoder's input by passage id, of the version that is indexed there."""
        ...

    def commit(
        self, generation: int, indexed: Sequence[tuple[Document, Sequence[Passage]]]
    ) -> list[str]:
        """Flip documents to their new passages and keyword rows, in one transaction.

        Their vectors are already stored. Returns ids of passages that are no more.
        """
        ...

    def activate(self, generation: int) -> list[int]:
        """Let a generation answer; returns the ids of the others, finished or not, now deleted."""
        ...

    def keep_calibration(self, generation: int, data: Mapping[str, Any] | None) -> None:
        """Keep what was fitted for a generation, in place of what was kept; ``None`` forgets it.

        ``data`` holds only what JSON can say. It goes with its generation. Raises StoreError if
        there is no such generation.
        """
        ...

    def touch(self) -> None:
        """Raise the revision, after vectors were written outside of :meth:`commit`."""
        ...

    # summaries

    def long_documents(self, generation: int, passages: int) -> list[str]:
        """Ids of the documents that have at least so many passages there, oldest first."""
        ...

    def summaries(self, generation: int, maker: str, ids: Sequence[str]) -> dict[str, str]:
        """Summaries by this maker, of the versions that are indexed there, by document id."""
        ...

    def summarise(self, maker: str, made: Sequence[tuple[Document, str]]) -> None:
        """Keep summaries of versions of documents; what replaces a version drops its summaries."""
        ...


# --- retrieving and answering ------------------------------------------------------------


class Asked(Protocol):
    """One question, as one part of retrieval understands it."""

    def search(self, k: int, among: Collection[str] | None = None) -> list[Scored]:
        """At most k passages, best first, of these or of all; a part may find none by itself."""
        ...

    def score(self, ids: Sequence[str]) -> dict[str, float]:
        """The exact scores of these passages; what has none is absent."""
        ...


class Scorer(Protocol):
    """One way to score passages against a question: by words, by meaning, token by token.

    Scores of the kind ``dense`` are like cosines, in [-1, 1] and of much the same scale for every
    question. Those of the kind ``keyword`` are not negative, and have no upper bound.
    """

    name: str
    kind: Literal["keyword", "dense"]
    finds: bool
    """Whether it finds passages by itself; one that does not scores whatever others find."""

    def ask(self, question: str) -> Asked:
        """Read the question, once."""
        ...


class Retriever(Protocol):
    """Finds the passages that bear on a question."""

    def retrieve(self, query: Query) -> SearchResult:
        """At most ``query.k`` hits. Raises QueryError if there is nothing in it to search for."""
        ...


class LanguageModel(Protocol):
    """Continues a conversation. One call at a time; implementations hold a lock."""

    @property
    def name(self) -> str:
        """What to call it."""
        ...

    @property
    def context_tokens(self) -> int:
        """How many tokens prompt and answer may have together."""
        ...

    def count(self, messages: Sequence[Message]) -> int:
        """Tokens of a prompt, the chat template's own included."""
        ...

    def stream(
        self,
        messages: Sequence[Message],
        max_tokens: int,
        *,
        passages: int = 0,
        schema: Mapping[str, Any] | None = None,
    ) -> Iterator[str | Usage]:
        """Text as it is written, and :class:`Usage` as the last item.

        With ``passages`` above 0, an engine that can makes the model end each sentence with a
        marker from [1] to [passages]; another one ignores it. ``schema`` is a JSON schema that
        the text is to fit, by grammar where the engine has one. Raises EngineError. Closing the
        iterator stops the model.
        """
        ...


class Summariser(Protocol):
    """Says in few words what a document is about, so that it can be found by that."""

    name: str
    """Changes when the same document would get another summary."""

    def summarise(self, document: Document, passages: Sequence[Passage], vectors: Vectors) -> str:
        """Title and summary; ``vectors`` are those of the passages, shape (n, dimension).

        Raises EngineError.
        """
        ...


class EvidenceFinder(Protocol):
    """Reads hits for the sentences that bear on a question."""

    def find(self, question: str, hits: Sequence[Hit]) -> tuple[Evidence, ...]:
        """Every sentence of the hits, in the order of the hits and of their texts.

        Headings are left out, and a sentence that passages share comes once.
        """
        ...


class EntailmentModel(Protocol):
    """Judges whether a hypothesis follows from a premise by reading both together."""

    name: str

    def entail(self, pairs: Sequence[tuple[str, str]]) -> list[Entailment]:
        """One judgement for each pair of premise and hypothesis, in their order."""
        ...


class SupportChecker(Protocol):
    """Says of each sentence of an answer whether the passages bear it out, and where."""

    name: str

    def check(
        self, text: str, hits: Sequence[Hit], hints: Sequence[Hint] = ()
    ) -> tuple[Sentence, ...]:
        """The sentences of ``text``; each quote is a whole sentence of a passage, as it stands.

        ``hints`` are the passages the model itself named, numbered from 1 as in ``hits``; they
        decide between evidence that is nearly as good, and nothing else. Never raises for any text.
        """
        ...


class Refuser(Protocol):
    """Decides whether the sources hold the answer at all."""

    def before(self, question: str, hits: Sequence[Hit], evidence: Sequence[Evidence]) -> Decision:
        """From what was found, before any model is asked."""
        ...

    def after(
        self, before: Decision, sentences: Sequence[Sentence], model_refused: bool
    ) -> Decision:
        """From the checked draft as well."""
        ...


class Rewriter(Protocol):
    """Makes a follow-up a question of its own."""

    def rewrite(self, question: str, history: Sequence[Turn]) -> Rewritten:
        """The question with what it takes over from the turns before it, oldest first."""
        ...


class Desk(Protocol):
    """What a strategy works with: the library to read in, and a model to think with."""

    @property
    def model(self) -> LanguageModel | None:
        """What thinks; ``None`` if there is no language model."""
        ...

    def search(self, query: Query) -> SearchResult:
        """Passages that bear on a question. Raises QueryError."""
        ...

    def articles(self, query: Query) -> tuple[ArticleHit, ...]:
        """Whole documents that bear on a question, best first, by their summaries."""
        ...

    def read(self, query: Query, document_id: str) -> tuple[Hit, ...]:
        """All passages of a document in text order. Raises QueryError where the query may not."""
        ...


class Strategy(Protocol):
    """A way to gather what an answer rests on."""

    name: str

    def gather(self, query: Query, desk: Desk) -> Iterator[Step | Notice | Gathered]:
        """Steps and notices as they come; the last item is what was gathered.

        Raises QueryError where it needs a language model and there is none.
        """
        ...


class Tracker(Protocol):
    """Logs what was done, elsewhere, for people to look at and compare."""

    def log(
        self,
        experiment: str,
        name: str,
        params: Mapping[str, str],
        metrics: Mapping[str, float],
        files: Mapping[str, str | bytes],
    ) -> None:
        """Log one run of an experiment, with files by name. Raises StoreError."""
        ...


class Answerer(Protocol):
    """Answers from hits, and shows what each sentence rests on."""

    def prompt(self, query: Query, hits: Sequence[Hit], history: Sequence[Turn] = ()) -> Prompt:
        """What the language model would be asked. Raises QueryError for too long a question."""
        ...

    def answer(
        self, query: Query, gathered: Gathered, history: Sequence[Turn] = ()
    ) -> Iterator[Token | Notice | Step | Answer]:
        """Tokens, notices and steps as they come; the last item is the answer."""
        ...
