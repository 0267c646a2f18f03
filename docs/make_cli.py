"""Writes docs/cli.md from the commands' own help: ``python docs/make_cli.py``."""

from __future__ import annotations

from pathlib import Path

import typer
from typer.cli import get_docs_for_click

PAGE = Path(__file__).with_name("cli.md")


def page() -> str:
    """The page as it should be."""
    from dragtor.cli.app import app

    command = typer.main.get_command(app)
    context = typer.Context(command, info_name="dragtor")
    text = get_docs_for_click(obj=command, ctx=context, name="dragtor")
    note = "<!-- Written by docs/make_cli.py from the commands' own help. -->\n\n"
    return note + "\n".join(line.rstrip() for line in text.splitlines()).strip() + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
