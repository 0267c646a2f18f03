"""run_setup.py: what it decides, and what it says when it cannot go on."""

from __future__ import annotations

import ast
import importlib.util
import re
import socket
import stat
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from pytest_httpserver import HTTPServer

SCRIPT = Path(__file__).resolve().parents[1] / "run_setup.py"


def load() -> ModuleType:
    """Import run_setup.py from its path, for it is a script and in no package."""
    spec = importlib.util.spec_from_file_location("run_setup", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["run_setup"] = module  # dataclasses looks its classes' module up
    spec.loader.exec_module(module)
    return module


rs = load()


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give an empty folder that is the whole PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def write_program(folder: Path, name: str, script: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


# --- What this machine must have ---


def test_the_script_can_be_read_by_python_3_7() -> None:
    ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 7))


def test_the_script_imports_the_standard_library_alone() -> None:
    tree = ast.parse(SCRIPT.read_text(encoding="utf-8"))
    names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    names |= {str(n.module) for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13)])
def test_a_python_that_fits_is_no_problem(version: tuple[int, int]) -> None:
    assert rs.python_problem(version, "Linux") == ""


@pytest.mark.parametrize("version", [(3, 8), (3, 10), (3, 14), (4, 0)])
@pytest.mark.parametrize(("system", "advice"), [("Darwin", "brew"), ("Linux", "sudo apt")])
@pytest.mark.usefixtures("programs")
def test_a_python_that_does_not_fit_is_named_in_one_line_with_advice(
    version: tuple[int, int], system: str, advice: str
) -> None:
    problem = rs.python_problem(version, system)
    assert problem.startswith(f"Python {version[0]}.{version[1]} does not fit")
    assert f"{advice} install python" in problem
    assert "\n" not in problem


def test_a_fitting_python_that_is_on_the_machine_is_pointed_out(programs: Path) -> None:
    write_program(programs, "python3.13", "exit 127")  # a shim with nothing behind it
    write_program(programs, "python3.12", "exit 0")
    assert rs.python_problem((3, 9), "Linux").endswith(": run python3.12 run_setup.py")


@pytest.mark.parametrize(
    ("system", "advice"),
    [("Darwin", "xcode-select --install"), ("Linux", "sudo apt install build-essential")],
)
def test_without_a_compiler_it_says_how_to_get_one(
    programs: Path, system: str, advice: str
) -> None:
    problem = rs.compiler_problem(system, {"PATH": str(programs)})
    assert advice in problem
    assert "\n" not in problem


def test_a_compiler_that_does_not_compile_is_none(programs: Path) -> None:
    write_program(programs, "c++", "exit 1")
    assert "no working C++ compiler" in rs.compiler_problem("Darwin", {"PATH": str(programs)})


def test_any_of_the_usual_compilers_will_do(programs: Path) -> None:
    write_program(programs, "clang++", "exit 0")
    assert rs.compiler_problem("Linux", {"PATH": str(programs)}) == ""


def test_the_compiler_named_by_cxx_is_the_one_that_counts(programs: Path) -> None:
    write_program(programs, "c++", "exit 0")
    env = {"PATH": str(programs), "CXX": "other++ -O2"}
    assert rs.compiler_problem("Linux", env) != ""
    write_program(programs, "other++", "exit 0")
    assert rs.compiler_problem("Linux", env) == ""


def test_too_little_disk_names_both_figures() -> None:
    problem = rs.disk_problem(2_500_000_000, 6 * rs.GB)
    assert problem.startswith("2.5 GB free, 6 GB needed: ")
    assert rs.disk_problem(6 * rs.GB, 6 * rs.GB) == ""


def test_all_that_is_missing_is_named_at_once(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rs, "VENV", programs / "none")
    monkeypatch.setattr(rs.sys, "version_info", (3, 10, 0))
    monkeypatch.setattr(rs.shutil, "disk_usage", lambda _: rs.shutil._ntuple_diskusage(9, 8, 1))
    with pytest.raises(rs.SetupError) as caught:
        rs.check_machine(rs.Setup(tests=False, env={"PATH": str(programs)}))
    lines = str(caught.value).split("\n")
    assert [line.split()[0] for line in lines] == ["Python", "no", "0.0"]


# --- Poetry and the package index ---


