"""The engine hf: the contract and the life of its process by a stand-in, and by torch if there."""

from __future__ import annotations

import importlib.util
import io
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragtor.encode import frames
from dragtor.encode.hf import HfEncoder
from dragtor.encode.onnx import OnnxEncoder
from dragtor.errors import EngineError, MissingExtra, ModelError
from dragtor.types import Span
from tests.contracts.encoder import TEXTS, EncoderContract, approx_ones, cosines
from tests.encode import misbehaving, stand_in
from tests.tiny import HIDDEN, write_safetensors

WORKER = (sys.executable, stand_in.__file__)
MISBEHAVING = (sys.executable, "-S", "-E", misbehaving.__file__)
TORCH = all(importlib.util.find_spec(name) for name in ("torch", "transformers"))
needs_torch = pytest.mark.skipif(not TORCH, reason="needs the extra hf")


def standing_in(folder: Path, **more: Any) -> HfEncoder:
    given = {"max_tokens": 128, "dimension": stand_in.DIMENSION, "worker": WORKER, **more}
    return HfEncoder(folder, **given)


class TestOverPipes(EncoderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def encoder(cls, tiny_encoder: Path) -> Iterator[HfEncoder]:
        encoder = standing_in(tiny_encoder)
        yield encoder
        encoder.close()

    def test_token_vectors_come_with_their_texts(self, encoder: HfEncoder) -> None:
        read = encoder.read(TEXTS, [[] for _ in TEXTS])
        assert [rows.shape[1] for rows in read.tokens] == [encoder.dimension] * len(TEXTS)
        assert len(read.tokens[2]) == 2  # the text's own, and "Rest"
        assert cosines(read.vectors, encoder.encode_passages(TEXTS)) == approx_ones(len(TEXTS))
        spans = [Span(0, 1), Span(2, 8)]
        assert encoder.read_question("a pulley", spans).shape == (2, encoder.dimension)

    def test_spans_count_from_the_text_and_not_from_its_prefix(self, tiny_encoder: Path) -> None:
        encoder = standing_in(tiny_encoder, passage_prefix="passage: ", query_prefix="query: ")
        _, (spans,) = encoder.encode_spans(["Bread. Pulley."], [[Span(0, 5), Span(7, 13)]])
        near = stand_in.unit(np.stack([stand_in.vector("bread"), stand_in.vector("pulley")]))
        assert cosines(spans, near) == approx_ones(2)
        words = [stand_in.vector(word) for word in ("", "query", "bread")]
        alone = stand_in.unit(np.sum(words, axis=0))[None]
        assert cosines(encoder.encode_queries(["bread"]), alone) == approx_ones(1)
        encoder.close()

    def test_more_texts_than_one_request_holds(self, encoder: HfEncoder) -> None:
        texts = [f"word{n}" for n in range(1100)]
        vectors, spans = encoder.encode_spans(texts, [[Span(0, len(text))] for text in texts])
        assert vectors.shape == (1100, encoder.dimension)
        one = stand_in.unit(stand_in.vector("word1099"))
        assert float(spans[1099][0] @ one) == pytest.approx(1, abs=1e-5)

    def test_it_is_safe_from_several_threads(self, encoder: HfEncoder) -> None:
        texts = [f"word{n} and more" for n in range(60)]
        expected = encoder.encode_passages(texts)
        with ThreadPoolExecutor(6) as pool:
            found = list(pool.map(lambda text: encoder.encode_passages([text])[0], texts))
        assert cosines(np.stack(found), expected) == approx_ones(60)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("say garbage", r"its process said what cannot be read \(b'Loading weights: 100%"),
        ("break off", r"its process said what cannot be read \(it ends after 2 of 16 bytes"),
        ("die", "its process ended with code 3: MemoryError: no room for weights"),
        ("be killed", "its process was ended by signal 9; is there enough memory"),
        ("fail", "^tiny failed: RuntimeError: no$"),
    ],
)
def test_what_goes_wrong_is_one_line_and_the_next_request_works(
    tiny_encoder: Path, text: str, said: str
) -> None:
    encoder = standing_in(tiny_encoder, worker=MISBEHAVING)
    with pytest.raises(EngineError, match=said) as caught:
        encoder.encode_passages([text])
    assert "\n" not in str(caught.value)
    assert encoder.encode_passages(["again"]).tolist() == [[1.0] * 32]
    encoder.close()


