import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragtor.answer.probes import foreign_questions, question_about, telling_sentence
from dragtor.text import words

TEXT = """# Grades

| I | 4 weeks | 6 weeks |

Rest helps. The deep tendon of the finger ends on its last segment and bends the fingertip alone.
It may take weeks until all of that is as it was before and you can go on.
"""


def test_the_sentence_that_says_most_is_taken() -> None:
    assert telling_sentence(TEXT) == (
        "The deep tendon of the finger ends on its last segment and bends the fingertip alone."
    )


@pytest.mark.parametrize("text", ["", "Rest helps.", "| a | b |", "no end of a sentence in here"])
def test_a_text_without_a_whole_sentence_gives_none(text: str) -> None:
    assert telling_sentence(text) is None


def test_a_question_leaves_out_every_third_word_and_all_numbers() -> None:
    sentence = "Joubert asked 498 lead climbers from many countries with a questionnaire."
    # telling: Joubert asked (498) lead climbers many countries questionnaire
    assert question_about(sentence) == "What about Joubert asked climbers many questionnaire?"


@settings(deadline=None)
@given(st.text())
def test_any_passage_is_legal(text: str) -> None:
    sentence = telling_sentence(text)
    assert sentence is None or (sentence in text and words(question_about(sentence)))


def test_the_foreign_questions_are_a_hundred_different_ones() -> None:
    questions = foreign_questions()
    assert len(set(questions)) == len(questions) == 100
    assert all(question.endswith("?") and words(question) for question in questions)
