"""Libraries to work in, so that nobody's own is touched: of a set's documents, or a copy.

What models made is kept in the experiments' folder (``vectors.db`` and ``tokens``), which may be
deleted at any time; a copy uses what its library has of both, too.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Protocol

from dragtor.build import build_working
from dragtor.config import Settings
from dragtor.errors import QueryError, SourceError, StoreError
from dragtor.evaluate.judging import (
    Case,
    EvidenceJudge,
    Judge,
    SetJudge,
    read_cases,
    set_cases,
)
from dragtor.evaluate.sets import RetrievalSet, read_set
from dragtor.interfaces import Library, Progress
from dragtor.pipeline import Dragtor
from dragtor.store.database import connect_reader, translated

MAIN = "main"


class Material(Protocol):
    """Questions, and the documents they are asked about."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    @property
    def cases(self) -> list[Case]:
        """The questions."""
        ...

    @property
    def collection(self) -> str:
        """The collection that the documents are in."""
        ...

    def fill(self, settings: Settings, folder: Path, progress: Progress) -> None:
        """Have a library in this folder hold the documents; they are not yet indexed."""
        ...

    def open(self, settings: Settings, folder: Path) -> Dragtor:
        """The library in this folder, by these settings, whose paths are a person's own."""
        ...

    def judge(self, library: Library) -> Judge:
        """What says which hits are relevant."""
        ...


@dataclass(frozen=True, slots=True)
class SetMaterial:
    """A retrieval set; it has a collection to itself."""

    found: RetrievalSet
    cases: list[Case]
    folder: Path
    collection: str = MAIN

    @property
    def name(self) -> str:
        """See Material."""
        return self.found.name

    def fill(self, settings: Settings, folder: Path, progress: Progress) -> None:
        """See Material. Raises SourceError if the documents cannot be loaded."""
        folder.mkdir(parents=True, exist_ok=True)
        corpus = folder / "corpus.jsonl"
        lines = (
            json.dumps({"id": one.id, "title": one.title, "text": one.text})
            for one in self.found.documents
        )
        corpus.write_text("\n".join(lines) + "\n", encoding="utf-8")
        with closing(self.open(settings, folder)) as dragtor:
            report = dragtor.load(MAIN, [], [str(corpus)], refresh=False, progress=progress)
        if failed := [one for one in report.outcomes if one.result == "failed"]:
            # A person knows the set's own file, not the copy that is gone in a moment.
            reason = (failed[0].reason or "").replace(str(corpus), str(self.folder / corpus.name))
            raise SourceError(f"the documents of {self.name} cannot be loaded: {reason}")

    def open(self, settings: Settings, folder: Path) -> Dragtor:
        """See Material."""
        return build_working(_at(settings, folder), settings.paths.experiments)

    def judge(self, library: Library) -> Judge:
        """See Material."""
        return SetJudge(self.found.qrels)


@dataclass(frozen=True, slots=True)
class OwnMaterial:
    """Questions to a person's own library."""

    name: str
    cases: list[Case]
    collection: str

    def fill(self, settings: Settings, folder: Path, progress: Progress) -> None:
        """See Material. Raises QueryError if the library is empty."""
        library = settings.paths.library
        folder.mkdir(parents=True, exist_ok=True)
        if not (library / "library.db").exists():
            raise QueryError("the library is empty: `dragtor load` what you trust")
        if not (folder / "library.db").exists():
            _copy(library / "library.db", folder / "library.db")

    def open(self, settings: Settings, folder: Path) -> Dragtor:
        """See Material."""
        paths = settings.paths
        return build_working(_at(settings, folder), paths.experiments, paths.library)

    def judge(self, library: Library) -> Judge:
        """See Material."""
        return EvidenceJudge.of(self.cases, library, self.collection)


def read_material(
    path: Path, collection: str, split: str | None = None, limit: int | None = None
) -> Material:
    """A set's folder or a questions file, with ``limit`` of its questions.

    Raises SourceError and QueryError.
    """
    if path.is_dir():
        found = read_set(path, split)
        return SetMaterial(found, _chosen(set_cases(found), limit), path)
    if split is not None:
        raise QueryError(f"{path} is no folder of a set, so that it has no split {split!r}")
    return OwnMaterial(path.stem, _chosen(read_cases(path), limit), collection)


@contextmanager
def workplace(settings: Settings) -> Iterator[Path]:
    """A folder for a library that is gone afterwards."""
    parent = settings.paths.experiments
    try:
        parent.mkdir(parents=True, exist_ok=True)
        folder = TemporaryDirectory(prefix="work-", dir=parent)
    except OSError as error:
        raise StoreError(f"{error.filename or parent}: {error.strerror or error}") from error
    with folder as name:
        yield Path(name)


def _chosen(cases: list[Case], limit: int | None) -> list[Case]:
    """All questions, or so many of them, always the same ones, in their order."""
    if limit is None or limit >= len(cases):
        return cases
    numbers = Random(0).sample(range(len(cases)), limit)
    return [cases[number] for number in sorted(numbers)]


def _at(settings: Settings, library: Path) -> Settings:
    """The same settings over another library, its answers not logged one by one."""
    changes = {
        "paths": settings.paths.model_copy(update={"library": library}),
        "tracking": settings.tracking.model_copy(update={"ask": False}),
    }
    return settings.model_copy(update=changes)


def _copy(source: Path, target: Path) -> None:
    """Copy a library as it is at one moment, whoever is writing to it; all of it or nothing."""
    part = target.with_suffix(".part")
    with translated(source), closing(connect_reader(source)) as reader:
        part.unlink(missing_ok=True)
        with closing(sqlite3.connect(part)) as writer:
            reader.backup(writer)
        part.rename(target)
