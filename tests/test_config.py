"""Settings: layers, places of errors, and the reference file itself."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from dragtor.config import Settings, find_config, load_settings
from dragtor.errors import ConfigError

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DRAGTOR_CONFIG", "JINA_API_KEY", "OPENAI_API_KEY", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "config").mkdir()
    return tmp_path


FILE = (
    "{{name: m, kind: llm, description: d, licence: l, size_mb: 1, memory_mb: 1, "
    "files: [{{name: f, sources: [{{{}}}]}}]}}"
)


def write(project: Path, text: str, name: str = "params.yml") -> Path:
    path = project / "config" / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_reference_holds_every_key_with_its_default_and_a_comment() -> None:
    text = (ROOT / "config" / "params.yml").read_text(encoding="utf-8")
    reference = yaml.safe_load(text)
    defaults = Settings().model_dump(mode="json")
    own = {"sources", "sites", "models", "credentials", "domain"}
    assert set(reference) == set(defaults) - {"credentials"}
    for name in set(reference) - own:
        assert reference[name] == defaults[name], name
    prompts = text.index("\nprompts:")
    for line in text[:prompts].splitlines():
        if line.startswith("  ") and ":" in line and not line.lstrip().startswith(("-", "#")):
            assert "#" in line, f"no comment: {line}"


def test_later_layers_win(project: Path) -> None:
    params = write(project, "llm: {threads: 2, max_tokens: 10}\nretrieve: {k: 3}")
    write(project, "llm: {threads: 3}", "local.yml")
    settings = load_settings(params, ["llm.max_tokens=20"])
    assert (settings.llm.threads, settings.llm.max_tokens, settings.retrieve.k) == (3, 20, 3)


def test_models_merge_by_name(project: Path) -> None:
    params = write(project, "models: [{name: all-MiniLM-L6-v2, licence: mine}]")
    before = {entry.name: entry for entry in load_settings(cwd=ROOT).models}
    after = {entry.name: entry for entry in load_settings(params).models}
    assert set(before) == set(after)
    assert after["all-MiniLM-L6-v2"].licence == "mine"
    assert after["all-MiniLM-L6-v2"].files == before["all-MiniLM-L6-v2"].files


def test_relative_paths_start_at_the_project(project: Path) -> None:
    params = write(project, "sources: [notes, 'https://example.org/a']\npaths: {models: weights}")
    settings = load_settings(params)
    assert settings.paths.models == project / "weights"
    assert settings.paths.library == project / "library"
    assert settings.sources == (str(project / "notes"), "https://example.org/a")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("llm:\n  modle: x", "line 2: unknown key 'llm.modle'; did you mean 'model'?"),
        ("\n\nllmm: {}", "line 3: unknown key 'llmm'; did you mean 'llm'?"),
        ("llm:\n\n  threads: many", "line 3: llm.threads cannot be 'many'"),
        ("web: {timeout_s: -1}", "line 1: web.timeout_s cannot be -1"),
        (
            "answer: {refuse_below: 2}",
            "line 1: answer.refuse_below cannot be 2; it can be: a number from 0 to 1, calibrated",
        ),
        ("answer: {refuse_below: sure}", "answer.refuse_below cannot be 'sure'; it can be: a numb"),
        ("answer: {int: 2}", "line 1: unknown key 'answer.int'"),
        ("sites:\n  - max_pages: 3", "sites.0.url is missing"),
        ("sites:\n  - urll: x", "line 2: unknown key 'sites.0.urll'; did you mean 'url'?"),
        ("models:\n - {name: foo, kind: llm}", "line 2: models.foo.description is missing"),
        (f"models: [{FILE.format('hub: a/b, pth: x')}]", "did you mean 'path'?"),
        (f"models: [{FILE.format('local: 3')}]", "sources.0.local cannot be 3: it must be text"),
        ("models: [{name: [a]}]", "models.0.name cannot be ['a']: it must be text"),
        ("\nsources: assets", "line 2: sources cannot be 'assets': it must be a list"),
        ("llm: 3", "line 1: llm cannot be 3: it must be keys with values"),
        ("llm: {seed: 0.5}", "llm.seed cannot be 0.5: it must be a whole number"),
        ("llm: {temperature: hot}", "llm.temperature cannot be 'hot': it must be a number"),
        ("llm: {model: 3}", "llm.model cannot be 3: it must be text"),
        ("split: {context: titel}", "did you mean 'title'? (it can be: none, title, headings)"),
        ("1: 2", "unknown key '1'"),
        ("llm:\n  seed: 1\n  seed: 2", "line 3: 'llm.seed' stands there twice (line 2 too)"),
        ("llm: {}\nweb: {}\nllm: {}", "line 3: 'llm' stands there twice (line 1 too)"),
        ("\nsplit:\n  max_tokens: 40", "line 3: split.overlap_tokens is 32; it can be 20 at most"),
        ("answer:\n  support_yes: 0.3", "line 2: answer.support_partly is 0.35; it can be 0.3"),
        ("llm:\n  max_tokens: 4096", "line 2: llm.max_tokens is 4096; it can be 4095 at most"),
        ("answer: {support_yes: 2}", "answer.support_yes cannot be 2"),
        ("retrieve: {candidates: 9223372036854775808}", "retrieve.candidates cannot be 92233"),
        ("retrieve: {rerank_candidates: 1000001}", "rerank_candidates cannot be 1000001: "),
        ("retrieve: {k: 1000001}", "retrieve.k cannot be 1000001: "),
        ("retrieve: {surrounding: 1000001}", "retrieve.surrounding cannot be 1000001: "),
        ("retrieve: {late_weight: .inf}", "retrieve.late_weight cannot be inf: "),
        ("retrieve: {late_weight: 1e400}", "retrieve.late_weight cannot be "),
        ("retrieve: {rrf_k: .inf}", "retrieve.rrf_k cannot be inf"),
        ("encoder: {threads: 1025}", "encoder.threads cannot be 1025: "),
        ("llm: {threads: 1025}", "llm.threads cannot be 1025: "),
        ("late: {token_bytes: 65}", "late.token_bytes cannot be 65: "),
        ("- a", "must hold keys with values, not a list"),
        ("a: [", "is not valid YAML"),
        ("credentials: {hf_token: x}", "credentials go into config/local.yml"),
    ],
)
def test_a_mistake_is_named_with_its_file_and_line(project: Path, text: str, message: str) -> None:
    params = write(project, text)
    with pytest.raises(ConfigError) as caught:
        load_settings(params)
    assert message in str(caught.value)
    assert str(params) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_empty_section_changes_nothing(project: Path) -> None:
    params = write(project, "llm:\nmodels:\nsources:\nsites:\nretrieve: {k: 3}")
    write(project, "retrieve:\ncredentials:", "local.yml")
    settings = load_settings(params)
    assert settings.llm == Settings().llm
    assert settings.retrieve.k == 3
    assert (settings.sources, settings.sites) == ((), ())
    assert settings.models == load_settings(write(project, "")).models


def test_a_key_that_stands_twice_in_an_assignment_is_named() -> None:
    with pytest.raises(ConfigError, match=r"--set web, line 1: 'web\.retries' stands there twice"):
        load_settings(assignments=["web={retries: 1, retries: 2}"])


def test_of_two_values_that_do_not_go_together_the_later_one_is_pointed_at(project: Path) -> None:
    params = write(project, "split: {overlap_tokens: 30, max_tokens: 60}")
    with pytest.raises(ConfigError, match=r"^--set split\.max_tokens: split\.overlap_tokens is 30"):
        load_settings(params, ["split.max_tokens=59"])
    with pytest.raises(ConfigError, match=r"^--set split\.overlap_tokens: split\.overlap_tokens"):
        load_settings(params, ["split.overlap_tokens=31"])


def test_settings_know_where_a_key_was_set_and_tell_no_credentials(project: Path) -> None:
    params = write(project, "web:\n  reader: local")
    write(project, "credentials: {hf_token: planted-secret}", "local.yml")
    settings = load_settings(params, ["llm.seed=1"])
    assert settings.place("web.reader") == f"{params}, line 2"
    assert settings.place("llm.seed") == "--set llm.seed"
    assert "planted-secret" not in str(settings.__pydantic_private__)


def test_a_mistake_in_a_packaged_model_points_at_the_override(project: Path) -> None:
    params = write(project, "models:\n  - name: silero-vad\n    licence: [3]")
    with pytest.raises(
        ConfigError, match=r"params\.yml, line 3: models\.silero-vad\.licence cannot be"
    ):
        load_settings(params)


@pytest.mark.parametrize("assignment", ["llm", "=3", "llm.=3", "a..b=1"])
def test_an_assignment_without_key_or_value_is_refused(assignment: str) -> None:
    with pytest.raises(ConfigError, match="write it as"):
        load_settings(assignments=[assignment])


def test_credentials_come_from_the_environment_and_do_not_print(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JINA_API_KEY", "planted-secret")
    settings = load_settings(write(project, ""))
    assert settings.credentials.jina_api_key is not None
    assert settings.credentials.jina_api_key.get_secret_value() == "planted-secret"
    assert "planted-secret" not in str(settings) + settings.model_dump_json()


def test_the_configuration_is_looked_for_from_here_upwards(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    params = write(project, "")
    deep = project / "a" / "b"
    deep.mkdir(parents=True)
    assert find_config(cwd=deep) == params
    assert find_config(project / "config") == params
    monkeypatch.setenv("DRAGTOR_CONFIG", str(params))
    assert find_config(cwd=Path("/")) == params
    with pytest.raises(ConfigError, match="no configuration at"):
        find_config(project / "missing.yml")
