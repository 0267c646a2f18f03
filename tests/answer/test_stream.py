from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragtor.answer.stream import MarkerFilter, RepetitionGuard
from dragtor.types import Hint


def filtered(pieces: Iterable[str]) -> tuple[str, list[Hint]]:
    markers = MarkerFilter()
    text = "".join(markers.feed(piece) for piece in pieces) + markers.finish()
    return text, markers.hints


class TestMarkerFilter:
    @pytest.mark.parametrize(
        ("written", "clean", "hints"),
        [
            ("Rest [1]. Then load [2].", "Rest. Then load.", [(4, 1), (15, 2)]),
            ("Rest.[1][3] Then.", "Rest. Then.", [(5, 1), (5, 3)]),
            ("Rest [1, 3].", "Rest.", [(4, 1), (4, 3)]),
            ("Rest [Passage 2].", "Rest.", [(4, 2)]),
            ("Rest [passages 2; 3].", "Rest.", [(4, 2), (4, 3)]),
            ("  [1] Rest.", "Rest.", [(0, 1)]),
            ("Since [2019] it [is] so [a1].", "Since [2019] it [is] so [a1].", []),
            ("See [1](https://x.test).", "See [1](https://x.test).", []),
            ("Call `a[1]` now [1].", "Call `a[1]` now.", [(15, 1)]),
            ("```\na[1]\n``` [1]", "```\na[1]\n```", [(12, 1)]),
            ("An open [ bracket", "An open [ bracket", []),
            ("Cut [1", "Cut [1", []),
            ("", "", []),
        ],
    )
    def test_markers_become_hints(
        self, written: str, clean: str, hints: list[tuple[int, int]]
    ) -> None:
        expected = (clean, [Hint(*hint) for hint in hints])
        assert filtered([written]) == expected

    @given(st.text(alphabet="a1 2[]`,.\n(Pas", max_size=40), st.data())
    def test_how_the_text_is_cut_into_pieces_changes_nothing(
        self, text: str, data: st.DataObject
    ) -> None:
        cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5)))
        pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
        assert filtered(pieces) == filtered([text])

    @given(st.text(max_size=60))
    def test_text_without_brackets_stays_as_it_is(self, text: str) -> None:
        text = text.replace("[", "")
        assert filtered(text) == (text.lstrip(), [])

    def test_text_is_passed_on_as_soon_as_it_cannot_become_a_marker(self) -> None:
        markers = MarkerFilter()
        assert markers.feed("Rest") == "Rest"
        assert markers.feed(" [") == ""
        assert markers.feed("not") == ""
        assert markers.feed(" a marker] so") == " [not a marker] so"


def stopped_at(text: str) -> int | None:
    guard = RepetitionGuard()
    for char in text:
        found = guard.feed(char)
        if found is not None:
            return found
    return guard.finish()


class TestRepetitionGuard:
    def test_a_sentence_that_comes_again_is_noticed_where_it_begins_again(self) -> None:
        first = "The pulley holds the tendon. "
        assert stopped_at(first + "It can tear. " + first + first) == len(first + "It can tear. ")

    def test_two_sentences_in_turn_are_noticed(self) -> None:
        pair = "It can tear in climbers. It then hurts a lot. "
        assert stopped_at(pair * 5) == len(pair)

    def test_a_last_sentence_that_comes_again_is_noticed_at_the_end(self) -> None:
        assert stopped_at("It can tear in climbers. It hurts. It can tear in climbers.") == 35

    def test_short_sentences_may_come_again(self) -> None:
        assert stopped_at("Rest for now.\n- Rest a bit.\n- Tape.\n- Rest a bit.\n- Tape.\n") is None

    def test_words_over_and_over_without_an_end_are_noticed(self) -> None:
        found = stopped_at("The pulley " + "and the " * 100)
        assert found is not None
        assert found < 60

    @pytest.mark.parametrize("text", ["-" * 400, "| --- | --- |" * 40, " \n" * 300])
    def test_rules_and_white_space_are_no_repetition(self, text: str) -> None:
        assert stopped_at(text) is None

    def test_ordinary_text_is_left_alone(self) -> None:
        text = " ".join(f"Week {n} adds {n * 2} kg to the hang before." for n in range(60))
        assert stopped_at(text) is None


def test_a_prompt_that_is_said_again_is_a_repetition() -> None:
    guard = RepetitionGuard("Question:")
    assert guard.feed("Rest helps.\n\nQues") is None
    assert guard.feed("tion: And what else?") == len("Rest helps.\n")
    assert RepetitionGuard("Question:").feed("Question: this is the answer") is None
    assert RepetitionGuard().feed("Rest.\nQuestion: what?") is None


def test_a_numbered_list_of_the_same_item_is_a_repetition() -> None:
    guard = RepetitionGuard()
    listed = [guard.feed(f"{number}. The first days\n") for number in range(1, 6)]
    assert listed[:3] == [None, None, None]
    assert listed[3] is not None


@pytest.mark.parametrize(
    ("sentence", "times"),
    [
        ("滑车损伤需要六周的休息。", 1),
        ("指の腱は六週間休ませてください。", 1),
        ("เอ็นนิ้วต้องพักหกสัปดาห์\n", 1),
        ("是的。", 3),
        ("Rest it now. ", 3),
    ],
)
def test_a_sentence_in_a_script_without_spaces_is_as_long_as_its_characters(
    sentence: str, times: int
) -> None:
    guard = RepetitionGuard()
    said = [guard.feed(sentence) for _ in range(times + 1)]
    assert said[:times] == [None] * times
    assert said[times] == len(sentence) * times
