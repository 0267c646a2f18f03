"""Errors of the libraries that read files, as one of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dragtor.errors import DragtorError, SourceError
from dragtor.sources.address import shown


@contextmanager
def reading(uri: str, what: str) -> Iterator[None]:
    """Turn whatever goes wrong inside into SourceError: "URI is broken or not a WHAT".

    Libraries that parse files written by others raise nearly anything, and one bad file must not
    stop a whole load. Our own errors pass.
    """
    try:
        yield
    except DragtorError:
        raise
    except Exception as error:
        said = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise SourceError(f"{shown(uri)} is broken or not a {what} ({said})") from error
