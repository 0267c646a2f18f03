"""What an experiment compares: settings made of a grid or a list, each checked before any runs."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from dragtor import __version__
from dragtor.config import Settings
from dragtor.errors import ConfigError
from dragtor.evaluate.evaluating import F1, QUALITY, SUPPORT
from dragtor.layering import Keys, Layer, from_yaml
from dragtor.mistakes import near, not_one_of

KEYS = ("name", "questions", "split", "limit", "answers", "metric", "baseline", "grid", "list")
CONFIGURED = "config"
"""Name of the setting that changes nothing."""
SHARED = {
    "sources": "the documents are loaded once",
    "sites": "the documents are loaded once",
    "web": "the documents are loaded once",
    "collection": "the documents are loaded once",
    "paths": "all settings work in the same folders",
    "models": "all settings know the same models",
    "credentials": "they go into config/local.yml or the environment",
    "tracking": "it says nothing of answers",
}
"""Settings that cannot differ within an experiment, and why."""
MANY = 1000

Load = Callable[[Layer], Settings]
"""Settings with a layer over those of the call. Raises ConfigError."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One way to do it: what it changes of the configuration (by ``a.b`` key), and all settings."""

    name: str
    changes: Mapping[str, Any]
    settings: Settings


@dataclass(frozen=True, slots=True)
class Experiment:
    """Settings that answer the same questions, one of them the ``baseline`` of the others.

    ``answers`` says whether answers are made; None: where there are reference answers.
    """

    name: str
    questions: tuple[Path, ...]
    settings: tuple[Setting, ...]
    baseline: str
    metric: str = "nDCG@10"
    split: str | None = None
    limit: int | None = None
    answers: bool | None = None

    @property
    def digest(self) -> str:
        """The same for the same experiment with the same program and configuration."""
        plan = {
            "version": __version__,
            "questions": [[str(path), _stamp(path)] for path in self.questions],
            "rest": [self.name, self.baseline, self.metric, self.split, self.limit, self.answers],
            "settings": {one.name: describe(one.settings) for one in self.settings},
        }
        return sha256(json.dumps(plan, sort_keys=True, default=str).encode()).hexdigest()[:16]


def read_experiment(file: Path, load: Load) -> Experiment:
    """Read an experiment's file, and check every setting. Raises ConfigError with the place."""
    layer = from_yaml(file)
    values = layer.values
    for key in values:
        if key not in KEYS:
            close = near(str(key), KEYS)
            hint = f"did you mean {close!r}?" if close else f"valid here: {', '.join(KEYS)}"
            raise ConfigError(f"{layer.place((key,))}: unknown key {key!r}; {hint}")
    plans = [("config", Layer({})), *_grid(layer), *_list(layer)]
    _refuse_doubled([name for name, _ in plans], file)
    baseline = _of(layer, "baseline", str, CONFIGURED)
    names = [name for name, _ in plans]
    if baseline not in names:
        raise ConfigError(
            f"{layer.place(('baseline',))}: {not_one_of('baseline', baseline, names)}"
        )
    if baseline != CONFIGURED:
        plans = [plan for plan in plans if plan[0] != CONFIGURED]
    metric = _of(layer, "metric", str, "nDCG@10")
    if metric not in QUALITY:
        raise ConfigError(f"{layer.place(('metric',))}: {not_one_of('metric', metric, QUALITY)}")
    answers = _of(layer, "answers", bool, None)
    if answers is False and metric in (F1, SUPPORT):
        where = layer.place(("answers",))
        raise ConfigError(f"{where}: answers is false, and metric {metric} is of answers")
    limit = _of(layer, "limit", int, None)
    if limit is not None and limit < 1:
        raise ConfigError(f"{layer.place(('limit',))}: limit is {limit}; it must be 1 or more")
    return Experiment(
        name=_of(layer, "name", str, file.stem),
        questions=_questions(layer, file),
        settings=tuple(Setting(name, _flat(made.values), load(made)) for name, made in plans),
        baseline=baseline,
        metric=metric,
        split=_of(layer, "split", str, None),
        limit=limit,
        answers=answers,
    )


def describe(settings: Settings) -> dict[str, Any]:
    """All settings that a result may depend on, as JSON has them; no credentials."""
    left_out = {"credentials", "paths", "models", "tracking", "sources", "sites", "web", "domain"}
    return settings.model_dump(mode="json", exclude=left_out)


def index_group(settings: Settings) -> tuple[bool, str]:
    """The same for settings that share an index, and such that groups sort well.

    With token vectors come the vectors of the same texts, so those indexes are made first.
    """
    made_by = {"split", "encoder", "encoders", "late", "index"}
    described = {name: value for name, value in describe(settings).items() if name in made_by}
    plain = described.get("late", {}).get("model", "none") == "none"
    return plain, json.dumps(described, sort_keys=True)


