from __future__ import annotations

import re
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragtor.build.choices import SPLITTERS as CHOICES
from dragtor.build.choices import make_splitter
from dragtor.config import Split
from dragtor.errors import ConfigError
from dragtor.interfaces import Splitter
from dragtor.split.large import LargeSplitter
from dragtor.split.markdown import MarkdownSplitter
from dragtor.split.paragraph import ParagraphSplitter
from dragtor.split.parent_child import ParentChildSplitter
from dragtor.split.recursive import RecursiveSplitter
from dragtor.split.semantic import SemanticSplitter
from dragtor.split.structure import StructureSplitter
from dragtor.split.whole import WholeSplitter
from dragtor.split.window import WindowSplitter
from dragtor.text import sentences
from tests.contracts.splitter import Limits, SplitterContract, assert_lawful, markdown
from tests.split.readers import BagOfWords, WordPieces, WordTokenizer

PIECES, WORDS, BAG = WordPieces(), WordTokenizer(), BagOfWords()
Made = tuple[Splitter, Limits]

BUDGETED: dict[str, Callable[..., Any]] = {
    "structure": lambda most, overlap: StructureSplitter(PIECES, most, overlap),
    "paragraph": lambda most, overlap: ParagraphSplitter(PIECES, most, overlap),
    "recursive": lambda most, overlap: RecursiveSplitter(PIECES, most, overlap),
    "markdown": lambda most, overlap: MarkdownSplitter(PIECES, most, overlap),
    "semantic": lambda most, overlap: SemanticSplitter(BAG, most, overlap, percentile=80),
    "parent_child": lambda most, overlap: ParentChildSplitter(
        PIECES, most, overlap, parent_tokens=3 * most
    ),
    "large": lambda most, overlap: LargeSplitter(
        PIECES, overlap_tokens=overlap, parent_tokens=most
    ),
}
SPLITTERS: dict[str, Made] = {
    f"{name} {most}/{overlap}": (
        make(most, overlap),
        Limits(PIECES, most, overlap, whole=name != "recursive"),
    )
    for name, make in BUDGETED.items()
    for most, overlap in [(60, 24), (16, 0)]
} | {
    "structure in words 30/15": (StructureSplitter(WORDS, 30, 15), Limits(WORDS, 30, 15)),
    "window 40": (WindowSplitter(PIECES, 40, window_sentences=2), Limits(PIECES, 40, 0)),
    "whole": (WholeSplitter(PIECES), Limits(PIECES, None, 0)),
}

SIZES = ("structure", "paragraph", "recursive", "markdown")
TOLD = dict.fromkeys(SIZES, "max=90 overlap=30") | {
    "window": "max=90 window=2",
    "semantic": "max=90 overlap=30 percentile=90 encoder=bag",
    "parent_child": "max=90 overlap=30 parent=270",
    "large": "max=270 overlap=30",
    "whole": "",
}


class TestContract(SplitterContract):
    @pytest.fixture(params=list(SPLITTERS.values()), ids=list(SPLITTERS))
    def made(self, request: pytest.FixtureRequest) -> Made:
        made: Made = request.param
        return made

    @pytest.fixture
    def splitter(self, made: Made) -> Splitter:
        return made[0]

    @pytest.fixture
    def limits(self, made: Made) -> Limits:
        return made[1]


pieces = st.one_of(
    st.sampled_from(["word ", "A sentence ends. ", "3.5 kg ", "e.g. Dr. X? ", '("quoted!") ']),
    st.sampled_from(["\n", "\n\n", "\t", "# Head\n", "\n## Sub\n\n", "- item\n", "|a|\n"]),
    st.sampled_from(["\u200b", "最初の日。", "e\u0301", "x" * 120, "각", "\u0301", "\u200d"]),
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(pieces, max_size=60).map("".join),
    st.sampled_from(sorted(BUDGETED)),
    st.integers(min_value=16, max_value=40),
    st.floats(min_value=0, max_value=0.5),
)
def test_any_text_is_covered_in_order_within_the_budget(
    text: str, name: str, most: int, share: float
) -> None:
    overlap = int(most * share)
    cuts = BUDGETED[name](most, overlap).split(markdown(text))
    assert_lawful(text, cuts, Limits(PIECES, most, overlap))


