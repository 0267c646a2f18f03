from __future__ import annotations

from pathlib import Path

import pytest

from dragtor.encode.cross import OnnxCrossEncoder
from dragtor.errors import ModelError
from tests.contracts.reranker import RerankerContract
from tests.encode import reference
from tests.tiny import HEADS, LAYERS, make_tiny_bert, tiny_tokenizer, tiny_weights


class TestOnnxCrossEncoder(RerankerContract):
    @pytest.fixture(scope="class")
    @classmethod
    def reranker(cls, tiny_reranker: Path) -> OnnxCrossEncoder:
        return OnnxCrossEncoder(tiny_reranker, threads=1, batch_tokens=600)


def expected(question: str, text: str, max_tokens: int) -> float:
    tokenizer = tiny_tokenizer()
    tokenizer.enable_truncation(max_tokens)
    pair = tokenizer.encode(question, text)
    weights = tiny_weights(tokenizer.get_vocab_size(), labels=1)
    hidden = reference.hidden_state(
        weights, pair.ids, pair.type_ids, heads=HEADS, layers=LAYERS, prefix="bert."
    )
    return float(reference.logits(weights, hidden)[0])


@pytest.mark.parametrize("max_tokens", [512, 12])
def test_a_score_is_the_logit_of_question_and_text_together(
    tiny_reranker: Path, max_tokens: int
) -> None:
    question, texts = "Does it heal?", ["It does, in weeks and months.", "No.", ""]
    scores = OnnxCrossEncoder(tiny_reranker, max_tokens=max_tokens).score(question, texts)
    assert scores == pytest.approx(
        [expected(question, text, max_tokens) for text in texts], abs=1e-4
    )


def test_its_name_is_that_of_its_folder_unless_given(tiny_reranker: Path) -> None:
    assert OnnxCrossEncoder(tiny_reranker).name == "tiny-reranker"
    assert OnnxCrossEncoder(tiny_reranker, name="mini").name == "mini"


def test_a_model_with_several_classes_is_no_reranker(tmp_path: Path) -> None:
    make_tiny_bert(tmp_path / "nli", labels=3)
    with pytest.raises(ModelError, match=r"nli gives \(3,\) scores for a pair, not one"):
        OnnxCrossEncoder(tmp_path / "nli").score("pulley", ["tears"])


def test_an_encoder_is_no_reranker(tiny_encoder: Path) -> None:
    with pytest.raises(ModelError, match=r"tiny-encoder gives .* it is no reranker"):
        OnnxCrossEncoder(tiny_encoder).score("pulley", ["tears"])
