from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from dragtor.encode.cross import OnnxCrossEncoder, OnnxEntailment
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


# --- entailment

PAIRS = [("A pulley tears.", "It tears."), ("Rest.", ""), ("It heals in weeks. " * 90, "It heals.")]


def classifier(folder: Path, id2label: Mapping[str, str] | None, labels: int = 3) -> Path:
    """A tiny classifier of pairs whose classes have these names."""
    make_tiny_bert(folder, labels=labels)
    config = json.loads((folder / "config.json").read_text())
    config["id2label"] = id2label
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def logits(premise: str, hypothesis: str, labels: int) -> np.ndarray:
    """What its graph gives, by the reference implementation."""
    tokenizer = tiny_tokenizer()
    tokenizer.enable_truncation(512)
    pair = tokenizer.encode(premise, hypothesis)
    weights = tiny_weights(tokenizer.get_vocab_size(), labels=labels)
    hidden = reference.hidden_state(
        weights, pair.ids, pair.type_ids, heads=HEADS, layers=LAYERS, prefix="bert."
    )
    return np.asarray(reference.logits(weights, hidden), dtype=np.float64)


@pytest.mark.parametrize(
    "id2label",
    [
        {"0": "contradiction", "1": "entailment", "2": "neutral"},
        {"0": "ENTAILMENT", "1": "NEUTRAL", "2": "CONTRADICTION"},
    ],
)
def test_three_classes_go_through_softmax_in_the_order_the_config_says(
    tmp_path: Path, id2label: Mapping[str, str]
) -> None:
    order = {name.lower(): int(number) for number, name in id2label.items()}
    judged = OnnxEntailment(classifier(tmp_path / "nli", id2label), threads=1).entail(PAIRS)
    for pair, one in zip(PAIRS, judged, strict=True):
        shares = np.exp(logits(*pair, 3)) / np.exp(logits(*pair, 3)).sum()
        assert one.entailed == pytest.approx(shares[order["entailment"]], abs=1e-4)
        assert one.contradicted == pytest.approx(shares[order["contradiction"]], abs=1e-4)


@pytest.mark.parametrize(
    ("id2label", "entailed"),
    [
        ({"0": "consistent", "1": "hallucinated"}, 0),
        ({"0": "LABEL_0", "1": "LABEL_1"}, 1),
        (None, 1),
    ],
)
def test_two_classes_know_no_contradiction(
    tmp_path: Path, id2label: Mapping[str, str] | None, entailed: int
) -> None:
    folder = classifier(tmp_path / "two", id2label, labels=2)
    (one, *_) = OnnxEntailment(folder, threads=1).entail(PAIRS)
    values = np.exp(logits(*PAIRS[0], 2))
    assert one.entailed == pytest.approx(values[entailed] / values.sum(), abs=1e-4)
    assert one.contradicted == 0.0


def test_a_single_logit_goes_through_the_logistic_function(tmp_path: Path) -> None:
    folder = classifier(tmp_path / "one", None, labels=1)
    (one, *_) = OnnxEntailment(folder, threads=1).entail(PAIRS)
    assert one.entailed == pytest.approx(1 / (1 + np.exp(-logits(*PAIRS[0], 1)[0])), abs=1e-4)


def test_a_template_makes_one_text_of_both_and_fills_in_nothing_twice(tmp_path: Path) -> None:
    folder = classifier(tmp_path / "one", None, labels=1)
    model = OnnxEntailment(folder, threads=1, template="Premise: {premise} So: {hypothesis}?")
    (one,) = model.entail([("{hypothesis}", "It tears")])
    tokenizer = tiny_tokenizer()
    text = tokenizer.encode("Premise: {hypothesis} So: It tears?")
    weights = tiny_weights(tokenizer.get_vocab_size(), labels=1)
    hidden = reference.hidden_state(
        weights, text.ids, text.type_ids, heads=HEADS, layers=LAYERS, prefix="bert."
    )
    value = float(reference.logits(weights, hidden)[0])
    assert one.entailed == pytest.approx(1 / (1 + np.exp(-value)), abs=1e-4)


def test_three_classes_without_names_are_refused(tmp_path: Path) -> None:
    folder = classifier(tmp_path / "nli", {"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"})
    with pytest.raises(ModelError, match=r"nli does not say .* write id2label into .*config\.json"):
        OnnxEntailment(folder).entail(PAIRS)


def test_no_pairs_give_no_judgements(tmp_path: Path) -> None:
    assert OnnxEntailment(tmp_path / "nowhere").entail([]) == []