def test_what_overlaps_are_whole_sentences_and_none_where_the_last_one_is_longer() -> None:
    """The default splitter, an overlap of 8 words, sentences of 5 and of 11."""
    short, long = "Then rest it now.", "After that it may hang for ten seconds a day."
    splitter = StructureSplitter(WORDS, 40, 8)
    for text in (" ".join([long] * 30), " ".join([short, short, long] * 20)):
        cuts = splitter.split(markdown(text))
        assert len(cuts) > 3
        for before, after in pairwise(cuts):
            shared = text[after.start : before.end]
            last = sentences(text[before.start : before.end])[-1]
            fits = last.end - last.start == len(short)
            assert shared == (short if fits else "")


@pytest.mark.parametrize("name", sorted(BUDGETED))
def test_budget_and_overlap_are_part_of_the_fingerprint(name: str) -> None:
    sizes = [(100, 0), (100, 10), (80, 0)]
    assert len({BUDGETED[name](*size).fingerprint for size in sizes}) == 3


def test_so_is_all_else_that_changes_the_cuts() -> None:
    splitters: list[Splitter] = [
        WindowSplitter(PIECES, 100, window_sentences=2),
        WindowSplitter(PIECES, 100, window_sentences=3),
        WindowSplitter(PIECES, 90, window_sentences=3),
        ParentChildSplitter(PIECES, 100, parent_tokens=350),
        ParentChildSplitter(PIECES, 100, parent_tokens=400),
        SemanticSplitter(BAG, 100, percentile=90),
        SemanticSplitter(BAG, 100, percentile=95),
        SemanticSplitter(BagOfWords("another"), 100, percentile=95),
        *(make(100, 0) for make in BUDGETED.values()),
        WholeSplitter(PIECES),
    ]
    assert len({splitter.fingerprint for splitter in splitters}) == len(splitters)


@pytest.mark.parametrize("name", sorted(BUDGETED))
def test_an_overlap_of_more_than_half_a_passage_is_refused_with_both_numbers(name: str) -> None:
    key = "parent_tokens" if name == "large" else "max_tokens"
    with pytest.raises(ConfigError, match=rf"overlap_tokens is 60.*{key} is 100.*0 and 50"):
        BUDGETED[name](100, 60)


@pytest.mark.parametrize("name", [name for name in SPLITTERS if "16/0" not in name])
def test_time_grows_with_the_text_and_not_with_its_square(name: str) -> None:
    """Eight times the text takes sixty-four times the time where something is quadratic."""
    splitter, _ = SPLITTERS[name]
    text = "".join(f"# Head {i}\n\nA sentence of words. Another one.\n\n- it\n" for i in range(30))
    once = min(_seconds(splitter, text) for _ in range(3))
    assert min(_seconds(splitter, text * 8) for _ in range(2)) < 30 * once + 0.005


def _seconds(splitter: Splitter, text: str) -> float:
    document = markdown(text)
    start = time.process_time()
    splitter.split(document)
    return time.process_time() - start


@pytest.mark.parametrize("name", sorted(CHOICES))
def test_each_is_made_from_the_settings_it_names(name: str) -> None:
    settings = Split(splitter=name, max_tokens=90, overlap_tokens=30, parent_tokens=270)
    made = make_splitter(settings, BAG)
    if name in TOLD:  # as one's own may have it otherwise
        assert made.fingerprint.startswith(f"{name}-")
        assert re.findall(r"\w+=[\w.]+", made.fingerprint) == TOLD[name].split()
    assert made.split(markdown("# Head\n\nA text."))


def test_an_unknown_splitter_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(ConfigError, match=r"split.splitter.*sentence.*window"):
        make_splitter(Split(splitter="sentence"), BAG)