def _grid(layer: Layer) -> Iterator[tuple[str, Layer]]:
    """All combinations of the values of a grid, named by the values."""
    grid = layer.values.get("grid") or {}
    if not isinstance(grid, dict):
        raise ConfigError(
            f"{layer.place(('grid',))}: grid must be keys, each with a list of values"
        )
    axes: list[list[tuple[str, Any, Keys]]] = []
    for key, values, keys in _leaves(grid, ("grid",)):
        if not isinstance(values, list) or not values:
            where = layer.place(keys)
            raise ConfigError(f"{where}: grid.{key} must be a list of values to try")
        axes.append([(key, value, (*keys, number)) for number, value in enumerate(values)])
    count = 1
    for axis in axes:
        count *= len(axis)
    if count > MANY:
        where = layer.place(("grid",))
        raise ConfigError(
            f"{where}: the grid has {count} combinations, at most {MANY} are possible"
        )
    short = _short([axis[0][0] for axis in axes])
    for chosen in itertools.product(*axes) if axes else ():
        name = " ".join(f"{short[key]}={_shown(value)}" for key, value, _ in chosen)
        yield name, _layered(layer, chosen)


def _list(layer: Layer) -> Iterator[tuple[str, Layer]]:
    """The settings of a list: ``name`` and keys, or keys by name."""
    listed = layer.values.get("list") or []
    if isinstance(listed, dict):
        listed = [{"name": name, **(changes or {})} for name, changes in listed.items()]
    if not isinstance(listed, list):
        raise ConfigError(f"{layer.place(('list',))}: list must be settings, each with a name")
    for number, row in enumerate(listed):
        name = row.get("name") if isinstance(row, dict) else None
        if not isinstance(name, str) or not name.strip():
            where = layer.place(("list", number))
            raise ConfigError(f"{where}: each setting of the list needs a name, and its keys")
        changes = {key: value for key, value in row.items() if key != "name"}
        leaves = [(key, value, keys) for key, value, keys in _leaves(changes, ("list", name))]
        yield name, _layered(layer, leaves)


def _leaves(values: Mapping[str, Any], keys: Keys) -> Iterator[tuple[str, Any, Keys]]:
    """Settings by ``a.b``, however they are nested, each with where it stands in the file."""
    for key, value in values.items():
        here = (*keys, key)
        if isinstance(value, dict):
            for inner, leaf, place in _leaves(value, here):
                yield f"{key}.{inner}", leaf, place
        else:
            yield str(key), value, here


def _layered(layer: Layer, chosen: Sequence[tuple[str, Any, Keys]]) -> Layer:
    """A layer of settings that remembers where in the experiment's file each stands."""
    values: dict[str, Any] = {}
    places: dict[Keys, str] = {}
    for key, value, keys in chosen:
        path, where = tuple(key.split(".")), layer.place(keys)
        if path[0] in SHARED:
            reason = SHARED[path[0]]
            raise ConfigError(f"{where}: {key} cannot differ within an experiment: {reason}")
        inner = values
        for part in path[:-1]:
            inner = inner.setdefault(part, {})
        inner[path[-1]] = value
        places |= {path[:length]: where for length in range(1, len(path) + 1)}
    return Layer(values, places)


def _short(keys: Sequence[str]) -> dict[str, str]:
    """Keys by their last part, where that says which is meant."""
    last = [key.rsplit(".", 1)[-1] for key in keys]
    return {key: end if last.count(end) == 1 else key for key, end in zip(keys, last, strict=True)}


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value, _ in _leaves(values, ())}


def _refuse_doubled(names: Sequence[str], file: Path) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"{file}: two settings are called {name!r}: give each its own name")


def _of(layer: Layer, key: str, kind: type, default: Any) -> Any:  # noqa: ANN401 (of that type)
    value = layer.values.get(key)
    if value is None:
        return default
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        said = {str: "text", int: "a whole number", bool: "true or false"}[kind]
        raise ConfigError(f"{layer.place((key,))}: {key} cannot be {value!r}: it must be {said}")
    return value


def _questions(layer: Layer, file: Path) -> tuple[Path, ...]:
    """Paths of questions; they start at the experiment's own folder, or where the call is made."""
    given = layer.values.get("questions")
    listed = [given] if isinstance(given, str) else given
    where = layer.place(("questions",)) if "questions" in layer.values else str(file)
    if not isinstance(listed, list) or not listed or not all(isinstance(p, str) for p in listed):
        raise ConfigError(f"{where}: questions must be a questions file, a set's folder or several")
    paths = []
    for name in listed:
        path = Path(name).expanduser()
        found = next((at for at in (file.parent / path, path) if at.exists()), None)
        if found is None:
            raise ConfigError(f"{where}: there is no {name} beside {file}, nor in this folder")
        paths.append(found.resolve())
    return tuple(paths)


def _stamp(path: Path) -> str:
    """What changes with a questions file, or with the files of a set."""
    files = sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]
    return " ".join(f"{one.stat().st_size}-{one.stat().st_mtime_ns}" for one in files)
