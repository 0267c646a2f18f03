"""Models of the ColBERT kind: by our own class, by fastembed's, and by what their files say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dragtor.catalogue import LateCard
from dragtor.encode.colbert import OnnxColbert
from dragtor.encode.colbert_card import Manner, manner_of
from dragtor.encode.fastembed_tokens import FastembedTokens
from dragtor.errors import EngineError, ModelError
from dragtor.types import Vectors
from tests.contracts.encoder import TEXTS
from tests.contracts.token_encoder import TokenEncoderContract
from tests.encode.colbert import (
    DIMENSION,
    MAX_TOKENS,
    PASSAGE_MARKER,
    QUESTION_MARKER,
    make_tiny_colbert,
    words,
)
from tests.tiny import tiny_tokenizer, write_safetensors

QUESTION = "Does a pulley heal, or not?"


def card(**changes: Any) -> LateCard:
    settings = {
        "dimension": DIMENSION,
        "max_tokens": MAX_TOKENS,
        "question_marker": QUESTION_MARKER,
        "passage_marker": PASSAGE_MARKER,
        "fastembed": "colbert-ir/colbertv2.0",
    }
    return LateCard(**{**settings, **changes})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a tiny ColBERT; not to be changed."""
    return make_tiny_colbert(tmp_path_factory.mktemp("models") / "tiny-colbert")


@pytest.fixture(scope="module")
def by_fastembed(folder: Path) -> FastembedTokens:
    return FastembedTokens(folder, card(), threads=1)


