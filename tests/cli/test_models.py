"""The commands models list, pull and path."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
import yaml
from click.testing import Result
from pytest_httpserver import HTTPServer
from typer.testing import CliRunner

from dragtor.cli import models
from dragtor.cli.state import State
from dragtor.errors import ModelError
from tests.tiny import make_tiny_bert
from tests.weights.gguf import write_gguf

CONTENT = b"the weights"
Command = Callable[..., Result]


@pytest.fixture
def project(tmp_path: Path, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose catalogue knows one model more, on a hub on loopback."""
    monkeypatch.setenv("HF_ENDPOINT", httpserver.url_for(""))
    monkeypatch.setenv("HF_TOKEN", "secret")
    file = {"name": "w.bin", "sources": [{"hub": "owner/tiny", "path": "w.bin"}]}
    entry = {
        "name": "tiny",
        "kind": "llm",
        "description": "Small.",
        "licence": "MIT",
        "size_mb": 1,
        "memory_mb": 1,
        "gated": True,
        "files": [file],
    }
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "params.yml").write_text(yaml.safe_dump({"models": [entry]}))
    return tmp_path


@pytest.fixture
def run(project: Path) -> Command:
    """Run a command of dragtor models; errors come out as they are."""
    root = typer.Typer(pretty_exceptions_enable=False)
    root.add_typer(models.app, name="models")

    @root.callback()
    def callback(ctx: typer.Context) -> None:
        ctx.obj = State(config=project / "config" / "params.yml")

    def command(*arguments: str) -> Result:
        result = CliRunner().invoke(root, ["models", *arguments], env={"COLUMNS": "80"})
        if isinstance(result.exception, Exception):
            raise result.exception
        return result

    return command


@pytest.fixture
def tiny_on_hub(httpserver: HTTPServer) -> None:
    """Give tiny to those who have the token."""
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    httpserver.expect_request(
        "/owner/tiny/resolve/main/w.bin", headers={"Authorization": "Bearer secret"}
    ).respond_with_data(CONTENT, headers={"ETag": f'"{sha256}"'})


def test_list_names_every_model_each_on_a_line_of_its_own(run: Command) -> None:
    result = run("list")
    assert result.exit_code == 0
    assert all(line == line.rstrip() for line in result.stdout.splitlines())
    for name in ("Llama-3.1-8B-Instruct", "jina-embeddings-v2-base-en", "silero-vad", "tiny"):
        (row,) = (line for line in result.stdout.splitlines() if line.startswith(f"{name} "))
        assert " no " in row
    assert "Licence to accept first." in result.stdout


@pytest.mark.usefixtures("tiny_on_hub")
def test_pull_gets_a_model_which_list_and_path_then_show(run: Command, project: Path) -> None:
    folder = project / "models" / "tiny"
    assert run("pull", "tiny").stdout.split() == ["ready", "tiny", str(folder)]
    assert (folder / "w.bin").read_bytes() == CONTENT
    assert run("path", "tiny").stdout == f"{folder}\n"
    (row,) = (line for line in run("list").stdout.splitlines() if line.startswith("tiny "))
    assert " yes " in row
    assert "auto takes this" in row


def test_list_json_tells_all_that_is_known(run: Command, project: Path) -> None:
    mine = write_gguf(project / "models" / "Mine.gguf", size=2_000_000)
    rows = {row["name"]: row for row in json.loads(run("list", "--json").stdout)}
    assert rows["Mine"] == {
        "name": "Mine",
        "kind": "llm",
        "description": "Dropped here by hand.",
        "licence": None,
        "size_mb": 2,
        "memory_mb": 802,
        "gated": False,
        "starter": False,
        "encoder": None,
        "late": None,
        "nli": None,
        "reranker": None,
        "present": True,
        "path": str(mine),
        "auto": True,
    }
    assert {frozenset(row) for row in rows.values()} == {frozenset(rows["Mine"])}
    assert rows["mxbai-embed-large-v1"]["encoder"]["pooling"] == "cls"
    assert rows["mxbai-embed-large-v1"]["present"] is False
    assert rows["mxbai-embed-large-v1"]["path"] is None


def test_what_cannot_be_had_is_an_error_of_one_line(run: Command, httpserver: HTTPServer) -> None:
    with pytest.raises(ModelError, match=r"no model called 'tinny'; did you mean tiny\?"):
        run("pull", "tinny")
    with pytest.raises(ModelError, match=r"tiny is not in .*: dragtor models pull tiny"):
        run("path", "tiny")
    httpserver.expect_request("/owner/tiny/resolve/main/w.bin").respond_with_data("", status=403)
    with pytest.raises(
        ModelError, match=r"accept its licence at https://huggingface\.co/owner/tiny"
    ):
        run("pull", "tiny")


def test_a_model_that_has_to_be_converted_is_ready_after_its_pull(
    run: Command, project: Path, tmp_path: Path
) -> None:
    origin = make_tiny_bert(tmp_path / "origin")
    names = ("config.json", "tokenizer.json", "model.safetensors")
    entry = {
        "name": "bert",
        "kind": "encoder",
        "description": "",
        "licence": "MIT",
        "size_mb": 1,
        "memory_mb": 1,
        "convert": "bert",
        "encoder": {"dimension": 64, "max_tokens": 64, "pooling": "mean"},
        "files": [{"name": name, "sources": [{"local": str(origin / name)}]} for name in names],
    }
    (project / "config" / "params.yml").write_text(yaml.safe_dump({"models": [entry]}))
    run("pull", "bert")
    assert (project / "models" / "bert" / "model.onnx").is_file()


@pytest.mark.parametrize("command", ["list", "pull", "path"])
def test_every_command_has_an_example(run: Command, command: str) -> None:
    assert f"Example: dragtor models {command}" in " ".join(run(command, "--help").stdout.split())
