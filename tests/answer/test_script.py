from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragtor.answer.script import Script
from dragtor.errors import ConfigError


def roles(text: str) -> list[str]:
    return [turn.role for turn in Script.parse("hyde", text, "question").turns]


def test_turns_alternate_up_to_the_users_and_an_even_number_begins_with_rules() -> None:
    assert roles("{question}") == ["user"]
    assert roles("Be short.\n---\n{question}") == ["system", "user"]
    assert roles("Why?\n---\nSo.\n---\n{question}") == ["user", "assistant", "user"]
    rules = "Be short.\n---\nWhy?\n---\nSo.\n---\n{question}"
    assert roles(rules) == ["system", "user", "assistant", "user"]


def test_dashes_inside_a_line_are_text() -> None:
    script = Script.parse("hyde", "A --- b\n- c\n{question}", "question")
    assert [turn.content for turn in script.turns] == ["A --- b\n- c\n{question}"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Hi", "prompts.hyde lacks {question} in its last turn: 'Hi'"),
        ("{question}\n---\nAnd?", "prompts.hyde lacks {question} in its last turn: 'And?'"),
        ("---\n{question}", "prompts.hyde has an empty turn"),
        ("", "prompts.hyde has an empty turn"),
        ("{question} {name}", "prompts.hyde knows {question}, not {name}"),
    ],
)
def test_a_prompt_that_cannot_be_filled_in_is_an_error(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Script.parse("hyde", text, "question")
    assert message in str(caught.value)


@given(st.text())
def test_what_is_filled_in_is_never_looked_at_again(question: str) -> None:
    script = Script.parse("hyde", "Rules\n---\nOf: {question}", "question")
    assert script.messages(question=question)[-1].content == f"Of: {question}"
    assert len(script.messages(question=question)) == 2
