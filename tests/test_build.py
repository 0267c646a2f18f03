"""The wiring: names in the settings that are checked, and what is said of the starter model."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar

import pytest

from dragtor.build import check_choices, check_ready, starter_notice, support_checker, weights_of
from dragtor.build.answering import AnsweringParts
from dragtor.build.choices import ENCODERS, RERANKERS, SPLITTERS, gives_parents, reads_tokens
from dragtor.build.encoders import Encoders
from dragtor.build.finding import Finding
from dragtor.build.spec import Spec, check_spec
from dragtor.config import load_settings
from dragtor.errors import ConfigError, ModelError, QueryError
from dragtor.types import Generation
from tests.answer.conftest import hit
from tests.conftest import CATALOGUE, Project
from tests.tiny import make_tiny_bert

LINE_2 = [
    ("web:\n  reader: jna", "web.reader cannot be 'jna'; did you mean 'jina'?"),
    ("llm:\n  engine: lama", "llm.engine cannot be 'lama'; did you mean 'llama'?"),
    ("split:\n  splitter: x", "split.splitter cannot be 'x'; it can be: structure"),
    (
        "encoder:\n  engine: jax",
        "encoder.engine cannot be 'jax'; it can be: auto, ",
    ),
    (
        "retrieve:\n  retriever: hybird",
        "there is no part 'hybird'; did you mean 'hybrid'? (it can be hybrid for all parts, ",
    ),
    (
        "retrieve:\n  retriever: hybrid+dense",
        "retrieve.retriever cannot be 'hybrid+dense': hybrid stands alone; it can be hybrid",
    ),
    (
        "retrieve:\n  retriever: dense+keyword+dense",
        "retrieve.retriever cannot be 'dense+keyword+dense': it names dense twice; it can be",
    ),
    ("retrieve:\n  retriever: ''", "retrieve.retriever cannot be '': there is no part ''; it can"),
    ("retrieve:\n  fusion: rff", "retrieve.fusion cannot be 'rff'; did you mean 'rrf'?"),
    ("encoder:\n  model: all-MiniLM", "did you mean 'all-MiniLM-L6-v2'?"),
    ("encoder:\n  model: silero-vad", "encoder.model cannot be 'silero-vad'; "),
    ("retrieve:\n  reranker: non", "did you mean 'none'?"),
    ("retrieve:\n  reranker: all-MiniLM-L6-v2", "retrieve.reranker cannot be 'all-MiniLM-L6-v2'"),
    ("answer:\n  checker: feature", "did you mean 'features'?"),
    ("answer:\n  checker: silero-vad", "answer.checker cannot be 'silero-vad'; "),
    ("prompts:\n  system: Hi", "prompts.system lacks {refusal}: 'Hi'"),
    ("prompts:\n  context: Hi", "prompts.context lacks {passages}: 'Hi'"),
    ("prompts:\n  question: Hi", "prompts.question lacks {question}: 'Hi'"),
    ("prompts:\n  refusal: ''", "prompts.refusal is empty"),
]


@pytest.mark.parametrize(("text", "message"), LINE_2)
def test_a_wrong_name_is_named_with_its_file_and_line(
    tmp_path: Path, text: str, message: str
) -> None:
    params = tmp_path / "params.yml"
    params.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        check_choices(load_settings(params))
    assert str(caught.value).startswith(f"{params}, line 2: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_case_of_letters_in_a_model_name_is_ignored(tmp_path: Path) -> None:
    params = tmp_path / "params.yml"
    params.write_text("{encoder: {model: ALL-minilm-l6-v2}, retrieve: {reranker: none}}")
    check_choices(load_settings(params))


@pytest.mark.parametrize(
    ("memory_gb", "advice"),
    [
        (2, ""),
        (4, ""),  # the 3B needs 2.8 GB, two thirds of 4 are 2.67
        (8, "; for good ones: dragtor models pull Llama-3.2-3B-Instruct (2 GB)"),
        (16, "; for good ones: dragtor models pull Llama-3.1-8B-Instruct (4.9 GB)"),
    ],
)
def test_the_starter_says_which_model_is_the_best_for_this_machine(
    tmp_path: Path, memory_gb: int, advice: str
) -> None:
    params = tmp_path / "params.yml"
    params.write_text("")
    notice = starter_notice(load_settings(params).models, memory_gb * 10**9)
    assert notice.code == "starter_model"
    assert notice.text == f"this answer is by a very small model{advice}"


NLI = {**CATALOGUE[0], "name": "tiny-nli", "kind": "nli", "encoder": None}


def generation() -> Generation:
    return Generation(1, "", {}, {"engine": "onnx", "model": "tiny"})


@pytest.mark.parametrize(
    ("wanted", "pulled", "name"),
    [
        ("auto", False, "features"),
        ("auto", True, "tiny-nli"),
        ("features", True, "features"),
        ("tiny-nli", True, "tiny-nli"),
    ],
)
def test_a_model_of_entailment_checks_answers_where_there_is_one(
    project: Project, wanted: str, pulled: bool, name: str
) -> None:
    if pulled:
        folder = make_tiny_bert(project.folder / "models" / "tiny-nli", labels=3)
        config = json.loads((folder / "config.json").read_text())
        config["id2label"] = {"0": "contradiction", "1": "entailment", "2": "neutral"}
        (folder / "config.json").write_text(json.dumps(config))
    project.configure(models=[*CATALOGUE, NLI], answer={"checker": wanted})
    checker = support_checker(load_settings(project.config), generation())
    assert checker.name == name
    said = "A grade II injury is a rupture of the A4 pulley."
    first, second = checker.check(f"{said} The pulley of the A4 is an injury.", [hit(said)])
    assert first.support.verdict == "yes"
    assert 0 < second.support.score < 1


def test_a_model_of_entailment_that_is_not_here_says_how_to_get_it(project: Project) -> None:
    project.configure(models=[*CATALOGUE, NLI], answer={"checker": "tiny-nli"})
    with pytest.raises(ModelError, match="dragtor models pull tiny-nli"):
        support_checker(load_settings(project.config), generation())


class Weighted:
    """A reranker with weights."""

    made: ClassVar[list[tuple[str, str, int]]] = []

    def __init__(self, folder: Path, name: str, max_tokens: int) -> None:
        self.made.append((folder.name, name, max_tokens))


class Weightless:
    """A reranker without, which has nothing to be told."""


def test_a_reranker_is_given_what_it_names_of_its_models_entry(
    monkeypatch: pytest.MonkeyPatch, project: Project
) -> None:
    for kind in (Weighted, Weightless):
        monkeypatch.setitem(RERANKERS, kind.__name__.lower(), f"{__name__}:{kind.__name__}")
    card = {"engine": "weighted", "max_tokens": 99}
    entry = {**CATALOGUE[0], "name": "own", "kind": "reranker", "encoder": None, "reranker": card}
    make_tiny_bert(project.folder / "models" / "own")
    for name in ("own", "weightless"):
        project.configure(models=[*CATALOGUE, entry], retrieve={"reranker": name})
        settings = load_settings(project.config)
        check_ready(settings)
        parts = AnsweringParts(settings)
        unused = (parts.library, parts.vectors, parts.tokens, Encoders(weights_of(settings), 1))
        with closing(parts.library), closing(parts.vectors), closing(parts.tokens):
            finding = Finding(*unused, weights_of(settings), 1)
            assert finding.judge(generation(), name)
            with pytest.raises(QueryError, match=r"'weighted'.*none, maxsim, weightless, .*own"):
                finding.judge(generation(), "weighted")
    assert Weighted.made == [("own", "own", 99)]
    project.configure(models=[*CATALOGUE, entry], retrieve={"reranker": "weighted"})
    with pytest.raises(ConfigError, match=r"cannot be 'weighted'; .*weightless"):
        check_choices(load_settings(project.config))


def test_a_class_is_asked_what_it_can_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENCODERS, "plain", f"{__name__}:Weightless")
    assert [name for name in ENCODERS if reads_tokens(name)] == ["onnx", "hf"]
    assert [name for name in SPLITTERS if gives_parents(name)] == ["window", "parent_child"]
    assert not gives_parents("one that was")
    asked: list[dict[str, Any]] = [{"precision": "int8"}, {"late_chunking": True}]
    for more in asked:
        with pytest.raises(ConfigError, match="plain"):
            check_spec(Spec("plain", "tiny", **more), None)


def test_the_engine_that_a_models_entry_names_is_checked(project: Project) -> None:
    card = {**CATALOGUE[0]["encoder"], "engine": "onxx"}
    project.configure(models=[{**CATALOGUE[0], "encoder": card}])
    said = r"encoder.engine is auto, and the engine of tiny under models .* did you mean 'onnx'\?"
    with pytest.raises(ConfigError, match=said):
        check_choices(load_settings(project.config))


def test_a_name_without_a_value_is_said_to_be_empty(tmp_path: Path) -> None:
    params = tmp_path / "params.yml"
    params.write_text("retrieve:\n  retriever:", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"line 2: retrieve.retriever is empty: it must be text"):
        load_settings(params)
