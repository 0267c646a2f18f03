from __future__ import annotations

import pytest

from dragtor.answer.clarify import combined, question_back
from dragtor.answer.rewrite import RuleRewriter
from dragtor.types import Turn

UNCLEAR = """Does it need surgery?
Is it dangerous?
Why?
And for how long?
How long does it take?
What are its symptoms?
Can they be treated?
Is that normal?
How do I treat it?
What causes it?
Should I see a doctor about it?
How serious is it?
Is this common?
What are the side effects of it?
How is it diagnosed?
Does it hurt?
Will it get better?
Can I prevent it?
What is their role?
How does it work?
Are they safe?
When did he die?
Where was she born?
What is his name?
Do they help?
How often should I do it?
What does it mean?
Can you explain that?
How much does it cost?
Is it worth it?
Does it need a ring?
Can it spread to the throat?
What are the symptoms?
Is surgery needed?
How long does recovery take?
And the treatment?
Tell me more
Which one is better?
What about grade III?
How many sets?
And then?
Should they be taped?""".splitlines()

CLEAR = """Is it true that pulleys heal?
How long does it take to heal a pulley?
Is it safe to climb with a finger injury?
Does it hurt to tape an A2 pulley?
Is it better to rest or to climb with tendonitis?
What is a pulley injury?
When it comes to elbow pain, what helps?
I hurt my finger. Is it serious?
My elbow hurts. What can I do about it?
If a pulley snaps, does it make a sound?
What does it mean when a finger clicks?
Is it normal that my forearms burn?
How much does it cost to see a physiotherapist?
Is it possible to train with a splint?
Why does my shoulder click when I raise it?
How do climbers tape their fingers?
Do pulleys heal by themselves?
What happens to tendons when they are overloaded?
Is this true: tape prevents injuries?
Can ice help an inflamed tendon, or does it do harm?
Is it OK to stretch before bouldering?
What exercises strengthen the wrist?
Does the A2 pulley need surgery when it ruptures?
Tell me about tennis elbow and how to treat it.
Who was John Long and what did he write?
What is the difference between tendinitis and tendinosis?
Should children use a hangboard, and is it bad for them?
How can I tell if it is a pulley rupture?
What do physiotherapists say about dry needling?
What are the grades of pulley injuries?
How long should I rest?
Which one is better, tape or a splint?
Which one of the pulleys is strongest?
What is surgery?
How many pulleys are there?
What are the symptoms of tennis elbow?
What is the best hangboard?
Is it raining?
tennis elbow""".splitlines()


@pytest.mark.parametrize("question", UNCLEAR)
def test_a_first_question_about_nothing_is_asked_back(question: str) -> None:
    assert question_back(question)


@pytest.mark.parametrize("question", CLEAR)
def test_a_question_that_names_its_topic_is_never_asked_back(question: str) -> None:
    assert question_back(question) is None


def test_the_question_back_names_the_word_that_is_unclear() -> None:
    back = RuleRewriter().rewrite("Can they be treated?", []).clarify
    assert back is not None
    assert back.startswith("What do you mean by “they”? Say what they are")


def test_asking_back_can_be_switched_off() -> None:
    assert RuleRewriter(clarify=False).rewrite("Does it need surgery?", []).clarify is None


def test_nothing_is_asked_back_where_something_was_said_before() -> None:
    history = [Turn("What is a pulley rupture?", "It is a tear.")]
    rewritten = RuleRewriter().rewrite("Does it need surgery?", history)
    assert rewritten.clarify is None
    assert rewritten.text == "Does a pulley rupture need surgery?"


@pytest.mark.parametrize("earlier", ["hello", "Thanks!", "ok"])
@pytest.mark.parametrize("question", ["What are the symptoms?", "Is it bad?", "Why?"])
def test_a_greeting_says_nothing_that_a_question_could_be_about(
    earlier: str, question: str
) -> None:
    rewritten = RuleRewriter().rewrite(question, [Turn(earlier, "Hm.", shown=False)])
    assert rewritten.clarify
    assert rewritten.text == question


def asked_back(question: str) -> Turn:
    return Turn(question, "What do you mean?", asked_back=True, shown=False)


@pytest.mark.parametrize(
    ("question", "reply", "meant"),
    [
        ("Does it need surgery?", "A2 pulley rupture", "Does A2 pulley rupture need surgery?"),
        ("Does it need surgery?", "I mean a torn pulley.", "Does a torn pulley need surgery?"),
        ("What are its symptoms?", "golfer's elbow", "What are golfer's elbow's symptoms?"),
        ("Does it need surgery?", "sorry, I meant tennis elbow", "Does tennis elbow need surgery?"),
        ("Is it bad?", "I tore my A2 pulley two weeks ago", "Is my A2 pulley bad?"),
        ("Is it bad?", "the pulley that I tore last week.", "Is the pulley bad?"),
        ("Are they dangerous?", "A2 pulley", "Is A2 pulley dangerous?"),
        ("Does it hurt?", "tendon tears", "Do tendon tears hurt?"),
        ("What are the symptoms?", "flu", "What are the symptoms of flu?"),
        ("Tell me more", "collagen", "Tell me more about collagen"),
        ("And for how long?", "taping a finger", "And for how long: taping a finger?"),
    ],
)
def test_a_reply_is_put_into_the_question_it_answers(question: str, reply: str, meant: str) -> None:
    rewritten = RuleRewriter().rewrite(reply, [asked_back(question)])
    assert rewritten.text == meant
    assert rewritten.by == "rules"


def test_a_new_question_is_no_reply() -> None:
    asked = "How do I tape a finger?"
    assert combined("Does it need surgery?", asked) is None
    assert RuleRewriter().rewrite(asked, [asked_back("Does it need surgery?")]).text == asked


@pytest.mark.parametrize(
    "reply", ["never mind", "no", "I don't know", "not sure", "because it hurts", "Thanks!", "..."]
)
@pytest.mark.parametrize("question", ["Does it need surgery?", "Why?"])
def test_a_reply_that_names_nothing_is_not_put_in(question: str, reply: str) -> None:
    assert combined(question, reply) is None
    assert RuleRewriter().rewrite(reply, [asked_back(question)]).text == reply


def test_after_a_reply_the_topic_is_known() -> None:
    history = [
        asked_back("Does it need surgery?"),
        Turn("torn pulley", "No.", "Does torn pulley need surgery?"),
    ]
    text = RuleRewriter().rewrite("How long does it take to heal?", history).text
    assert text == "How long does torn pulley take to heal?"
