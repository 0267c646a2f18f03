"""How help reads: QUESTION and [URI]... in place of ``{question}``, flags without a type."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

if TYPE_CHECKING:
    # Typer carries its own click, and gives these no public name.
    from typer._click.core import Context, Parameter


class Command(TyperCommand):
    """A command whose help reads as one expects."""

    def get_params(self, ctx: Context) -> list[Parameter]:
        """The parameters, each told how to show itself."""
        return [_readable(param) for param in super().get_params(ctx)]


class Group(TyperGroup):
    """A group of commands whose help reads as one expects."""

    def get_params(self, ctx: Context) -> list[Parameter]:
        """The parameters, each told how to show itself."""
        return [_readable(param) for param in super().get_params(ctx)]


def make_readable(app: typer.Typer) -> None:
    """Have all commands of an app, and those of its groups, use these classes."""
    app.info.cls = Group
    if app.registered_callback is not None:
        app.registered_callback.help = _unwrapped(app.registered_callback.callback)
    for command in app.registered_commands:
        command.cls = Command
        command.help = _unwrapped(command.callback)
    for group in app.registered_groups:
        group.cls = Group
        if group.typer_instance is not None:
            make_readable(group.typer_instance)


def _readable(param: Parameter) -> Parameter:
    if isinstance(param, TyperArgument):
        name = param.metavar or (param.name or "").upper()
        usage = (name if param.required else f"[{name}]") + ("..." if param.nargs != 1 else "")
        param.metavar = name
        param.get_usage_pieces = lambda ctx: [usage]  # type: ignore[method-assign]
    if isinstance(param, TyperArgument) or (isinstance(param, TyperOption) and param.is_flag):
        param.display_type_rich = lambda ctx: None  # type: ignore[method-assign]
    return param


def _unwrapped(function: object) -> str:
    """A docstring with each paragraph on one line, to be broken where the terminal ends."""
    text = inspect.getdoc(function) or ""
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))
