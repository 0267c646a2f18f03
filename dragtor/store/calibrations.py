"""What was fitted for a generation: when the sources hold the answer to a question."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any


def kept(connection: sqlite3.Connection, generation: int) -> dict[str, Any] | None:
    """What was kept for a generation, ``None`` if nothing was."""
    query = "SELECT data FROM calibrations WHERE generation = ?"
    row = connection.execute(query, (generation,)).fetchone()
    if row is None:
        return None
    data: dict[str, Any] = json.loads(row[0])
    return data


def keep(
    connection: sqlite3.Connection, generation: int, data: Mapping[str, Any] | None, created: str
) -> None:
    """Replace what was kept; ``None`` forgets it."""
    connection.execute("DELETE FROM calibrations WHERE generation = ?", (generation,))
    if data is not None:
        text = json.dumps(dict(data), sort_keys=True)
        connection.execute("INSERT INTO calibrations VALUES (?, ?, ?)", (generation, created, text))
