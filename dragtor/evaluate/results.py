"""Results of experiments in one SQLite file: runs, their settings, every question's metrics.

::

    SELECT settings.name, scores.metric, avg(scores.value) FROM scores
    JOIN outcomes ON outcomes.pk = scores.outcome JOIN settings ON settings.pk = outcomes.setting
    WHERE settings.run = 3 GROUP BY 1, 2;
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dragtor.errors import QueryError, StoreError
from dragtor.evaluate.evaluating import Outcome
from dragtor.evaluate.experiment import Experiment, describe
from dragtor.store.database import connect_reader, connect_writer, translated

FILE = "results.db"
FORMAT = 1
_IF_DAMAGED = "move it away: a new one is begun"
_TABLES = """
CREATE TABLE runs (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    baseline TEXT NOT NULL,
    metric TEXT NOT NULL,
    started TEXT NOT NULL,
    finished TEXT
);
CREATE TABLE settings (
    pk INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES runs (pk) ON DELETE CASCADE,
    name TEXT NOT NULL,
    changes TEXT NOT NULL,
    settings TEXT NOT NULL,
    UNIQUE (run, name)
);
CREATE TABLE outcomes (
    pk INTEGER PRIMARY KEY,
    setting INTEGER NOT NULL REFERENCES settings (pk) ON DELETE CASCADE,
    questions TEXT NOT NULL,
    id TEXT NOT NULL,
    question TEXT NOT NULL,
    rank INTEGER,
    seconds REAL,
    answer TEXT,
    UNIQUE (setting, questions, id)
);
CREATE TABLE scores (
    outcome INTEGER NOT NULL REFERENCES outcomes (pk) ON DELETE CASCADE,
    metric TEXT NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (outcome, metric)
) WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class RunInfo:
    """A run without its outcomes; times are ISO 8601 in UTC, ``finished`` None until it is."""

    id: int
    name: str
    baseline: str
    metric: str
    started: str
    finished: str | None
    settings: tuple[str, ...]
    questions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Results:
    """What came of a run: outcomes by name of the questions, then of the setting."""

    run: RunInfo
    changes: Mapping[str, Mapping[str, Any]]
    outcomes: Mapping[str, Mapping[str, tuple[Outcome, ...]]]


