"""config show | check."""

from __future__ import annotations

from typing import Annotated

import typer

from dragtor.cli.state import settings_of, state_of

app = typer.Typer(no_args_is_help=True, help="The settings that hold.")


@app.command()
def show(
    ctx: typer.Context,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON instead of YAML.")] = False,
) -> None:
    """Print every setting as it holds, all files and options taken together.

    Example: dragtor config show
    """
    import yaml

    from dragtor.cli import render

    values = settings_of(ctx).model_dump(mode="json")
    if json_:
        render.json_out(values)
    else:
        render.line(yaml.safe_dump(values, sort_keys=False, allow_unicode=True).rstrip())


@app.command()
def check(ctx: typer.Context) -> None:
    """Check the settings: exit code 1, and the place, if something is wrong.

    Example: dragtor config check
    """
    from dragtor.build import check_choices, choose_llm
    from dragtor.cli import render
    from dragtor.config import find_config
    from dragtor.errors import ConfigError, ModelError

    settings = settings_of(ctx)
    check_choices(settings)
    if settings.llm.engine == "llama" and settings.llm.model != "auto":
        try:
            choose_llm(settings)
        except ModelError as error:
            raise ConfigError(f"{settings.place('llm.model')}: llm.model: {error}") from None
    render.line(f"ok: {find_config(state_of(ctx).config) or 'packaged defaults'}")
