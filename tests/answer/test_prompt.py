from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragtor.answer.prompt import Prompt, Templates, build_prompt
from dragtor.answer.select import whole
from dragtor.errors import ConfigError, QueryError
from dragtor.types import Hit, Message, Turn
from tests.answer.conftest import hit

TEMPLATES = Templates(
    system="Rules. Otherwise say: {refusal}",
    context="Passages:\n\n{passages}",
    question="Question: {question}",
    refusal="The sources do not say.",
)


def count(messages: Sequence[Message]) -> int:
    return sum(len(message.content.split()) for message in messages)


def build(
    question: str, hits: Sequence[Hit], history: Sequence[Turn] = (), context: int = 1000
) -> Prompt:
    excerpts = whole(hits)
    return build_prompt(question, excerpts, history, TEMPLATES, count, context, max_tokens=10)


def hits(number: int, words: int = 10) -> list[Hit]:
    return [hit("word " * (words - 1) + f"w{n}", document=f"d{n}", title="") for n in range(number)]


class TestBuildPrompt:
    def test_passages_are_numbered_and_come_before_the_question(self) -> None:
        prompt = build("How?", [hit("One.", title="A"), hit("Two.", title="B\nC")])
        assert prompt.messages == (
            Message("system", "Rules. Otherwise say: The sources do not say."),
            Message("user", "Passages:\n\n[1] A\nOne.\n\n[2] B C\nTwo.\n\nQuestion: How?"),
        )

    def test_turns_stand_between_the_passages_and_the_question(self) -> None:
        prompt = build("And why?", [hit("One.", title="A")], [Turn("How?", "So.")])
        assert [message.role for message in prompt.messages] == [
            "system",
            "user",
            "assistant",
            "user",
        ]
        assert prompt.messages[1].content == "Passages:\n\n[1] A\nOne.\n\nQuestion: How?"
        assert prompt.messages[2].content == "So."
        assert prompt.messages[3].content == "Question: And why?"

    def test_the_next_prompt_over_the_same_passages_begins_with_this_one_and_its_answer(
        self,
    ) -> None:
        found = hits(3)
        first = build("How?", found)
        second = build("Why?", found, [Turn("How?", "So.")])
        assert second.messages[:3] == (*first.messages, Message("assistant", "So."))

    def test_the_tokens_are_those_of_the_messages(self) -> None:
        prompt = build("How?", hits(2))
        assert prompt.tokens == count(prompt.messages)

    def test_nothing_is_said_when_everything_fits(self) -> None:
        prompt = build("How?", hits(3), [Turn("a", "b")])
        assert prompt.notices == ()
        assert len(prompt.hits) == 3

    def test_passages_are_dropped_from_the_end_until_the_rest_fits_and_that_is_said(self) -> None:
        # 8 words of rules, 1 "Passages:", 2 question, 11 a passage: 4 passages are 55 of 60.
        prompt = build("How?", hits(8), context=70)
        assert [found.document.id for found in prompt.hits] == ["d0", "d1", "d2", "d3"]
        assert prompt.tokens == 55
        assert [notice.code for notice in prompt.notices] == ["passages_dropped"]
        assert "first 4 of 8 passages" in prompt.notices[0].text

    def test_old_turns_go_before_the_last_three_passages(self) -> None:
        turns = [Turn(f"q{n}", "a " * 10) for n in range(4)]
        # 44 for rules, question and 3 passages; 12 a turn: one turn is 56 of 60.
        prompt = build("How?", hits(5), turns, context=70)
        assert len(prompt.hits) == 3
        assert [m.content for m in prompt.messages if m.role == "assistant"] == ["a " * 10]
        assert "q3" in prompt.messages[1].content
        assert [notice.code for notice in prompt.notices] == ["passages_dropped", "turns_dropped"]

    def test_one_passage_at_least_is_kept(self) -> None:
        prompt = build("How?", hits(5), [Turn("q", "a")], context=34)
        assert len(prompt.hits) == 1
        assert prompt.tokens == 22

    def test_a_question_that_does_not_fit_is_refused_with_its_length(self) -> None:
        with pytest.raises(QueryError, match=r"a prompt of 10008 tokens.* takes 990;"):
            build("word " * 9_999, hits(3))

    def test_a_passage_that_does_not_fit_beside_the_question_is_refused(self) -> None:
        with pytest.raises(QueryError, match=r"its best passage have 1012 tokens.*takes 990"):
            build("How?", hits(2, words=1000))

    @pytest.mark.parametrize("braces", ["{passages}", "{refusal}", "{question}", "{0}", "{", "%s"])
    def test_braces_in_what_people_write_stay_as_they_are(self, braces: str) -> None:
        prompt = build(braces, [hit(braces, title=braces)], [Turn(braces, braces)])
        assert prompt.messages[1].content == (
            f"Passages:\n\n[1] {braces}\n{braces}\n\nQuestion: {braces}"
        )
        assert prompt.messages[3].content == f"Question: {braces}"

    @given(st.integers(0, 12), st.integers(0, 5), st.integers(30, 300))
    def test_a_prompt_never_overruns_the_room_there_is(
        self, passages: int, turns: int, context: int
    ) -> None:
        found = hits(passages)
        history = [Turn("q", "a " * 7) for _ in range(turns)]
        try:
            prompt = build("How?", found, history, context)
        except QueryError:
            assert context - 10 < 22
            return
        assert count(prompt.messages) <= context - 10
        assert prompt.hits == tuple(found[: len(prompt.hits)])
        assert bool(prompt.hits) == bool(passages)


class TestTemplates:
    def test_other_braces_are_left(self) -> None:
        templates = Templates('{"a": 1} {refusal}', "{passages}", "{question} {}", "No.")
        prompt = build_prompt("How?", [], [], templates, count, 100, 10)
        assert [message.content for message in prompt.messages] == ['{"a": 1} No.', "How? {}"]

    @pytest.mark.parametrize(
        ("key", "text", "message"),
        [
            ("system", "Rules.", r"prompts.system lacks \{refusal\}: 'Rules.'"),
            ("context", "{passage}", r"prompts.context lacks \{passages\}"),
            ("question", "", r"prompts.question lacks \{question\}"),
            ("question", "{question} {title}", r"knows \{question\}, not \{title\}"),
            ("refusal", " ", "prompts.refusal is empty"),
            ("refusal", "No {question}.", "takes no placeholder"),
        ],
    )
    def test_a_wrong_placeholder_is_refused(self, key: str, text: str, message: str) -> None:
        good = {
            "system": "{refusal}",
            "context": "{passages}",
            "question": "{question}",
            "refusal": "No.",
        }
        with pytest.raises(ConfigError, match=message):
            Templates(**{**good, key: text})
