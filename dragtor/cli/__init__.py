"""The command line: parse, call, print. ``main`` is what ``dragtor`` runs."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

GLOBAL_WITH_VALUE = ("--collection", "--config", "--set")
GLOBAL_FLAGS = ("--verbose", "--version")


def main(argv: Sequence[str] | None = None) -> None:
    """Run a command; a DragtorError becomes one line on standard error and exit code 1."""
    from dragtor.cli.app import app
    from dragtor.errors import DragtorError

    arguments = globals_first(list(sys.argv[1:] if argv is None else argv))
    _never_choke()
    try:
        app(args=arguments, prog_name="dragtor", standalone_mode=True)
    except DragtorError as error:
        from dragtor.cli import render

        render.error(str(error))
        raise SystemExit(1) from None
    except BrokenPipeError:
        # Whoever read our output has gone; what is left of it goes nowhere, quietly.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None


def _never_choke() -> None:
    """Take and print any bytes: what is no text comes in as a mark that is cleaned later."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="surrogateescape")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def globals_first(arguments: list[str]) -> list[str]:
    """Global options may stand anywhere; move them before the command.

    >>> globals_first(["ask", "why?", "--set", "llm.threads=2"])
    ['--set', 'llm.threads=2', 'ask', 'why?']
    """
    front: list[str] = []
    rest: list[str] = []
    queue = iter(arguments)
    for argument in queue:
        if argument == "--":
            rest += [argument, *queue]
        elif argument in GLOBAL_FLAGS or argument.startswith(
            tuple(f"{name}=" for name in GLOBAL_WITH_VALUE)
        ):
            front.append(argument)
        elif argument in GLOBAL_WITH_VALUE:
            front += [argument, *([value] if (value := next(queue, None)) is not None else [])]
        else:
            rest.append(argument)
    return front + rest
