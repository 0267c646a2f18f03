"""``dragtor outline``, with a language model on the loopback interface that has no JSON to say."""

from __future__ import annotations

from collections.abc import Callable

from tests.conftest import Project, Ran

Run = Callable[..., Ran]


def test_an_outline_shows_headings_with_their_topics(run: Run) -> None:
    run("load")
    ids = {one["title"]: one["id"] for one in run("sources", "list", "--json").json}
    shown = run("outline", ids["Pulley injuries"])
    assert shown.code == 0
    lines = [line.strip() for line in shown.out.splitlines()]
    assert lines[0] == "Pulley injuries"
    assert lines.index("Grades") < lines.index("Healing")


def test_an_outline_as_json_covers_the_text(run: Run, project: Project) -> None:
    run("load")
    uri = (project.notes / "pulleys.md").as_uri()
    found = run("outline", uri, "--json").json
    text = run("sources", "show", uri, "--json").json["text"]
    assert list(found) == ["document", "sections"]
    assert found["document"]["uri"] == uri
    keys = {"start", "end", "title", "topics", "titled", "level", "location"}
    assert all(set(section) == keys for section in found["sections"])
    assert text[found["sections"][0]["start"] :].startswith("# Pulley injuries")
    assert found["sections"][-1]["end"] == len(text.rstrip())
    assert {section["titled"] for section in found["sections"]} == {"heading"}


def test_without_a_language_model_there_is_an_outline_as_well(run: Run, project: Project) -> None:
    project.configure(llm={"model": "none"})
    run("load")
    uri = (project.notes / "skin.txt").as_uri()
    (section,) = run("outline", uri, "--json").json["sections"]
    assert section["titled"] == "words"
    assert run("outline", "nothing").code == 1
