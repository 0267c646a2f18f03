"""How an answer came about, step by step, as ``ask --trace`` prints it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text

from dragtor.cli import render
from dragtor.cli.render import harmless, indented
from dragtor.types import Step

_BY = 3
_COLOURS = {
    "query": "cyan",
    "hits": "green",
    "prompt": "magenta",
    "reply": "blue",
    "decision": "yellow",
}


def step(number: int, value: Step) -> None:
    """A step: what was done, how long it took, and all there is to see of it."""
    head = Text(f"{number:>2} ", style="dim")
    head.append(value.kind, style=f"bold {_COLOURS[value.kind]}")
    head.append(f" {harmless(value.name)}", style="default")
    if value.seconds:
        head.append(f" · {value.seconds:.2f} s", style="dim")
    render.out.print(head, soft_wrap=True)
    for name, detail in value.detail.items():
        _detail(name, detail)
    render.out.print()


def _detail(name: str, detail: Any) -> None:  # noqa: ANN401 (whatever JSON can say)
    if isinstance(detail, list | tuple) and detail and isinstance(detail[0], Mapping):
        if "role" in detail[0]:
            _messages(detail)
        else:
            _rows(detail)
    else:
        said = detail if isinstance(detail, str) else _json(detail)
        indented(Text(f"{harmless(name)}: ", style="dim").append(harmless(said), "default"), _BY)


def _messages(messages: Sequence[Mapping[str, Any]]) -> None:
    """A prompt, turn by turn."""
    for message in messages:
        indented(Text(f"── {harmless(str(message['role']))}", style="dim"), _BY)
        indented(Text(harmless(str(message["content"]))), _BY)


def _rows(rows: Sequence[Mapping[str, Any]]) -> None:
    """Things of one kind, one a line, each with its text, if it has one, below."""
    for row in rows:
        said = [_flat(value) for name, value in row.items() if name != "text"]
        indented(Text("  ".join(said)), _BY)
        if text := row.get("text"):
            indented(Text(_flat(text), style="dim"), 2 * _BY)


def _flat(value: object) -> str:
    """A value on one line."""
    if isinstance(value, Mapping):
        value = ", ".join(f"{name} {_json(one)}" for name, one in value.items())
    return harmless(" ".join((value if isinstance(value, str) else _json(value)).split()))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
