from __future__ import annotations

import json
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from dragtor.encode.onnx import OnnxEncoder
from dragtor.errors import ModelError
from dragtor.types import Span
from tests.contracts.encoder import TEXTS, EncoderContract, approx_ones, cosines
from tests.encode import reference
from tests.tiny import (
    HEADS,
    LAYERS,
    make_tiny_bert,
    tiny_tokenizer,
    tiny_weights,
)

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "minilm_vectors.json").read_text())


def tiny(folder: Path, **settings: Any) -> OnnxEncoder:
    return OnnxEncoder(folder, **{"max_tokens": 128, "threads": 1, **settings})


class TestTinyEncoder(EncoderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def encoder(cls, tiny_encoder: Path) -> OnnxEncoder:
        return tiny(tiny_encoder)


class TestTinyEncoderInSmallBatchesWithPrefixes(EncoderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def encoder(cls, tiny_encoder: Path) -> OnnxEncoder:
        return tiny(
            tiny_encoder, pooling="cls", query_prefix="q: ", passage_prefix="p: ", batch_tokens=40
        )

    # The first token of a random model does not know what the others say.
    test_a_shared_word_brings_texts_closer = None
    test_the_span_that_shares_a_word_is_closer = None


@pytest.mark.models
class TestMiniLM(EncoderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def encoder(cls, minilm: Path) -> OnnxEncoder:
        return OnnxEncoder(minilm, max_tokens=256)

    @pytest.mark.parametrize("together", [True, False])
    def test_vectors_are_those_of_sentence_transformers(
        self, encoder: OnnxEncoder, together: bool
    ) -> None:
        """The golden file says how its values were made."""
        texts = [golden["text"] for golden in GOLDEN["vectors"]]
        batches = [texts] if together else [[text] for text in texts]
        vectors = np.concatenate([encoder.encode_passages(batch) for batch in batches])
        for vector, golden in zip(vectors, GOLDEN["vectors"], strict=True):
            assert vector[GOLDEN["at"]] == pytest.approx(golden["components"], abs=2e-6)
            assert vector.sum(dtype=np.float64) == pytest.approx(golden["sum"], abs=2e-5)

    def test_token_spans_are_as_many_as_the_encoder_reads(self, encoder: OnnxEncoder) -> None:
        for golden in GOLDEN["vectors"]:
            if golden["tokens"] < encoder.max_tokens:
                spans = encoder.token_spans(golden["text"])
                assert len(spans) + len(("[CLS]", "[SEP]")) == golden["tokens"]


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_a_vector_is_the_pooled_hidden_state(tiny_encoder: Path, pooling: Any) -> None:
    tokenizer = tiny_tokenizer()
    weights = tiny_weights(tokenizer.get_vocab_size())
    texts = ["A2 pulley", "", "Rest for six weeks, then load it slowly."]
    vectors = tiny(tiny_encoder, pooling=pooling).encode_passages(texts)
    for text, vector in zip(texts, vectors, strict=True):
        ids = tokenizer.encode(text).ids
        hidden = reference.hidden_state(weights, ids, [0] * len(ids), heads=HEADS, layers=LAYERS)
        pooled = hidden.mean(axis=0) if pooling == "mean" else hidden[0]
        assert vector == pytest.approx(pooled / np.linalg.norm(pooled), abs=1e-5)


@pytest.mark.parametrize("prefix", ["", "passage: "])
def test_a_span_is_the_mean_of_its_tokens(tiny_encoder: Path, prefix: str) -> None:
    tokenizer = tiny_tokenizer()
    weights = tiny_weights(tokenizer.get_vocab_size())
    text, span = "ab. cdef, gh. ij", Span(4, 13)
    # Of the tokens "ab" "." "cd" "##ef" "," "gh" "." "ij" the third to the seventh.
    ids = tokenizer.encode(prefix + text).ids
    hidden = reference.hidden_state(weights, ids, [0] * len(ids), heads=HEADS, layers=LAYERS)
    before = len(tokenizer.encode(prefix, add_special_tokens=False).ids)
    mean = hidden[1 + before :][2:7].mean(axis=0)
    longer = "a longer text, so that the other one is padded"
    encoder = tiny(tiny_encoder, passage_prefix=prefix)
    _, (_, (vector,)) = encoder.encode_spans([longer, text], [[], [span]])
    assert vector == pytest.approx(mean / np.linalg.norm(mean), abs=1e-5)


def test_prefixes_are_put_before_questions_and_passages(tiny_encoder: Path) -> None:
    plain = tiny(tiny_encoder)
    prefixed = tiny(tiny_encoder, query_prefix="query: ", passage_prefix="passage: ")
    asked, told = prefixed.encode_queries(["pulley"]), prefixed.encode_passages(["pulley"])
    assert cosines(asked, plain.encode_passages(["query: pulley"])) == approx_ones(1)
    assert cosines(told, plain.encode_queries(["passage: pulley"])) == approx_ones(1)
    assert asked @ told.T < 0.999


def test_a_question_is_read_once(tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = tiny(tiny_encoder)
    first = encoder.encode_queries(["pulley"])
    monkeypatch.setattr(encoder, "_model", None)
    assert np.array_equal(encoder.encode_queries(["pulley"]), first)
    with pytest.raises(ValueError, match="read-only"):
        encoder.encode_queries(["pulley"])[0] += 1


def test_the_size_of_batches_changes_no_vector(tiny_encoder: Path) -> None:
    expected = tiny(tiny_encoder).encode_passages(TEXTS)
    for batch_tokens in (1, 100, 300):
        vectors = tiny(tiny_encoder, batch_tokens=batch_tokens).encode_passages(TEXTS)
        assert cosines(vectors, expected) == approx_ones(len(TEXTS))


def test_the_dimension_is_known_without_loading_the_graph(tmp_path: Path) -> None:
    make_tiny_bert(tmp_path)
    assert tiny(tmp_path).dimension == 64
    assert not (tmp_path / "model.onnx").exists()


def test_a_missing_model_says_how_to_get_it(tmp_path: Path) -> None:
    encoder = tiny(tmp_path / "mxbai")
    with pytest.raises(ModelError, match="dragtor models pull mxbai"):
        encoder.encode_queries(["pulley"])
    with pytest.raises(ModelError, match="dragtor models pull mxbai"):
        _ = encoder.fingerprint


# --- fingerprints ---------------------------------------------------------------------------


def test_the_fingerprint_is_the_same_in_every_process_and_place(
    tiny_encoder: Path, tmp_path: Path
) -> None:
    elsewhere = make_tiny_bert(tmp_path / "elsewhere")
    assert tiny(tiny_encoder).fingerprint == tiny(elsewhere, name="other", threads=2).fingerprint


@pytest.mark.parametrize(
    "settings",
    [
        {"pooling": "cls"},
        {"query_prefix": "q"},
        {"passage_prefix": "q"},
        {"max_tokens": 64},
    ],
)
def test_the_fingerprint_depends_on_every_setting_that_changes_vectors(
    tiny_encoder: Path, settings: dict[str, object]
) -> None:
    assert tiny(tiny_encoder, **settings).fingerprint != tiny(tiny_encoder).fingerprint


def test_the_fingerprint_depends_on_the_weights_and_on_the_tokenizer(
    tiny_encoder: Path, tmp_path: Path
) -> None:
    other_weights = make_tiny_bert(tmp_path / "a", seed=1)
    other_tokenizer = make_tiny_bert(tmp_path / "b")
    with (other_tokenizer / "tokenizer.json").open("a", encoding="utf-8") as file:
        file.write("\n")
    folders = (tiny_encoder, other_weights, other_tokenizer)
    assert len({tiny(folder).fingerprint for folder in folders}) == 3


# --- graphs of others -----------------------------------------------------------------------


def write_graph(folder: Path, output: str, shape: list[int | str]) -> Path:
    """A graph without token types and config.json: each token's id, once for each dimension."""
    (folder / "model.onnx").parent.mkdir(parents=True, exist_ok=True)
    tiny_tokenizer().save(str(folder / "tokenizer.json"))
    ids, mask = (
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"])
        for name in ("input_ids", "attention_mask")
    )
    nodes = [
        helper.make_node("Mul", ["input_ids", "attention_mask"], ["real"]),
        helper.make_node("Cast", ["real"], ["number"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["number", "two"], ["column"]),
        helper.make_node("Expand", ["column", "shape"], ["pooled"]),
        helper.make_node("Mul", ["pooled", "scale"], [output]),
    ]
    constants = [
        helper.make_tensor("two", TensorProto.INT64, [1], [2]),
        helper.make_tensor("shape", TensorProto.INT64, [3], [1, 1, 2]),
        helper.make_tensor("scale", TensorProto.FLOAT, [2], [3.0, 4.0]),
    ]
    outputs = [
        helper.make_tensor_value_info("pooled", TensorProto.FLOAT, ["batch", "tokens", 2]),
        helper.make_tensor_value_info(output, TensorProto.FLOAT, shape),
    ]
    graph = helper.make_graph(nodes, "foreign", [ids, mask], outputs, constants)
    opset = helper.make_opsetid("", 17)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=8), folder / "model.onnx")
    return folder


def test_a_graph_of_others_may_lack_token_types_and_have_more_outputs(tmp_path: Path) -> None:
    folder = write_graph(tmp_path, "last_hidden_state", ["batch", "tokens", 2])
    encoder = tiny(folder)
    assert encoder.dimension == 2
    assert encoder.encode_passages(["A2 pulley", "a"]) == pytest.approx(
        np.array([[0.6, 0.8], [0.6, 0.8]])
    )


def test_a_cross_encoder_is_no_encoder(tiny_reranker: Path) -> None:
    with pytest.raises(ModelError, match=r"gives \(1, 1\), not \(texts, tokens, dimension\)"):
        tiny(tiny_reranker).encode_passages(["pulley"])


# --- token spans ----------------------------------------------------------------------------

ANY_TEXT = st.text(
    st.one_of(st.characters(exclude_categories=("Cs",)), st.sampled_from("aA é漢한😀\u200d\n\t.-"))
)


@cache
def shared(folder: Path) -> OnnxEncoder:
    return tiny(folder)


def check_spans(folder: Path, text: str) -> None:
    spans = shared(folder).token_spans(text)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    for one, following in pairwise(spans):
        assert one == following or one[1] <= following[0]


@given(text=ANY_TEXT)
def test_spans_are_in_order_within_bounds_and_the_same_or_apart(
    tiny_encoder: Path, text: str
) -> None:
    check_spans(tiny_encoder, text)


@pytest.mark.models
@given(text=ANY_TEXT)
def test_spans_of_minilm_are_in_order_within_bounds_and_the_same_or_apart(
    minilm: Path, text: str
) -> None:
    check_spans(minilm, text)


def test_spans_count_code_points_and_leave_out_special_tokens(tiny_encoder: Path) -> None:
    text = "👩‍🚀 naïve 漢字\n\n2.5"
    pieces = [text[start:end] for start, end in tiny(tiny_encoder).token_spans(text)]
    assert pieces == ["👩‍🚀", "na", "ïv", "e", "漢", "字", "2", ".", "5"]


def test_spans_go_on_beyond_max_tokens(tiny_encoder: Path) -> None:
    assert len(tiny(tiny_encoder, max_tokens=8).token_spans("pulley " * 1000)) == 3000


def test_a_character_taken_apart_counts_as_often_as_it_has_tokens(tmp_path: Path) -> None:
    # Lower-casing takes accents and Hangul syllables apart: 한 is ᄒ, ᅡ and ᆫ.
    folder = make_tiny_bert(tmp_path)
    text = (folder / "tokenizer.json").read_text(encoding="utf-8")
    jamo = text.replace('"[MASK]": 4', '"[MASK]": 4, "ᄒ": 9001, "##ᅡ": 9002, "##ᆫ": 9003')
    assert jamo != text
    (folder / "tokenizer.json").write_text(jamo, encoding="utf-8")
    assert tiny(folder).token_spans("a 한") == [(0, 1), (2, 3), (2, 3), (2, 3)]


def test_an_empty_text_has_no_tokens(tiny_encoder: Path) -> None:
    assert tiny(tiny_encoder).token_spans("") == tiny(tiny_encoder).token_spans(" \n") == []
