"""Several encoders in one index, and what is asked of each, from the command line."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.conftest import CATALOGUE, Project, Ran
from tests.tiny import make_tiny_bert, tiny_tokenizer, write_safetensors

Run = Callable[..., Ran]


@pytest.fixture
def two(project: Project) -> Project:
    """A project whose catalogue has a second encoder, and allows fewer dimensions of it."""
    card = {**CATALOGUE[0]["encoder"], "matryoshka": [16, 32]}
    other = {**CATALOGUE[0], "name": "other", "encoder": card}
    make_tiny_bert(project.folder / "models" / "other", seed=1)
    project.configure(models=[CATALOGUE[0], other])
    return project


def scores(ran: Ran) -> set[str]:
    return set(ran.json["hits"][0]["scores"])


def test_several_encoders_search_beside_keywords_each_with_its_own_score(
    two: Project, run: Run
) -> None:
    two.configure(encoders=[{"model": "other", "dimensions": 16}])
    assert run("load").code == run("index").code == 0
    found = run("search", "ring for pulleys", "--json")
    assert {"keyword", "dense", "other"} <= scores(found)
    only = run("search", "ring for pulleys", "--retriever", "dense+other", "--json")
    assert {"dense", "other"} <= scores(only)
    assert "keyword" not in scores(only)
    checks = {check["name"]: check for check in run("doctor", "--json").json}
    assert checks["library"]["state"] == "ok"
    assert checks["encoder other"]["state"] == "ok"

    two.configure(encoders=[])
    assert run("index").code == 0
    assert "other" not in scores(run("search", "ring for pulleys", "--json"))
    refused = run("search", "ring", "--retriever", "dense+other")
    assert refused.code == 1
    assert "other" in refused.err


def test_late_chunking_and_int8_are_a_setting_each(two: Project, run: Run) -> None:
    two.configure(encoder={"model": "tiny", "late_chunking": True, "precision": "int8"})
    assert run("load").code == run("index").code == 0
    assert {"keyword", "dense"} <= scores(run("search", "ring for pulleys", "--json"))
    assert list((two.folder / "models" / "tiny").glob("*.int8-*.onnx"))
    two.configure(encoder={"model": "tiny", "late_chunking": False, "precision": "int8"})
    assert "made under other settings" in run("search", "ring", "--json").err


@pytest.mark.parametrize(
    ("encoder", "says"),
    [
        (
            {"model": "other", "dimensions": 24},
            "encoder.dimensions is 24, and other was trained for 16, 32, 64: choose one of these",
        ),
        ({"model": "tiny", "dimensions": 32}, "tiny was trained for 64: choose one of these"),
        ({"model": "tiny", "engine": "fastembed"}, "encoder.engine is fastembed, which does not"),
        (
            {"model": "BAAI/bge-small-en-v1.5", "late_chunking": True},
            "encoder.late_chunking is true, and fastembed, which runs BAAI/bge-small-en-v1.5",
        ),
        (
            {"model": "BAAI/bge-small-en-v1.5", "precision": "int8"},
            "encoder.precision is int8, which is for the engine onnx",
        ),
    ],
)
def test_what_a_model_cannot_do_is_refused_in_one_line(
    two: Project, run: Run, encoder: dict[str, object], says: str
) -> None:
    two.configure(encoder=encoder)
    ran = run("index")
    assert ran.code == 1
    assert says in " ".join(ran.err.split())
    assert "params.yml, line" in " ".join(ran.err.split())


def test_token_vectors_of_an_encoder_that_gives_none_are_refused(two: Project, run: Run) -> None:
    two.configure(encoder={"model": "BAAI/bge-small-en-v1.5"}, late={"model": "encoder"})
    said = " ".join(run("index").err.split())
    assert "params.yml, line" in said
    assert "late.model is encoder, and fastembed, which runs BAAI/bge-small-en-v1.5" in said


def test_the_same_model_twice_is_refused(two: Project, run: Run) -> None:
    two.configure(encoders=[{"model": "other"}, {"model": "other", "dimensions": 16}])
    ran = run("index")
    assert ran.code == 1
    assert "encoders[1].model is other, and there is one such already" in " ".join(ran.err.split())


def test_a_model_of_fastembed_is_one_line_and_finds(project: Project, run: Run) -> None:
    """Random vectors of tokens: texts that share words are alike, and that is all there is."""
    pytest.importorskip("fastembed")
    folder = project.folder / "models" / "minishlab--potion-base-8M"
    folder.mkdir()
    tiny_tokenizer().save(str(folder / "tokenizer.json"))
    table = np.random.default_rng(0).standard_normal((2000, 256)).astype(np.float32)
    write_safetensors(folder / "model.safetensors", {"embeddings": table})
    project.configure(encoder={"model": "minishlab/potion-base-8M"})
    assert run("load").code == run("index").code == 0
    found = run("search", "eccentric wrist extension", "--retriever", "dense", "--json")
    assert "Eccentric wrist" in found.json["hits"][0]["passage"]["text"]


def test_a_model_of_fastembed_that_is_not_here_says_how_to_get_it(
    project: Project, run: Run
) -> None:
    pytest.importorskip("fastembed")
    project.configure(encoder={"model": "BAAI/bge-small-en-v1.5"})
    run("load")
    ran = run("index")
    assert ran.code == 1
    assert "dragtor models pull BAAI--bge-small-en-v1.5" in " ".join(ran.err.split())
