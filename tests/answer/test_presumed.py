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
        ("X-rays always show the hook.", "partly"),  # "always" and "show" are the question's alone
        ("Normal X-rays miss the hook.", "yes"),
        ("X-rays miss a fracture of the hook.", "yes"),  # the heading has the fracture
        ("A doctor overlooks it.", "yes"),  # nothing of the question in it
    ],
)
def test_what_only_the_question_says_is_borne_out_in_part_at_most(text: str, verdict: str) -> None:
    (held,) = without_presumptions(QUESTION, [sentence(text)], yes=0.6)
    assert held.support.verdict == verdict
    assert held.support.score == (0.8 if verdict == "yes" else pytest.approx(0.59))
    assert held.citations == sentence(text).citations


def test_what_was_not_borne_out_anyway_stays_as_it_is() -> None:
    doubtful = (sentence("X-rays always show it.", "partly"), sentence("It shows.", "no"))
    assert without_presumptions(QUESTION, doubtful, yes=0.6) == doubtful
