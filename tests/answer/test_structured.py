from __future__ import annotations

import json
import re
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, RootModel

from dragtor.answer.llama import LlamaModel
from dragtor.answer.structured import MAX_CHARS, MAX_ITEMS, bounded, fitted, structured
from dragtor.errors import DragtorError, EngineError, StructureError
from dragtor.interfaces import LanguageModel
from dragtor.types import Message
from tests.contracts.language_model import LanguageModelContract
from tests.fakes import WORDING, ScriptedModel

ASKED = (Message("system", "Rules."), Message("user", "What to search for?"))


class Step(BaseModel):
    action: Literal["search", "finish"]
    query: str = Field(min_length=3)


class Steps(BaseModel):
    steps: list[Step]
    why: str | None = None


class TestScriptedModel(LanguageModelContract):
    """The fake that other tests use keeps the promises as well."""

    @pytest.fixture
    def model(self) -> LanguageModel:
        said = "It holds the tendon to the bone."
        return ScriptedModel([said, '{"query": "pulley", "steps": 2}'])


class TestStructured:
    @pytest.mark.parametrize(
        "said",
        [
            '{"action": "search", "query": "pulley"}',
            'Here it is:\n```json\n{"action": "search", "query": "pulley"}\n```\nAnything else?',
            'First {"action": "jump", "query": "x"}, no: {"action": "search", "query": "pulley"}',
            '{[{"action": "search", "query": "pulley"}',
            '{"action": "search", "query": "pulley"} {"action": "finish", "query": "pulley"}',
        ],
    )
    def test_the_first_object_that_fits_is_taken_out_of_the_text(self, said: str) -> None:
        model = ScriptedModel([said])
        assert structured(model, ASKED, Step, 100, WORDING) == Step(action="search", query="pulley")

    def test_the_model_is_shown_the_form_after_the_question(self) -> None:
        model = ScriptedModel(['{"steps": []}'])
        structured(model, ASKED, Steps, 100, WORDING)
        system, user = model.prompts[0]
        assert system == ASKED[0]
        question, _, form = user.content.partition("\n\n")
        assert question == ASKED[1].content
        assert json.loads(form.partition("\n")[2]) == {
            "steps": [{"action": "search | finish", "query": "<string>"}],
            "why": "<string>",
        }

    def test_a_list_may_be_asked_for(self) -> None:
        model = ScriptedModel(['See [1: ["a", "b"]'])
        assert structured(model, ASKED, RootModel[list[str]], 100, WORDING).root == ["a", "b"]

    def test_what_was_wrong_is_said_and_the_next_try_counts(self) -> None:
        model = ScriptedModel(['{"action": "jump"}', '{"action": "finish", "query": "all"}'])
        tries: list[str] = []
        found = structured(
            model,
            ASKED,
            Step,
            100,
            WORDING,
            heard=lambda asked, said, seconds, usage: tries.append(said),
        )
        assert found == Step(action="finish", query="all")
        assert tries == ['{"action": "jump"}', '{"action": "finish", "query": "all"}']
        *_, said, complaint = model.prompts[1]
        assert said == Message("assistant", '{"action": "jump"}')
        assert "action: Input should be 'search' or 'finish'" in complaint.content
        assert "query: Field required" in complaint.content

    @pytest.mark.parametrize("repairs", [0, 1, 3])
    def test_after_the_last_repair_it_fails_in_one_line(self, repairs: int) -> None:
        model = ScriptedModel(["no idea"] * 9)
        with pytest.raises(StructureError) as caught:
            structured(model, ASKED, Step, 100, WORDING, repairs=repairs)
        assert len(model.prompts) == repairs + 1
        message = str(caught.value)
        assert message.startswith(f"scripted gave no Step in {repairs + 1} tr")
        assert "no JSON object in it" in message
        assert "\n" not in message
        assert isinstance(caught.value, EngineError)
        assert isinstance(caught.value, DragtorError)

    def test_prompts_do_not_grow_with_every_repair(self) -> None:
        model = ScriptedModel(["blah " * 2000] * 4)
        with pytest.raises(StructureError):
            structured(model, ASKED, Step, 10_000, WORDING, repairs=3)
        assert {len(prompt) for prompt in model.prompts[1:]} == {4}
        assert all(len(prompt[2].content) <= 1000 for prompt in model.prompts[1:])

    @given(st.text(alphabet='{}[]",: \\a1\n', max_size=60) | st.text(max_size=40))
    def test_no_text_stops_the_reader(self, text: str) -> None:
        found, wrong = fitted(text, Steps)
        assert (found is None) == bool(wrong)

    @pytest.mark.parametrize("text", ["[" * 50_000, '{"a":' * 20_000, "{" * 50_000])
    def test_deep_nesting_is_no_trouble(self, text: str) -> None:
        assert fitted(text, Steps)[0] is None

    @given(st.lists(st.sampled_from(["search", "finish"]), max_size=3), st.text(max_size=20))
    def test_what_is_written_around_an_instance_does_not_matter(
        self, actions: list[Any], around: str
    ) -> None:
        around = around.replace("{", "").replace("[", "")
        steps = Steps(steps=[Step(action=action, query="pulley") for action in actions])
        assert fitted(around + steps.model_dump_json() + around, Steps)[0] == steps


