from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragtor.encode import session
from dragtor.encode.session import TokenModel, batches, open_tokenizer, physical_cores
from dragtor.errors import EngineError, ModelError
from tests.tiny import make_tiny_bert


def model(folder: Path, max_tokens: int = 512) -> TokenModel:
    return TokenModel(folder, max_tokens=max_tokens, threads=1, batch_tokens=64)


@given(st.lists(st.integers(1, 300)), st.integers(1, 1000))
def test_batches_hold_every_input_once_within_the_budget(lengths: list[int], budget: int) -> None:
    made = list(batches(lengths, budget))
    assert sorted(i for batch in made for i in batch) == list(range(len(lengths)))
    for batch in made:
        assert len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= budget


@given(st.lists(st.integers(1, 300)), st.integers(1, 1000))
def test_batches_go_from_long_to_short(lengths: list[int], budget: int) -> None:
    order = [lengths[i] for batch in batches(lengths, budget) for i in batch]
    assert order == sorted(lengths, reverse=True)


def test_threads_are_cores_this_process_may_use() -> None:
    assert 1 <= physical_cores() <= (os.cpu_count() or 1)


def test_more_threads_than_a_number_holds_are_refused_in_one_line(tiny_encoder: Path) -> None:
    with pytest.raises(EngineError, match=r"takes no 99999999999 threads: ask for fewer$"):
        session.open_session(tiny_encoder / "model.onnx", 99_999_999_999)


def test_nothing_is_read_before_it_is_needed(tmp_path: Path) -> None:
    late = model(tmp_path / "later")
    make_tiny_bert(tmp_path / "later")
    assert late.tokenize(["A pulley"])[0].shape == (2, 6)


def test_the_graph_is_loaded_once_for_all_threads(
    tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads: list[Path] = []
    load = session.open_session

    def counted(path: Path, threads: int) -> object:
        loads.append(path)
        return load(path, threads)

    monkeypatch.setattr(session, "open_session", counted)
    shared = model(tiny_encoder)
    tokens = shared.tokenize([f"pulley {'rest ' * i}" for i in range(20)])

    def first_token(_: int) -> np.ndarray:
        vectors = np.empty((len(tokens), 64), dtype=np.float32)
        for rows, hidden, _mask in shared.run(tokens):
            vectors[rows] = hidden[:, 0]
        return vectors

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(first_token, range(16)))
    assert len(loads) == 1
    assert all(np.array_equal(result, results[0]) for result in results)


def test_more_tokens_than_the_model_has_positions_are_refused(tiny_encoder: Path) -> None:
    with pytest.raises(ModelError, match=r"tiny-encoder reads at most 512 tokens: .* of 600"):
        model(tiny_encoder, max_tokens=600).tokenize(["pulley"])


def test_a_graph_that_fails_is_an_engine_error_that_names_the_model(tiny_encoder: Path) -> None:
    beyond_vocabulary = np.array([[10**6], [0]])
    with pytest.raises(EngineError, match=r"tiny-encoder failed on \(1, 1\): "):
        list(model(tiny_encoder).run([beyond_vocabulary]))


def test_a_damaged_graph_is_refused_in_one_line(tmp_path: Path) -> None:
    path = make_tiny_bert(tmp_path / "bad") / "model.onnx"
    path.write_bytes(b"<html>not found</html>")
    with pytest.raises(
        ModelError, match=r"model.onnx does not load .*pull the model again"
    ) as info:
        list(model(path.parent).run([np.array([[1], [0]])]))
    assert "\n" not in str(info.value)


@pytest.mark.parametrize("text", [None, "", "{}", "<html>"])
def test_a_missing_or_damaged_tokenizer_is_refused(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "tokenizer.json").write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match=r"cannot read .*tokenizer.json .*pull the model again"):
        open_tokenizer(tmp_path)


def test_a_damaged_config_is_refused(tmp_path: Path) -> None:
    (make_tiny_bert(tmp_path) / "config.json").write_text("{", encoding="utf-8")
    with pytest.raises(ModelError, match=r"cannot read .*config.json .*pull the model again"):
        model(tmp_path).tokenize(["pulley"])


def test_neither_converting_nor_encoding_nor_forking_writes_to_the_terminal(tmp_path: Path) -> None:
    make_tiny_bert(tmp_path)
    program = f"""
import os
from pathlib import Path
from dragtor.encode.onnx import OnnxEncoder
encoder = OnnxEncoder(Path({str(tmp_path)!r}), max_tokens=16)
encoder.encode_passages(["pulley"] * 100)
if os.fork() == 0:
    encoder.token_spans("pulley")
    os._exit(0)
os.wait()
"""
    command = [sys.executable, "-W", "ignore", "-c", program]
    done = subprocess.run(command, capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")
