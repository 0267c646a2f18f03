"""Load: sources become documents of the library. Fetched once, understood once, nothing lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from dragtor.errors import NothingToRead, SourceError
from dragtor.interfaces import Extractor, Library, Progress, Source
from dragtor.log import logger
from dragtor.text import clean, words
from dragtor.types import Content, Found, Known, Original

Result = Literal["new", "changed", "unchanged", "skipped", "failed"]
NOT_THERE = (
    "is no longer there; what was loaded of it still answers, until `dragtor sources remove`"
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one thing; ``reason`` goes with skipped and failed."""

    uri: str
    result: Result
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What became of everything, in the order it was met."""

    outcomes: tuple[Outcome, ...]

    def count(self, result: Result) -> int:
        """How many things came out like this."""
        return sum(outcome.result == result for outcome in self.outcomes)


class Loader:
    """Brings sources into the library, each apart: one that fails stops no other."""

    def __init__(
        self, library: Library, open_source: Callable[[str], Source], extractor: Extractor
    ) -> None:
        self._library = library
        self._open = open_source
        self._extractor = extractor

    def load(
        self,
        collection: str,
        configured: Sequence[str],
        named: Sequence[str],
        *,
        refresh: bool,
        progress: Progress,
    ) -> LoadReport:
        """Load the named sources, or without any all configured and remembered ones.

        Named sources are remembered once something of them was loaded, and what was removed of
        them comes back. ``refresh`` fetches what looks unchanged, too. Raises LibraryLocked and
        StoreError; what goes wrong with a source is in the report.
        """
        outcomes: list[Outcome] = []
        with self._library.writing():
            uris = named or [*configured, *self._library.remembered(collection)]
            visited: set[str] = set()
            for uri in uris:
                source, found = self._reached(collection, uri, outcomes)
                if source is None or source.uri in visited:
                    continue
                visited.add(source.uri)
                if named:
                    self._library.want_back(collection, source.uri)
                visit = _Visit(self._library, collection, source, self._extractor, bool(named))
                done = list(visit.outcomes(found, refresh=refresh, progress=progress))
                if named and any(o.result in ("new", "changed", "unchanged") for o in done):
                    self._library.remember(collection, source.uri)
                failures = {o.uri: o.reason or "" for o in done if o.result == "failed"}
                self._library.report(collection, source.uri, failures)
                outcomes.extend(done)
        return LoadReport(tuple(outcomes))

    def _reached(
        self, collection: str, uri: str, outcomes: list[Outcome]
    ) -> tuple[Source | None, list[Found]]:
        """A source and what it holds; no source, and an outcome more, if it cannot be reached."""
        source: Source | None = None
        try:
            source = self._open(uri)
            return source, list(source.discover())
        except SourceError as error:
            # A name on the command line need not be UTF-8.
            failed = Outcome(clean(uri), "failed", clean(str(error)))
            outcomes.append(failed)
            known = source.uri if source else failed.uri
            self._library.report(collection, known, {known: failed.reason or ""})
            return None, []


class _Visit:
    """One source, visited once."""

    def __init__(
        self,
        library: Library,
        collection: str,
        source: Source,
        extractor: Extractor,
        by_name: bool,
    ) -> None:
        self._library = library
        self._collection = collection
        self._source = source
        self._extractor = extractor
        self._by_name = by_name
        self._known = library.known(collection, source.uri)

    def outcomes(
        self, found: Sequence[Found], *, refresh: bool, progress: Progress
    ) -> Iterator[Outcome]:
        progress(0, len(found), self._source.uri)
        for number, thing in enumerate(found, start=1):
            outcome = self._outcome(thing, refresh)
            logger.debug("load {}: {} {}", outcome.result, outcome.uri, outcome.reason or "")
            yield outcome
            progress(number, len(found), thing.uri)
        if self._source.complete:
            there = {thing.uri for thing in found}
            gone = [uri for uri, known in self._known.items() if not known.removed]
            yield from (Outcome(uri, "skipped", NOT_THERE) for uri in gone if uri not in there)

    def _outcome(self, thing: Found, refresh: bool) -> Outcome:
        known = self._known.get(thing.uri)
        if thing.skipped is not None:
            return Outcome(thing.uri, "skipped", clean(thing.skipped))
        if known and known.removed and not self._by_name:
            return Outcome(thing.uri, "skipped", "you removed it; name it to load it again")
        try:
            return Outcome(thing.uri, self._load(thing, None if refresh else known))
        except NothingToRead as error:
            # Whoever names one thing wants that thing; in a folder or site it is one of many.
            alone = self._by_name and thing.uri == self._source.uri
            return Outcome(thing.uri, "failed" if alone else "skipped", clean(str(error)))
        except SourceError as error:
            return Outcome(thing.uri, "failed", clean(str(error)))

    def _load(self, thing: Found, known: Known | None) -> Literal["new", "changed", "unchanged"]:
        """Fetch and understand, each only if need be: a better extraction needs no network."""
        if known is None or known.removed:
            original = self._source.fetch(thing.uri, None)
        elif known.validator is not None and known.validator == thing.validator:
            original = None
        else:
            original = self._source.fetch(thing.uri, known.validator)
        if original is None:
            if known is None or known.extractor == self._extractor.version(known.media_type):
                return "unchanged"
            original = self._library.original(self._collection, self._source.uri, thing.uri)
        contents = list(self._extractor.extract(original))
        for content in contents:
            self._check(original, content)
        version = self._extractor.version(original.media_type)
        return self._library.store(self._collection, self._source.uri, original, contents, version)

    def _check(self, original: Original, content: Content) -> None:
        """Raise NothingToRead if the source wants fuller or unheard text."""
        source = self._source
        if source.min_words and (count := len(words(content.text))) < source.min_words:
            raise NothingToRead(f"thin: {count} words, fewer than {source.min_words}")
        if source.unique:
            twin = self._library.twin(
                self._collection, source.uri, content.uri or original.uri, content.text
            )
            if twin is not None:
                raise NothingToRead(f"duplicate: the same text as {twin}")
