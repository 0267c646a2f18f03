"""What goes wrong is said in one line, with exit code 1, and nothing is lost."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
from reportlab.lib import pdfencrypt
from reportlab.pdfgen.canvas import Canvas

from tests.conftest import Project, Ran

Run = Callable[..., Ran]


def pdf(*, password: str | None = None) -> bytes:
    target = BytesIO()
    encrypt = pdfencrypt.StandardEncryption(password) if password else None
    canvas = Canvas(target, encrypt=encrypt)
    canvas.drawString(72, 720, "A page about pulleys.")
    canvas.save()
    return target.getvalue()


def assert_quotes(ran: Ran, *parts: str) -> None:
    """The sources answer in the model's place, and one line says why."""
    assert ran.code == 0
    assert ran.out.startswith("In the words of your sources:")
    (line,) = ran.err.splitlines()
    for part in parts:
        assert part in line


def assert_one_line(ran: Ran, *parts: str) -> None:
    assert ran.code == 1
    assert "Traceback" not in ran.out + ran.err
    lines = [line for line in ran.err.splitlines() if line.strip()]
    assert len(lines) == 1, ran.err
    for part in parts:
        assert part in lines[0]


FILES = {
    "empty.txt": (b"", "is empty"),
    "blank.md": (b" \n\n", "empty"),
    "binary.txt": (bytes(range(256)) * 8, "binary"),
    "encrypted.pdf": (pdf(password="secret"), "encrypted"),
    "broken.pdf": (pdf()[:300], "broken.pdf"),
    "broken.docx": (b"PK\x03\x04 not a zip", "broken.docx"),
    "bad.jsonl": (b'{"id": 1, "text": "fine"}\n{oops\n', "line 2"),
    "unknown.xyz": (b"?", "unknown type"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_named_that_cannot_be_read_fails_and_loses_nothing(
    run: Run, project: Project, tmp_path: Path, name: str
) -> None:
    assert run("load", "--index").code == 0
    data, reason = FILES[name]
    path = tmp_path / name
    path.write_bytes(data)
    ran = run("load", str(path))
    assert_one_line(ran, "failed", name, reason)
    assert len(run("sources", "list", "--json").json) == 3
    assert run("load").out.split()[5:] == "0 0 3 0 0".split()


def test_inside_a_folder_what_cannot_be_read_stops_nothing(run: Run, project: Project) -> None:
    for name, (data, _) in FILES.items():
        (project.notes / name).write_bytes(data)
    ran = run("load", "--index")
    new, changed, unchanged, skipped, failed = map(int, ran.out.splitlines()[1].split())
    assert (new, changed, unchanged) == (3, 0, 0)
    assert skipped + failed == len(FILES)
    assert ran.code == 1
    for name in FILES:
        assert name in ran.err
    assert run("search", "elbow", "--json").json["hits"]


def test_a_folder_with_only_unknown_types_is_no_failure(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / "a.xyz").write_text("?")
    (folder / "b.txt").write_text("A text.")
    ran = run("load", str(folder))
    assert ran.code == 0
    assert "skipped" in ran.err


def test_a_file_that_breaks_keeps_what_it_was(run: Run, project: Project) -> None:
    assert run("load", "--index").code == 0
    (project.notes / "elbow.md").write_bytes(b"\x00\x01" * 500)
    assert run("load").code == 1
    assert run("index").code == 0
    found = run("search", "eccentric wrist extension", "--json").json
    assert "Tennis elbow" in {hit["document"]["title"] for hit in found["hits"]}


def test_what_is_not_there_cannot_be_loaded(run: Run) -> None:
    assert_one_line(run("load", "/no/such/file.md"), "/no/such/file.md")
    assert_one_line(run("load", "gopher://example.org/"), "gopher")
    assert_one_line(run("load", ""), "empty")


@pytest.mark.parametrize("command", ["search", "ask"])
def test_an_empty_library_says_what_to_do(run: Run, command: str) -> None:
    assert_one_line(run(command, "elbow pain?"), "dragtor load")


@pytest.mark.parametrize("command", ["search", "ask"])
def test_a_question_of_punctuation_is_refused(run: Run, command: str) -> None:
    assert run("load", "--index").code == 0
    assert_one_line(run(command, "?!… --"), "nothing to search for")


def test_a_very_long_question_is_searched_and_not_answered(run: Run) -> None:
    assert run("load", "--index").code == 0
    question = " ".join(f"word{number} elbow" for number in range(5_000))
    found = run("search", question, "--json")
    assert found.code == 0
    assert found.json["hits"]
    assert_one_line(run("ask", question), "tokens")


def test_a_missing_encoder_says_how_to_get_it(run: Run, project: Project) -> None:
    (project.folder / "models" / "tiny").unlink()
    assert run("load").code == 0
    assert_one_line(run("index"), "dragtor models pull tiny")


def test_a_missing_language_model_says_how_to_get_it(run: Run, project: Project) -> None:
    assert run("load", "--index").code == 0
    project.configure(llm={"engine": "llama", "model": "auto"})
    assert_quotes(run("ask", "elbow pain?"), "dragtor models pull")
    assert_one_line(run("ask", "elbow pain?", "--model", "SmolLM2-135M-Instruct"), "models pull")


def test_a_corrupt_gguf_is_named(run: Run, project: Project) -> None:
    assert run("load", "--index").code == 0
    path = project.folder / "models" / "broken.gguf"
    path.write_bytes(b"GGUF" + os.urandom(2000))
    project.configure(llm={"engine": "llama", "model": str(path)})
    assert_one_line(run("ask", "elbow pain?"), "broken.gguf")


def test_a_language_server_that_is_not_there_is_named(run: Run, project: Project) -> None:
    assert run("load", "--index").code == 0
    project.configure(llm={"base_url": "http://127.0.0.1:9/v1"})
    assert_one_line(run("ask", "elbow pain?"), "127.0.0.1:9")


@pytest.fixture
def readable_only(project: Project, run: Run) -> Iterator[Path]:
    """An indexed copy of the project that this process may read and not write, root or not."""
    assert run("load", "--index").code == 0
    # Everything that will be needed is imported before the rights are given up.
    assert run("search", "elbow", "--retriever", "keyword").code == 0
    folder = Path(tempfile.mkdtemp())
    shutil.copytree(project.folder, folder / "project", ignore_dangling_symlinks=True)
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield folder / "project"
    finally:
        if user == 0:
            os.seteuid(0)
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
        shutil.rmtree(folder)


def test_a_read_only_library_can_be_searched_and_says_why_it_cannot_be_written(
    run: Run, readable_only: Path
) -> None:
    config = ("--config", str(readable_only / "config" / "params.yml"))
    assert_one_line(run("load", *config), str(readable_only / "library"))
    found = run("search", "elbow", "--retriever", "keyword", "--json", *config)
    assert found.code == 0, found.err
    assert found.json["hits"]


def test_a_library_where_no_folder_can_be_is_an_error_in_one_line(
    run: Run, project: Project
) -> None:
    (project.folder / "file").write_text("")
    project.configure(paths={"library": "file/library"})
    assert_one_line(run("load"), "file/library")


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (
            ("--set", "encoder.engine=jax"),
            "encoder.engine cannot be 'jax'; it can be: auto, ",
        ),
        (("--set", "encoder.model=tinny"), "tiny"),
        (("--set", "llm.modle=x"), "did you mean 'model'"),
        (("--config", "/no/params.yml"), "/no/params.yml"),
        (("--retriever", "psychic"), "hybrid"),
        (("--filter", "??"), "key=value"),
        (("--collection", "unknown"), "unknown"),
    ],
)
def test_a_wrong_setting_or_option_names_the_valid_ones(
    run: Run, arguments: tuple[str, ...], part: str
) -> None:
    assert run("load", "--index").code == 0
    assert_one_line(run("search", "elbow", *arguments), part)


