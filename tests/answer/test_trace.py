from __future__ import annotations

import doctest
import json

from hypothesis import given
from hypothesis import strategies as st

from dragtor.answer import trace
from dragtor.types import Query, SearchResult
from tests.answer.conftest import hit


def test_the_worked_examples_hold() -> None:
    results = doctest.testmod(trace)
    assert results.attempted
    assert results.failed == 0


def test_all_hits_are_shown_in_short() -> None:
    hits = tuple(hit(f"Number {n}. " + "Word " * 100, start=n) for n in range(5))
    result = SearchResult("why?", hits, {"total_s": 0.5})
    query, found = trace.found(Query("why?", k=30), result)
    assert query.detail == {"text": "why?", "k": 30}
    assert found.seconds == 0.5
    rows = found.detail["hits"]
    assert [row["passage"] for row in rows] == [f"d1:{n}" for n in range(5)]
    assert (rows[0]["score"], rows[0]["scores"]) == (1.0, {"keyword": 1.0})
    assert rows[0]["text"].startswith("Number 0. Word")
    assert len(rows[0]["text"]) <= trace.SHOWN_CHARS + 1
    json.dumps(rows)


@given(st.text(), st.integers(min_value=1, max_value=100))
def test_what_is_shortened_is_one_line_that_begins_like_the_text(text: str, chars: int) -> None:
    short = trace.shortened(text, chars)
    line = " ".join(text.split())
    assert "\n" not in short
    assert short == line or (short.endswith("…") and line.startswith(short[:-1]))
    assert len(short) <= chars + 1
