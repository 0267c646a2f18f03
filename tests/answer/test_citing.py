from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragtor.answer import citing
from dragtor.answer.citing import Citer, Markers, SentenceEnds, likeliest, marker_tree
from dragtor.answer.llama import LlamaModel
from dragtor.answer.stream import MarkerFilter
from dragtor.errors import EngineError
from dragtor.types import Message, Usage

ASKED = (
    Message(
        "user",
        "[1] The A2 pulley tears most often.\n[2] Open hand grips load it less.\n\n"
        "Tell me about pulleys.",
    ),
)


def marked(pieces: Iterable[str], passages: int = 3) -> str:
    """The text with an asterisk wherever a marker is due."""
    ends = SentenceEnds(passages)
    text = ""
    for piece in pieces:
        due = ends.feed(piece)
        text += piece if due is None else f"{piece[:due]}*{piece[due:]}"
    return text + ("*" if ends.finish() else "")


def by_words(text: str) -> list[str]:
    """Pieces as models write them: a space belongs to what follows it."""
    return re.findall(r"\s?[^\s.!?。]+|\s?[.!?。]+|\s", text)


class TestSentenceEnds:
    @pytest.mark.parametrize(
        "expected",
        [
            "It tears.* It heals in six weeks.*",
            "Really?* Yes!* Tape “helps.”* It does (a bit).*",
            "It weighs 2.5 kg.* That is 1.000 times more.*",
            "Use a ring, e.g. one of plastic.* It holds.*",
            "Dr. Miller says so.* See Fig. 2 for more.*",
            "Rest first*\nThen load*",
            "It heals.*\n\nIt does.*",
            "It heals*",
            "# Healing\nIt heals.*",
            "These help:\n- Rest.*\n- Tape*",
            "1. Rest.*\n2. Tape.*",
            "Call `a. b` now.* Done.*",
            "```\nx = 1. \ny\n```\nDone.*",
            "指の腱です。*環は六週。*",
            "Rest [1]. Load [2].",
            "Rest. [1] Load. [2]",
            "Rest [1, 2]. Load.*",
            "Rest [99].* Load [0].*",
            "Rest [sic].* Load.*",
            "... \n \n...",
            "",
        ],
    )
    def test_a_marker_is_due_where_a_sentence_or_a_line_ends(self, expected: str) -> None:
        assert marked(by_words(expected.replace("*", ""))) == expected

    def test_a_piece_may_hold_the_end_and_what_follows(self) -> None:
        assert (
            marked(["It heals", ".\n\n", "It does", '." ', "So"]) == 'It heals.*\n\nIt does."* So*'
        )

    @given(st.lists(st.text(alphabet="aB. \n`[1]:#!。", max_size=4), max_size=30))
    def test_any_text_in_any_pieces_is_kept_as_it_is(self, pieces: list[str]) -> None:
        assert marked(pieces).replace("*", "") == "".join(pieces)

    @given(st.text(max_size=80))
    def test_no_text_stops_it(self, text: str) -> None:
        ends = SentenceEnds(2)
        for char in text:
            due = ends.feed(char)
            assert due is None or 0 <= due <= 1
        ends.finish()


class FakeLlama:
    """Tokens are characters; it would write ``wanted``, and rather its beginning than its end."""

    ctx = None

    def __init__(self, wanted: str, room: int = 100) -> None:
        self.read = list(map(ord, "It heals."))
        self.wanted = wanted
        self.room = room
        self.evaluated: list[str] = []
        self._requires_eval = False

    @property
    def n_tokens(self) -> int:
        return len(self.read)

    @n_tokens.setter
    def n_tokens(self, count: int) -> None:
        del self.read[count:]

    def n_ctx(self) -> int:
        return self.room

    def tokenize(self, text: bytes, **_: Any) -> list[int]:
        return list(text)

    def eval(self, tokens: Sequence[int]) -> None:
        self.read.extend(tokens)
        self.evaluated.append("".join(map(chr, tokens)))

    def logits(self, _ctx: object, _index: int) -> dict[int, float]:
        said = "".join(map(chr, self.read)).partition("[")[2]
        left = self.wanted[len(said) :]
        return {code: -float(left.find(chr(code)) % 999) for code in range(128)}


@pytest.fixture
def logits(monkeypatch: pytest.MonkeyPatch) -> Any:
    import llama_cpp

    def use(llama: FakeLlama) -> FakeLlama:
        monkeypatch.setattr(llama_cpp, "llama_get_logits_ith", llama.logits)
        return llama

    return use


