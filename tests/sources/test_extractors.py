from __future__ import annotations

from collections.abc import Iterator

import pytest

from dragtor.errors import NothingToRead, SourceError
from dragtor.sources.extractors import Extractors
from dragtor.sources.text import TextExtractor
from dragtor.types import Content, Original

from .documents import original


def test_a_format_is_made_once_and_only_when_it_is_needed() -> None:
    made = []

    def make() -> TextExtractor:
        made.append(1)
        return TextExtractor()

    extractors = Extractors({"text/plain": make})
    assert not made
    assert extractors.version("text/plain") == TextExtractor.version
    assert [content.text for content in extractors.extract(original("x"))] == ["x"]
    assert made == [1]


def test_what_nothing_reads_is_refused_and_what_can_be_read_is_named() -> None:
    with pytest.raises(SourceError, match=r"file\.txt: cannot read the type a/b; known are text"):
        list(Extractors({"text/plain": TextExtractor}).extract(original("x", media_type="a/b")))


def test_a_library_that_stumbles_over_a_file_stops_nothing_else() -> None:
    class Stumbling:
        version = "1"

        def extract(self, original: Original) -> Iterator[Content]:
            raise RecursionError("too deep")

    with pytest.raises(SourceError, match=r"file\.txt is broken .*RecursionError: too deep"):
        list(Extractors({"text/plain": Stumbling}).extract(original("x")))


@pytest.mark.parametrize("data", ["", " \n"])
def test_an_empty_file_has_nothing_to_read_whatever_it_is(data: str) -> None:
    with pytest.raises(NothingToRead, match=r"/documents/file\.txt is empty"):
        list(Extractors({"text/plain": TextExtractor}).extract(original(data)))
