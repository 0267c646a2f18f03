"""A passage is shown amid its neighbours, found by its id or how that begins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Project, Ran

Run = Callable[..., Ran]


@pytest.fixture
def indexed(run: Run, project: Project) -> Run:
    """Passages so short that each document has several."""
    project.configure(split={"max_tokens": 40, "overlap_tokens": 8})
    assert run("load", "--index").code == 0
    return run


def found(run: Run) -> Any:
    """The passage on treatment, which lies in the middle of its document."""
    hits = run("search", "six weeks with a thermoplastic ring", "--json").json["hits"]
    return next(hit for hit in hits if "thermoplastic" in hit["passage"]["text"])


def text_of(run: Run, document: str) -> str:
    return str(run("sources", "show", document, "--json").json["text"])


def test_a_passage_stands_amid_the_text_around_it(indexed: Run) -> None:
    hit = found(indexed)
    text = text_of(indexed, hit["document"]["id"])
    lengths = []
    for context in ("0", "1", "9"):
        around = indexed("show", hit["passage"]["id"], "--context", context, "--json").json
        passage = around["passage"]
        assert passage == hit["passage"]
        start = passage["start"] - len(around["before"])
        whole = around["before"] + passage["text"] + around["after"]
        assert text[start : start + len(whole)] == whole
        lengths.append(len(whole))
    assert lengths[0] == len(hit["passage"]["text"])
    assert lengths[0] < lengths[1] < lengths[2] == len(text.rstrip())


def test_people_see_the_passage_marked_below_its_address(indexed: Run) -> None:
    hit = found(indexed)
    shown = indexed("show", hit["passage"]["id"][:8], "--context", "9").out
    title, where, *lines = shown.splitlines()
    assert title == "Pulley injuries"
    assert where.endswith(f"notes/pulleys.md · {hit['passage']['id']}")
    marked = " ".join(line.removeprefix("│ ") for line in lines if line.startswith("│ "))
    assert "thermoplastic ring" in marked
    assert " ".join(marked.split()) == " ".join(hit["passage"]["text"].split())
    unmarked = [line for line in lines if line and not line.startswith("│")]
    assert any("complete" in line for line in unmarked)
    assert "\x1b" not in shown


def test_search_and_ask_show_ids_that_show_takes(indexed: Run) -> None:
    id = found(indexed)["passage"]["id"]
    for verb in ("search", "ask"):
        assert f"· {id[:8]}\n" in indexed(verb, "six weeks with a thermoplastic ring").out
    assert indexed("show", id[:8].upper()).code == 0


@pytest.mark.parametrize("id", ["zzzz", "", "%", "0" * 17])
def test_an_unknown_passage_says_where_ids_come_from(indexed: Run, id: str) -> None:
    ran = indexed("show", id)
    assert ran.code == 1
    assert ran.err.startswith(f"error: no passage {id!r}: `dragtor search` shows")
    assert ran.err.count("\n") == 1


def test_a_beginning_of_several_ids_names_them(indexed: Run, project: Project) -> None:
    for number in range(20):  # 16 first digits for more than 20 passages: two share one
        (project.notes / f"{number}.md").write_text(f"# Note {number}\n\nAbout {number}.\n")
    assert indexed("load", "--index").code == 0
    hits = indexed("search", "about note", "-k", "40", "--json").json["hits"]
    firsts = [hit["passage"]["id"][0] for hit in hits]
    twice = next(first for first in firsts if firsts.count(first) > 1)
    ran = indexed("show", twice)
    assert ran.code == 1
    assert f"'{twice}' begins" in ran.err
    assert any(hit["passage"]["id"] in ran.err for hit in hits if hit["passage"]["id"] != twice)


def test_an_empty_library_says_what_to_do(run: Run) -> None:
    assert "dragtor load" in run("show", "abc").err
