"""Optional packages: import them, or say which extra installs them."""

from __future__ import annotations

import importlib
from types import ModuleType

from dragtor.errors import MissingExtra


def require(module: str, extra: str) -> ModuleType:
    """Import an optional module; raise MissingExtra, naming the extra, if it is not installed.

    An installed module that fails to import something of its own raises what it raises: another
    installation would not help.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if module != missing and not module.startswith(f"{missing}."):
            raise
        raise MissingExtra(
            f"{missing} is not installed; install it with: poetry install -E {extra}"
        ) from error