def test_ctrl_c_in_the_middle_takes_no_answer_for_that_to_another_question(
    tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = standing_in(tiny_encoder, worker=MISBEHAVING)

    def interrupted(stream: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(frames, "read", interrupted)
        with pytest.raises(KeyboardInterrupt):
            encoder.encode_passages(["one", "more"])
    assert encoder.encode_passages(["two"]).tolist() == [[1.0] * 32]
    encoder.close()


def test_what_does_not_load_says_so_and_leaves_no_process(tiny_encoder: Path) -> None:
    encoder = standing_in(tiny_encoder, config={"fails": True}, worker=MISBEHAVING)
    before = set(psutil.Process().children())
    with pytest.raises(ModelError, match="tiny gives vectors of 3"):
        encoder.encode_passages(["one"])
    assert set(psutil.Process().children()) <= before


def test_a_worker_that_cannot_start_is_one_line(tiny_encoder: Path) -> None:
    encoder = standing_in(tiny_encoder, worker=["/nowhere/python"])
    with pytest.raises(EngineError, match="cannot start /nowhere/python: No such file"):
        encoder.encode_passages(["one"])


@pytest.mark.parametrize("end", ["os.kill(os.getpid(), 9)", "sys.exit(0)"])
def test_it_ends_with_who_started_it(tiny_encoder: Path, end: str) -> None:
    code = (
        "import os, sys, psutil\nfrom pathlib import Path\n"
        "from dragtor.encode.hf import HfEncoder\n"
        f"encoder = HfEncoder(Path({str(tiny_encoder)!r}), max_tokens=9, dimension=32, "
        f"worker={MISBEHAVING!r})\n"
        "encoder.encode_passages(['one'])\n"
        "print(psutil.Process().children()[0].pid, flush=True)\n"
        f"{end}"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == ((-signal.SIGKILL if "kill" in end else 0), "")
    if psutil.pid_exists(pid := int(done.stdout)):
        psutil.Process(pid).wait(timeout=5)
    assert not psutil.pid_exists(pid)


def test_its_fingerprint_depends_on_files_and_settings_and_starts_nothing(
    tiny_encoder: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(tiny_encoder, tmp_path / "copy")
    first = standing_in(folder, worker=["/nowhere"]).fingerprint
    assert standing_in(tiny_encoder, worker=["/nowhere"]).fingerprint == first
    changed = [standing_in(folder, config={"a": 1}), standing_in(folder, query_prefix="q: ")]
    (folder / "modules.json").write_text("[]")
    changed.append(standing_in(folder))
    assert len({first, *(encoder.fingerprint for encoder in changed)}) == 4
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="dragtor models pull tiny"):
        _ = standing_in(folder, name="tiny").fingerprint


def test_tokens_lie_where_the_onnx_engine_has_them(tiny_encoder: Path) -> None:
    text = "A pulley tears with a pop; naïve 漢字."
    onnx = OnnxEncoder(tiny_encoder, max_tokens=128)
    assert standing_in(tiny_encoder).token_spans(text) == onnx.token_spans(text)


@settings(max_examples=25, deadline=None)
@given(
    st.dictionaries(st.text(), st.integers() | st.text() | st.lists(st.booleans())),
    st.lists(st.integers(0, 4), max_size=4),
)
def test_frames_come_back_as_they_were(header: dict[str, Any], sizes: list[int]) -> None:
    arrays = [np.arange(n * 3, dtype=np.float32).reshape(n, 3) for n in sizes]
    stream = io.BytesIO()
    frames.write(stream, header, arrays)
    frames.write(stream, {"last": True})
    stream.seek(0)
    first, last = frames.read(stream), frames.read(stream)
    assert first is not None
    assert first[0] == header
    assert first[1].tolist() == [value for rows in arrays for value in rows.ravel().tolist()]
    assert last is not None
    assert last[0] == {"last": True}
    assert frames.read(stream) is None
    for cut in (3, len(frames.MAGIC) + 4, len(stream.getvalue()) - 1):
        broken = io.BytesIO(stream.getvalue()[:cut])
        with pytest.raises(frames.NoFrame):  # noqa: PT012 (whole frames may come before)
            while frames.read(broken) is not None:
                pass


@pytest.mark.skipif(TORCH, reason="the extra hf is installed")
def test_without_torch_it_says_which_extra_to_install(tiny_encoder: Path) -> None:
    encoder = HfEncoder(tiny_encoder, max_tokens=128, dimension=HIDDEN)
    with pytest.raises(MissingExtra, match="poetry install -E hf"):
        encoder.encode_passages(["one"])


# --- with torch -----------------------------------------------------------------------------------


def hf(folder: Path, **more: Any) -> HfEncoder:
    return HfEncoder(folder, **{"max_tokens": 128, "dimension": HIDDEN, "threads": 1, **more})


def with_modules(folder: Path, *modules: tuple[str, str, dict[str, Any]]) -> Path:
    """Write modules.json as sentence-transformers does: kind, folder, config of each."""
    rows = [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}]
    for n, (kind, path, config) in enumerate(modules, start=1):
        kind = f"sentence_transformers.models.{kind}"
        rows.append({"idx": n, "name": str(n), "path": path, "type": kind})
        (folder / path).mkdir(parents=True, exist_ok=True)
        (folder / path / "config.json").write_text(json.dumps(config))
    (folder / "modules.json").write_text(json.dumps(rows))
    return folder


@needs_torch
class TestWithTorch(EncoderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def encoder(cls, tiny_encoder: Path) -> Iterator[HfEncoder]:
        encoder = hf(tiny_encoder)
        yield encoder
        encoder.close()

    def test_it_gives_what_the_onnx_engine_gives(
        self, encoder: HfEncoder, tiny_encoder: Path
    ) -> None:
        onnx = OnnxEncoder(tiny_encoder, max_tokens=128)
        spans = [[Span(0, len(text) // 2), Span(3, 9)] if len(text) > 9 else [] for text in TEXTS]
        ours, theirs = encoder.read(TEXTS, spans), onnx.read(TEXTS, spans)
        assert cosines(ours.vectors, theirs.vectors) == approx_ones(len(TEXTS))
        for mine, other in zip(
            [*ours.spans, *ours.tokens], [*theirs.spans, *theirs.tokens], strict=True
        ):
            assert cosines(mine, other) == approx_ones(len(other))
        question, words = "how does a pulley tear", [Span(0, 3), Span(11, 17)]
        one, other = (each.read_question(question, words) for each in (encoder, onnx))
        assert cosines(one, other) == approx_ones(2)


@needs_torch
class TestWithModules:
    @pytest.fixture
    def folder(self, tiny_encoder: Path, tmp_path: Path) -> Path:
        return shutil.copytree(tiny_encoder, tmp_path / "tiny")

    def test_pooling_and_dense_layers_are_those_of_the_files(self, folder: Path) -> None:
        rng = np.random.default_rng(0)
        weight = rng.standard_normal((24, HIDDEN)).astype(np.float32)
        bias = rng.standard_normal(24).astype(np.float32)
        dense = {"in_features": HIDDEN, "out_features": 24, "bias": True}
        dense["activation_function"] = "torch.nn.modules.activation.Tanh"
        with_modules(
            folder,
            ("Pooling", "1_Pooling", {"pooling_mode_cls_token": True}),
            ("Dense", "2_Dense_24", dense),
            ("Normalize", "3_Normalize", {}),
        )
        tensors = {"linear.weight": weight, "linear.bias": bias}
        write_safetensors(folder / "2_Dense_24" / "model.safetensors", tensors)
        encoder = hf(folder, dimension=24)
        plain = OnnxEncoder(folder, max_tokens=128, pooling="cls", threads=1)
        # The tiny model's token vectors have no length of 1; those of the first token do here.
        read = encoder.read(TEXTS[:1], [[Span(2, 8)]])
        assert read.tokens[0].shape == (len(plain.read(TEXTS[:1], [[]]).tokens[0]), 24)
        assert cosines(read.tokens[0][:1], read.vectors) == approx_ones(1)
        assert read.spans[0].shape == (1, 24)

    def test_last_token_pooling_takes_the_last_token(self, folder: Path) -> None:
        with_modules(folder, ("Pooling", "1_Pooling", {"pooling_mode_lasttoken": True}))
        read = hf(folder).read(TEXTS[:3], [[], [], []])
        last = np.stack([tokens[-1] for tokens in read.tokens])
        assert cosines(read.vectors, last) == approx_ones(3)

    @pytest.mark.parametrize(
        ("module", "said"),
        [
            (("Pooling", "1_Pooling", {"pooling_mode_max_tokens": True}), "pools by max"),
            (("WordWeights", "1_W", {}), "module 'WordWeights'"),
            (
                ("Dense", "2_D", {"activation_function": "a.Softsign", "in_features": 1}),
                "activation 'Softsign'",
            ),
        ],
    )
    def test_what_it_cannot_run_is_refused(
        self, folder: Path, module: tuple[str, str, dict[str, Any]], said: str
    ) -> None:
        with pytest.raises(ModelError, match=said):
            hf(with_modules(folder, module)).encode_passages(["one"])

    def test_another_dimension_is_named(self, folder: Path) -> None:
        with pytest.raises(ModelError, match=f"gives vectors of {HIDDEN} components: correct"):
            hf(folder, dimension=7).encode_passages(["one"])

    def test_code_runs_only_where_it_is_trusted(self, folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        config |= {"model_type": "mine", "auto_map": {
            "AutoConfig": "mine.MineConfig", "AutoModel": "mine.MineModel"}}  # fmt: skip
        (folder / "config.json").write_text(json.dumps(config))
        ran = folder / "ran"
        (folder / "mine.py").write_text(
            "from pathlib import Path\nfrom transformers import BertConfig, BertModel\n"
            f"Path({str(ran)!r}).touch()\n"
            "class MineConfig(BertConfig):\n    model_type = 'mine'\n"
            "class MineModel(BertModel):\n    config_class = MineConfig\n"
        )
        with pytest.raises(ModelError, match="brings code of its own: read it"):
            hf(folder).encode_passages(["one"])
        assert not ran.exists()
        assert hf(folder, trust_remote_code=True).encode_passages(["one"]).shape == (1, HIDDEN)
        assert ran.exists()
        config["auto_map"]["AutoModel"] = "someone/else--mine.MineModel"
        (folder / "config.json").write_text(json.dumps(config))
        with pytest.raises(ModelError, match="in another repository, someone/else,"):
            hf(folder, trust_remote_code=True).encode_passages(["one"])

    def test_what_was_damaged_is_one_line(self, folder: Path) -> None:
        (folder / "model.safetensors").write_bytes(b"no weights")
        with pytest.raises(ModelError, match="does not load by transformers") as caught:
            hf(folder).encode_passages(["one"])
        assert "\n" not in str(caught.value)
