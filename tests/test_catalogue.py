"""The packaged catalogue, and what an entry may say."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter, ValidationError

import dragtor
from dragtor.catalogue import HubFile, ModelEntry, WheelMember

PACKAGED = Path(dragtor.__file__).parent / "catalogue.yml"
MODELS = Path(__file__).resolve().parents[1] / "models"
ENTRIES = TypeAdapter(tuple[ModelEntry, ...]).validate_python(
    yaml.safe_load(PACKAGED.read_text())["models"]
)
VALID: dict[str, Any] = {
    "name": "tiny",
    "kind": "vad",
    "description": "",
    "licence": "MIT",
    "size_mb": 1,
    "memory_mb": 1,
    "files": [{"name": "w.bin", "sources": [{"hub": "owner/model", "path": "w.bin"}]}],
}


def test_the_models_of_the_plan_are_there() -> None:
    by_kind = {
        kind: {e.name for e in ENTRIES if e.kind == kind} for kind in {e.kind for e in ENTRIES}
    }
    assert by_kind == {
        "llm": {"Llama-3.1-8B-Instruct", "Llama-3.2-3B-Instruct", "SmolLM2-135M-Instruct"},
        "encoder": {
            "all-MiniLM-L6-v2",
            "bge-small-en-v1.5",
            "jina-embeddings-v2-base-en",
            "jina-embeddings-v2-small-en",
            "multilingual-e5-small",
            "mxbai-embed-large-v1",
            "nomic-embed-text-v1.5",
            "stella_en_1.5B_v5",
            "stella_en_400M_v5",
        },
        "late": {"LateOn", "answerai-colbert-small-v1", "colbertv2.0", "jina-colbert-v2"},
        "reranker": {"ms-marco-MiniLM-L6-v2"},
        "nli": {"nli-deberta-v3-xsmall"},
        "whisper": {"whisper-base.en", "whisper-large-v3-turbo"},
        "vad": {"silero-vad"},
    }
    assert len({entry.name for entry in ENTRIES}) == len(ENTRIES)


def test_starters_need_no_hub_and_everything_else_is_on_one() -> None:
    for entry in ENTRIES:
        for file in entry.files:
            assert isinstance(file.sources[0], WheelMember) == entry.starter, file
            assert any(isinstance(source, HubFile) for source in file.sources), file
            assert file.sha256 or not entry.starter, file
    assert {entry.name for entry in ENTRIES if entry.starter} == {
        "SmolLM2-135M-Instruct",
        "all-MiniLM-L6-v2",
    }


def test_language_models_are_ranked_as_they_grow() -> None:
    llms = sorted((e for e in ENTRIES if e.kind == "llm"), key=lambda entry: entry.quality)
    assert [e.name for e in llms] == [
        "SmolLM2-135M-Instruct",
        "Llama-3.2-3B-Instruct",
        "Llama-3.1-8B-Instruct",
    ]
    assert all(entry.size_mb < entry.memory_mb for entry in llms)


@pytest.mark.models
@pytest.mark.parametrize("entry", [e for e in ENTRIES if e.starter], ids=lambda entry: entry.name)
def test_the_starters_checksums_are_those_of_the_files(entry: ModelEntry) -> None:
    for file in entry.files:
        path = MODELS / entry.name / file.name
        if not path.exists():
            pytest.skip(f"{path} is not here")
        assert hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"kind": "encoder"}, "has the key encoder"),
        ({"encoder": {"dimension": 8, "max_tokens": 8, "pooling": "cls"}}, "has the key encoder"),
        ({"name": "../elsewhere"}, "no plain name"),
        ({"files": VALID["files"] * 2}, "two files have the same name"),
        ({"files": []}, "it needs files, or a repository"),
        ({"files": [{**VALID["files"][0], "sha256": "abc"}]}, "match pattern"),
        ({"files": [{**VALID["files"][0], "name": "/etc/passwd"}]}, "no plain name"),
        ({"files": [{**VALID["files"][0], "sources": [{"url": "x"}]}]}, "Field required"),
        ({"colour": "blue"}, "Extra inputs are not permitted"),
    ],
)
def test_an_entry_that_makes_no_sense_is_refused(change: dict[str, Any], says: str) -> None:
    assert ModelEntry.model_validate(VALID)
    with pytest.raises(ValidationError, match=says):
        ModelEntry.model_validate({**VALID, **change})


def test_dimensions_that_a_model_may_be_cut_to_are_fewer_than_all() -> None:
    for entry in ENTRIES:
        if entry.encoder is not None:
            assert all(0 < size < entry.encoder.dimension for size in entry.encoder.matryoshka)


def test_what_brings_code_of_its_own_is_pinned() -> None:
    pinned = {e.name for e in ENTRIES if e.encoder is not None and e.encoder.trust_remote_code}
    assert pinned == {"stella_en_400M_v5", "stella_en_1.5B_v5"}
