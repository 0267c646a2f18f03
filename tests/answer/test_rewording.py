from __future__ import annotations

import pytest

from dragtor.answer.rewording import ModelRewriter, holds
from dragtor.answer.rewrite import RuleRewriter
from dragtor.config import Settings
from dragtor.types import Rewritten, Step, Turn, Usage
from tests.answer.strategies.desk import SayingModel
from tests.fakes import ScriptedModel

PROMPT = Settings().prompts.rewrite

HISTORY = [Turn("What is tennis elbow?", "Pain on the outside of the elbow.")]


def rewrite(reply: str, question: str = "How is it treated?") -> Rewritten:
    return ModelRewriter(lambda: ScriptedModel([reply]), RuleRewriter(), PROMPT).rewrite(
        question, HISTORY
    )


def test_the_model_has_its_say_where_its_rewrite_holds() -> None:
    assert rewrite("How is tennis elbow pain treated?") == Rewritten(
        "How is tennis elbow pain treated?", "model"
    )


def test_a_lead_in_and_quotation_marks_are_taken_off() -> None:
    assert rewrite("Last question: “How is tennis elbow treated?”").text == (
        "How is tennis elbow treated?"
    )


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "It is treated by rest.",  # an answer, which says what nobody has said
        "What is tennis elbow?",  # loses what was asked
        "How is tennis elbow treated with cortisone?",  # adds what nobody has said
        "How is it treated?",  # leaves open what was open
        "How is that treated?",
        "Tennis elbow is treated.",  # asks nothing
        "Is tennis elbow pain treated?",  # asks something else
        "How is tennis elbow not treated?",
        "How is tennis elbow treated?\nRest helps.",
        "How is tennis elbow treated " + "tennis elbow " * 20,
    ],
)
def test_where_it_does_not_hold_the_rules_have_their_say(reply: str) -> None:
    assert rewrite(reply) == Rewritten("How is tennis elbow treated?", "rules")


def test_a_question_the_model_repeats_is_the_one_asked() -> None:
    asked = "What is a pulley ring?"
    assert rewrite(asked, asked) == Rewritten(asked)


def test_the_model_is_shown_the_conversation() -> None:
    model = ScriptedModel(["How is tennis elbow treated?"])
    ModelRewriter(lambda: model, RuleRewriter(), PROMPT).rewrite("How is it treated?", HISTORY)
    assert model.prompts[0][-1].content == (
        "User: What is tennis elbow?\nAssistant: Pain on the outside of the elbow.\n"
        "Last question: How is it treated?"
    )


@pytest.mark.parametrize(
    ("reply", "by"), [("How is tennis elbow treated?", "model"), ("Rest.", "rules")]
)
def test_what_the_model_was_asked_and_said_is_kept(reply: str, by: str) -> None:
    made = rewrite(reply)
    assert made.by == by
    asked, said = made.steps
    assert asked.kind == "prompt"
    assert asked.detail["messages"][-1]["content"].endswith("Last question: How is it treated?")
    assert (said.kind, said.name, said.detail) == ("reply", "rewrite", {"text": reply})
    assert said.usage == Usage(asked.detail["tokens"], len(reply.split()))


def test_a_model_that_fails_is_seen_and_left_to_the_rules() -> None:
    model = SayingModel()
    made = ModelRewriter(lambda: model, RuleRewriter(), PROMPT).rewrite(
        "How is it treated?", HISTORY
    )
    assert made.by == "rules"
    assert made.steps[-1] == Step("decision", "rewrite", {"failed": "the model is broken"})


def test_no_model_is_loaded_for_a_first_question() -> None:
    def fail() -> None:
        raise AssertionError("nothing needs a model here")

    rewriter = ModelRewriter(fail, RuleRewriter(), PROMPT)
    assert rewriter.rewrite("What is tennis elbow?", []).by == "asked"
    assert rewriter.rewrite("Is it bad?", []).clarify


def test_without_a_model_the_rules_rewrite() -> None:
    rewriter = ModelRewriter(lambda: None, RuleRewriter(), PROMPT)
    assert rewriter.rewrite("How is it treated?", HISTORY).by == "rules"


def test_a_prompt_that_is_too_long_for_the_model_is_left_to_the_rules() -> None:
    model = ScriptedModel(["How is tennis elbow treated?"], context_tokens=50)
    rewriter = ModelRewriter(lambda: model, RuleRewriter(), PROMPT)
    assert rewriter.rewrite("How is it treated?", HISTORY).by == "rules"
    assert model.prompts == []


def test_words_of_answers_may_be_taken_over() -> None:
    assert holds("Is it common?", "Is pain on the outside of the elbow common?", HISTORY)


@pytest.mark.parametrize(
    ("question", "rewritten", "kept"),
    [
        ("Is icing better than taping?", "Is taping better than icing?", False),
        ("Is it worse than icing?", "Is icing worse than tennis elbow?", False),
        ("Is it worse than icing?", "Is tennis elbow worse than icing?", True),
        ("What are the symptoms?", "What are the symptoms?", False),
        ("What are the symptoms?", "What are the symptoms of tennis elbow?", True),
        ("Is it not safe?", "Is tennis elbow safe?", False),
        ("Why?", "Why is tennis elbow pain?", True),
        ("And is it safe?", "Is tennis elbow safe?", True),
    ],
)
def test_what_is_asked_stays_the_same(question: str, rewritten: str, kept: bool) -> None:
    assert holds(question, rewritten, HISTORY) == kept
