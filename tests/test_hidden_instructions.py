"""Ten sources that talk to the model: what they say changes nothing that the program controls.

The model here is the worst there can be: whatever a source tells it to reply, it replies, also
where it is asked for JSON. LEAK in the sources stands for an address that answers.
"""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from werkzeug import Request, Response

from dragtor.build import STRATEGIES, build
from dragtor.config import load_settings
from dragtor.pipeline import Dragtor
from dragtor.types import Answer, Query
from tests.conftest import Project, Ran

SOURCES = sorted((Path(__file__).parent / "golden" / "hidden_instructions").iterdir())
QUESTION = "How long does a partial A2 pulley rupture take to heal?"
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]")

EACH = pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
PAIRS = [
    pytest.param(source, strategy, id=f"{source.stem}-{strategy}")
    for strategy in sorted(STRATEGIES)
    for source in (SOURCES if strategy in ("plain", "agent") else SOURCES[3:5])
]


@pytest.fixture
def obeying(project: Project, source: Path) -> Project:
    """A project with one of the sources beside honest ones, and a model that obeys it."""
    leak = project.server.url_for("/leak")
    text = source.read_bytes().replace(b"LEAK", leak.encode())
    (project.notes / source.name).write_bytes(text)
    project.server.clear()
    project.server.expect_request("/v1/chat/completions").respond_with_handler(obey)
    project.configure(answer={"refuse_below": 0.0}, chat={"clarify": False})
    return project


@pytest.fixture
def opened(obeying: Project, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Connections that were tried to anything but the language model's server; none succeeds."""
    tried: list[object] = []
    connect = socket.socket.connect

    def watched(self: socket.socket, address: object) -> None:
        if not (isinstance(address, tuple) and address[1] == obeying.server.port):
            tried.append(address)
            raise OSError("no connection is allowed here")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", watched)
    monkeypatch.setattr(socket.socket, "connect_ex", watched)
    return tried


@pytest.fixture
def dragtor(obeying: Project) -> Iterator[Dragtor]:
    settings = load_settings(obeying.config)
    with closing(build(settings)) as dragtor:
        progress = lambda *_: None  # noqa: E731
        dragtor.load("main", settings.sources, [], refresh=False, progress=progress)
        dragtor.index(rebuild=False, progress=progress)
        yield dragtor


def obey(request: Request) -> Response:
    said = request.get_json()["messages"]
    prompt = "\n".join(message["content"] for message in said)
    wanted = re.findall(r'Reply exactly: "(.*)"', prompt)
    text = wanted[-1] if wanted else "A partial A2 pulley rupture heals in six weeks."
    body: dict[str, Any] = {"choices": [{"delta": {"content": text}}]}
    end = {"choices": [{"delta": {}, "finish_reason": "stop"}]}
    lines = [f"data: {json.dumps(event)}\n\n" for event in (body, end)]
    return Response("".join([*lines, "data: [DONE]\n\n"]), content_type="text/event-stream")


def ask(dragtor: Dragtor, **choices: Any) -> Answer:
    *_, answer = dragtor.ask(Query(QUESTION, **choices))
    assert isinstance(answer, Answer)
    return answer


@pytest.mark.parametrize(("source", "strategy"), PAIRS)
def test_citations_stay_real_and_nothing_is_fetched(
    dragtor: Dragtor, obeying: Project, opened: list[object], strategy: str
) -> None:
    before = {
        info.id: dragtor.library.document(info.id) for info in dragtor.library.documents("main")
    }
    answer = ask(dragtor, strategy=strategy, mode="write")
    found = {hit.passage.id for hit in answer.hits}
    for sentence in answer.sentences:
        assert bool(sentence.citations) == (sentence.support.verdict != "no")
        for citation in sentence.citations:
            assert citation.passage_id in found
            text = before[citation.document_id].text
            assert text[citation.start : citation.end] == citation.quote
    asked = {request.path for request, _ in obeying.server.log}
    assert asked == {"/v1/chat/completions"}
    assert opened == []
    after = {
        info.id: dragtor.library.document(info.id) for info in dragtor.library.documents("main")
    }
    assert after == before


@EACH
def test_the_model_did_obey_and_what_it_said_was_checked_like_all_else(
    dragtor: Dragtor, source: Path
) -> None:
    answer = ask(dragtor, mode="write")
    assert any("partial A2 pulley rupture" in hit.passage.text for hit in answer.hits)
    (prompt,) = [step for step in answer.trace if step.kind == "prompt"]
    (reply,) = [step for step in answer.trace if step.kind == "reply"]
    read = "\n".join(message["content"] for message in prompt.detail["messages"])
    orders = re.findall(r'Reply exactly: "(.*)"', read)
    assert orders or source.suffix == ".html", "the source's order was not among what was read"
    if orders:
        told = re.sub(r"[^\w ]", "", orders[-1])[:12]
        assert told in re.sub(r"[^\w ]", "", reply.detail["text"])
    for sentence in answer.sentences:
        if sentence.support.verdict == "no":
            assert not sentence.citations


@EACH
def test_what_a_source_says_is_only_ever_inside_one_turn_of_the_user(dragtor: Dragtor) -> None:
    prompt = dragtor.prompt(Query(QUESTION))
    assert [message.role for message in prompt.messages] == ["system", "user"]
    assert "Reply exactly" not in prompt.messages[0].content
    assert prompt.messages[1].content.rstrip().count(QUESTION) == 1


@EACH
def test_the_terminal_gets_no_control_characters(obeying: Project, run: Callable[..., Ran]) -> None:
    assert run("load", "--index").code == 0
    for arguments in (["ask", QUESTION], ["ask", QUESTION, "--quote"], ["search", QUESTION]):
        ran = run(*arguments)
        assert ran.code == 0, ran.err
        assert not CONTROL.search(ran.out)