class TestBounded:
    def test_strings_and_lists_get_a_bound_unless_they_have_one(self) -> None:
        class Free(BaseModel):
            text: str
            short: str = Field(max_length=7)
            items: list[str]
            one: Literal["a", "b"]

        schema = bounded(Free.model_json_schema())["properties"]
        assert schema["text"]["maxLength"] == MAX_CHARS
        assert schema["short"]["maxLength"] == 7
        assert schema["items"]["maxItems"] == MAX_ITEMS
        assert schema["items"]["items"]["maxLength"] == MAX_CHARS
        assert "maxLength" not in schema["one"]

    def test_a_lower_bound_is_never_above_the_upper_one(self) -> None:
        class Long(BaseModel):
            text: str = Field(min_length=2 * MAX_CHARS)

        text = bounded(Long.model_json_schema())["properties"]["text"]
        assert text["maxLength"] == text["minLength"] == 2 * MAX_CHARS

    def test_the_schema_itself_is_left_alone(self) -> None:
        schema = Steps.model_json_schema()
        before = json.dumps(schema)
        bounded(schema)
        assert json.dumps(schema) == before

    def test_properties_may_have_any_name(self) -> None:
        class Odd(BaseModel):
            type: str
            items: list[int]

        assert set(bounded(Odd.model_json_schema())["properties"]) == {"type", "items"}


@pytest.mark.models
class TestWithTheStarter:
    def test_the_grammar_holds_it_to_the_form(self, starter: LlamaModel) -> None:
        tries: list[str] = []
        structured(
            starter,
            [Message("user", "Which two things would you search for to learn about pulleys?")],
            Steps,
            200,
            WORDING,
            heard=lambda asked, said, seconds, usage: tries.append(said),
        )
        assert len(tries) == 1
        assert Steps.model_validate_json(tries[0])

    def test_a_form_that_no_grammar_can_say_is_only_asked_for(self, starter: LlamaModel) -> None:
        odd = {"title": "Odd", "type": "object", "properties": {"a": {"type": "unheard-of"}}}
        *pieces, _ = starter.stream(ASKED, 5, schema=odd)
        assert pieces

    @pytest.mark.parametrize(
        "pattern", [r"^\d{4}$", "^[a-z]+(?=x)$", "a", r"^\p{L}$", "^[0-9]{4}$", "^(a", ""]
    )
    def test_no_pattern_stops_it(self, starter: LlamaModel, pattern: str) -> None:
        class Patterned(BaseModel):
            year: str = Field(json_schema_extra={"pattern": pattern})

        *pieces, _ = starter.stream(ASKED, 24, schema=bounded(Patterned.model_json_schema()))
        written = "".join(str(piece) for piece in pieces)
        assert written.startswith("{")
        if pattern == "^[0-9]{4}$":
            assert re.fullmatch(pattern, json.loads(written)["year"])
