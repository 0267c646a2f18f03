"""The JSON that programs get has exactly these keys and types, and docs/json.md shows the same.

The shapes are written out here, apart from the code that makes them, so that neither can drift.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from werkzeug import Request, Response

from dragtor.answer.refusal import CalibratedRefuser
from dragtor.types import Decision
from tests.conftest import Project, Ran

Run = Callable[..., Ran]
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Open:
    """An object whose keys are not fixed, with values of one shape; ``known`` are the keys."""

    values: Any
    known: tuple[str, ...] | None = None


TEXT = (str, type(None))
NUMBER = (int, float)
LOCATION = {
    "page": (int, type(None)),
    "heading": TEXT,
    "seconds": (int, float, type(None)),
    "speaker": TEXT,
}
HIT = {
    "rank": int,
    "score": NUMBER,
    "scores": Open(NUMBER, ("keyword", "dense", "late", "fused")),
    "passage": {"id": str, "start": int, "end": int, "text": str},
    "document": {"id": str, "uri": str, "title": str, "author": TEXT, "kind": str},
    "location": LOCATION,
    "found": ({"start": int, "end": int}, None),
}
SHOW = {key: HIT[key] for key in ("passage", "document", "location")} | {
    "before": str,
    "after": str,
}
STEPS = ("keyword_s", "encode_s", "dense_s", "late_s", "complete_s", "fuse_s", "total_s")
SEARCH = {
    "question": str,
    "hits": [HIT],
    "timings": dict.fromkeys(STEPS, NUMBER),
}
CITATION = {
    "passage_id": str,
    "document_id": str,
    "uri": str,
    "title": str,
    "quote": str,
    "start": int,
    "end": int,
    "location": LOCATION,
}
STEP = {
    "kind": {"query", "hits", "prompt", "reply", "decision"},
    "name": str,
    "detail": Open(object),
    "seconds": NUMBER,
}
ASK = {
    "question": str,
    "rewritten": TEXT,
    "kind": {"answer", "quote", "refusal", "clarification"},
    "refused": bool,
    "answer": str,
    "sentences": [
        {
            "text": str,
            "support": {"verdict": {"yes", "partly", "no"}, "score": NUMBER},
            "citations": [CITATION],
        }
    ],
    "nearest": [CITATION],
    "decision": ({"answerable": NUMBER, "refuse": bool}, None),
    "hits": [HIT],
    "model": TEXT,
    "notices": [{"code": str, "text": str}],
    "usage": {"prompt_tokens": int, "completion_tokens": int},
    "timings": {"retrieve_s": NUMBER, "first_token_s": NUMBER, "total_s": NUMBER},
    "trace": ([STEP], None),
}
PROMPT = {
    "messages": [{"role": {"system", "user", "assistant"}, "content": str}],
    "tokens": int,
}
ERROR = {"question": str, "error": str}
INFO = {
    "id": str,
    "uri": str,
    "title": str,
    "kind": str,
    "author": TEXT,
    "published": TEXT,
    "metadata": Open(str),
}
MARK = {"offset": int, "level": (int, type(None)), **LOCATION}
DOCUMENT = {**INFO, "version": int, "text": str, "marks": [MARK]}
GENERATION = {"id": str, "splitter": str, "spaces": Open(str), "recipe": Open(str)}
STATUS = {
    "collections": [str],
    "sources": int,
    "documents": int,
    "pending": int,
    "passages": int,
    "active": (GENERATION, None),
    "building": (GENERATION, None),
    "revision": int,
    "sizes": Open(int),
    "models": {"encoder": str, "language_model": str},
}
DOCTOR = [{"name": str, "state": {"ok", "warn", "fail"}, "text": str}]
ENCODER = {
    "dimension": int,
    "max_tokens": int,
    "pooling": str,
    "query_prefix": str,
    "passage_prefix": str,
    "engine": {"onnx", "fastembed", "hf"},
    "matryoshka": [int],
    "layer_norm": bool,
    "repository": str,
    "revision": str,
    "trust_remote_code": bool,
    "config": Open((bool, int, float, str)),
}
LATE = {
    "dimension": int,
    "max_tokens": int,
    **dict.fromkeys(("question_marker", "passage_marker"), TEXT),
    "question_tokens": (int, None),
    **dict.fromkeys(("expand", "attend"), (bool, None)),
    "skip": ([str], None),
    "fastembed": str,
}
MODELS = [
    {
        "name": str,
        "kind": str,
        "description": str,
        "licence": TEXT,
        "size_mb": NUMBER,
        "memory_mb": NUMBER,
        "gated": bool,
        "starter": bool,
        "encoder": (ENCODER, None),
        "late": (LATE, None),
        "nli": ({"max_tokens": int, "template": str}, None),
        "reranker": ({"engine": str, "max_tokens": int}, None),
        "present": bool,
        "path": TEXT,
        "auto": bool,
    }
]
CALIBRATE = {
    "source": {"questions", "library"},
    "answerable": int,
    "unanswerable": int,
    "fitted": bool,
    **dict.fromkeys(("area", "threshold", "threshold_before", "wrong", "caught"), NUMBER),
}
QUESTIONS_CHECK = {
    "file": str,
    "questions": int,
    "gone": [
        {
            "id": str,
            "question": str,
            "document": TEXT,
            "quote": TEXT,
            "reason": {"document", "text"},
            "nearest": (
                {"document": str, "start": int, "end": int, "text": str, "similarity": NUMBER},
                None,
            ),
        }
    ],
}
MAYBE = (int, float, type(None))
QUALITY = dict.fromkeys(
    ("nDCG@10", "recall@10", "recall@100", "MRR", "MAP", "success@1", "token_F1", "support"), MAYBE
)
METRICS_OF_ALL = {**QUALITY, "latency_p50_ms": MAYBE, "latency_p95_ms": MAYBE}
EVAL = {
    "name": str,
    "metrics": METRICS_OF_ALL,
    "questions": [
        {
            "id": str,
            "question": str,
            "rank": (int, type(None)),
            "metrics": QUALITY,
            "seconds": MAYBE,
            "answer": TEXT,
        }
    ],
}
COMPARISON = {
    **dict.fromkeys(("low", "high"), NUMBER),
    **dict.fromkeys(("difference", "p", "p_holm"), MAYBE),
    "verdict": {"baseline", "better", "worse", "no difference shown", "not comparable"},
}
EXPERIMENT = {
    **dict.fromkeys(("run", "name", "baseline", "metric", "started"), str),
    "finished": TEXT,
    "settings": [
        {
            "name": str,
            "questions": str,
            "count": int,
            "changes": Open(object),
            "metrics": METRICS_OF_ALL,
            "comparisons": Open((COMPARISON, None), tuple(QUALITY)),
        }
    ],
}
RUNS = [
    {
        **dict.fromkeys(("id", "name", "baseline", "metric", "started"), str),
        "finished": TEXT,
        "settings": [str],
        "questions": [str],
    }
]
SHAPES = {
    "search --json": SEARCH,
    "ask --json": ASK,
    "ask --show-prompt --json": PROMPT,
    "A question that fails": ERROR,
    "show --json": SHOW,
    "sources list --json": [INFO],
    "sources show ID --json": DOCUMENT,
    "status --json": STATUS,
    "calibrate --json": CALIBRATE,
    "questions check FILE --json": QUESTIONS_CHECK,
    "eval QUESTIONS --json": EVAL,
    "experiment run FILE --json": EXPERIMENT,
    "experiment list --json": RUNS,
    "doctor --json": DOCTOR,
    "models list --json": MODELS,
}


def deviations(value: Any, shape: Any, at: str = "$") -> list[str]:
    """Where a value is not of a shape: exact keys, types (a bool is no number), nullness."""
    if isinstance(shape, dict):
        if not isinstance(value, dict) or set(value) != set(shape):
            return [f"{at}: {value!r} should have the keys {sorted(shape)}"]
        return [d for key in shape for d in deviations(value[key], shape[key], f"{at}.{key}")]
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{at}: {value!r} should be a list"]
        return [d for n, v in enumerate(value) for d in deviations(v, shape[0], f"{at}[{n}]")]
    if isinstance(shape, Open):
        if not isinstance(value, dict) or (shape.known and not set(value) <= set(shape.known)):
            return [f"{at}: {value!r} should have keys of {shape.known}"]
        return [d for key, v in value.items() for d in deviations(v, shape.values, f"{at}.{key}")]
    return [] if is_one_of(value, shape) else [f"{at}: {value!r} should be {shape}"]


def is_one_of(value: Any, shape: Any) -> bool:
    """Whether a value is of a type, of one of several shapes, or one of a set of words."""
    if isinstance(shape, set):
        return value in shape
    if isinstance(shape, tuple):
        return any(value is None if one is None else not deviations(value, one) for one in shape)
    return shape is object or type(value) is shape


def example(heading: str) -> Any:
    """The JSON block that a section of docs/json.md shows."""
    title = re.escape(heading)
    section = re.search(rf"^## `?{title}`?\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert section, f"docs/json.md has no section {heading}"
    (block,) = re.findall(r"```json\n(.*?)```", section[1], re.DOTALL)
    return json.loads(block)


@pytest.fixture
def indexed(run: Run) -> Run:
    assert run("load", "--index").code == 0
    return run


def reply(project: Project, text: str) -> None:
    """From now on the language model says this."""

    def say(_: Request) -> Response:
        line = {"choices": [{"delta": {"content": text}, "finish_reason": "stop"}]}
        body = f"data: {json.dumps(line)}\n\ndata: [DONE]\n\n"
        return Response(body, content_type="text/event-stream")

    project.server.clear()
    project.server.expect_request("/v1/chat/completions").respond_with_handler(say)


@pytest.mark.parametrize("heading", SHAPES)
def test_the_page_shows_the_contract(heading: str) -> None:
    assert deviations(example(heading), SHAPES[heading]) == []


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ({"a": 1, "b": 2}, {"a": int}),
        ({}, {"a": int}),
        (True, int),
        (None, str),
        ([1, "2"], [int]),
        ("maybe", {"yes", "no"}),
        ({"x": 1.0}, Open(NUMBER, ("y",))),
        (None, (GENERATION,)),
    ],
)
def test_a_deviation_is_noticed(value: Any, shape: Any) -> None:
    assert deviations(value, shape)


def test_search_gives_what_is_promised(indexed: Run) -> None:
    found = indexed("search", "pulley injury weeks", "--json").json
    assert found["hits"]
    assert deviations(found, SEARCH) == []


@pytest.mark.parametrize("retriever", ["keyword", "dense"])
def test_half_a_search_gives_the_same_hits(indexed: Run, retriever: str) -> None:
    found = indexed("search", "pulley weeks", "--retriever", retriever, "--json").json
    assert found["hits"]
    assert deviations({**found, "timings": {}}, {**SEARCH, "timings": {}}) == []
    assert set(found["timings"]) <= set(STEPS)


def test_an_empty_result_is_a_result(indexed: Run) -> None:
    ran = indexed("search", "pulley", "--filter", "title=none", "--json")
    assert ran.code == 0
    assert ran.json["hits"] == []
    assert set(ran.json) == set(SEARCH)


def test_an_answer_gives_what_is_promised(indexed: Run) -> None:
    answer = indexed("ask", "eccentric wrist extension against elbow pain?", "--json").json
    assert answer["kind"] == "answer"
    assert any(sentence["citations"] for sentence in answer["sentences"])
    assert answer["notices"]
    assert deviations(answer, ASK) == []
    hits = {hit["passage"]["id"] for hit in answer["hits"]}
    for citation in (c for sentence in answer["sentences"] for c in sentence["citations"]):
        document = indexed("sources", "show", citation["document_id"], "--json").json
        assert document["text"][citation["start"] : citation["end"]] == citation["quote"]
        assert citation["passage_id"] in hits


def test_a_refusal_is_an_answer_of_the_same_shape(
    indexed: Run, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    reply(project, "The sources do not answer this question.")
    asked = ("ask", "who broke the elbow cup?", "--write", "--json")
    before = indexed(*asked, "--set", "answer.refuse_below=1")
    without = indexed(*asked, "--filter", "title=none")
    decided = Decision(0.1, refuse=True)
    monkeypatch.setattr(CalibratedRefuser, "after", lambda *_: decided)
    after = indexed(*asked, "--set", "answer.refuse_below=0")
    for ran in (before, without, after):
        assert ran.code == 0
        assert deviations(ran.json, ASK) == []
        assert (ran.json["kind"], ran.json["refused"]) == ("refusal", True)
        assert ran.json["decision"]["refuse"]
        assert ran.json["sentences"] == []
    assert before.json["nearest"]
    assert after.json["nearest"]
    assert without.json["nearest"] == without.json["hits"] == []
    assert [ran.json["model"] for ran in (before, without, after)] == [None, None, "echo"]


def test_quotes_are_an_answer_of_the_same_shape(indexed: Run, project: Project) -> None:
    quoted = indexed("ask", "how long do pulleys heal?", "--quote", "--json").json
    assert deviations(quoted, ASK) == []
    assert (quoted["kind"], quoted["model"]) == ("quote", None)
    for sentence in quoted["sentences"]:
        assert sentence["text"] in [citation["quote"] for citation in sentence["citations"]]
    assert not project.server.log, "no model is asked"


def test_a_trace_is_there_if_it_is_wanted(indexed: Run) -> None:
    without = indexed("ask", "elbow pain?", "--json").json
    assert without["trace"] is None
    traced = indexed("ask", "elbow pain?", "--trace", "--json").json
    assert deviations(traced, ASK) == []
    kinds = [step["kind"] for step in traced["trace"]]
    assert {"query", "hits", "prompt", "reply", "decision"} <= set(kinds)
    assert kinds.index("query") < kinds.index("prompt") < kinds.index("reply")


def test_a_passage_in_its_surroundings_is_as_promised(indexed: Run) -> None:
    hit = indexed("search", "elbow pain", "--json").json["hits"][0]
    shown = indexed("show", hit["passage"]["id"], "--json").json
    assert deviations(shown, SHOW) == []
    assert shown["passage"] == hit["passage"]


def test_a_prompt_gives_what_is_promised(indexed: Run, project: Project) -> None:
    prompt = indexed("ask", "elbow pain?", "--show-prompt", "--json").json
    assert deviations(prompt, PROMPT) == []
    assert "elbow pain?" in prompt["messages"][-1]["content"]
    assert not project.server.log, "no model is asked"


@pytest.mark.parametrize(("verb", "shape"), [("search", SEARCH), ("ask", ASK)])
def test_lines_are_results_or_errors_in_order(indexed: Run, verb: str, shape: Any) -> None:
    ran = indexed(verb, "-", "--json", stdin="elbow pain\n?!\npulley grades\n")
    first, bad, last = (json.loads(line) for line in ran.out.splitlines())
    assert ran.code == 1
    assert deviations(bad, ERROR) == []
    assert bad["question"] == "?!"
    assert deviations(first, shape) == deviations(last, shape) == []


def test_the_library_is_described_as_promised(indexed: Run) -> None:
    listed = indexed("sources", "list", "--json").json
    assert len(listed) == 3
    assert deviations(listed, [INFO]) == []
    shown = indexed("sources", "show", listed[0]["id"], "--json").json
    assert deviations(shown, DOCUMENT) == []
    assert any(indexed("sources", "show", info["id"], "--json").json["marks"] for info in listed)


def test_status_is_as_promised_before_and_after_indexing(run: Run) -> None:
    empty = run("status", "--json").json
    assert deviations(empty, STATUS) == []
    assert empty["active"] is None
    run("load", "--index")
    status = run("status", "--json").json
    assert deviations(status, STATUS) == []
    assert status["active"] is not None


def test_doctor_and_models_are_as_promised(indexed: Run, project: Project) -> None:
    (project.folder / "models" / "dropped.gguf").write_bytes(b"GGUF" + b"\0" * 64)
    assert deviations(indexed("doctor", "--json").json, DOCTOR) == []
    models = indexed("models", "list", "--json").json
    assert any(model["present"] and model["encoder"] for model in models)
    assert deviations(models, MODELS) == []


def test_a_calibration_is_as_promised(indexed: Run) -> None:
    assert deviations(indexed("calibrate", "--json").json, CALIBRATE) == []


def test_an_evaluation_and_an_experiment_are_as_promised(indexed: Run, project: Project) -> None:
    (project.folder / "mine.yml").write_text(
        "- {question: Which tear is grade III, evidence: [{document: pulleys.md}]}\n"
        "- {question: What is filed weekly, answer: Calluses.}\n"
    )
    (project.folder / "try.yml").write_text("questions: mine.yml\ngrid: {retrieve.k: [4]}\n")
    found = indexed("eval", "mine.yml", "--json").json
    assert deviations(found, EVAL) == []
    assert len(found["questions"]) == 2
    assert deviations(indexed("eval", "mine.yml", "--no-answers", "--json").json, EVAL) == []
    experiment = indexed("experiment", "run", "try.yml", "--json").json
    assert deviations(experiment, EXPERIMENT) == []
    assert indexed("experiment", "show", "1", "--json").json == experiment
    assert deviations(indexed("experiment", "list", "--json").json, RUNS) == []


def test_settings_are_json_by_section(run: Run) -> None:
    settings = run("config", "show", "--json").json
    assert settings["encoder"]["model"] == "tiny"
    assert settings["llm"]["engine"] == "openai"


def test_every_code_of_a_notice_is_documented() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "dragtor").rglob("*.py"))
    used = set(re.findall(r'\bNotice\(\s*"(\w+)"', code))
    assert len(used) >= 8
    documented = re.search(r"^Codes of notices:\n\n(.*?)\n\n", PAGE, re.DOTALL | re.MULTILINE)
    assert documented
    assert set(re.findall(r"^\| `(\w+)`", documented[1], re.MULTILINE)) == used
