from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragtor.answer.leaning import bare, leans
from dragtor.answer.mentions import mentions
from dragtor.answer.pronouns import slots
from dragtor.answer.rewrite import RuleRewriter
from dragtor.types import Rewritten, Turn


def talk(*questions: str) -> list[Turn]:
    """The turns of a chat in which each question was rewritten by the ones before."""
    turns: list[Turn] = []
    for question in questions:
        text = RuleRewriter().rewrite(question, turns).text
        turns.append(Turn(question, "", text if text != question else None))
    return turns


def last(*questions: str) -> str:
    return talk(*questions)[-1].standalone


def test_a_first_question_stays_as_it_is() -> None:
    asked = "What is a pulley injury?"
    assert RuleRewriter().rewrite(asked, []) == Rewritten(asked, "asked")


@pytest.mark.parametrize(
    ("questions", "rewritten"),
    [
        (
            ["What is tennis elbow?", "How long does it take to heal?"],
            "How long does tennis elbow take to heal?",
        ),
        (
            ["Tell me about the carpal tunnel syndrome.", "What are its symptoms?"],
            "What are the carpal tunnel syndrome's symptoms?",
        ),
        (
            ["What are finger flexors?", "How do I train them?"],
            "How do I train finger flexors?",
        ),
        (
            ["How much does a hangboard cost?", "Where can I mount them?"],
            "Where can I mount hangboards?",
        ),
        (
            ["What is tennis elbow?", "Is that dangerous?"],
            "Is tennis elbow dangerous?",
        ),
        (
            ["Who is Alex Honnold?", "When did he climb El Capitan?", "Where was he born?"],
            "Where was Alex Honnold born?",
        ),
        (
            ["What is a real-time database?", "How does it differ from traditional ones?"],
            "How does a real-time database differ from traditional real-time databases?",
        ),
    ],
)
def test_a_pronoun_becomes_what_it_stands_for(questions: list[str], rewritten: str) -> None:
    assert last(*questions) == rewritten


@pytest.mark.parametrize(
    ("questions", "rewritten"),
    [
        (
            ["How do I prevent golfer's elbow?", "What are the symptoms?"],
            "What are the symptoms of golfer's elbow?",
        ),
        (
            ["What is the Bronze Age collapse?", "What empires survived?"],
            "What empires survived in the Bronze Age collapse?",
        ),
        (
            ["What is a pulley ring?", "What about disadvantages?"],
            "What about disadvantages of a pulley ring?",
        ),
        (
            ["How do I cook ribs?", "How about on the grill?"],
            "How do I cook ribs on the grill?",
        ),
        (
            ["Should I tape a finger?", "And for how long?"],
            "And for how long, should I tape a finger?",
        ),
        (
            ["Is sealing asphalt worth it?", "Why?"],
            "Why, is sealing asphalt worth it?",
        ),
    ],
)
def test_what_is_left_out_is_taken_over(questions: list[str], rewritten: str) -> None:
    assert last(*questions) == rewritten


@pytest.mark.parametrize(
    "question",
    [
        "What causes throat cancer?",
        "What is a 529 plan?",
        "Why is the National Air and Space Museum important?",
        "Is it safe to climb with a sprained ankle?",
        "How long does it take to heal a torn meniscus?",
        "What is Rock City, and why is it famous?",
        "Thanks for the advice. You have been very helpful.",
        "How do big dogs take care of their puppies?",
    ],
)
def test_a_question_of_its_own_is_left_alone(question: str) -> None:
    assert last("What is lung cancer?", "Is it treatable?", question) == question


def test_the_newest_topic_wins_over_an_older_one() -> None:
    questions = ["What is throat cancer?", "Is it treatable?", "Tell me about lung cancer."]
    assert last(*questions, "What are its symptoms?") == "What are lung cancer's symptoms?"


@pytest.mark.parametrize("turn", ["What is golfer's elbow?", "How do I treat golfer's elbow?"])
def test_a_new_topic_wins_over_one_that_was_spoken_of_long(turn: str) -> None:
    questions = ["What is a pulley rupture?", "How long does it take to heal?", "Can I tape it?"]
    assert last(*questions, turn, "What are the symptoms?") == (
        "What are the symptoms of golfer's elbow?"
    )


def test_a_topic_is_carried_over_many_turns() -> None:
    questions = ["What is Netflix?", "How did it start?", "What does it cost?", "Is it legal?"]
    assert last(*questions) == "Is Netflix legal?"


def test_refused_turns_count_though_the_model_does_not_see_them() -> None:
    turns = [Turn("What is tennis elbow?", "No.", shown=False)]
    assert RuleRewriter().rewrite("Is it common?", turns).text == "Is tennis elbow common?"


def test_what_is_told_beside_a_question_is_left_alone() -> None:
    turns = [Turn("What is tennis elbow?", "")]
    asked = "I read about it. How is it treated?"
    text = RuleRewriter().rewrite(asked, turns).text
    assert text == "I read about it. How is tennis elbow treated?"


def test_rewriting_can_be_switched_off() -> None:
    turns = [Turn("What is tennis elbow?", "")]
    rewriter = RuleRewriter(resolve=False)
    assert rewriter.rewrite("Is it common?", turns) == Rewritten("Is it common?")


def test_phrases_end_at_verbs_and_function_words() -> None:
    found = [mention.text for mention in mentions("How did Ben Franklin cook a wild turkey?")]
    assert found == ["Ben Franklin", "wild turkey"]


def test_a_phrase_with_of_gives_itself_and_its_parts() -> None:
    found = {mention.text: mention.role for mention in mentions("What are the symptoms of flu?")}
    assert found == {"symptoms": "topic", "symptoms of flu": "topic", "flu": "topic"}


@pytest.mark.parametrize(
    "question",
    ["Is it true that pulleys heal?", "How long does it take to heal a pulley?"],
)
def test_it_stands_for_nothing_where_its_meaning_follows(question: str) -> None:
    assert slots(question) == []


def test_one_word_questions_are_bare_and_others_are_not() -> None:
    assert bare("Why?")
    assert bare("And for how long?")
    assert not bare("Why tape?")


def test_only_what_belongs_to_something_leans() -> None:
    assert leans("What are the main advantages?")
    assert leans("Are there any famous foods?")
    assert not leans("What is mindful breathing?")
    assert not leans("Tell me about the Six-Day War.")


@given(st.text(max_size=200), st.lists(st.text(max_size=80), max_size=4))
def test_any_text_is_rewritten_into_some_text(question: str, before: list[str]) -> None:
    history = [Turn(text, "", None if number % 2 else text) for number, text in enumerate(before)]
    rewritten = RuleRewriter().rewrite(question, history)
    assert isinstance(rewritten.text, str)
    assert rewritten.text.strip() or not question.strip()
