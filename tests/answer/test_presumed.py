from typing import Literal

import pytest

from dragtor.answer.presumed import without_presumptions
from dragtor.types import Citation, Location, Sentence, Support

QUESTION = "Why do normal X-rays always show a fracture of the hook?"
QUOTE = "Normal X-rays of the wrist miss the hook."


def sentence(text: str, verdict: Literal["yes", "partly", "no"] = "yes") -> Sentence:
    where = Location(heading="Tests for a fracture")
    cited = Citation("p", "d", "u", "The hamate", QUOTE, 0, len(QUOTE), where)
    return Sentence(text, Support(verdict, 0.8), (cited,))


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("X-rays always show the hook.", "no"),  # "always" and "show" are the question's alone
        (
            "X-rays always show it in the wrist of climbers after falls on boulders.",
            "partly",
        ),  # more
        ("Normal X-rays miss the hook.", "yes"),
        ("X-rays miss a fracture of the hook.", "yes"),  # the heading has the fracture
        ("A doctor overlooks it.", "yes"),  # nothing of the question in it
    ],
)
def test_what_only_the_question_says_is_not_borne_out(text: str, verdict: str) -> None:
    (held,) = without_presumptions(QUESTION, [sentence(text)], yes=0.6)
    assert held.support.verdict == verdict
    score = {"yes": 0.8, "partly": 0.59, "no": 0.0}[verdict]
    assert held.support.score == pytest.approx(score)
    assert held.citations == (sentence(text).citations if verdict != "no" else ())


def test_what_the_quote_contradicts_is_not_borne_out_where_it_repeats_the_question() -> None:
    asked = "Do normal X-rays of the wrist not miss the hook?"
    (held,) = without_presumptions(asked, [sentence("X-rays do not miss the hook.")], yes=0.6)
    assert held.support.verdict == "no"


def test_what_was_borne_out_in_part_is_held_to_the_question_as_well() -> None:
    doubtful = (sentence("X-rays always show it.", "partly"), sentence("It shows.", "no"))
    first, second = without_presumptions(QUESTION, doubtful, yes=0.6)
    assert first.support.verdict == "no"
    assert second == doubtful[1]
