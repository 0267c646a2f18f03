"""With the tokens of the starter encoder, over the sample library and hostile texts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from dragtor.build.choices import SPLITTERS, find, make_splitter, takes
from dragtor.config import Split
from dragtor.encode.onnx import OnnxEncoder
from tests.contracts.splitter import TEXTS, Limits, assert_lawful, markdown
from tests.split.readers import BagOfWords

ROOT = Path(__file__).parents[2]
HOSTILE = ("one giant word", "hangul", "combining marks", "emoji")
MINILM = ROOT / "models" / "all-MiniLM-L6-v2"


class RealTokens(BagOfWords):
    """The tokens of the starter encoder; its vectors would take a minute."""

    def __init__(self, encoder: OnnxEncoder) -> None:
        super().__init__()
        self._encoder = encoder

    def token_spans(self, text: str) -> Sequence[tuple[int, int]]:
        return self._encoder.token_spans(text)


SIZES = ("max_tokens", "parent_tokens")
BUDGETED = [
    name for name in SPLITTERS if any(takes(find(SPLITTERS, name, "split"), key) for key in SIZES)
]


@pytest.fixture(scope="module")
def tokens() -> RealTokens:
    if not (MINILM / "tokenizer.json").exists():
        pytest.skip("needs the starter models: run `dragtor models pull all-MiniLM-L6-v2`")
    return RealTokens(OnnxEncoder(MINILM, max_tokens=256))


@pytest.mark.models
@pytest.mark.parametrize("name", BUDGETED)
def test_passages_keep_within_the_budget_in_the_tokens_of_the_encoder(
    tokens: RealTokens, name: str
) -> None:
    settings = Split(splitter=name, max_tokens=60, overlap_tokens=20, parent_tokens=180)
    splitter = make_splitter(settings, tokens)
    limits = Limits(tokens, 180 if name == "large" else 60, 20)
    found = sorted((ROOT / "assets" / "library").glob("*.md"))[:1]
    articles = [path.read_text(encoding="utf-8") for path in found]
    for text in (*articles, *(TEXTS[name] for name in HOSTILE)):
        assert_lawful(text, splitter.split(markdown(text)), limits)
