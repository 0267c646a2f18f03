"""Instances of pydantic models out of any language model: by grammar, by asking, by repair."""

from __future__ import annotations

import copy
import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, RootModel, ValidationError

from dragtor.answer.script import Script
from dragtor.errors import StructureError
from dragtor.interfaces import LanguageModel
from dragtor.types import Message, Usage

T = TypeVar("T", bound=BaseModel)
Heard = Callable[[Sequence[Message], str, float, Usage], None]
"""Told of each try: what was asked, what was replied, the seconds and the tokens it took."""


@dataclass(frozen=True, slots=True)
class Wording:
    """What a model is told of forms: ``form`` holds ``{form}``, ``repair`` holds ``{wrong}``."""

    form: Script
    repair: Script

    @classmethod
    def parse(cls, form: str, repair: str) -> Wording:
        """Raises ConfigError, naming the key, for a text that lacks what it has to hold."""
        return cls(Script.parse("form", form, "form"), Script.parse("repair", repair, "wrong"))


MAX_CHARS = 240
"""Longest string where the model states no ``max_length``."""
MAX_ITEMS = 8
"""Longest list where the model states no ``max_length``."""
_PLACES = 64
"""Where in a text an object may begin; beyond that it is no answer."""
_SHOWN_ERRORS = 4
_SHOWN_CHARS = 1_000


def structured(
    model: LanguageModel,
    messages: Sequence[Message],
    schema: type[T],
    max_tokens: int,
    wording: Wording,
    repairs: int = 2,
    *,
    heard: Heard | None = None,
) -> T:
    """An instance of ``schema``, written by ``model`` as the answer to ``messages``.

    The model is shown the form, and held to it by a grammar where its engine has one. Where its
    text does not fit all the same, it is told why, at most ``repairs`` times. Strings and lists
    without a bound of their own are held to :data:`MAX_CHARS` and :data:`MAX_ITEMS` by the
    grammar, so that a small model ends. ``messages`` end with the user's.

    Raises StructureError where no try fits, and EngineError where the model fails.
    """
    form = bounded(schema.model_json_schema())
    asked = [*messages[:-1], _with_form(messages[-1], form, wording)]
    wrong = ""
    for _ in range(repairs + 1):
        started = time.perf_counter()
        text, usage = _reply(model, asked, max_tokens, form)
        if heard is not None:
            heard(tuple(asked), text, time.perf_counter() - started, usage)
        instance, wrong = fitted(text, schema)
        if instance is not None:
            return instance
        last = text[:_SHOWN_CHARS] or "{}"
        complaint = wording.repair.messages(wrong=wrong)
        asked = [*asked[: len(messages)], Message("assistant", last), *complaint]
    tries = "1 try" if repairs == 0 else f"{repairs + 1} tries"
    raise StructureError(
        f"{model.name} gave no {schema.__name__} in {tries} ({wrong}); a larger model may"
    )


def fitted(text: str, schema: type[T]) -> tuple[T | None, str]:
    """The first JSON value of a text that fits, and why not if there is none.

    What stands around it (prose, a code fence) is ignored. Never raises, for any text.
    """
    opening = "{[" if issubclass(schema, RootModel) else "{"
    wrong = "there is no JSON object in it, or it is cut off"
    for number, value in enumerate(_values(text, opening)):
        try:
            return schema.model_validate(value), ""
        except ValidationError as error:
            wrong = _said(error) if number == 0 else wrong
    return None, wrong


def bounded(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with a bound to every string and list that has none; others are kept."""
    schema = copy.deepcopy(schema)
    for node in _nodes(schema):
        if node.get("type") == "string" and not {"enum", "const"} & set(node):
            node.setdefault("maxLength", max(MAX_CHARS, node.get("minLength", 0)))
        if node.get("type") == "array":
            node.setdefault("maxItems", max(MAX_ITEMS, node.get("minItems", 0)))
    return schema


def _reply(
    model: LanguageModel, messages: Sequence[Message], max_tokens: int, form: dict[str, Any]
) -> tuple[str, Usage]:
    stream: Any = model.stream(messages, max_tokens, schema=form)
    with closing(stream):
        items = list(stream)
    usage = sum((item for item in items if isinstance(item, Usage)), Usage())
    return "".join(item for item in items if isinstance(item, str)), usage


def _with_form(message: Message, form: dict[str, Any], wording: Wording) -> Message:
    shape = json.dumps(_shape(form, form), ensure_ascii=False)
    (*_, asked) = wording.form.messages(form=shape)
    return Message(message.role, f"{message.content}\n\n{asked.content}")


def _shape(node: dict[str, Any], root: dict[str, Any]) -> Any:  # noqa: ANN401
    """A schema as an example of itself: small models read that better than a schema."""
    if "$ref" in node:
        name = str(node["$ref"]).rpartition("/")[2]
        return _shape(root["$defs"][name], {**root, "$defs": {**root["$defs"], name: {}}})
    for key in ("anyOf", "oneOf", "allOf"):
        if key in node:
            return _shape(node[key][0], root)
    if "const" in node or "enum" in node:
        return " | ".join(str(value) for value in node.get("enum", [node.get("const")]))
    if node.get("type") == "object":
        properties = node.get("properties", {})
        return {name: _shape(child, root) for name, child in properties.items()}
    if node.get("type") == "array":
        return [_shape(node.get("items", {}), root)]
    return f"<{node.get('description') or node.get('type', 'any')}>"


def _nodes(node: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401
    if isinstance(node, dict):
        yield node
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for child in children:
        yield from _nodes(child)


def _values(text: str, opening: str) -> Iterator[Any]:
    """JSON values of a text that begin with one of these characters, outermost ones, in order."""
    decoder = json.JSONDecoder(strict=False)
    starts = re.compile(f"[{re.escape(opening)}]")
    at = 0
    for _ in range(_PLACES):
        found = starts.search(text, at)
        if found is None:
            return
        try:
            value, at = decoder.raw_decode(text, found.start())
        except (json.JSONDecodeError, RecursionError):
            at = found.end()
            continue
        yield value


def _said(error: ValidationError) -> str:
    lines = [
        f"{'.'.join(str(part) for part in one['loc']) or 'the whole'}: {one['msg']}"
        for one in error.errors(include_url=False)
    ]
    return "; ".join(" ".join(line.split()) for line in lines[:_SHOWN_ERRORS])
