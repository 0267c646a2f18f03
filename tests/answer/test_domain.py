from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragtor.answer.domain import Domain
from dragtor.config import load_settings
from dragtor.errors import ConfigError
from dragtor.types import Notice

ROOT = Path(__file__).parents[2]
HEALTH = load_settings(ROOT / "config" / "params.yml").domain


def domain(*signs: str, notice: str = "No advice.", emergency: str = "Seek help.") -> Domain:
    return Domain(notice, emergency, signs)


def health() -> Domain:
    return Domain(HEALTH.notice, HEALTH.emergency, HEALTH.emergency_signs)


def test_the_notice_goes_with_every_answer_and_an_emergency_comes_first() -> None:
    advice = domain("chest pain")
    assert advice.advise("How long does it take?") == (Notice("domain", "No advice."),)
    assert advice.advise("Why this chest pain?") == (
        Notice("emergency", "Seek help."),
        Notice("domain", "No advice."),
    )


def test_what_is_not_set_is_not_said() -> None:
    assert domain("chest pain", notice=" ", emergency="").advise("Chest pain!") == ()


@pytest.mark.parametrize(
    ("sign", "question", "shown"),
    [
        ("chest pain", "What is a CHEST   pain?", True),
        ("chest pain", "Chest pains since noon", True),
        ("chest pain", "My chest hurts, no pain elsewhere", False),
        ("chest pain", "I have no chest pain", False),
        ("chest pain", "without chest pain, may I go on?", False),
        ("chest pain", "Is an orchestra painful?", False),
        ("hit head", "I hit my head", True),
        ("hit head", "He hit a headwall", False),
        ("numb + cold", "My finger is cold and numb", True),
        ("numb + cold", "My finger is cold. It got numb.", False),
        ("cannot move + leg", "I can't move my legs", True),
        ("cannot move + leg", "I can’t move either leg", True),
        ("cannot move + leg", "I can not move the left leg", True),
        ("cannot move + leg", "I can move my legs", False),
        ("bone + sticking out", "a bone is sticking out of the skin", True),
    ],
)
def test_a_sign_is_words_in_a_sentence(sign: str, question: str, shown: bool) -> None:
    assert domain(sign).shows_emergency(question) is shown


def test_a_sign_without_a_word_is_an_error() -> None:
    with pytest.raises(ConfigError, match="'chest \\+ '"):
        domain("chest + ")


@settings(deadline=None)
@given(st.text(), st.lists(st.text(min_size=1)))
def test_any_question_is_legal_with_any_signs(question: str, signs: list[str]) -> None:
    try:
        advice = domain(*signs)
    except ConfigError:
        return
    assert Notice("domain", "No advice.") in advice.advise(question)


@pytest.mark.parametrize(
    "question",
    [
        "I fell and my finger is numb and cold, what is this?",
        "After a fall a bone is sticking out of my shin. How do I splint it?",
        "can't feel my fingers after the pulley popped",
        "I landed on my head yesterday and feel dizzy",
        "My belayer is unconscious!",
        "chest pain while climbing, should I stop?",
        "I cannot move my legs after a ground fall",
        "How do I treat an open fracture?",
        "The cut won't stop bleeding",
        "my fingertip is white, cold and pale since the avulsion",
        "short of breath on an easy route",
        "My finger is swollen and I have a fever",
    ],
)
def test_signs_of_an_emergency_are_seen(question: str) -> None:
    assert health().shows_emergency(question)


@pytest.mark.parametrize(
    "question",
    [
        "How long does a pulley injury take to heal?",
        "Should I climb in the cold?",
        "Is cold water good for a swollen finger?",
        "How do I make my fingers less pale and dry?",
        "Why does the head of the fibula hurt?",
        "Does chest training help climbing?",
        "How do I move my legs in a drop knee?",
        "What is a growth plate fracture?",
        "Which breathing helps on hard routes?",
        "My finger is not numb, only stiff",
    ],
)
def test_harmless_questions_are_answered_without_alarm(question: str) -> None:
    assert not health().shows_emergency(question)
