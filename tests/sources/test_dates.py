from __future__ import annotations

import pytest

from dragtor.sources.dates import iso_date
from dragtor.sources.extractors import Extractors
from dragtor.sources.jsonl import JsonLinesExtractor

from .documents import original


@pytest.mark.parametrize(
    "text",
    [
        "2024",
        "2024-05",
        "2024-02-29",
        "2024-05-01T10:00",
        "2024-05-01T10:00:00Z",
        "2024-05-01T10:00:00.123+02:00",
    ],
)
def test_what_is_iso_8601_stays_as_it_is(text: str) -> None:
    assert iso_date(text) == iso_date(f" {text}\n") == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-05-01 10:00:00", "2024-05-01T10:00:00"),
        ("2024-05-01 10:00:00 +0200", "2024-05-01T10:00:00+0200"),
        ("Wed, 01 May 2024 10:00:00 +0200", "2024-05-01T10:00:00+02:00"),
    ],
)
def test_other_forms_that_mean_one_day_only_become_iso_8601(text: str, expected: str) -> None:
    assert iso_date(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "May 2024", "01/02/2024", "2024-13", "2023-02-29", "2024-05-01T25:00", "24"],
)
def test_what_is_no_date_or_means_two_is_none(text: str) -> None:
    assert iso_date(text) is None


def test_every_extractor_gives_iso_dates_and_keeps_what_it_cannot_read() -> None:
    lines = (
        '{"id": "a", "text": "x", "published": "Wed, 01 May 2024 10:00:00 GMT"}\n'
        '{"id": "b", "text": "x", "published": "last spring", "tag": "t"}\n'
        '{"id": "c", "text": "x", "published": 2023}\n'
        '{"id": "d", "text": "x"}\n'
    )
    extractors = Extractors({"application/jsonl": JsonLinesExtractor})
    read = list(extractors.extract(original(lines, media_type="application/jsonl")))
    assert [(content.published, content.metadata) for content in read] == [
        ("2024-05-01T10:00:00+00:00", {}),
        (None, {"published_text": "last spring", "tag": "t"}),
        ("2023", {}),
        (None, {}),
    ]