def test_pip_settings_come_in_the_order_that_pip_reads_them() -> None:
    listing = (
        ":env:.index-url='https://env.example/simple'\n"
        "global.cert='/etc/certs.pem'\n"
        "global.index-url='https://global.example/simple'\n"
        "install.index-url='https://install.example/simple'\n"
        "list.format='columns'\n"
    )
    assert rs.pip_settings(listing) == {
        "cert": "/etc/certs.pem",
        "index-url": "https://env.example/simple",
    }
    without_env = listing.split("\n", 1)[1]
    assert rs.pip_settings(without_env)["index-url"] == "https://install.example/simple"


def test_pip_itself_lists_its_settings_as_we_read_them(tmp_path: Path) -> None:
    config = tmp_path / "pip.conf"
    config.write_text("[global]\nindex-url = https://one.example/simple\ntimeout = 7\n")
    command = [sys.executable, "-m", "pip", "config", "list"]
    env = {"PIP_CONFIG_FILE": str(config), "PIP_CERT": "it's.pem", "HOME": str(tmp_path)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    settings = rs.pip_settings(done.stdout)
    assert settings["index-url"] == "https://one.example/simple"
    assert settings["timeout"] == "7"
    assert settings["cert"] == "it's.pem"


def test_an_index_other_than_the_default_needs_the_mirror_plugin() -> None:
    mirror = rs.choose_mirror("https://mirror.example/simple", "https://default.example/simple", "")
    assert mirror == "https://mirror.example/simple/"


def test_a_default_index_that_serves_html_only_needs_the_mirror_plugin(
    httpserver: HTTPServer,
) -> None:
    httpserver.expect_request("/simple/poetry-core/").respond_with_data(
        "<!DOCTYPE html><title>Links for poetry-core</title>", content_type="text/html"
    )
    index = httpserver.url_for("/simple")
    assert rs.choose_mirror(index, index + "/", "") == index + "/"


def test_a_default_index_that_serves_json_needs_no_mirror(httpserver: HTTPServer) -> None:
    httpserver.expect_request(
        "/simple/poetry-core/", headers={"Accept": "application/vnd.pypi.simple.v1+json"}
    ).respond_with_json({"meta": {"api-version": "1.1"}, "files": []})
    index = httpserver.url_for("/simple/")
    assert rs.choose_mirror(index, index, "") == ""


def test_a_default_index_that_refuses_json_needs_the_mirror_plugin(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/simple/poetry-core/").respond_with_data("no", status=406)
    index = httpserver.url_for("/simple")
    assert rs.choose_mirror(index, index, "") == index + "/"


def test_without_a_network_or_a_known_index_poetry_goes_its_own_way() -> None:
    with socket.socket() as taken:  # bound and not listening: connections are refused
        taken.bind(("127.0.0.1", 0))
        index = f"http://127.0.0.1:{taken.getsockname()[1]}/simple"
        assert rs.choose_mirror(index, index, "") == ""
    assert rs.choose_mirror("", "", "") == ""


def test_pip_settings_reach_poetry_but_never_over_what_the_user_set() -> None:
    settings = {"cert": "/pip.pem", "timeout": "60", "proxy": "http://proxy.example:3128"}
    env = rs.poetry_env(settings, {"REQUESTS_CA_BUNDLE": "/mine.pem", "PATH": "/bin"})
    assert env["REQUESTS_CA_BUNDLE"] == "/mine.pem"
    assert env["HTTPS_PROXY"] == "http://proxy.example:3128"
    assert env["POETRY_REQUESTS_TIMEOUT"] == "60"
    assert env["POETRY_VIRTUALENVS_IN_PROJECT"] == "true"
    assert "HTTPS_PROXY" not in rs.poetry_env({}, {})


@pytest.mark.parametrize(
    ("said", "enough"),
    [
        ("Poetry (version 2.1.0)", True),
        ("Poetry (version 10.0.1)", True),
        ("Poetry (version 2.0.1)", False),
        ("Poetry (version 1.8.5)", False),
        ("", False),
    ],
)
def test_poetry_is_used_from_2_1_on(said: str, enough: bool) -> None:
    assert rs.new_enough(said) is enough


# --- The packages, and running things ---


@pytest.mark.parametrize(
    ("system", "machine", "env", "expected"),
    [
        ("Darwin", "arm64", {}, ("-DGGML_METAL=on", "with Metal")),
        ("Darwin", "x86_64", {}, ("-DGGML_METAL=off", "for the CPU")),
        ("Linux", "aarch64", {}, ("-DGGML_METAL=off", "for the CPU")),
        (
            "Darwin",
            "arm64",
            {"CMAKE_ARGS": "-DGGML_CUDA=on"},
            ("-DGGML_CUDA=on", "as CMAKE_ARGS says (-DGGML_CUDA=on)"),
        ),
    ],
)
def test_llama_is_built_with_metal_on_apple_silicon_unless_the_user_says_otherwise(
    system: str, machine: str, env: dict[str, str], expected: tuple[str, str]
) -> None:
    assert rs.llama_build(system, machine, env) == expected


def test_a_folder_in_the_place_of_the_environment_is_never_wiped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.txt").write_text("keep me")
    monkeypatch.setattr(rs, "VENV", tmp_path)
    with pytest.raises(rs.SetupError, match="not a virtual environment"):
        rs.install_packages(rs.Setup(tests=False, env={}))
    assert (tmp_path / "mine.txt").read_text() == "keep me"


def test_a_failing_command_leaves_a_log_that_the_message_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "logs" / "setup.log"
    monkeypatch.setattr(rs, "LOG", log)
    script = "import sys; print('the reason'); sys.exit(3)"
    with pytest.raises(rs.SetupError) as caught:
        rs.logged([sys.executable, "-c", script], {}, "trying hard")
    assert str(caught.value) == f"trying hard failed (exit code 3), {log} says why"
    assert log.read_text() == "the reason\n"
    assert re.fullmatch(r" +\d+ s  trying hard\nthe reason\n", capsys.readouterr().out)


def test_what_stops_the_setup_is_one_line_and_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: object) -> None:
        raise rs.SetupError("no disk: buy one")

    monkeypatch.setattr(rs, "STEPS", [("Check this machine", fail)])
    assert rs.main([]) == 1
    assert capsys.readouterr().err == "\nSetup stopped: no disk: buy one\n"


def test_ctrl_c_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(rs, "STEPS", [("Wait", interrupt)])
    assert rs.main([]) == 130
    assert capsys.readouterr().err == "\nStopped. Run it again to go on from here.\n"


def test_the_exit_code_of_the_tests_is_the_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bin").mkdir()
    write_program(tmp_path / "bin", "python", 'echo "$@"; exit 5')
    monkeypatch.setattr(rs, "VENV", tmp_path)
    monkeypatch.setattr(rs, "STEPS", [])
    assert rs.main(["test"]) == 5
    assert "How long it took" in capsys.readouterr().out


def test_tests_run_side_by_side_where_there_is_more_than_one_core(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rs, "VENV", tmp_path)
    assert rs.side_by_side(2) == []
    (tmp_path / "lib" / "python3.12" / "site-packages" / "xdist").mkdir(parents=True)
    assert rs.side_by_side(2) == ["-n", "auto", "--dist", "loadfile"]
    assert rs.side_by_side(1) == []


def test_a_word_it_does_not_know_shows_how_it_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert rs.main(["tests"]) == 2
    assert "python3 run_setup.py test" in capsys.readouterr().out


def test_no_package_index_is_written_into_the_script() -> None:
    assert "://" not in SCRIPT.read_text(encoding="utf-8")


def test_an_environment_that_works_is_kept_and_a_broken_one_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rs, "ROOT", tmp_path)
    made: list[list[str]] = []
    monkeypatch.setattr(rs, "logged", lambda command, *_: made.append(command))
    (tmp_path / "env" / "bin").mkdir(parents=True)
    (tmp_path / "env" / "pyvenv.cfg").touch()
    setup = rs.Setup(tests=False, env={"PATH": "/usr/bin:/bin"})
    write_program(tmp_path / "env" / "bin", "python", "echo 3 12")
    assert rs.venv_python(tmp_path / "env", setup) == str(tmp_path / "env" / "bin" / "python")
    assert made == []
    write_program(tmp_path / "env" / "bin", "python", "echo 3 10")
    rs.venv_python(tmp_path / "env", setup)
    (tmp_path / "env" / "bin" / "python").unlink()
    rs.venv_python(tmp_path / "env", setup)
    assert [(command[0], command[-1]) for command in made] == [
        (sys.executable, str(tmp_path / "env"))
    ] * 2
