"""What the global options ask for, turned into settings and a Dragtor when a command needs them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from dragtor.config import Settings
    from dragtor.pipeline import Dragtor


@dataclass
class State:
    """The global options, and what follows from them; everything heavy waits until it is asked."""

    config: Path | None = None
    assignments: Sequence[str] = ()
    collection_option: str | None = None
    verbose: bool = False

    @cached_property
    def settings(self) -> Settings:
        """All settings, with logging set up by them. Raises ConfigError."""
        from dragtor.cli.logs import set_up_logs
        from dragtor.config import load_settings

        settings = load_settings(self.config, self.assignments)
        set_up_logs(settings.paths.logs, verbose=self.verbose)
        return settings

    @cached_property
    def dragtor(self) -> Dragtor:
        """The library with its verbs."""
        from dragtor.build import build

        return build(self.settings)

    def close(self) -> None:
        """Close what a command opened."""
        if "dragtor" in self.__dict__:
            self.dragtor.close()

    def with_settings(self, *assignments: str) -> State:
        """The same call with other settings; what it opens is its own, and to be closed."""
        return replace(self, assignments=(*self.assignments, *assignments))

    @property
    def collection(self) -> str:
        """The collection that this command works on."""
        return self.collection_option or self.settings.collection


def state_of(ctx: typer.Context) -> State:
    """The state of this call."""
    state = ctx.find_object(State)
    assert state is not None, "the app's callback sets it"
    return state


def settings_of(ctx: typer.Context) -> Settings:
    """The settings of this call."""
    return state_of(ctx).settings
