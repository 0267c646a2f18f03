"""Strategies in a whole project: chosen per question, traced, kept to what the question may see."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dragtor.answer.llama import LlamaModel
from dragtor.answer.strategies.agent import AgentStrategy
from dragtor.build import STRATEGIES, build, check_choices
from dragtor.config import Settings, load_settings
from dragtor.errors import ConfigError, QueryError
from dragtor.pipeline import Dragtor
from dragtor.types import Filter, Gathered, Query
from tests.answer.strategies.desk import FakeDesk
from tests.conftest import Project, Ran
from tests.fakes import WORDING

QUESTION = "How long do grade II pulley injuries take to heal?"
KINDS = {"query", "hits", "prompt", "reply", "decision"}


@pytest.fixture
def dragtor(project: Project) -> Iterator[Dragtor]:
    settings = load_settings(project.config)
    with closing(build(settings)) as dragtor:
        progress = lambda *_: None  # noqa: E731
        dragtor.load("main", settings.sources, [], refresh=False, progress=progress)
        dragtor.index(rebuild=False, progress=progress)
        yield dragtor


OWN_STEPS = {
    "plain": [("query", "hybrid"), ("hits", "hybrid")],
    "step_back": [("prompt", "step_back"), ("reply", "step_back")],
    "hyde": [("prompt", "hyde"), ("reply", "hyde")],
    "decompose": [("prompt", "decompose"), ("reply", "decompose")],
    "agent": [("prompt", "agent"), ("hits", "agent")],
    "summary": [("query", "articles"), ("hits", "read"), ("decision", "summary")],
}
"""What only this strategy does, but for the plain one, which does nothing else."""


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_ends_in_an_answer_with_its_trace(
    run: Callable[..., Ran], project: Project, strategy: str
) -> None:
    project.configure(answer={"refuse_below": 0.0})
    assert run("load", "--index").code == 0
    ran = run("ask", QUESTION, "--strategy", strategy, "--trace", "--json")
    assert ran.code == 0, ran.err
    assert ran.json["kind"] in ("answer", "quote")
    assert {step["kind"] for step in ran.json["trace"]} <= KINDS
    steps = [(step["kind"], step["name"]) for step in ran.json["trace"]]
    assert set(OWN_STEPS[strategy]) <= set(steps)
    others = {step for name in STRATEGIES for step in OWN_STEPS[name] if name != strategy}
    assert not (others - set(OWN_STEPS["plain"])) & set(steps)
    cited = [c["passage_id"] for s in ran.json["sentences"] for c in s["citations"]]
    assert cited
    assert set(cited) <= {hit["passage"]["id"] for hit in ran.json["hits"]}


@pytest.mark.parametrize("strategy", ["step_back", "hyde", "decompose", "agent"])
def test_without_a_language_model_thinking_is_refused_in_one_line(
    run: Callable[..., Ran], project: Project, strategy: str
) -> None:
    project.configure(llm={"model": "none"})
    assert run("load", "--index").code == 0
    ran = run("ask", QUESTION, "--strategy", strategy)
    assert ran.code == 1
    assert f"the strategy {strategy} needs a language model" in ran.err
    assert ran.err.count("\n") == 1


def test_the_settings_strategy_gives_way_where_there_is_no_language_model(
    run: Callable[..., Ran], project: Project
) -> None:
    project.configure(llm={"model": "none"}, answer={"strategy": "agent", "refuse_below": 0.0})
    assert run("load", "--index").code == 0
    ran = run("ask", QUESTION, "--json")
    assert (ran.code, ran.json["kind"]) == (0, "quote")
    assert "strategy_fallback" in [notice["code"] for notice in ran.json["notices"]]
    ran = run("chat", stdin=f"{QUESTION}\n{QUESTION}\n")
    assert ran.code == 0
    assert ran.err.count("answer.strategy is agent, which needs a language model") == 1
    assert run("ask", QUESTION, "--strategy", "plain", "--json").json["notices"] == []
    assert run("ask", QUESTION, "--strategy", "agent").code == 1


def test_a_document_is_read_in_text_order_and_only_by_who_may_see_it(dragtor: Dragtor) -> None:
    document = next(one for one in dragtor.library.documents("main") if "elbow" in one.uri)
    hits = dragtor.read(Query(QUESTION), document.id)
    text = dragtor.library.document(document.id).text
    assert [hit.passage.start for hit in hits] == sorted(hit.passage.start for hit in hits)
    for hit in hits:
        assert text[hit.passage.start : hit.passage.end] == hit.passage.text
    assert hits[0].location.heading == "Tennis elbow"
    assert dragtor.read(Query("?", filters=(Filter("title", "*=", "elbow"),)), document.id)
    for filters in ((Filter("title", "*=", "pulley"),), (Filter("kind", "=", "pdf"),)):
        with pytest.raises(QueryError, match=re.escape(document.id)):
            dragtor.read(Query(QUESTION, filters=filters), document.id)
    with pytest.raises(QueryError, match="nowhere"):
        dragtor.read(Query(QUESTION), "nowhere")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prompts:\n  step_back: Hi", "prompts.step_back lacks {question}"),
        ("prompts:\n  hyde: ''", "prompts.hyde has an empty turn"),
        ("prompts:\n  decompose: '{question} {n}'", "prompts.decompose knows {question}, not {n}"),
        ("prompts:\n  agent: '{question} {done}'", "prompts.agent lacks {sources}"),
        ("prompts:\n  compare: '{question} {first}'", "prompts.compare lacks {second}"),
        ("prompts:\n  outline: Name it.", "prompts.outline lacks {text}"),
        ("prompts:\n  summarise: '{text}'", "prompts.summarise lacks {title}"),
        ("prompts:\n  rewrite: '{question}'", "prompts.rewrite lacks {conversation}"),
        ("prompts:\n  form: JSON!", "prompts.form lacks {form}"),
        ("prompts:\n  repair: '{form}'", "prompts.repair lacks {wrong}"),
        ("answer:\n  strategy: hide", "answer.strategy cannot be 'hide'; did you mean 'hyde'?"),
    ],
)
def test_a_wrong_setting_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    params = tmp_path / "params.yml"
    params.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        check_choices(load_settings(params))
    assert str(caught.value).startswith(f"{params}, line 2: ")
    assert message in str(caught.value)


@pytest.mark.models
def test_an_agent_with_the_starter_model_ends_with_passages(starter: LlamaModel) -> None:
    prompts = Settings().prompts
    strategy = AgentStrategy(prompts.agent, prompts.compare, WORDING, max_steps=1)
    *_, gathered = strategy.gather(Query(QUESTION, k=4), FakeDesk(starter))
    assert isinstance(gathered, Gathered)
    assert gathered.result.hits[0].document.id == "pulleys"