def test_an_unknown_document_is_named(run: Run) -> None:
    assert run("load", "--index").code == 0
    assert_one_line(run("sources", "show", "beef"), "'beef'", "sources list")
    assert_one_line(run("sources", "remove", "beef"), "'beef'")


def test_text_from_sources_cannot_talk_to_the_terminal(run: Run, project: Project) -> None:
    (project.notes / "evil.md").write_text("# Evil\x1b[2J title\n\nelbow \x1b]0;owned\x07 elbow\n")
    assert run("load", "--index").code == 0
    shown = run("search", "evil elbow owned")
    assert "owned" in shown.out
    assert "\x1b" not in shown.out
    assert "\x07" not in shown.out


def test_an_index_of_nothing_is_refused_and_a_library_emptied_is_empty(run: Run) -> None:
    assert_one_line(run("index"), "nothing is loaded yet")
    assert run("load", "--index").code == 0
    for info in run("sources", "list", "--json").json:
        assert run("sources", "remove", info["id"]).code == 0
    assert_one_line(run("search", "elbow"), "the library is empty")
    assert_one_line(run("ask", "elbow"), "the library is empty")


def test_a_question_that_is_no_text_is_taken_as_far_as_it_goes(run: Run) -> None:
    assert run("load", "--index").code == 0
    assert run("search", "pulley \udcff", "--json").json["hits"]
    assert run("ask", "pulley \udcff", "--json").code == 0


def test_in_a_chat_punctuation_is_no_follow_up(run: Run) -> None:
    assert run("load", "--index").code == 0
    ran = run("chat", stdin="elbow pain?\n???\n")
    assert ran.code == 1
    assert "nothing to search for" in ran.err


def test_a_damaged_gguf_in_models_is_named_where_no_other_is(run: Run, project: Project) -> None:
    assert run("load", "--index").code == 0
    (project.folder / "models" / "broken.gguf").write_bytes(b"no model at all" * 100)
    project.configure(llm={"engine": "llama", "model": "auto"})
    assert_quotes(run("ask", "elbow pain?"), "broken.gguf", "damaged", "dragtor models pull")
