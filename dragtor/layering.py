"""Layers of YAML settings: merged, and each key remembering the file and line it came from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from dragtor.errors import ConfigError

Keys = tuple[int | str, ...]

# libyaml's, where PyYAML was built with it, is ten times as fast: every command reads its settings.
_LOADER: type[yaml.SafeLoader | yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Layer:
    """Nested settings, with the place ("file, line n") of each key path."""

    values: dict[str, Any]
    places: dict[Keys, str] = field(default_factory=dict)

    def place(self, keys: Keys) -> str:
        """Where a key stands, or where the nearest thing around it does."""
        known = tuple(self.by_name(keys))
        for length in range(len(known), 0, -1):
            if known[:length] in self.places:
                return self.places[known[:length]]
        return "settings"

    def latest(self, *names: str) -> str:
        """Which of these keys (``a.b``) was set last; the first if none was."""
        order = list(self.places)
        last = [order.index(keys) if (keys := tuple(n.split("."))) in order else -1 for n in names]
        return names[last.index(max(last))]

    def by_name(self, keys: Keys) -> Iterator[int | str]:
        """Keys with the position of a named thing replaced by its name: merging moves positions."""
        value: Any = self.values
        for key in keys:
            try:
                value = value[key]
            except (KeyError, IndexError, TypeError):
                value = None
            name = value.get("name") if isinstance(value, dict) else None
            yield name if isinstance(key, int) and isinstance(name, str) else key


def from_yaml(path: Path, text: str | None = None) -> Layer:
    """Read a YAML file (or a text that stands for it). Raises ConfigError."""
    try:
        text = path.read_text(encoding="utf-8") if text is None else text
        node = yaml.compose(text, Loader=_LOADER)
        values = yaml.load(text, Loader=_LOADER)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None
    if node is None or values is None:
        return Layer({})
    if not isinstance(values, dict):
        raise ConfigError(f"{path} must hold keys with values, not a {type(values).__name__}")
    _refuse_doubled_keys(node, str(path), ())
    return Layer(values, dict(_places(node, str(path), ())))


def from_assignment(assignment: str) -> Layer:
    """Read ``a.b=value``; the value is YAML. Raises ConfigError.

    >>> from_assignment("llm.threads=4").values
    {'llm': {'threads': 4}}
    """
    name, separator, text = assignment.partition("=")
    keys: Keys = tuple(name.strip().split("."))
    if not separator or not all(keys):
        raise ConfigError(f"--set {assignment}: write it as key.subkey=value")
    try:
        value, node = yaml.load(text, Loader=_LOADER), yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError:
        value, node = text, None
    _refuse_doubled_keys(node, f"--set {name}", keys)
    places = {keys[:n]: f"--set {name}" for n in range(1, len(keys) + 1)}
    places.update((inner, f"--set {name}") for inner, _ in _places(node, "", keys))
    for key in reversed(keys):
        value = {key: value}
    return Layer(value, places)


def merge(layers: Iterable[Layer]) -> Layer:
    """Lay later layers over earlier ones.

    Dictionaries merge key by key, lists of named things by name, and nothing (an empty section)
    changes neither; everything else is replaced. Places stand in the order they were set in.
    """
    values: dict[str, Any] = {}
    places: dict[Keys, str] = {}
    for layer in layers:
        values = _merged(values, layer.values)
        places = {keys: place for keys, place in places.items() if keys not in layer.places}
        places.update(layer.places)
    return Layer(values, places)


def _merged(old: Any, new: Any) -> Any:  # noqa: ANN401 (YAML holds anything)
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{key: _merged(old.get(key), value) for key, value in new.items()}}
    if _named(old) and _named(new):
        by_name = {entry["name"]: entry for entry in old}
        for entry in new:
            by_name[entry["name"]] = _merged(by_name.get(entry["name"]), entry)
        return list(by_name.values())
    return old if new is None and (isinstance(old, dict) or _named(old)) else new


def _named(value: object) -> bool:
    """Whether this is a list of named things; an empty list counts."""
    return isinstance(value, list) and all(
        isinstance(entry, dict) and isinstance(entry.get("name"), str) for entry in value
    )


def _refuse_doubled_keys(node: yaml.Node | None, path: str, keys: Keys) -> None:
    """Of two equal keys YAML drops the first without a word. Raises ConfigError."""
    if isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            _refuse_doubled_keys(value, path, (*keys, _name_of(value) or number))
    if not isinstance(node, yaml.MappingNode):
        return
    lines: dict[str, int] = {}
    for key, value in node.value:
        name = ".".join(str(part) for part in (*keys, key.value))
        line = key.start_mark.line + 1
        if key.value in lines:
            raise ConfigError(
                f"{path}, line {line}: {name!r} stands there twice (line {lines[key.value]} too)"
            )
        lines[key.value] = line
        _refuse_doubled_keys(value, path, (*keys, key.value))


def _places(node: yaml.Node | None, path: str, keys: Keys) -> Iterator[tuple[Keys, str]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*keys, key.value)
            yield inner, f"{path}, line {key.start_mark.line + 1}"
            yield from _places(value, path, inner)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            inner = (*keys, _name_of(value) or number)
            yield inner, f"{path}, line {value.start_mark.line + 1}"
            yield from _places(value, path, inner)


def _name_of(node: yaml.Node) -> str | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    names = (v for k, v in node.value if k.value == "name" and isinstance(v, yaml.ScalarNode))
    return next((str(name.value) for name in names), None)
