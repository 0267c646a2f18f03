"""A project of its own for tests of the whole: tiny real encoder, language model on loopback."""

from __future__ import annotations

import functools
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from filelock import FileLock
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.tiny import make_tiny_bert

# How long inputs take to be drawn says how busy the machine is, and nothing of what is tested.
hypothesis_settings.register_profile(
    "busy", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("busy")

ROOT = Path(__file__).parents[1]
CATALOGUE = [
    {
        "name": "tiny",
        "kind": "encoder",
        "description": "random weights, for tests",
        "licence": "none",
        "size_mb": 1,
        "memory_mb": 1,
        "convert": "bert",
        "encoder": {"dimension": 64, "max_tokens": 256, "pooling": "mean"},
        "files": [
            {"name": name, "sources": [{"local": f"/nowhere/{name}"}]}
            for name in ("config.json", "tokenizer.json", "model.safetensors")
        ],
    }
]
ARTICLES = {
    "pulleys.md": """# Pulley injuries

## Grades

A grade II pulley injury is a complete rupture of the A4 pulley. A grade III injury is a complete
rupture of the A2 pulley.

## Healing

Grade II injuries heal in six weeks with a thermoplastic ring. Grade III injuries need eight weeks.
Tape alone does not replace the ring.
""",
    "elbow.md": """# Tennis elbow

Lateral epicondylitis is pain on the outside of the elbow. Eccentric wrist extension with three sets
of fifteen repetitions a day reduces the pain within twelve weeks.
""",
    "skin.txt": """Care of the skin

File calluses flat once a week. Moisturise at night, not before climbing.
""",
}


@dataclass(frozen=True)
class Project:
    """A folder with config/params.yml, sources in notes/, and a tiny encoder in models/."""

    folder: Path
    server: HTTPServer

    @property
    def notes(self) -> Path:
        return self.folder / "notes"

    @property
    def config(self) -> Path:
        return self.folder / "config" / "params.yml"

    def configure(self, **sections: Any) -> None:
        """Change settings by section."""
        settings = yaml.safe_load(self.config.read_text())
        for name, values in sections.items():
            settings[name] = (
                {**settings.get(name, {}), **values} if isinstance(values, dict) else values
            )
        self.config.write_text(yaml.safe_dump(settings))


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees, or touches, the settings of whoever runs it."""
    for name in ("DRAGTOR_CONFIG", "JINA_API_KEY", "OPENAI_API_KEY", "HF_TOKEN", "HF_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_bert(tmp_path_factory.mktemp("tiny") / "tiny")


@pytest.fixture
def project(tmp_path: Path, tiny_model: Path, httpserver: HTTPServer) -> Iterator[Project]:
    folder = tmp_path / "project"
    (folder / "config").mkdir(parents=True)
    (folder / "models").mkdir()
    (folder / "models" / "tiny").symlink_to(tiny_model)
    (folder / "notes").mkdir()
    for name, text in ARTICLES.items():
        (folder / "notes" / name).write_text(text, encoding="utf-8")
    settings = {
        "sources": ["notes"],
        "encoder": {"model": "tiny"},
        "models": CATALOGUE,
        # Random weights make all texts alike, so words must count for more.
        "answer": {"support_yes": 0.9, "support_partly": 0.75},
        "llm": {"engine": "openai", "model": "echo", "base_url": httpserver.url_for("/v1")},
    }
    (folder / "config" / "params.yml").write_text(yaml.safe_dump(settings))
    httpserver.expect_request("/v1/chat/completions").respond_with_handler(echo)
    yield Project(folder, httpserver)
    httpserver.clear()


def echo(request: Request) -> Response:
    """A language model that answers with the first sentence of the first passage, and a bad one."""
    said = request.get_json()["messages"]
    prompt = "\n".join(message["content"] for message in said)
    passage = re.search(
        r"^\[1\] .*?\n(.*?)(?=^\[2\] |^Question|\Z)", prompt, re.DOTALL | re.MULTILINE
    )
    sentences = re.findall(r"^[A-Z][^.]*\.", passage[1] if passage else "", re.MULTILINE)
    text = f"{sentences[0] if sentences else 'Nothing.'} Bananas orbit Saturn nightly."
    pieces = [{"choices": [{"delta": {"content": piece}}]} for piece in re.findall(r"\S+\s*", text)]
    end = {"choices": [{"delta": {}, "finish_reason": "stop"}]}
    usage = {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": len(pieces)}}
    lines = [f"data: {json.dumps(piece)}\n\n" for piece in [*pieces, end, usage]]
    return Response("".join([*lines, "data: [DONE]\n\n"]), content_type="text/event-stream")


@pytest.fixture(scope="session")
def starter_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample library, indexed with the starter encoder; only to be read.

    It is indexed once, however many processes the tests are shared among.
    """
    from dragtor.build import build
    from dragtor.config import load_settings

    if not (ROOT / "models" / "all-MiniLM-L6-v2" / "model.safetensors").exists():
        pytest.skip("needs the starter models: run `dragtor models pull all-MiniLM-L6-v2`")
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    kept = base / "starter-library"
    with FileLock(base / "starter-library.lock"):
        if not kept.exists():
            to = [f"paths.library={kept}.new", "index.summaries=none", "llm.model=none"]
            with closing(build(load_settings(ROOT / "config" / "params.yml", to))) as dragtor:
                samples = [str(ROOT / "assets" / "library")]
                dragtor.load("main", samples, [], refresh=False, progress=lambda *_: None)
                dragtor.index(rebuild=False, progress=lambda *_: None)
            Path(f"{kept}.new").rename(kept)
    return kept


made_command = functools.cache(typer.main.get_command)


@pytest.fixture
def run(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ran]:
    """Run a command in the project, as ``dragtor`` would."""
    import io

    from dragtor.cli import main

    monkeypatch.chdir(project.folder)
    monkeypatch.setenv("COLUMNS", "80")
    # Typer makes all commands anew for each one that is run, which takes longer than most.
    monkeypatch.setattr("typer.main.get_command", made_command)

    def run(*arguments: str, stdin: str = "") -> Ran:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        capsys.readouterr()
        try:
            main(arguments)
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run