class ResultStore:
    """The runs in a folder; the file is made by the first one."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def unfinished(self, digest: str) -> int | None:
        """The run of this experiment that was interrupted last, if it did not finish later."""
        if not self._path.exists():
            return None
        with self._reading() as connection:
            row = connection.execute(
                "SELECT pk, finished FROM runs WHERE digest = ? ORDER BY pk DESC LIMIT 1", (digest,)
            ).fetchone()
        return int(row[0]) if row and row[1] is None else None

    def begin(self, experiment: Experiment, digest: str) -> int:
        """The id of a new run."""
        with self._writing() as connection:
            cursor = connection.execute(
                "INSERT INTO runs (name, digest, baseline, metric, started) VALUES (?, ?, ?, ?, ?)",
                (experiment.name, digest, experiment.baseline, experiment.metric, _now()),
            )
            run = cursor.lastrowid or 0
            connection.executemany(
                "INSERT INTO settings (run, name, changes, settings) VALUES (?, ?, ?, ?)",
                [
                    (run, one.name, json.dumps(one.changes), json.dumps(describe(one.settings)))
                    for one in experiment.settings
                ],
            )
        return run

    def done(self, run: int, setting: str, questions: str) -> set[str]:
        """Ids of the questions that have an outcome."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT o.id FROM outcomes o JOIN settings s ON s.pk = o.setting"
                " WHERE s.run = ? AND s.name = ? AND o.questions = ?",
                (run, setting, questions),
            )
            return {id for (id,) in rows}

    def add(self, run: int, setting: str, questions: str, outcomes: list[Outcome]) -> None:
        """Keep outcomes."""
        with self._writing() as connection:
            (pk,) = connection.execute(
                "SELECT pk FROM settings WHERE run = ? AND name = ?", (run, setting)
            ).fetchone()
            for one in outcomes:
                cursor = connection.execute(
                    "INSERT OR REPLACE INTO outcomes"
                    " (setting, questions, id, question, rank, seconds, answer)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (pk, questions, one.id, one.question, one.rank, one.seconds, one.answer),
                )
                connection.executemany(
                    "INSERT INTO scores VALUES (?, ?, ?)",
                    [(cursor.lastrowid, name, value) for name, value in one.scores.items()],
                )

    def finish(self, run: int) -> None:
        """Mark a run as complete."""
        with self._writing() as connection:
            connection.execute("UPDATE runs SET finished = ? WHERE pk = ?", (_now(), run))

    def runs(self) -> list[RunInfo]:
        """All runs, the latest first."""
        if not self._path.exists():
            return []
        with self._reading() as connection:
            rows = connection.execute("SELECT pk FROM runs ORDER BY pk DESC").fetchall()
            return [_info(connection, pk) for (pk,) in rows]

    def results(self, run: int) -> Results:
        """All of a run. Raises QueryError if there is none of this id."""
        if run not in {info.id for info in self.runs()}:
            raise QueryError(f"there is no run {run}: `dragtor experiment list` has them")
        with self._reading() as connection:
            info = _info(connection, run)
            changes = connection.execute(
                "SELECT name, changes FROM settings WHERE run = ? ORDER BY pk", (run,)
            )
            return Results(
                info,
                {name: json.loads(text) for name, text in changes},
                _outcomes(connection, info),
            )

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        path = self._path
        with translated(path, _IF_DAMAGED), closing(connect_reader(path)) as connection:
            _refuse_newer(connection, path)
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with translated(self._path, _IF_DAMAGED):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(connect_writer(self._path)) as connection:
                connection.execute("BEGIN IMMEDIATE")
                if _refuse_newer(connection, self._path) == 0:
                    for statement in _TABLES.split(";"):
                        connection.execute(statement)
                    connection.execute(f"PRAGMA user_version = {FORMAT}")
                yield connection
                connection.execute("COMMIT")


def _outcomes(
    connection: sqlite3.Connection, info: RunInfo
) -> dict[str, dict[str, tuple[Outcome, ...]]]:
    scores: dict[int, dict[str, float]] = {}
    for outcome, metric, value in connection.execute(
        "SELECT outcome, metric, value FROM scores JOIN outcomes o ON o.pk = outcome"
        " JOIN settings s ON s.pk = o.setting WHERE s.run = ?",
        (info.id,),
    ):
        scores.setdefault(outcome, {})[metric] = value
    found: dict[str, dict[str, list[Outcome]]] = {
        questions: {setting: [] for setting in info.settings} for questions in info.questions
    }
    for pk, setting, questions, *values in connection.execute(
        "SELECT o.pk, s.name, o.questions, o.id, o.question, o.rank, o.seconds, o.answer"
        " FROM outcomes o JOIN settings s ON s.pk = o.setting WHERE s.run = ? ORDER BY o.pk",
        (info.id,),
    ):
        id, question, rank, seconds, answer = values
        one = Outcome(id, question, scores.get(pk, {}), rank, seconds, answer)
        found[questions][setting].append(one)
    return {
        questions: {setting: tuple(values) for setting, values in by_setting.items()}
        for questions, by_setting in found.items()
    }


def _info(connection: sqlite3.Connection, run: int) -> RunInfo:
    pk, name, baseline, metric, started, finished = connection.execute(
        "SELECT pk, name, baseline, metric, started, finished FROM runs WHERE pk = ?", (run,)
    ).fetchone()
    settings = connection.execute("SELECT name FROM settings WHERE run = ? ORDER BY pk", (run,))
    names = tuple(name for (name,) in settings)
    questions = connection.execute(
        "SELECT o.questions FROM outcomes o JOIN settings s ON s.pk = o.setting WHERE s.run = ?"
        " GROUP BY 1 ORDER BY min(o.pk)",
        (run,),
    )
    asked = tuple(name for (name,) in questions)
    return RunInfo(pk, name, baseline, metric, started, finished, names, asked)


def _refuse_newer(connection: sqlite3.Connection, path: Path) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > FORMAT:
        raise StoreError(f"{path} is of a newer dragtor: update it, or move the file away")
    return int(version)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
