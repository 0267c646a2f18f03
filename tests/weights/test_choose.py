"""Which GGUF is a language model, and which of several is taken."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragtor.weights.choose import LlmChoice, best, dropped
from tests.weights.gguf import write_gguf

GB = 10**9
MODELS = Path(__file__).resolve().parents[2] / "models"


def choice(name: str, memory_mb: int, quality: int) -> LlmChoice:
    return LlmChoice(name, Path(name), memory_mb, memory_mb, quality)


def test_the_best_that_fits_is_taken() -> None:
    starter, small, large = choice("s", 300, 100), choice("m", 2800, 2000), choice("l", 5800, 5000)
    everything = [small, large, starter]
    # Two thirds of the memory are for the model: 8 GB (8.59e9 bytes) are 5.73 GB.
    assert best(everything, 16 * 2**30) == large
    assert best(everything, 8 * 2**30) == small
    assert best(everything, 4 * 2**30) == small
    assert best(everything, 2 * 2**30) == starter


def test_where_nothing_fits_the_smallest_is_taken() -> None:
    assert best([choice("large", 9000, 9), choice("small", 8000, 8)], 4 * GB) == choice(
        "small", 8000, 8
    )
    assert best([], 4 * GB) is None


choices = st.builds(
    choice, st.text("abc", max_size=3), st.integers(1, 20_000), st.integers(0, 20_000)
)


@given(st.lists(choices, min_size=1), st.integers(GB, 64 * GB))
def test_nothing_that_fits_is_better_than_what_is_taken(
    candidates: list[LlmChoice], memory: int
) -> None:
    taken = best(candidates, memory)
    fitting = [candidate for candidate in candidates if candidate.fits(memory)]
    assert taken is not None
    assert taken in (fitting or candidates)
    assert all(candidate.quality <= taken.quality for candidate in fitting)


def test_an_unknown_gguf_is_ranked_by_its_size(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "Qwen-7B.Q4.gguf", size=4_700_000_000)
    assert dropped(path) == LlmChoice("Qwen-7B.Q4", path, 4700, 5500, 4700)


@pytest.mark.parametrize(
    ("architecture", "kind", "tensors"),
    [
        ("bert", "", 2),
        ("nomic-bert-moe", "model", 2),
        ("jina-bert-v2", "", 2),
        ("clip", "mmproj", 2),
        ("llama", "adapter", 2),
        ("llama", "", 0),
    ],
)
def test_encoders_projectors_adapters_and_bare_vocabularies_are_no_language_models(
    tmp_path: Path, architecture: str, kind: str, tensors: int
) -> None:
    path = write_gguf(tmp_path / "m.gguf", architecture=architecture, kind=kind, tensors=tensors)
    assert dropped(path) is None


@pytest.mark.parametrize("architecture", ["llama", "qwen3", "gemma3", "one-of-tomorrow"])
def test_every_other_architecture_is_given_a_try(tmp_path: Path, architecture: str) -> None:
    path = write_gguf(tmp_path / "m.gguf", architecture=architecture, kind="model")
    assert dropped(path) is not None


@given(st.binary(max_size=200))
def test_a_broken_header_is_no_language_model_and_no_error(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "junk.gguf"
    path.write_bytes(junk)
    assert dropped(path) is None
    path.write_bytes(b"GGUF" + junk)
    dropped(path)


def test_a_model_in_several_files_counts_once_and_only_when_whole(tmp_path: Path) -> None:
    first = write_gguf(tmp_path / "big-00001-of-00002.gguf", size=3_000_000_000)
    assert dropped(first) is None
    second = write_gguf(tmp_path / "big-00002-of-00002.gguf", size=2_000_000_000)
    assert dropped(first) == LlmChoice("big", first, 5000, 5800, 5000)
    assert dropped(second) is None


@pytest.mark.models
def test_the_starter_model_is_recognised() -> None:
    path = MODELS / "SmolLM2-135M-Instruct" / "SmolLM2-135M-Instruct.Q4_1.gguf"
    if not path.exists():
        pytest.skip("the starter models are not here")
    found = dropped(path)
    assert found is not None
    assert found.size_mb == 98
