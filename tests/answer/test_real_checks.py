"""The checker with the starter encoder: answers people wrote, and what they must not be given."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from dragtor.answer.citations import FeatureChecker
from dragtor.answer.support import Thresholds
from dragtor.encode.onnx import OnnxEncoder
from dragtor.types import Hit, Location, Span, Vectors
from tests.answer.conftest import hit

ROOT = Path(__file__).parents[2]
MINILM = ROOT / "models" / "all-MiniLM-L6-v2"
FALSE = [
    "A2 pulleys are found in the knee.",
    "Pulley injuries are treated with antibiotics.",
    "A torn A2 pulley heals within two days.",
    "After a complete A2 tear a climber should plan on six months before climbing hard again.",
    "After a complete A2 tear a climber should not plan on three months before climbing hard.",
    "Strength comes back before the tendon has healed, so stretch it with antibiotics for 9 years.",
]


@pytest.fixture(scope="module")
def checker() -> FeatureChecker:
    if not (MINILM / "model.safetensors").exists():
        pytest.skip("needs the starter models: run `dragtor models pull all-MiniLM-L6-v2`")
    encoder = OnnxEncoder(MINILM, max_tokens=256, threads=1)
    return FeatureChecker(remembering(encoder), Thresholds(yes=0.5, partly=0.35))


def remembering(
    encoder: OnnxEncoder,
) -> Callable[[Sequence[str], Sequence[Sequence[Span]]], tuple[Vectors, list[Vectors]]]:
    """The encoder's ``encode_spans``, which reads no text twice: the claims share their sources."""
    known: dict[tuple[str, tuple[Span, ...]], tuple[Vectors, Vectors]] = {}

    def encode_spans(
        texts: Sequence[str], spans: Sequence[Sequence[Span]]
    ) -> tuple[Vectors, list[Vectors]]:
        keys = [(text, tuple(parts)) for text, parts in zip(texts, spans, strict=True)]
        new = [key for key in dict.fromkeys(keys) if key not in known]
        if new:
            whole, parts = encoder.encode_spans([key[0] for key in new], [key[1] for key in new])
            known.update(zip(new, zip(whole, parts, strict=True), strict=True))
        found = [known[key] for key in keys]
        whole = np.stack([one for one, _ in found]) if found else np.zeros((0, encoder.dimension))
        return whole.astype(np.float32), [parts for _, parts in found]

    return encode_spans


@pytest.fixture(scope="module")
def answers() -> list[tuple[str, list[Hit]]]:
    """Reference answers with the passages they rest on."""
    entries = yaml.safe_load((ROOT / "assets" / "questions.yml").read_text("utf-8"))
    return [
        (
            entry["answer"],
            [hit(one["quote"], document=one["document"], title="") for one in entry["evidence"]],
        )
        for entry in entries
        if entry["answerable"]
    ]


@pytest.mark.models
def test_answers_are_borne_out_by_their_own_passages_and_not_by_others(
    checker: FeatureChecker, answers: list[tuple[str, list[Hit]]]
) -> None:
    own = [one.support.verdict for said, hits in answers for one in checker.check(said, hits)]
    shifted = zip(answers, [*answers[7:], *answers[:7]], strict=True)
    other = [
        one.support.verdict for (said, _), (_, hits) in shifted for one in checker.check(said, hits)
    ]
    assert len(own) == len(other) >= 30
    # Many add what their passages leave out ("No.", a number of another sentence).
    assert own.count("yes") >= 0.5 * len(own)
    assert own.count("no") <= 0.3 * len(own)
    assert other.count("yes") == 0
    assert other.count("no") >= 0.9 * len(other)


@pytest.mark.models
@pytest.mark.parametrize("claim", FALSE)
def test_what_is_false_is_never_wholly_borne_out(checker: FeatureChecker, claim: str) -> None:
    library = ROOT / "assets" / "library"
    names = ("finger-pulley-injuries.md", "knee-heel-hook-and-drop-knee.md")
    hits = [hit((library / name).read_text("utf-8"), document=name) for name in names]
    (sentence,) = checker.check(claim, hits)
    assert sentence.support.verdict != "yes", sentence


@pytest.mark.models
def test_few_false_sentences_are_borne_out_and_few_true_ones_are_not(
    checker: FeatureChecker,
) -> None:
    documents = yaml.safe_load((Path(__file__).parent / "claims.yml").read_text("utf-8"))
    found: dict[str, list[str]] = {"true": [], "false": []}
    for name, claims in documents.items():
        text = re.sub("<[^>]+>", "\n", (ROOT / "assets" / "library" / name).read_text("utf-8"))
        for truth, sentences in claims.items():
            for claim in sentences:
                (sentence,) = checker.check(claim, [hit(text, document=name)])
                found[truth].append(sentence.support.verdict)
    assert len(found["true"]) == 60
    assert len(found["false"]) == 62
    assert found["false"].count("yes") <= 6  # 40 were before the checks of pairing.py
    assert found["true"].count("yes") >= 53
    assert found["true"].count("no") <= 1


@pytest.mark.models
@pytest.mark.parametrize(
    "text", ["The four grades are:", "2.", "**2.**", "2. The acute strain", "**The acute strain**"]
)
def test_what_states_nothing_is_borne_out_by_nothing(checker: FeatureChecker, text: str) -> None:
    file = ROOT / "assets" / "library" / "flexor-tendon-strain-tenosynovitis.md"
    passage = replace(hit(file.read_text("utf-8")), location=Location(heading="The acute strain"))
    (sentence,) = checker.check(text, [passage])
    assert sentence.support.verdict == "no"
    assert sentence.citations == ()
