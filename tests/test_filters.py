from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragtor.errors import QueryError
from dragtor.filters import alternatives, matches, parse_filter
from dragtor.types import Filter


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kind=pdf", Filter("kind", "=", "pdf")),
        ("published>=2023-05", Filter("published", ">=", "2023-05")),
        ("year > 2000", Filter("year", ">", "2000")),
        ("year<=2000", Filter("year", "<=", "2000")),
        ("year<2000", Filter("year", "<", "2000")),
        ("uri^=https://a.b/?x=1&y>=2", Filter("uri", "^=", "https://a.b/?x=1&y>=2")),
        ("title*=A2 pulley", Filter("title", "*=", "A2 pulley")),
        ("has:author", Filter("author", "has")),
        ("my key=a=b", Filter("my key", "=", "a=b")),
    ],
)
def test_a_filter_is_read_as_it_is_written(text: str, expected: Filter) -> None:
    assert parse_filter(text) == expected


@pytest.mark.parametrize("text", ["", "kind", "kind=", "=pdf", "has:", ">=3", "kind^pdf"])
def test_what_is_no_filter_is_refused_with_what_is(text: str) -> None:
    with pytest.raises(QueryError, match="key>=value") as caught:
        parse_filter(text)
    assert repr(text) in str(caught.value)


@given(st.text())
def test_any_text_is_a_filter_or_refused(text: str) -> None:
    try:
        parse_filter(text)
    except QueryError:
        return


@pytest.mark.parametrize(
    ("sign", "value", "wanted", "expected"),
    [
        ("=", "PDF", "pdf", True),
        ("=", "Straße", "STRASSE", True),
        ("=", "pdf", "pd", False),
        ("=", "5", "5.0", True),
        ("=", "007", "7", True),
        ("=", "1_0", "10", False),
        (">", "10", "9", True),
        ("<", "10", "9", False),
        (">", "b", "A", True),
        (">=", "10 apples", "9", False),
        ("^=", "https://X.y/z", "HTTPS://x", True),
        ("^=", "https", "ttps", False),
        ("*=", "Finger Pulley", "r p", True),
        ("has", "x", "", True),
        ("has", "", "", False),
        ("has", None, "", False),
        ("=", None, "", False),
        ("=", "2023-05-01", "2023", True),
        ("=", "2023-05-01", "2023-05", True),
        ("=", "2023-05-01", "2023-06", False),
        (">=", "2023-05-01", "2023", True),
        (">", "2023-05-01", "2023", False),
        ("<=", "2023-05-01", "2023", True),
        ("<", "2023-05-01", "2024", True),
        (">=", "2023-05-01T10:00:00Z", "2023-05-01", True),
        (">", "2023", "2022-12", True),
        ("<=", "-1.5", "1e3", True),
    ],
)
def test_values_compare_as_a_person_would(
    sign: str, value: str | None, wanted: str, expected: bool
) -> None:
    assert matches(sign, value, wanted) is expected


def test_equal_keys_are_alternatives_and_others_are_not() -> None:
    pdf, web, ann = Filter("kind", "=", "pdf"), Filter("KIND", "^=", "w"), Filter("author", "has")
    assert alternatives([pdf, ann, web]) == [[pdf, web], [ann]]


def test_two_limits_of_a_key_are_a_range() -> None:
    low, high = Filter("year", ">=", "2020"), Filter("year", "<", "2022")
    one = Filter("year", "=", "1999")
    assert alternatives([low, high, one]) == [[low], [high], [one]]
