"""Logs go to a file; with --verbose they are shown, too."""

from __future__ import annotations

import sys
from pathlib import Path

from dragtor.log import logger


def set_up_logs(folder: Path, *, verbose: bool) -> None:
    """Send logs to ``folder/dragtor.log`` (10 MB, three old ones kept), and to standard error."""
    logger.remove()
    logger.enable("dragtor")
    if verbose:
        logger.add(sys.stderr, level="DEBUG", format="<dim>{time:HH:mm:ss} {message}</dim>")
    try:
        logger.add(
            folder / "dragtor.log",
            level="DEBUG",
            rotation="10 MB",
            retention=3,
            delay=True,
            catch=True,
            format="{time:YYYY-MM-DD HH:mm:ss.SSS} {process} {level} {message}",
        )
    except OSError as error:
        # A folder that cannot be written to must not keep anyone from reading the library.
        logger.debug("no log file: {}", error)
