"""What every language model promises. A test class inherits this and supplies ``model``.

The model's first answer to :data:`MESSAGES` has more than three pieces. Asked with the schema of
:class:`Plan`, it writes one at last, by itself or held to it.
"""

from __future__ import annotations

import re
from itertools import islice

import pytest
from pydantic import BaseModel, Field

from dragtor.answer.structured import structured
from dragtor.errors import EngineError
from dragtor.interfaces import LanguageModel
from dragtor.types import Message, Usage
from tests.fakes import WORDING

MESSAGES = (
    Message("system", "You answer questions about climbing in whole sentences."),
    Message("user", "What does a finger pulley do, and what happens when one tears?"),
)


class Plan(BaseModel):
    """What a model is asked for in a form."""

    query: str = Field(max_length=40)
    steps: int


class LanguageModelContract:
    """Inherit from this and supply a fixture ``model``."""

    def test_it_yields_text_and_ends_with_the_usage(self, model: LanguageModel) -> None:
        *pieces, usage = model.stream(MESSAGES, max_tokens=40)
        assert len(pieces) > 3
        assert all(isinstance(piece, str) and piece for piece in pieces)
        assert isinstance(usage, Usage)
        assert usage.prompt_tokens > 0
        assert 0 < usage.completion_tokens <= 40

    def test_it_stops_after_as_many_tokens_as_are_allowed(self, model: LanguageModel) -> None:
        *pieces, usage = model.stream(MESSAGES, max_tokens=3)
        assert isinstance(usage, Usage)
        assert 0 < len(pieces) <= 3
        assert usage.completion_tokens <= 3

    def test_longer_prompts_count_more(self, model: LanguageModel) -> None:
        longer = (*MESSAGES, Message("assistant", "It holds the tendon."), Message("user", "Why?"))
        assert 0 < model.count(MESSAGES) < model.count(longer)

    def test_the_usage_counts_the_prompt_as_count_does(self, model: LanguageModel) -> None:
        *_, usage = model.stream(MESSAGES, max_tokens=3)
        assert isinstance(usage, Usage)
        assert usage.prompt_tokens == model.count(MESSAGES)

    def test_it_has_a_name_and_room_for_a_conversation(self, model: LanguageModel) -> None:
        assert model.name
        assert model.context_tokens >= 512

    def test_it_can_be_asked_again_after_an_answer_was_closed(self, model: LanguageModel) -> None:
        stream = model.stream(MESSAGES, max_tokens=40)
        list(islice(stream, 2))
        stream.close()  # type: ignore[attr-defined]
        *_, usage = model.stream(MESSAGES, max_tokens=3)
        assert isinstance(usage, Usage)

    def test_a_prompt_beyond_the_context_is_refused(self, model: LanguageModel) -> None:
        long = (Message("user", "pulley " * (3 * model.context_tokens)),)
        with pytest.raises(EngineError):
            list(model.stream(long, max_tokens=3))

    def test_passages_change_nothing_but_markers(self, model: LanguageModel) -> None:
        *pieces, usage = model.stream(MESSAGES, max_tokens=40, passages=3)
        assert isinstance(usage, Usage)
        assert 0 < usage.completion_tokens <= 40
        named = re.findall(r"\[(\d+)\]", "".join(str(piece) for piece in pieces))
        assert set(named) <= {"1", "2", "3"}

    def test_a_schema_is_followed_or_ignored(self, model: LanguageModel) -> None:
        *pieces, usage = model.stream(MESSAGES, max_tokens=40, schema=Plan.model_json_schema())
        assert isinstance(usage, Usage)
        assert all(isinstance(piece, str) and piece for piece in pieces)

    def test_an_instance_comes_out_of_it(self, model: LanguageModel) -> None:
        plan = structured(model, MESSAGES, Plan, 120, WORDING)
        assert isinstance(plan, Plan)
