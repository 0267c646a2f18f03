"""Documentation cannot rot: the reference is current, and every command shown is run."""

from __future__ import annotations

import hashlib
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer
from werkzeug import Request, Response

from dragtor.cli.app import app
from tests.conftest import Project, Ran

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
HEAVY = (
    "chromadb llama_cpp numpy onnx onnxruntime prompt_toolkit pydantic pypdfium2 requests "
    "tokenizers torch trafilatura transformers"
).split()

Command = typer.main.get_command(app)


def commands(group: typer.core.TyperGroup, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        if isinstance(command, typer.core.TyperGroup):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


assert isinstance(Command, typer.core.TyperGroup)
COMMANDS = list(commands(Command))


def shown() -> list[tuple[str, str]]:
    """Commands in the shell blocks of the pages, each with its page."""
    found = []
    for page in PAGES:
        for block in re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            lines = block.replace("\\\n", " ").splitlines()
            found += [(page.name, line.split("  #")[0].strip()) for line in lines if line.strip()]
    return [one for one in dict.fromkeys(found) if not one[1].startswith("#")]


def test_the_command_reference_is_what_help_says() -> None:
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        import make_cli
    finally:
        sys.path.pop(0)
    current = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert current == make_cli.page(), "run: python docs/make_cli.py"


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example(
    path: tuple[str, ...], run: Callable[..., Ran]
) -> None:
    ran = run(*path, "--help")
    assert ran.code == 0
    assert f"Example: dragtor {' '.join(path)}" in " ".join(ran.out.split())


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom dragtor.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_the_pages_show_commands() -> None:
    assert len(shown()) >= 10


@pytest.fixture
def tmp_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same empty folder for each test here: so what was indexed once has the same addresses."""
    folder = tmp_path_factory.getbasetemp() / "pages"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


@pytest.fixture
def sample(
    project: Project,
    run: Callable[..., Ran],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> Project:
    """A project with the sample library where the pages expect it, and a hub on loopback."""
    shutil.copytree(ROOT / "assets" / "library", project.folder / "assets" / "library")
    shutil.copy(ROOT / "assets" / "questions.yml", project.folder / "assets")
    shutil.copytree(ROOT / "config" / "experiments", project.folder / "config" / "experiments")
    (project.folder / "papers").mkdir()
    (project.folder / "papers" / "one.md").write_text("# One\n\nA paper.\n")
    project.configure(sources=["assets/library"], web={"reader": "local", "delay_s": 0})
    tiny = project.folder / "models" / "tiny"
    (tiny.parent / "all-MiniLM-L6-v2").symlink_to(tiny.resolve())
    data = b"GGUF" + b"\0" * 64

    def hub(request: Request) -> Response:
        etag = hashlib.sha256(data).hexdigest()
        return Response(data, headers={"ETag": f'"{etag}"', "X-Linked-Etag": f'"{etag}"'})

    project.server.expect_request(re.compile("^/hub/")).respond_with_handler(hub)
    monkeypatch.setenv("BROWSER", "none")
    monkeypatch.setenv("HF_ENDPOINT", project.server.url_for("/hub"))
    library = project.folder / "library"
    indexed = tmp_path_factory.getbasetemp() / "indexed"
    if indexed.exists():
        shutil.copytree(indexed, library)
    else:
        assert run("load", "--index").code == 0
        shutil.copytree(library, indexed)
    return project


DRAGTOR = [one for one in shown() if re.match(r"(poetry run )?dragtor ", one[1])]
OTHERS = [one for one in shown() if one not in DRAGTOR]


@pytest.mark.parametrize(("page", "line"), DRAGTOR, ids=[line for _, line in DRAGTOR])
def test_every_command_shown_works(
    page: str, line: str, sample: Project, run: Callable[..., Ran]
) -> None:
    words = shlex.split(line.removeprefix("poetry run "))[1:]
    stdin = "How are grade II pulley injuries treated?\n"
    if words[:2] in (["sources", "show"], ["sources", "remove"]):
        words[2] = run("sources", "list", "--json").json[0]["id"]
    if words[:2] == ["ask", "--open"]:
        assert run("ask", stdin.strip(), "--quote").code == 0
    if words[0] == "chats":
        assert run("chat", stdin=stdin).code == 0
    ran = run(*words, stdin=stdin)
    assert ran.code == 0, f"{page}: {line}\n{ran.err}"
    assert ran.out


@pytest.mark.parametrize(("page", "line"), OTHERS, ids=[line for _, line in OTHERS])
def test_other_commands_shown_are_those_that_ci_runs(page: str, line: str) -> None:
    known = {
        "python3 run_setup.py",
        "python3 run_setup.py test",
        "poetry install",
        "poetry run pytest",
    }
    assert line in known or re.match(
        r"(python3?|\.venv/bin/python) (benchmarks|docs)/\w+\.py", line
    )
