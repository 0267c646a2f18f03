"""config check: what the settings themselves cannot tell is found as well."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import Project, Ran

Run = Callable[..., Ran]


@pytest.mark.parametrize(
    ("model", "part"),
    [
        ("Llama-9", "no model called 'Llama-9'"),
        ("tiny", "tiny is no language model but of kind encoder"),
        ("none.gguf", "none.gguf"),
    ],
)
def test_a_language_model_that_cannot_answer_is_named_with_its_place(
    run: Run, project: Project, model: str, part: str
) -> None:
    project.configure(llm={"engine": "llama", "model": model})
    ran = run("config", "check")
    assert ran.code == 1
    assert "params.yml, line " in ran.err
    assert part in ran.err
    assert len(ran.err.splitlines()) == 1


def test_the_model_of_a_server_is_not_looked_for_here(run: Run, project: Project) -> None:
    project.configure(llm={"engine": "openai", "model": "llama3.1"})
    ran = run("config", "check")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("ok: ")


def test_the_model_that_is_chosen_by_itself_may_be_missing(run: Run, project: Project) -> None:
    project.configure(llm={"engine": "llama", "model": "auto"})
    assert run("config", "check").code == 0
