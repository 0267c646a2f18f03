from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragtor.answer.leaning import bare, leaning_phrase, small_talk
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
            ["What is a pulley injury?", "Is surgery needed?"],
            "Is surgery for a pulley injury needed?",
        ),
        (["What is collagen?", "Tell me more."], "Tell me more about collagen."),
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
        (
            ["Should I take creatine?", "How much a day?", "And for how long?"],
            "And for how long, should I take creatine?",
        ),
        (
            ["How do I treat tennis elbow?", "What about golfer's elbow?"],
            "How do I treat golfer's elbow?",
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


@pytest.mark.parametrize(
    "question",
    """What is the rotator cuff?
What is the weather?
What is the crimp grip?
What is the best hangboard?
What are the annular pulleys?
Where is the biceps tendon?
Who won the world cup?
Who is the president?
What is surgery?
What is the time?
How does the elbow work?
How do I warm up the fingers?
How long should I hang?
How much sleep do I need?
How many pulleys are there?
Which foods contain collagen?
Which is safer?
Are there any good climbing shoes?
Can you explain that more simply?
What if I have no time?
And Germany?
What about beginners?
Is it raining?
When does it get dark in winter?
Where did they film the series?
Which law protects the Rhine and its towns?
Where is a boulder set while its climbers are away?
Thanks, that helps!""".splitlines(),
)
def test_a_new_question_is_not_given_the_old_topic(question: str) -> None:
    assert last("What is a SLAP tear?", question) == question


@pytest.mark.parametrize(
    ("questions", "rewritten"),
    [
        (
            ["How do I train finger strength?", "Thanks, that helps!", "Is it good for kids?"],
            "Is finger strength good for kids?",
        ),
        (["hello", "What is a SLAP tear?", "Is it bad?"], "Is a SLAP tear bad?"),
        (
            ["Who wrote Pride and Prejudice?", "When was it published?"],
            "When was Pride and Prejudice published?",
        ),
        (
            ["Who wrote Pride and Prejudice?", "What else did she write?"],
            "What else did she write?",
        ),
        (
            ["What is a lumbrical shift syndrome?", "Is it bad?"],
            "Is a lumbrical shift syndrome bad?",
        ),
        (
            ["What causes carpal tunnel syndrome?", "How are they treated?"],
            "How is carpal tunnel syndrome treated?",
        ),
        (
            ["What is a SLAP tear?", "Back to the labrum: how long does it take to heal?"],
            "Back to the labrum: how long does it take to heal?",
        ),
        (["Is it bad to crack your knuckles?", "Are they weak?"], "Are knuckles weak?"),
        (
            ["How do I train finger strength?", "How often should I do it?"],
            "How often should I do it?",
        ),
        (["Is it bad to crack your knuckles?", "Does it hurt?"], "Does it hurt?"),
        (["What is capsulitis?", "What is the difference?"], "What is the difference?"),
        (["How does wind power compare?", "Is it bad?"], "Is wind power bad?"),
        (["What is capsulitis?", "How do I tell them apart?"], "How do I tell them apart?"),
        (
            ["Who is Adam Ondra?", "Who is Lynn Hill?", "Was she first?", "Is he taller?"],
            "Is Adam Ondra taller?",
        ),
    ],
)
def test_only_what_was_asked_about_is_put_in(questions: list[str], rewritten: str) -> None:
    assert last(*questions) == rewritten


def test_what_a_chat_is_about_outlasts_a_question_that_got_no_answer() -> None:
    turns = [Turn("What is tennis elbow?", "A tear."), Turn("Who won the cup?", "", shown=False)]
    assert RuleRewriter().rewrite("What are the symptoms?", turns).text == (
        "What are the symptoms of tennis elbow?"
    )


def test_thanks_and_the_like_are_small_talk() -> None:
    assert all(map(small_talk, ["hello", "Thanks a lot!", "never mind", "I don't know", "no"]))
    assert not any(map(small_talk, ["Great Trango Tower", "no pain", "ok, how is it treated?"]))


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


def test_what_is_told_before_a_question_may_be_what_it_is_about() -> None:
    asked = "I was told to rest my wrist. Does it help?"
    assert last("What is tennis elbow?", asked) == asked


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


@pytest.mark.parametrize(
    ("question", "phrase"),
    [
        ("What are the main advantages?", "main advantages"),
        ("What about disadvantages?", "disadvantages"),
        ("Is surgery needed?", "surgery"),
        ("What are the symptoms of flu?", None),
        ("What is the first cause?", None),
        ("What is mindful breathing?", None),
        ("Are there any famous foods?", None),
        ("Tell me about the Six-Day War.", None),
    ],
)
def test_only_what_belongs_to_something_leans(question: str, phrase: str | None) -> None:
    found = leaning_phrase(question)
    assert (found and found.text) == phrase


@given(st.text(max_size=200), st.lists(st.text(max_size=80), max_size=4))
def test_any_text_is_rewritten_into_some_text(question: str, before: list[str]) -> None:
    history = [Turn(text, "", None if number % 2 else text) for number, text in enumerate(before)]
    rewritten = RuleRewriter().rewrite(question, history)
    assert isinstance(rewritten.text, str)
    assert rewritten.text.strip() or not question.strip()


def test_it_may_stand_for_several_where_nothing_else_was_spoken_of() -> None:
    history = [Turn("How are grade II pulley injuries treated?", "By rest.")]
    rewritten = RuleRewriter().rewrite("Does it need surgery?", history)
    assert rewritten.text == "Do grade II pulley injuries need surgery?"
