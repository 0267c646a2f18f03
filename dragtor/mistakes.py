"""Mistakes in the settings, in one line: the place, the key, the value, and what is near to it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError

from dragtor.catalogue import ModelOrigin
from dragtor.layering import Keys, Layer

_ORIGINS = {origin.__name__ for origin in get_args(ModelOrigin)}
"""Pydantic puts the class it tried into the keys of an error."""
_EXPECTED = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "string": "text",
    "tuple": "a list",
    "list": "a list",
    "path": "a path",
    "model": "keys with values",
    "dict": "keys with values",
}
_BOUNDS_SAID = {"ge": "from", "le": "to"}
_BOUNDS = set(_BOUNDS_SAID)
_CHOICE = re.compile(r"constrained-|literal\[|(?:int|float|bool|str)\Z")
"""What pydantic adds to the keys where a setting takes several kinds of values."""
_TYPE_ERROR = re.compile(r"([a-z]+)_(?:attributes_)?(?:type|parsing|from_float)$")


def near(value: str, valid: Iterable[str]) -> str | None:
    """The valid name that looks most like this one, the case of letters ignored, if any does."""
    names = {name.lower(): name for name in valid}
    close = get_close_matches(value.lower(), names, n=1, cutoff=0.5)
    return names[close[0]] if close else None


def not_one_of(key: str, value: object, valid: Iterable[str]) -> str:
    """What to say of a value that is none of the valid ones.

    >>> not_one_of("web.reader", "jna", ["jina", "local"])
    "web.reader cannot be 'jna'; did you mean 'jina'? (it can be: jina, local)"
    """
    names = list(valid)
    all_of_them = f"it can be: {', '.join(names)}"
    close = near(str(value), names)
    hint = f"did you mean {close!r}? ({all_of_them})" if close else all_of_them
    return f"{key} cannot be {value!r}; {hint}"


def explain(error: ValidationError, merged: Layer, model: type[BaseModel]) -> str:
    """The mistake behind an error of validation that a person should mend first.

    An unknown key comes before a missing one: it is mostly the missing one, misspelt.
    """
    errors = _of_likeliest_origin(error.errors())
    first = min(errors, key=lambda each: each["type"] not in ("extra_forbidden", "invalid_key"))
    of_kinds = first["type"] not in ("extra_forbidden", "invalid_key") and bool(
        _CHOICE.match(str(first["loc"][-1]))
    )
    loc = first["loc"][:-1] if of_kinds else first["loc"]
    keys = tuple(key for key in loc if key not in _ORIGINS)
    if first["type"] == "invalid_key":  # a number, where YAML's places have its letters
        keys = (*keys[:-1], str(keys[-1]))
    where, name = merged.place(keys), ".".join(str(key) for key in merged.by_name(keys))
    if first["type"] in ("extra_forbidden", "invalid_key"):
        valid = _fields_at(first["loc"][:-1], model)
        close = near(str(keys[-1]), valid)
        hint = f"did you mean {close!r}?" if close else f"valid here: {', '.join(valid)}"
        return f"{where}: unknown key {name!r}; {hint}"
    if first["type"] == "missing":
        return f"{where}: {name} is missing"
    if of_kinds:
        choices = _choices(_annotation(keys, model))
        return f"{where}: {name} cannot be {first['input']!r}; it can be: {choices}"
    return f"{where}: {_wrong_value(name, first, secret=keys[:1] == ('credentials',))}"


def _choices(annotation: Any) -> str:  # noqa: ANN401 (any type there is)
    """What a setting of several kinds of values can be.

    >>> _choices(int | Literal["auto"])
    'a whole number, auto'
    """
    if get_origin(annotation) is Literal:
        return ", ".join(map(str, get_args(annotation)))
    if get_origin(annotation) is Annotated:
        kind, info = get_args(annotation)[:2]
        bounds = {name: getattr(m, name) for m in info.metadata for name in _BOUNDS & set(dir(m))}
        said = [f"{_BOUNDS_SAID[name]} {bounds[name]}" for name in _BOUNDS_SAID if name in bounds]
        return " ".join([_choices(kind), *said])
    if inner := get_args(annotation):
        return ", ".join(map(_choices, inner))
    return _EXPECTED.get(str(annotation.__name__), str(annotation.__name__))


def _annotation(keys: Keys, model: type[BaseModel]) -> Any:  # noqa: ANN401 (any type there is)
    fields = model.model_fields
    for key in (key for key in keys[:-1] if not isinstance(key, int)):
        fields = next(_models_in(fields[str(key)].annotation)).model_fields
    return fields[str(keys[-1])].annotation


def _wrong_value(name: str, error: Any, *, secret: bool) -> str:  # noqa: ANN401 (ErrorDetails)
    value = error.get("input")
    if value is None and error["type"] == "string_type":
        return f"{name} is empty: it must be text"
    if error["type"] == "literal_error":
        return not_one_of(name, value, re.findall(r"'([^']*)'", error["ctx"]["expected"]))
    found = _TYPE_ERROR.search(error["type"])
    said = error["msg"].removeprefix("Value error, ")
    reason = said[:1].lower() + said[1:]
    if found and found[1] in _EXPECTED:
        reason = f"it must be {_EXPECTED[found[1]]}"
    shown = "that" if secret else repr(value)
    return f"{name} cannot be {shown if len(shown) <= 80 else shown[:77] + '...'}: {reason}"


def _of_likeliest_origin(errors: list[Any]) -> list[Any]:
    """Leave out the origins of a model file that fit worse than another one does."""
    tried: dict[tuple[Keys, str], int] = {}
    for each in errors:
        if origin := _origin(each["loc"]):
            tried[origin] = tried.get(origin, 0) + 1
    best = {before: min((tried[o], o[1]) for o in tried if o[0] == before) for before, _ in tried}
    return [
        each
        for each in errors
        if (origin := _origin(each["loc"])) is None or best[origin[0]][1] == origin[1]
    ]


def _origin(keys: Keys) -> tuple[Keys, str] | None:
    return next(((keys[:n], str(key)) for n, key in enumerate(keys) if key in _ORIGINS), None)


def _fields_at(keys: Keys, model: type[BaseModel]) -> list[str]:
    """Names of the settings below a key, as declared."""
    choices = [model]
    for key in keys:
        if key in _ORIGINS:
            choices = [each for each in choices if each.__name__ == key]
        elif not isinstance(key, int):
            choices = list(_models_in(choices[0].model_fields[str(key)].annotation))
    return list(choices[0].model_fields)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 (any type there is)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)
