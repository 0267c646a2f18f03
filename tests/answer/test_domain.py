from pathlib import Path

import pytest
import yaml
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
        ("not breathing", "he isn't breathing", True),
        ("not breathing", "she ISN’T really breathing", True),
        ("not breathing", "he isnt breathing", True),
        ("blood + not stop", "the blood won't stop", True),
        ("numb + white / blue", "it is blue and numb", True),
        ("numb + white / blue", "it is red and numb", False),
        ("someone collapsed", "my belayer has just collapsed", True),
        ("someone collapsed", "the hold collapsed", False),
        ("numb", "Which injury makes fingers numb?", False),
        ("numb", "Which injury makes my fingers numb?", True),
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
        "my friend hit the ground and is not breathing",
        "he isn't breathing",
        "She stopped breathing after the fall",
        "I think I'm having a stroke",
        "My father had a stroke on the wall",
        "my fingers went white and numb",
        "two toes are blue and cold since I put the shoe on",
        "blood won't stop coming out",
        "The wound doesn't stop bleeding",
        "he is bleeding out",
        "Blood is spurting from her leg",
        "he has lost a lot of blood",
        "I am suicidal",
        "i don't want to live any more",
        "he collapsed",
        "my belayer fainted",
        "My partner has just passed out at the anchor",
        "she won't wake up",
        "anaphylaxis",
        "wasp sting, anaphylactic shock",
        "throat closing up",
        "My throat is swelling after the nuts",
        "a crack in my neck and tingling in both hands",
        "I heard a crack in the neck and now both arms are numb",
        "i cant breathe",
        "can't catch my breath and pressure in my chest",
        "his lips are blue",
        "She's having a heart attack",
        "no heartbeat what do we do",
        "My son is choking on a nut",
        "he is not responding to anything",
        "climber fell and isn't moving",
        "I cut off the tip of my finger",
        "my finger was ripped off by the ring",
        "vomiting and dizzy after a fall",
        "she was bitten by a snake at the crag",
        "I couldn't feel my legs after landing",
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
        "Which injuries make the fingers cold and pale?",
        "cold and blue balls of chalk",
        "What injuries cause cold and blue fingertips?",
        "How do I cut off a flapper on my finger?",
        "Should I stop climbing when my pulley hurts?",
        "My skin will not stop sweating",
        "How do I keep breathing on hard moves?",
        "Does breathing through the nose help on long routes?",
        "I fell off the wall and sprained my ankle",
        "I hit the ground with straight legs and my ankle is swollen",
        "My DIP joint collapses when I crimp",
        "How do I close my hand after a flexor strain?",
        "What is the stroke of a massage ball along the forearm?",
        "My forearms are pumped and tingling after a long route",
        "Can neck pain come from belaying?",
        "My fingers are cold before warming up",
        "Are white chalk marks on holds bad for the skin?",
        "How do I heal a crack in the skin of my fingertip?",
        "Is a crack climbing technique bad for the neck?",
        "He popped his A2 pulley, how long must he rest?",
        "My friend tore his ACL in a drop knee",
        "How do I stop a flapper from coming back?",
        "The blue holds hurt my fingers",
        "A red line on the route topo, what does it mean?",
        "My child has pain in the middle joint of a finger",
        "How do I fall safely on a bouldering mat?",
        "How heavy should the added weight for hangs be?",
        "I feel better, may I climb again?",
        "My wrist does not move as far as before",
        "I have no pain in the chest, only in the shoulder",
        "I climb, and my nose isn't the best",
        "How do I strengthen my back for overhangs?",
    ],
)
def test_harmless_questions_are_answered_without_alarm(question: str) -> None:
    assert not health().shows_emergency(question)


def test_none_of_the_questions_to_the_sample_library_is_an_emergency() -> None:
    asked = yaml.safe_load((ROOT / "assets" / "questions.yml").read_text(encoding="utf-8"))
    asked += yaml.safe_load((ROOT / "assets" / "false_premises.yml").read_text(encoding="utf-8"))
    assert len(asked) > 50
    assert not [one["question"] for one in asked if health().shows_emergency(one["question"])]
