from __future__ import annotations

import json

import pytest

from dragtor.errors import SourceError
from dragtor.sources.jsonl import JsonLinesExtractor
from dragtor.types import Content

from .documents import original


def extracted(*records: object) -> list[Content]:
    lines = "\n".join(json.dumps(record, ensure_ascii=False) for record in records)
    return list(JsonLinesExtractor().extract(original(lines + "\n", "set.jsonl")))


def test_each_line_is_a_document_with_its_fields() -> None:
    (content,) = extracted(
        {
            "id": 5,
            "title": "T",
            "text": "one\r\ntwo",
            "uri": "https://x.org/5",
            "author": "Me",
            "published": "2024",
            "tags": ["a", 2],
            "year": 2024,
            "nested": {"no": 1},
            "none": None,
        }
    )
    assert content == Content(
        text="one\ntwo",
        title="T",
        kind="text",
        author="Me",
        published="2024",
        metadata={"tags": "a, 2", "year": "2024"},
        key="5",
        uri="https://x.org/5",
    )


def test_sets_that_say_underscore_id_and_url_are_understood() -> None:
    (content,) = extracted({"_id": "d1", "text": "x", "url": "https://x.org"})
    assert (content.key, content.uri, content.title) == ("d1", "https://x.org", "x")


def test_without_an_id_a_document_keeps_its_key_when_lines_are_inserted_above() -> None:
    alone = extracted({"text": "b"})
    below = extracted({"text": "a"}, {"text": "b"})
    assert alone[0].key == below[1].key != below[0].key


def test_a_title_stands_in_for_a_missing_text_and_empty_lines_count_for_nothing() -> None:
    contents = extracted({"id": "1", "title": "T", "text": ""}, {"id": "2", "text": " "})
    assert [(content.key, content.text) for content in contents] == [("1", "T")]


def test_a_line_separator_inside_a_string_does_not_end_the_line() -> None:
    (content,) = extracted({"text": "one\u2028two\x85three"})
    assert content.text == "one\ntwo\nthree"


def test_lone_surrogates_become_storable() -> None:
    line = '{"id": "\\ud800", "title": "\\ud800", "text": "a\\ud800", "x": "\\udfff"}'
    (content,) = JsonLinesExtractor().extract(original(line, "x.jsonl"))
    for value in (content.text, content.title, content.key or "", content.metadata["x"]):
        assert value.encode()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"text": "a"', r"line 2 of /documents/x\.jsonl is not JSON .* nothing of this file"),
        ('["text"]', r'line 2 of .* must be an object with a "text"'),
        ('{"title": "a"}', r"line 2 of .* is not a document"),
        ('{"id": "1", "text": "b"}', r"lines 1 and 2 of .* same id '1'"),
    ],
)
def test_one_broken_line_fails_the_file_and_is_named(line: str, told: str) -> None:
    with pytest.raises(SourceError, match=told):
        list(
            JsonLinesExtractor().extract(
                original(f'{{"id": "1", "text": "a"}}\n{line}\n', "x.jsonl")
            )
        )
