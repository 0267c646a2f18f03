from __future__ import annotations

from pathlib import Path

import pytest

from dragtor.config import Settings, load_settings
from dragtor.errors import ConfigError
from dragtor.evaluate.experiment import Experiment, index_group, read_experiment
from dragtor.layering import Layer


@pytest.fixture
def write(tmp_path: Path) -> Path:
    (tmp_path / "mine.yml").write_text("- {question: how}\n")
    return tmp_path / "try.yml"


def load(layer: Layer) -> Settings:
    return load_settings(Path(__file__).parents[2] / "config", layer=layer)


def read(file: Path, text: str) -> Experiment:
    file.write_text(f"questions: mine.yml\n{text}")
    return read_experiment(file, load)


def test_a_grid_is_all_combinations_beside_the_configuration(write: Path) -> None:
    found = read(write, "grid:\n  retrieve.k: [4, 8]\n  retrieve.fusion: [max, mean]\n")
    assert [one.name for one in found.settings] == [
        "config",
        "k=4 fusion=max",
        "k=4 fusion=mean",
        "k=8 fusion=max",
        "k=8 fusion=mean",
    ]
    last = found.settings[-1]
    assert last.changes == {"retrieve.k": 8, "retrieve.fusion": "mean"}
    assert (last.settings.retrieve.k, last.settings.retrieve.fusion) == (8, "mean")
    assert (found.name, found.baseline, found.metric) == ("try", "config", "nDCG@10")
    assert found.questions == ((write.parent / "mine.yml").resolve(),)


def test_keys_with_the_same_end_are_named_in_full(write: Path) -> None:
    found = read(write, "grid:\n  encoder.model: [all-MiniLM-L6-v2]\n  llm.model: [none]\n")
    assert found.settings[1].name == "encoder.model=all-MiniLM-L6-v2 llm.model=none"


@pytest.mark.parametrize(
    "text",
    [
        "list:\n  - {name: small, split.max_tokens: 64, split.overlap_tokens: 8}\n",
        "list:\n  - name: small\n    split: {max_tokens: 64, overlap_tokens: 8}\n",
        "list:\n  small: {split: {max_tokens: 64}, split.overlap_tokens: 8}\n",
    ],
)
def test_a_list_has_named_settings_however_they_are_written(write: Path, text: str) -> None:
    found = read(write, f"{text}baseline: small\n")
    assert [one.name for one in found.settings] == ["small"]
    assert found.settings[0].changes == {"split.max_tokens": 64, "split.overlap_tokens": 8}
    assert found.settings[0].settings.split.max_tokens == 64


def test_without_any_change_there_is_the_configuration(write: Path) -> None:
    assert [one.changes for one in read(write, "").settings] == [{}]


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("metric: support\nanswers: false", 3, "metric support is of answers"),
        ("grd: {}", 2, "unknown key 'grd'; did you mean 'grid'?"),
        ("grid:\n  retrieve.kk: [1]", 3, "unknown key 'retrieve.kk'; did you mean 'k'?"),
        ("grid:\n  retrieve.k:\n    - 4\n    - 0", 5, "retrieve.k cannot be 0"),
        ("grid:\n  retrieve.k: 4", 3, "grid.retrieve.k must be a list of values"),
        ("grid: [retrieve.k]", 2, "grid must be keys"),
        ("grid: {paths.library: [a, b]}", 2, "paths.library cannot differ"),
        ("grid: {web.reader: [jina, local]}", 2, "the documents are loaded once"),
        ("list:\n  - {name: a}\n  - {retrieve.k: 4}", 4, "each setting of the list needs a name"),
        (
            "list:\n  - name: wide\n    split.max_tokens: 40\n    split.overlap_tokens: 30",
            5,
            "split.overlap_tokens is 30; it can be 20 at most",
        ),
        ("baseline: confg", 2, "did you mean 'config'?"),
        ("metric: ndcg", 2, "did you mean 'nDCG@10'?"),
        ("limit: 0", 2, "it must be 1 or more"),
        ("answers: perhaps", 2, "answers cannot be 'perhaps': it must be true or false"),
        ("grid:\n  retrieve.k: [1, 2]\n  split.max_tokens: " + str([*range(16, 600)]), 2, "1168"),
    ],
)
def test_a_mistake_is_named_with_file_and_line(
    write: Path, text: str, place: int, message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        read(write, text)
    assert str(caught.value).startswith(f"{write}, line {place}: ")
    assert message in str(caught.value)


def test_two_settings_of_one_name_are_refused(write: Path) -> None:
    with pytest.raises(ConfigError, match="two settings are called 'config'"):
        read(write, "list: [{name: config}]")


def test_questions_that_are_not_there_are_refused(write: Path) -> None:
    write.write_text("questions: [mine.yml, lost.yml]\n")
    with pytest.raises(ConfigError, match=r"line 1: there is no lost.yml beside"):
        read_experiment(write, load)


def test_the_digest_changes_with_all_that_a_result_depends_on(write: Path) -> None:
    texts = ["", "limit: 5", "grid: {retrieve.k: [4]}", "grid: {retrieve.k: [5]}"]
    digests = [read(write, text).digest for text in texts]
    assert len(set(digests)) == len(texts)
    assert read(write, texts[-1]).digest == digests[-1]
    (write.parent / "mine.yml").write_text("- {question: how now}\n")
    assert read(write, texts[-1]).digest != digests[-1]


def test_settings_of_one_index_are_a_group_and_token_vectors_come_first(write: Path) -> None:
    found = read(
        write,
        "list:\n"
        "  a: {retrieve.k: 4}\n"
        "  b: {split.max_tokens: 100}\n"
        "  c: {late.model: none}\n"
        "  d: {retrieve.fusion: max}\n",
    )
    groups = {one.name: index_group(one.settings) for one in found.settings}
    assert groups["config"] == groups["a"] == groups["d"]
    assert len(set(groups.values())) == 3
    assert max(groups, key=lambda name: groups[name]) == "c"
