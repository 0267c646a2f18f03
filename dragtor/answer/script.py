"""Prompts of the steps before an answer, as the settings have them: a conversation in one text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dragtor.answer.prompt import PLACEHOLDER, filled
from dragtor.errors import ConfigError
from dragtor.types import Message

_NEXT_TURN = re.compile(r"^---[ \t]*\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Script:
    """Messages with places to fill in; examples in it are turns, which small models follow best."""

    turns: tuple[Message, ...]

    @classmethod
    def parse(cls, key: str, text: str, *placeholders: str) -> Script:
        """Read a prompt: turns stand between lines of ``---``, and the last one is the user's.

        The others alternate before it; an even number of turns begins with the rules (system).
        Each placeholder stands in the last turn. Raises ConfigError, naming the key.
        """
        parts = [part.strip() for part in _NEXT_TURN.split(text)]
        if not all(parts):
            raise ConfigError(f"prompts.{key} has an empty turn: {text!r}")
        found = set(PLACEHOLDER.findall(text))
        last = set(PLACEHOLDER.findall(parts[-1]))
        for name in placeholders:
            if name not in last:
                raise ConfigError(f"prompts.{key} lacks {{{name}}} in its last turn: {parts[-1]!r}")
        if unknown := sorted(found - set(placeholders)):
            known = ", ".join(f"{{{name}}}" for name in placeholders)
            raise ConfigError(f"prompts.{key} knows {known}, not {{{unknown[0]}}}")
        turns = [Message("user", part) for part in parts]
        turns[-2::-2] = [Message("assistant", turn.content) for turn in turns[-2::-2]]
        if len(turns) % 2 == 0:
            turns[0] = Message("system", turns[0].content)
        return cls(tuple(turns))

    def messages(self, **values: str) -> tuple[Message, ...]:
        """The messages, filled in once: braces in what is filled in mean nothing."""
        *before, last = self.turns
        return (*before, Message(last.role, filled(last.content, values)))
