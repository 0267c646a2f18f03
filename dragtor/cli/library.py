"""load, index, status: what is in the library and how it gets there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from dragtor.cli.state import State, state_of

if TYPE_CHECKING:
    from dragtor.loading import LoadReport
    from dragtor.types import Generation


def load(
    ctx: typer.Context,
    uris: Annotated[
        list[str] | None,
        typer.Argument(metavar="URI", help="Files, folders, pages; remembered from now on."),
    ] = None,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Fetch again what looks unchanged.")
    ] = False,
    index: Annotated[bool, typer.Option("--index", help="Index afterwards.")] = False,
) -> None:
    """Load sources: those in config/params.yml and remembered ones, or the URIs given.

    Exit code 1 if a source failed; the others are loaded all the same.

    Example: dragtor load ~/papers https://example.org/article --index
    """
    from dragtor.build import configured_sources
    from dragtor.cli.progress import progress

    state = state_of(ctx)
    named = [_absolute(uri) for uri in uris or ()]
    with _resumable(), progress("Loading") as show:
        report = state.dragtor.load(
            state.collection,
            configured_sources(state.settings),
            named,
            refresh=refresh,
            progress=show,
        )
    _show(report)
    if index:
        _index(state, rebuild=False)
    if report.count("failed"):
        raise typer.Exit(1)


def index(
    ctx: typer.Context,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Build a new index beside the old one, then switch.")
    ] = False,
) -> None:
    """Make what was loaded searchable: split, embed, store. Only what changed.

    Example: dragtor index
    """
    _index(state_of(ctx), rebuild=rebuild)


def status(
    ctx: typer.Context,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Counts, sizes, models, and what is pending.

    Example: dragtor status
    """
    from dragtor.cli import contract, listings, render

    state = state_of(ctx)
    found = state.dragtor.library.status()
    if json_:
        render.json_out(contract.status_json(found, _models(state)))
        return
    sizes = ", ".join(f"{name} {render.size(count)}" for name, count in found.sizes.items())
    listings.facts(
        {
            "library": f"{state.settings.paths.library} ({sizes or 'empty'})",
            "collections": ", ".join(found.collections),
            "documents": f"{found.documents} from {render.counted(found.sources, 'source')}",
            "passages": str(found.passages),
            "pending": f"{render.counted(found.pending, 'document')}: run `dragtor index`"
            if found.pending
            else "0",
            "index": _generation(found.active) if found.active else "none: run `dragtor index`",
            **({"building": _generation(found.building)} if found.building else {}),
            **{name.replace("_", " "): value for name, value in _models(state).items()},
        }
    )


def _generation(generation: Generation) -> str:
    made = ", ".join(f"{key} {_in_words(value)}" for key, value in generation.recipe.items())
    return f"generation {generation.id}: {made}"


def _in_words(value: str) -> str:
    """A part of a recipe for people: of what is JSON there, the values that say something.

    >>> _in_words('{"engine": "onnx", "model": "x", "dimensions": 0, "late_chunking": true}')
    'onnx x (late chunking)'
    """
    import json

    if not value.startswith(("{", "[")):
        return value
    found = json.loads(value)
    if isinstance(found, list):
        return " and ".join(_in_words(json.dumps(one)) for one in found)
    heads = [str(found.pop(key)) for key in ("engine", "model") if key in found]
    rest = [
        key.replace("_", " ") + ("" if one is True else f" {one}")
        for key, one in found.items()
        if one and one != "none"
    ]
    return " ".join(heads) + (f" ({', '.join(rest)})" if rest else "")


def _models(state: State) -> dict[str, str]:
    """What encodes and what answers, or why it cannot."""
    from dragtor.build import choose_llm, weights_of
    from dragtor.errors import DragtorError

    settings = state.settings
    models = {"encoder": settings.encoder.model, "language_model": settings.llm.model}
    try:
        weights_of(settings).path(settings.encoder.model)
    except DragtorError as error:
        models["encoder"] = str(error)
    if settings.llm.engine == "llama":
        try:
            models["language_model"] = choose_llm(settings).name
        except DragtorError as error:
            models["language_model"] = str(error)
    return models


def _index(state: State, *, rebuild: bool) -> None:
    from dragtor.cli import render
    from dragtor.cli.progress import progress

    with _resumable(), progress("Indexing") as show:
        report = state.dragtor.index(rebuild=rebuild, progress=show)
    if report.documents:
        render.line(
            f"{render.counted(report.documents, 'document')} indexed: "
            f"{render.counted(report.passages, 'passage')}, "
            f"{report.encoded} of them newly encoded"
        )
    if report.summaries:
        render.line(f"{render.counted(report.summaries, 'long document')} summarised")
    if not report.documents and not report.summaries:
        render.line("everything is indexed already")


@contextmanager
def _resumable() -> Iterator[None]:
    """Ctrl-C loses at most the work in hand, and says so. Raises Exit with code 130."""
    try:
        yield
    except KeyboardInterrupt:
        from dragtor.cli import render

        render.said_line("stopped; run it again to go on")
        raise typer.Exit(130) from None


def _show(report: LoadReport) -> None:
    from dragtor.cli import listings

    listings.outcomes([o for o in report.outcomes if o.result in ("skipped", "failed")])
    listings.counts(report)


def _absolute(uri: str) -> str:
    """Paths on the command line start at the working directory; nothing names nothing."""
    from pathlib import Path

    return uri if not uri.strip() or "://" in uri else str(Path(uri).expanduser().absolute())
