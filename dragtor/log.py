"""The logger of dragtor: silent where dragtor is used as a library, switched on by the CLI."""

from loguru import logger

# Before anybody can have switched it on: a module is run once.
logger.disable("dragtor")

__all__ = ["logger"]
