from __future__ import annotations

from dragtor.answer.chat import Conversation
from dragtor.types import Answer, Citation, Location, Sentence, Support, Turn


def answer(question: str, text: str, *, refused: bool = False) -> Answer:
    return Answer(question, "refusal" if refused else "answer", text, (), (), "m")


def shown(talk: Conversation) -> list[Turn]:
    return [turn for turn in talk.history() if turn.shown]


def test_the_last_turns_are_shown_to_the_model_and_refusals_are_not() -> None:
    talk = Conversation(history_turns=2)
    for number in range(4):
        talk.add(answer(f"q{number}", f"a{number}"))
    talk.add(answer("q4", "No.", refused=True))
    assert shown(talk) == [Turn("q2", "a2"), Turn("q3", "a3")]
    assert [turn.question for turn in talk.history()] == ["q0", "q1", "q2", "q3", "q4"]


def test_without_history_turns_the_model_is_shown_none_and_follow_ups_still_work() -> None:
    talk = Conversation(history_turns=0)
    talk.add(answer("Which pulley?", "A2."))
    assert shown(talk) == []
    assert [turn.question for turn in talk.history()] == ["Which pulley?"]


def test_a_question_back_is_marked_and_not_shown_to_the_model() -> None:
    talk = Conversation(history_turns=3)
    talk.add(Answer("Does it hurt?", "clarification", "What is it?", (), (), None))
    assert talk.history() == (Turn("Does it hurt?", "What is it?", asked_back=True, shown=False),)


def test_clear_forgets_everything() -> None:
    talk = Conversation(history_turns=3)
    talk.add(answer("q", "a"))
    assert talk.last is not None
    talk.clear()
    assert talk.last is None
    assert talk.history() == ()
    assert talk.to_markdown() == ""


def test_markdown_has_a_footnote_for_each_citation() -> None:
    quote = "Rest\nheals it."
    citations = (
        Citation("p", "d", "file:///a", "A", quote, 0, 14, Location(page=2, heading="Care")),
        Citation("p", "d", "file:///b", "B", "Wait.", 0, 5, Location(seconds=3725.4)),
    )
    yes, no = Support("yes", 0.9), Support("no", 0.1)
    sentences = (Sentence("Rest.", yes, citations), Sentence("Rest.", no))
    talk = Conversation(history_turns=3)
    talk.add(Answer("How\nlong?", "answer", "Rest.  Rest.", sentences, (), "m"))
    talk.add(answer("And?", "Nothing.", refused=True))
    assert talk.to_markdown() == (
        "## How long?\n\nRest.[^1][^2]  Rest.\n\n"
        "## And?\n\nNothing.\n\n"
        "[^1]: A, p. 2, Care, <file:///a>: “Rest heals it.”\n"
        "[^2]: B, 1:02:05, <file:///b>: “Wait.”\n"
    )


def test_markdown_says_how_a_follow_up_was_understood_and_what_is_nearest_to_a_refusal() -> None:
    citation = Citation("p", "d", "file:///a", "A", "Wait.", 0, 5, Location())
    refused = Answer("And?", "refusal", "No.", (), (), None, nearest=(citation,), rewritten="Why?")
    talk = Conversation(history_turns=3)
    talk.add(refused)
    assert talk.to_markdown() == (
        "## And?\n\n*Understood as: Why?*\n\nNo.\n\nThe nearest in the sources: [^1]\n\n"
        "[^1]: A, <file:///a>: “Wait.”\n"
    )
