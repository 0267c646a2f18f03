"""Loading: nothing is fetched or understood twice, and nothing that was there is lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

from dragtor.errors import LibraryLocked, NothingToRead, SourceError
from dragtor.loading import Loader
from dragtor.store.library import SqliteLibrary
from dragtor.types import Content, Found, Original


class Shelf:
    """A source that counts; a page's validator is its text's length."""

    def __init__(self, pages: dict[str, str], *, min_words: int = 0, unique: bool = False) -> None:
        self.uri = "shelf:all"
        self.pages = pages
        self.min_words = min_words
        self.unique = unique
        self.complete = True
        self.free = True
        self.fetched: list[str] = []

    def discover(self) -> Iterable[Found]:
        for uri, text in self.pages.items():
            yield Found(uri, str(len(text)) if self.free else None)

    def fetch(self, uri: str, validator: str | None) -> Original | None:
        self.fetched.append(uri)
        text = self.pages[uri]
        if text == "broken":
            raise SourceError(f"{uri} is broken")
        if validator == str(len(text)):
            return None
        return Original(uri, "text/plain", text.encode(), str(len(text)))


class Upper:
    """An extractor with a version, counting what it reads."""

    def __init__(self, version: str = "1") -> None:
        self._version = version
        self.read: list[str] = []

    def version(self, media_type: str) -> str:
        return self._version

    def extract(self, original: Original) -> Iterator[Content]:
        self.read.append(original.uri)
        text = original.data.decode()
        if not text:
            raise NothingToRead(f"{original.uri} is empty")
        yield Content(text.upper() if self._version == "2" else text, original.uri, "text")


@pytest.fixture
def library(tmp_path: Path) -> Iterator[SqliteLibrary]:
    library = SqliteLibrary(tmp_path / "library")
    yield library
    library.close()


def quiet(done: int, total: int, what: str) -> None:
    """Show nothing."""


def load(
    library: SqliteLibrary,
    source: Shelf,
    extractor: Upper,
    *,
    named: bool = False,
    refresh: bool = False,
) -> Mapping[str, str]:
    loader = Loader(library, lambda uri: source, extractor)
    uris = [source.uri]
    report = loader.load(
        "main", [] if named else uris, uris if named else [], refresh=refresh, progress=quiet
    )
    return {outcome.uri: outcome.result for outcome in report.outcomes}


def texts(library: SqliteLibrary) -> set[str]:
    return {library.newest(info.id).text for info in library.documents("main")}


def test_unchanged_pages_are_neither_fetched_nor_read(library: SqliteLibrary) -> None:
    shelf, upper = Shelf({"a": "one", "b": "three"}), Upper()
    assert load(library, shelf, upper) == {"a": "new", "b": "new"}
    assert load(library, shelf, upper) == {"a": "unchanged", "b": "unchanged"}
    assert shelf.fetched == ["a", "b"]
    assert upper.read == ["a", "b"]


def test_a_conditional_request_is_enough_where_discovery_knows_nothing(
    library: SqliteLibrary,
) -> None:
    shelf, upper = Shelf({"a": "one"}), Upper()
    shelf.free = False
    load(library, shelf, upper)
    assert load(library, shelf, upper) == {"a": "unchanged"}
    assert shelf.fetched == ["a", "a"]
    assert upper.read == ["a"]


def test_refreshing_fetches_what_looks_unchanged(library: SqliteLibrary) -> None:
    shelf, upper = Shelf({"a": "one"}), Upper()
    load(library, shelf, upper)
    shelf.pages["a"] = "two"
    assert load(library, shelf, upper) == {"a": "unchanged"}
    assert load(library, shelf, upper, refresh=True) == {"a": "changed"}
    assert texts(library) == {"two"}


def test_a_better_extractor_reads_the_kept_originals_without_fetching(
    library: SqliteLibrary,
) -> None:
    shelf = Shelf({"a": "one"})
    load(library, shelf, Upper("1"))
    assert load(library, shelf, Upper("2")) == {"a": "changed"}
    assert shelf.fetched == ["a"]
    assert texts(library) == {"ONE"}


def test_one_failure_stops_nothing_and_loses_nothing(library: SqliteLibrary) -> None:
    shelf, upper = Shelf({"a": "one", "b": "three"}), Upper()
    load(library, shelf, upper)
    shelf.pages |= {"a": "broken", "b": "seventeen", "c": "", "d": "four"}
    assert load(library, shelf, upper) == {
        "a": "failed",
        "b": "changed",
        "c": "skipped",
        "d": "new",
    }
    assert texts(library) == {"one", "seventeen", "four"}


def test_a_source_that_cannot_be_opened_fails_alone(library: SqliteLibrary) -> None:
    shelf = Shelf({"a": "one"})

    def opened(uri: str) -> Shelf:
        if uri == "bad:":
            raise SourceError("cannot read addresses of the kind bad")
        return shelf

    loader = Loader(library, opened, Upper())
    report = loader.load("main", ["bad:", shelf.uri], [], refresh=False, progress=quiet)
    assert [(o.uri, o.result) for o in report.outcomes] == [("bad:", "failed"), ("a", "new")]


def test_thin_and_duplicate_pages_are_left_out_and_named(library: SqliteLibrary) -> None:
    shelf = Shelf(
        {"a": "one two three", "b": "one", "c": "one two three"}, min_words=3, unique=True
    )
    loader = Loader(library, lambda uri: shelf, Upper())
    report = loader.load("main", [shelf.uri], [], refresh=False, progress=quiet)
    reasons = {outcome.uri: outcome.reason for outcome in report.outcomes}
    assert reasons["b"] == "thin: 1 words, fewer than 3"
    assert reasons["c"] == "duplicate: the same text as a"
    assert texts(library) == {"one two three"}


def test_a_source_listed_and_remembered_is_visited_once(library: SqliteLibrary) -> None:
    shelf, upper = Shelf({"a": "one"}), Upper()
    load(library, shelf, upper, named=True)
    assert library.remembered("main") == [shelf.uri]
    assert load(library, shelf, upper) == {"a": "unchanged"}
    loader = Loader(library, lambda uri: shelf, upper)
    report = loader.load("main", ["shelf:other-name"], [], refresh=False, progress=quiet)
    assert len(report.outcomes) == 1


def test_a_source_that_gave_nothing_is_not_remembered(library: SqliteLibrary) -> None:
    assert load(library, Shelf({"a": "broken"}), Upper(), named=True) == {"a": "failed"}
    assert library.remembered("main") == []


def test_what_is_no_longer_there_is_named_and_stays(library: SqliteLibrary) -> None:
    shelf, upper = Shelf({"a": "one", "b": "three"}), Upper()
    load(library, shelf, upper)
    del shelf.pages["a"]
    loader = Loader(library, lambda uri: shelf, upper)
    report = loader.load("main", [shelf.uri], [], refresh=False, progress=quiet)
    assert {o.uri: o.result for o in report.outcomes} == {"a": "skipped", "b": "unchanged"}
    assert (report.outcomes[-1].reason or "").startswith("is no longer there")
    assert texts(library) == {"one", "three"}
    library.remove([info.id for info in library.documents("main") if info.uri == "a"])
    assert load(library, shelf, upper) == {"b": "unchanged"}


def test_a_discovery_that_stopped_early_says_nothing_of_what_it_did_not_see(
    library: SqliteLibrary,
) -> None:
    shelf, upper = Shelf({"a": "one", "b": "three"}), Upper()
    load(library, shelf, upper)
    del shelf.pages["a"]
    shelf.complete = False
    assert load(library, shelf, upper) == {"b": "unchanged"}


def test_a_failure_is_on_record_only_for_a_source_that_gave_something_once(
    library: SqliteLibrary,
) -> None:
    class Gone(Shelf):
        def discover(self) -> Iterable[Found]:
            raise SourceError("there is no shelf")

    shelf, upper = Shelf({"a": "one"}), Upper()
    loader = Loader(library, lambda uri: Gone({}), upper)
    assert loader.load("main", [], ["all"], refresh=False, progress=quiet).count("failed") == 1
    assert library.status().sources == 0
    load(library, shelf, upper, named=True)
    loader.load("main", [], ["all"], refresh=False, progress=quiet)
    (source,) = library.sources("main")
    assert (source.uri, source.failures) == (shelf.uri, {shelf.uri: "there is no shelf"})
    load(library, shelf, upper)
    assert library.sources("main")[0].failures == {}


def test_loading_while_another_writes_is_refused(library: SqliteLibrary, tmp_path: Path) -> None:
    other = SqliteLibrary(tmp_path / "library")
    with other.writing(), pytest.raises(LibraryLocked, match="process"):
        load(library, Shelf({"a": "one"}), Upper())
    other.close()
    assert load(library, Shelf({"a": "one"}), Upper()) == {"a": "new"}