class TestLikeliest:
    @pytest.mark.parametrize(
        ("passages", "wanted", "number", "evaluated"),
        [
            (1, "9", 1, []),
            (3, "9281", 2, [" ["]),
            (12, "1]0", 1, [" [", "1"]),
            (12, "21]", 2, [" ["]),
            (12, "120]", 12, [" [", "1"]),
            (99, "74]", 74, [" [", "7"]),
        ],
    )
    def test_the_models_own_logits_choose_among_the_numbers_there_are(
        self, logits: Any, passages: int, wanted: str, number: int, evaluated: list[str]
    ) -> None:
        llama = logits(FakeLlama(wanted))
        assert likeliest(llama, marker_tree(llama, passages)) == number
        assert llama.evaluated == evaluated

    def test_what_was_read_is_left_as_it_was(self, logits: Any) -> None:
        llama = logits(FakeLlama("2"))
        before = list(llama.read)
        likeliest(llama, marker_tree(llama, 3))
        assert llama.read == before
        assert llama._requires_eval  # the logits at hand are those after " [": not to be drawn from

    def test_a_full_context_leaves_no_room_to_ask(self, logits: Any) -> None:
        llama = logits(FakeLlama("2", room=10))
        assert likeliest(llama, marker_tree(llama, 3)) is None
        assert Citer(llama, 3).marked("It heals. ") == "It heals. "

    def test_a_failure_leaves_the_model_sound(
        self, logits: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        llama = logits(FakeLlama("2"))
        before = list(llama.read)

        def failing(tokens: Sequence[int]) -> None:
            llama.read.extend(tokens)
            raise RuntimeError("decode failed")

        monkeypatch.setattr(llama, "eval", failing)
        with pytest.raises(RuntimeError):
            likeliest(llama, marker_tree(llama, 3))
        assert llama.read == before

    def test_no_number_is_larger_than_the_filter_knows(self) -> None:
        tree = marker_tree(FakeLlama(""), 500)
        assert sorted(_numbers(tree)) == list(range(1, citing.MOST + 1))


def _numbers(tree: Markers) -> Iterable[int]:
    if tree.number:
        yield tree.number
    for child in tree.children.values():
        yield from _numbers(child)


def clean(text: str) -> tuple[str, list[int]]:
    markers = MarkerFilter()
    return markers.feed(text) + markers.finish(), [hint.number for hint in markers.hints]


def written(model: LlamaModel, tokens: int, passages: int) -> tuple[str, Usage]:
    model._load().reset()  # else what was read before decides how much is read at once
    *pieces, usage = model.stream(ASKED, tokens, passages=passages)
    assert isinstance(usage, Usage)
    return "".join(str(piece) for piece in pieces), usage


@pytest.mark.models
class TestWithTheStarter:
    def test_the_words_are_those_it_would_write_anyway(self, starter: LlamaModel) -> None:
        plain, usage = written(starter, 40, passages=0)
        cited, usage_cited = written(starter, 40, passages=2)
        text, numbers = clean(cited)
        assert text == plain.lstrip()
        assert usage_cited == usage
        assert len(numbers) >= 2
        assert set(numbers) <= {1, 2}

    def test_a_sentence_costs_one_evaluation(
        self, starter: LlamaModel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        llama = starter._load()
        calls: list[int] = []
        evaluate = llama.eval

        def counted(tokens: list[int]) -> None:
            calls.append(len(tokens))
            evaluate(tokens)

        monkeypatch.setattr(llama, "eval", counted)
        written(starter, 40, passages=0)
        plain = len(calls)
        calls.clear()
        text, _ = written(starter, 40, passages=2)
        assert len(calls) - plain == len(clean(text)[1])
        calls.clear()
        assert len(clean(written(starter, 40, passages=1)[0])[1]) == len(clean(text)[1])
        assert len(calls) == plain

    def test_every_marker_is_one_the_tokenizer_writes(self, starter: LlamaModel) -> None:
        llama = starter._load()
        tree = marker_tree(llama, 25)
        assert sorted(_numbers(tree)) == list(range(1, 26))
        for number in (1, 9, 10, 25):
            tokens = llama.tokenize(f" [{number}]".encode(), add_bos=False)
            node = tree
            for token in tokens:
                node = node.children[token]
            assert node.number == number

    def test_a_model_that_cannot_take_back_what_it_read_is_left_alone(
        self, starter: LlamaModel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import llama_cpp

        plain, _ = written(starter, 30, passages=0)
        monkeypatch.setattr(llama_cpp, "llama_model_is_recurrent", lambda _model: True)
        assert written(starter, 30, passages=2)[0] == plain

    def test_an_interrupted_question_leaves_the_answer_after_it_as_it_was(
        self, starter: LlamaModel, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        whole, _ = written(starter, 30, passages=2)
        assert "[" in whole
        llama = starter._load()
        evaluate = llama.eval
        with monkeypatch.context() as patch:
            probe = llama.tokenize(b" [", add_bos=False)

            def interrupted(tokens: list[int]) -> None:
                evaluate(tokens)
                if tokens == probe:
                    raise KeyboardInterrupt

            patch.setattr(llama, "eval", interrupted)
            with pytest.raises(KeyboardInterrupt):
                written(starter, 30, passages=2)
        assert written(starter, 30, passages=2)[0] == whole

    def test_a_model_that_is_closed_meanwhile_says_so(self, starter_file: Path) -> None:
        model = LlamaModel(starter_file, "smol", context_tokens=512, threads=1)
        stream = model.stream(ASKED, 40, passages=2)
        next(iter(stream))
        model.close()
        with pytest.raises(EngineError, match="smol was closed"):
            list(stream)
