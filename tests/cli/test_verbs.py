"""The verbs, end to end, as a person or a program calls them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from werkzeug import Request, Response

from dragtor.pipeline import Dragtor
from dragtor.types import Answer, Query
from tests.conftest import Project, Ran

Run = Callable[..., Ran]


@pytest.fixture
def indexed(run: Run) -> Run:
    assert run("load", "--index").code == 0
    return run


def text_of(run: Run, document: str) -> str:
    return str(run("sources", "show", document, "--json").json["text"])


def test_load_counts_what_it_did(run: Run) -> None:
    first, again = run("load"), run("load")
    assert first.code == again.code == 0
    assert first.out.split() == "new changed unchanged skipped failed 3 0 0 0 0".split()
    assert again.out.split()[5:] == "0 0 3 0 0".split()


def test_a_changed_file_is_loaded_anew_and_answers_once_indexed(
    indexed: Run, project: Project
) -> None:
    (project.notes / "skin.txt").write_text("Skin\n\nUse zebra balm on every callus.\n")
    assert indexed("load").out.split()[5:] == "0 1 2 0 0".split()
    before = indexed("search", "zebra balm callus", "--json")
    assert not any("zebra" in hit["passage"]["text"] for hit in before.json["hits"])
    assert "1 document is loaded but not indexed" in before.err
    assert indexed("index").code == 0
    after = indexed("search", "zebra balm callus", "--json")
    assert "zebra" in after.json["hits"][0]["passage"]["text"]
    assert after.err == ""
    assert not any("calluses flat" in hit["passage"]["text"] for hit in after.json["hits"])


def test_named_sources_are_remembered(run: Run, project: Project, tmp_path: Path) -> None:
    other = tmp_path / "other.md"
    other.write_text("# Knots\n\nTie a figure of eight.\n")
    assert run("load", str(other)).code == 0
    assert run("load").out.split()[5:] == "3 0 1 0 0".split()


def test_every_passage_found_lies_where_it_says(indexed: Run) -> None:
    found = indexed("search", "pulley injury weeks", "--json").json
    assert found["hits"]
    for hit in found["hits"]:
        passage = hit["passage"]
        text = text_of(indexed, hit["document"]["id"])
        assert text[passage["start"] : passage["end"]] == passage["text"]


@pytest.mark.parametrize("retriever", ["hybrid", "dense", "keyword"])
def test_all_retrievers_find_the_words(indexed: Run, retriever: str) -> None:
    question = "Lateral epicondylitis is pain on the outside of the elbow."
    found = indexed("search", question, "--retriever", retriever, "--json").json
    assert found["hits"][0]["document"]["title"] == "Tennis elbow"
    assert [hit["rank"] for hit in found["hits"]] == list(range(1, len(found["hits"]) + 1))


def test_filters_narrow_the_search(indexed: Run) -> None:
    def titles(*filters: str) -> set[str]:
        options = [part for one in filters for part in ("--filter", one)]
        found = indexed("search", "climbing pain week", *options, "--json").json
        return {hit["document"]["title"] for hit in found["hits"]}

    assert titles("title^=tennis") == {"Tennis elbow"}
    assert titles("title^=tennis", "title*=pulley") == {"Tennis elbow", "Pulley injuries"}
    assert titles("title^=tennis", "kind=pdf") == set()
    assert indexed("search", "x", "--filter", "nonsense").code == 1


def test_people_see_rank_title_place_and_passage(indexed: Run) -> None:
    shown = indexed("search", "grade III pulley", "-k", "1")
    assert " 1 Pulley injuries" in shown.out
    assert "notes/pulleys.md" in shown.out
    assert all(len(line) <= 80 or "/" in line for line in shown.out.splitlines())
    assert "\x1b" not in shown.out


def test_each_sentence_of_an_answer_has_its_source_or_is_marked(indexed: Run) -> None:
    answer = indexed("ask", "eccentric wrist extension against elbow pain?", "--json").json
    good, bad = answer["sentences"]
    assert good["support"]["verdict"] == "yes"
    assert bad["support"]["verdict"] == "no"
    assert bad["citations"] == []
    hits = {hit["passage"]["id"] for hit in answer["hits"]}
    for citation in good["citations"]:
        text = text_of(indexed, citation["document_id"])
        assert text[citation["start"] : citation["end"]] == citation["quote"]
        assert citation["passage_id"] in hits
    assert answer["model"] == "echo"
    assert answer["usage"]["prompt_tokens"] == 7


def test_people_see_footnotes_and_the_model(indexed: Run) -> None:
    shown = indexed("ask", "eccentric wrist extension against elbow pain?")
    assert "[1]" in shown.out
    assert "Sources" in shown.out
    assert "Tennis elbow" in shown.out
    assert "(no source)" in shown.out
    assert "echo" in shown.out


def test_the_prompt_can_be_seen(indexed: Run) -> None:
    shown = indexed("ask", "elbow pain?", "--show-prompt")
    assert "[1]" in shown.out
    assert "elbow pain?" in shown.out
    assert shown.out.rindex("elbow pain?") > shown.out.index("Lateral epicondylitis")


def test_an_unknown_strategy_names_the_nearest_and_all(indexed: Run) -> None:
    ran = indexed("ask", "elbow pain?", "--strategy", "plane")
    assert ran.code == 1
    assert "'plane'; did you mean 'plain'? (it can be: plain" in ran.err
    assert ran.out == ""
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "strategy", "mode"),
    [
        ((), "plain", "auto"),
        (("--quote",), "plain", "quote"),
        (("--write", "--strategy", "agent"), "agent", "write"),
    ],
)
def test_what_is_typed_goes_before_the_settings(
    run: Run, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], strategy: str, mode: str
) -> None:
    asked: list[Query] = []

    def ask(_: Dragtor, query: Query) -> Iterator[Answer]:
        asked.append(query)
        yield Answer(query.text, "clarification", "What?", (), (), None)

    monkeypatch.setattr(Dragtor, "ask", ask)
    assert run("ask", "elbow pain?", *options).code == 0
    (query,) = asked
    assert (query.strategy, query.mode) == (strategy, mode)


def test_a_trace_is_printed_above_the_answer(indexed: Run) -> None:
    lines = indexed("ask", "eccentric wrist extension?", "--trace").out.splitlines()
    steps = [line.split()[1] for line in lines if line[:2].strip().isdigit() and line[2:3] == " "]
    assert steps[:1] == ["decision"]
    assert {"query", "hits", "prompt", "reply"} <= set(steps)
    last = max(i for i, line in enumerate(lines) if line[:3].strip().isdigit())
    assert last < lines.index("Sources")
    assert all(len(line) <= 80 for line in lines if "/" not in line)


def test_questions_come_from_standard_input_one_a_line(indexed: Run) -> None:
    ran = indexed("search", "-", "--json", stdin="elbow pain\n\n?!\npulley grades\n")
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert [line["question"] for line in lines] == ["elbow pain", "?!", "pulley grades"]
    assert "error" in lines[1]
    assert lines[0]["hits"]
    assert lines[2]["hits"]
    assert ran.code == 1
    answers = indexed("ask", "-", "--json", stdin="elbow pain\npulley grades\n")
    assert [json.loads(line)["kind"] for line in answers.out.splitlines()] == ["answer"] * 2
    assert answers.code == 0


def test_a_chat_can_be_scripted(indexed: Run, project: Project) -> None:
    script = "/help\nelbow pain?\nfor how long?\n/sources\n/save talk.md\n/new\n/what\n/quit\nnever"
    ran = indexed("chat", stdin=script)
    assert "/save FILE" in ran.out
    assert ran.out.count("Sources\n") == 2
    assert "no command /what" in ran.err
    assert "saved to talk.md" in ran.out
    saved = (project.folder / "talk.md").read_text()
    assert "## elbow pain?" in saved
    assert "## for how long?" in saved
    assert "[^1]" in saved
    assert "never" not in ran.out


def test_a_follow_up_is_found_with_the_question_before_it(indexed: Run, project: Project) -> None:
    indexed("chat", stdin="eccentric wrist extension?\nhow many weeks?\n")
    request, _ = project.server.log[-1]
    messages = request.get_json()["messages"]
    assert "Lateral epicondylitis" in json.dumps(messages)
    assert messages[-1]["content"].startswith("Question: how many weeks")
    assert any("eccentric wrist extension?" in m["content"] for m in messages[:-1])


def test_documents_are_listed_shown_and_removed(indexed: Run) -> None:
    listed = indexed("sources", "list", "--json").json
    assert {info["title"] for info in listed} == {"Pulley injuries", "Tennis elbow", "skin"}
    elbow = next(info for info in listed if info["title"] == "Tennis elbow")
    assert "Eccentric wrist extension" in indexed("sources", "show", elbow["id"]).out
    marks = indexed("sources", "show", elbow["id"], "--json").json["marks"]
    assert marks[0]["heading"] == "Tennis elbow"
    assert indexed("sources", "remove", elbow["id"]).code == 0
    found = indexed("search", "eccentric wrist extension", "--json").json
    assert "Tennis elbow" not in {hit["document"]["title"] for hit in found["hits"]}
    again = indexed("load")
    assert "you removed it" in again.err
    assert again.code == 0
    assert indexed("load", str(Path("notes/elbow.md"))).code == 0
    assert len(indexed("sources", "list", "--json").json) == 3


def test_status_and_doctor_say_that_all_is_well(indexed: Run) -> None:
    status = indexed("status", "--json").json
    assert status["documents"] == 3
    assert status["pending"] == 0
    assert status["passages"] >= 3
    assert "3 from 1 source\n" in indexed("status").out
    checks = {check["name"]: check for check in indexed("doctor", "--json").json}
    assert checks["library"]["state"] == "ok"
    assert checks["encoder"]["state"] == "ok"


def test_other_settings_make_a_new_index_beside_the_old_one(indexed: Run) -> None:
    changed = ("--set", "split.max_tokens=40", "--set", "split.overlap_tokens=8")
    before = indexed("search", "elbow pain", "--json", *changed)
    assert before.json["hits"]
    assert "made under other settings" in before.err
    count = indexed("status", "--json").json["passages"]
    assert indexed("index", *changed).code == 0
    assert indexed("status", "--json").json["passages"] > count
    assert indexed("search", "elbow pain", "--json", *changed).err == ""


def test_collections_are_apart(indexed: Run, tmp_path: Path) -> None:
    other = tmp_path / "knots.md"
    other.write_text("# Knots\n\nTie a figure of eight against elbow pain.\n")
    assert indexed("load", str(other), "--index", "--collection", "ropes").code == 0
    ropes = indexed("search", "elbow pain", "--collection", "ropes", "--json").json
    assert {hit["document"]["title"] for hit in ropes["hits"]} == {"Knots"}
    main = indexed("search", "elbow pain", "--json").json
    assert "Knots" not in {hit["document"]["title"] for hit in main["hits"]}


def test_an_index_can_be_rebuilt_without_encoding_again(indexed: Run) -> None:
    assert "0 of them newly encoded" in indexed("index", "--rebuild").out
    assert indexed("search", "elbow pain", "--json").json["hits"]


def test_a_quote_is_placed_where_it_stands_not_where_its_passage_begins(
    indexed: Run, project: Project
) -> None:
    found = indexed("search", "pulley", "--filter", "title^=pulley", "--json").json
    assert found["hits"][0]["passage"]["start"] == 0, "the whole article is one passage"
    assert found["hits"][0]["location"]["heading"] == "Pulley injuries"

    def say(request: Request) -> Response:
        text = "Grade II injuries heal in six weeks with a thermoplastic ring."
        line = {"choices": [{"delta": {"content": text}, "finish_reason": "stop"}]}
        body = f"data: {json.dumps(line)}\n\ndata: [DONE]\n\n"
        return Response(body, content_type="text/event-stream")

    project.server.clear()
    project.server.expect_request("/v1/chat/completions").respond_with_handler(say)
    (sentence,) = indexed(
        "ask", "How long do injuries heal?", "--filter", "title^=pulley", "--json"
    ).json["sentences"]
    (citation,) = sentence["citations"]
    assert citation["quote"] == "Grade II injuries heal in six weeks with a thermoplastic ring."
    assert citation["location"]["heading"] == "Healing"


def test_what_happened_is_in_the_log_and_nothing_secret(
    run: Run, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "planted-secret")
    run("load", "--index")
    run("ask", "elbow pain?")
    run("config", "show", "--verbose")
    log = (project.folder / "logs" / "dragtor.log").read_text()
    assert "load new" in log
    assert "index: IndexReport(documents=3" in log
    assert "ask: answer by echo" in log
    assert "planted-secret" not in log