class TestOnnxColbert(TokenEncoderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def tokens(cls, folder: Path) -> OnnxColbert:
        return OnnxColbert(folder, card(), threads=1)


class TestFastembedTokens(TokenEncoderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def tokens(cls, by_fastembed: FastembedTokens) -> FastembedTokens:
        return by_fastembed


def expected(text: str, marker: str, *, filled: int = 0, attend: bool = False) -> Vectors:
    """What the tiny graph gives, by hand: vector of the word plus a third of the mean of all."""
    tokenizer = tiny_tokenizer()
    ids = tokenizer.encode(text).ids
    ids.insert(1, tokenizer.token_to_id(marker))
    seen = len(ids)
    ids += [tokenizer.token_to_id("[MASK]")] * (filled - len(ids))
    rows = words(tokenizer.get_vocab_size(), DIMENSION)[ids]
    rows = rows + (rows if attend else rows[:seen]).mean(axis=0) / 3
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_a_passage_has_its_marker_and_keeps_no_punctuation(folder: Path) -> None:
    text = "Load it, then rest (a while)."
    (found,) = OnnxColbert(folder, card(), threads=1).encode_passage_tokens([text])
    tokens = tiny_tokenizer().encode(text).tokens
    tokens.insert(1, PASSAGE_MARKER)
    kept = [place for place, token in enumerate(tokens) if token not in (",", "(", ")", ".")]
    assert found == pytest.approx(expected(text, PASSAGE_MARKER)[kept], abs=1e-5)


def test_a_question_is_filled_with_masks_that_are_not_seen(folder: Path) -> None:
    found = OnnxColbert(folder, card(), threads=1).encode_question_tokens(QUESTION)
    assert found == pytest.approx(expected(QUESTION, QUESTION_MARKER, filled=32), abs=1e-5)


def test_masks_are_seen_where_the_model_was_trained_so(folder: Path) -> None:
    encoder = OnnxColbert(folder, card(attend=True, question_tokens=40), threads=1)
    found = encoder.encode_question_tokens(QUESTION)
    wanted = expected(QUESTION, QUESTION_MARKER, filled=40, attend=True)
    assert found == pytest.approx(wanted, abs=1e-5)


def test_a_question_is_not_filled_where_the_model_wants_none(folder: Path) -> None:
    found = OnnxColbert(folder, card(expand=False), threads=1).encode_question_tokens(QUESTION)
    assert found == pytest.approx(expected(QUESTION, QUESTION_MARKER), abs=1e-5)


def test_a_long_question_loses_no_word_to_the_filling(folder: Path) -> None:
    long = "pulley " * 12
    found = OnnxColbert(folder, card(), threads=1).encode_question_tokens(long)
    assert len(found) == len(expected(long, QUESTION_MARKER)) > 32


def test_texts_are_cut_off_so_that_the_marker_fits(folder: Path) -> None:
    encoder = OnnxColbert(folder, card(), threads=1)
    assert len(encoder.encode_passage_tokens(["pulley " * 500])[0]) == MAX_TOKENS
    assert len(encoder.encode_question_tokens("pulley " * 500)) == MAX_TOKENS


def test_it_gives_what_fastembed_gives(folder: Path, by_fastembed: FastembedTokens) -> None:
    """Two programs, one model: markers, masks, punctuation, cutting off and lengths agree."""
    ours = OnnxColbert(folder, card(), threads=1)
    texts = [*TEXTS, "Load it, then rest (a while).", "pulley " * 100]
    for one, other in zip(
        ours.encode_passage_tokens(texts), by_fastembed.encode_passage_tokens(texts), strict=True
    ):
        assert one == pytest.approx(other, abs=1e-5)
    for text in (QUESTION, "", "Rest?", "pulley " * 100):
        found = ours.encode_question_tokens(text)
        assert found == pytest.approx(by_fastembed.encode_question_tokens(text), abs=1e-5)


def test_a_projection_beside_the_graph_is_applied(tmp_path: Path) -> None:
    folder = make_tiny_colbert(tmp_path / "wide")
    weights = np.random.default_rng(0).normal(size=(6, DIMENSION)).astype(np.float32)
    (folder / "1_Dense").mkdir()
    write_safetensors(folder / "1_Dense" / "model.safetensors", {"linear.weight": weights})
    encoder = OnnxColbert(folder, card(dimension=6, expand=False), threads=1)
    # The graph's vectors before they are brought to length 1 differ by a factor for each row.
    wanted = expected(QUESTION, QUESTION_MARKER) @ weights.T
    wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
    assert encoder.encode_question_tokens(QUESTION) == pytest.approx(wanted, abs=1e-5)
    plain = OnnxColbert(folder, card(), threads=1)
    assert plain.encode_question_tokens(QUESTION).shape[1] == DIMENSION


def test_another_dimension_than_the_card_says_is_an_error(folder: Path) -> None:
    with pytest.raises(ModelError, match=r"gives \(1, .*, 16\), not"):
        OnnxColbert(folder, card(dimension=8), threads=1).encode_question_tokens("Rest")


def test_a_marker_that_the_tokenizer_lacks_is_named(folder: Path) -> None:
    encoder = OnnxColbert(folder, card(question_marker="[Q] "), threads=1)
    with pytest.raises(ModelError, match=r"has no token '\[Q\] ': set question_marker"):
        encoder.encode_question_tokens("Rest")


def test_fastembed_needs_to_know_the_model(folder: Path) -> None:
    with pytest.raises(ModelError, match=r"set late.engine to onnx"):
        FastembedTokens(folder, card(fastembed="")).encode_question_tokens("Rest")
    with pytest.raises(ModelError, match=r"fastembed cannot load .*no-such"):
        FastembedTokens(folder, card(fastembed="no-such")).encode_question_tokens("Rest")


def test_what_fails_inside_fastembed_is_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = FastembedTokens(folder, card(), threads=1)
    encoder.encode_question_tokens("Rest")

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("bad input\nat line 7")

    monkeypatch.setattr(encoder._loaded.model, "onnx_embed", fails)
    with pytest.raises(EngineError, match=r"tiny-colbert failed on 1 texts: bad input$"):
        encoder.encode_question_tokens("Load")


@pytest.mark.parametrize("changes", [{"max_tokens": 32}, {"attend": True}, {"skip": ("!",)}])
def test_what_changes_the_vectors_changes_the_fingerprint(
    folder: Path, changes: dict[str, Any]
) -> None:
    plain = OnnxColbert(folder, card(), threads=1).fingerprint
    assert OnnxColbert(folder, card(**changes), threads=1).fingerprint != plain
    assert OnnxColbert(folder, card(), threads=2, batch_tokens=8).fingerprint == plain


BARE = LateCard(dimension=8, max_tokens=64)


def test_without_a_word_of_it_a_model_is_used_as_colbert(tmp_path: Path) -> None:
    manner = manner_of(BARE, tmp_path)
    assert (manner.question_marker, manner.passage_marker) == ("[unused0]", "[unused1]")
    assert (manner.question_tokens, manner.expand, manner.attend) == (32, True, False)
    assert "?" in manner.skip


def test_files_of_colbert_and_of_pylate_are_understood(tmp_path: Path) -> None:
    colbert = {
        "query_token_id": "[Q]",
        "doc_token_id": "[D]",
        "query_maxlen": 24,
        "attend_to_mask_tokens": True,
        "mask_punctuation": False,
        "doc_maxlen": None,
    }
    (tmp_path / "artifact.metadata").write_text(json.dumps(colbert))
    assert manner_of(BARE, tmp_path) == Manner("[Q]", "[D]", 24, True, True, ())
    pylate = {
        "query_prefix": "[Q] ",
        "document_prefix": "[D] ",
        "query_length": 48,
        "do_query_expansion": False,
        "attend_to_expansion_tokens": False,
        "skiplist_words": ["!", "?"],
        "similarity_fn_name": "MaxSim",
    }
    (tmp_path / "config_sentence_transformers.json").write_text(json.dumps(pylate))
    assert manner_of(BARE, tmp_path) == Manner("[Q] ", "[D] ", 48, False, False, ("!", "?"))


def test_the_card_has_the_last_word(tmp_path: Path) -> None:
    (tmp_path / "onnx_config.json").write_text(json.dumps({"query_length": 48}))
    said = LateCard(dimension=8, max_tokens=64, question_tokens=16, skip=())
    manner = manner_of(said, tmp_path)
    assert (manner.question_tokens, manner.skip) == (16, ())


def test_a_file_that_is_no_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "artifact.metadata").write_text("{")
    with pytest.raises(ModelError, match=r"artifact.metadata .*pull the model again"):
        manner_of(BARE, tmp_path)
