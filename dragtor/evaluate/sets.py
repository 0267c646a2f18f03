"""Reading retrieval sets: documents, questions, and which answers which."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from dragtor.errors import SourceError


@dataclass(frozen=True, slots=True)
class Text:
    """A document of a set."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a set; ``answers`` are references, ``meta`` whatever the set says about it."""

    id: str
    text: str
    meta: Mapping[str, Any] = field(default_factory=dict)
    answers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RetrievalSet:
    """Documents, questions, and by question id the grades of documents (above 0: relevant)."""

    name: str
    documents: tuple[Text, ...]
    questions: tuple[Question, ...]
    qrels: Mapping[str, Mapping[str, int]]

    def judged(self, split: str | None = None) -> list[Question]:
        """Questions with at least one relevant document, of one split (``meta.split``) if named."""
        return [
            question
            for question in self.questions
            if any(grade > 0 for grade in self.qrels.get(question.id, {}).values())
            and (split is None or question.meta.get("split") == split)
        ]


def read_set(folder: Path, split: str | None = None) -> RetrievalSet:
    """Read ``corpus.jsonl``, ``queries.jsonl`` and the judgements of a folder.

    Judgements are ``qrels.tsv``, or every ``qrels/*.tsv`` as in BEIR; ids may be called ``_id`` as
    there. A ``split`` is one of these files by its name (``qrels/test.tsv``), or the questions
    whose ``meta`` says so. Raises SourceError, naming file and line, if something is missing or
    cannot be read, and naming the splits there are if there is none of this name.
    """
    questions = tuple(
        Question(
            _id(row),
            row["text"],
            row.get("meta") or row.get("metadata") or {},
            references(row),
        )
        for row in _rows(folder / "queries.jsonl")
    )
    qrels = read_qrels(folder, split)
    if split is not None and not _split_file(folder, split).exists():
        questions = _of_split(folder, questions, split)
    documents = tuple(
        Text(_id(row), row.get("title") or "", row["text"])
        for row in _rows(folder / "corpus.jsonl")
    )
    return RetrievalSet(folder.resolve().name, documents, questions, qrels)


def read_qrels(folder: Path, split: str | None = None) -> dict[str, dict[str, int]]:
    """Grades by question id and document id; see :func:`read_set`."""
    named = [] if split is None else [_split_file(folder, split)]
    files = [file for file in (*named, folder / "qrels.tsv") if file.exists()][:1]
    files = files or sorted((folder / "qrels").glob("*.tsv"))
    if not files:
        raise SourceError(f"{folder} has no qrels.tsv and no qrels/*.tsv: it is no retrieval set")
    qrels: dict[str, dict[str, int]] = {}
    for file in files:
        for question, document, grade in _judgements(file):
            qrels.setdefault(question, {})[document] = grade
    return qrels


def _split_file(folder: Path, split: str) -> Path:
    return folder / "qrels" / f"{split}.tsv"


def _of_split(folder: Path, questions: tuple[Question, ...], split: str) -> tuple[Question, ...]:
    chosen = tuple(one for one in questions if one.meta.get("split") == split)
    if not chosen:
        files = {file.stem for file in (folder / "qrels").glob("*.tsv")}
        there = sorted(files | {str(one.meta["split"]) for one in questions if "split" in one.meta})
        said = f"there are: {', '.join(there)}" if there else "it has none: leave --split out"
        raise SourceError(f"{folder} has no split {split!r}; {said}")
    return chosen


def references(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Reference answers of a question: ``answers`` or ``answer``, one or a list; empty ones go.

    Raises ValueError for what is neither text nor a number or a date, which are as good.
    """
    found = row.get("answers") or row.get("answer")
    listed = found if isinstance(found, list) else [] if found is None else [found]
    for one in listed:
        if isinstance(one, bool) or not isinstance(one, str | int | float | date):
            raise ValueError(f"`answers` holds {one!r}: write texts, in quotes")
    return tuple(text for one in listed if (text := str(one)).strip())


def _judgements(file: Path) -> Iterator[tuple[str, str, int]]:
    """Lines of ``query document grade`` (with a header), or TREC's ``query 0 document grade``."""
    for number, line in lines_of(file):
        fields = line.split("\t") if "\t" in line else line.split()
        if len(fields) == 4:
            del fields[1]
        if len(fields) == 3 and fields[2].lstrip("-").isdigit():
            yield fields[0], fields[1], int(fields[2])
        elif fields and number > 1:
            raise SourceError(f"{file}:{number}: {line[:60]!r} is no judgement: query, id, grade")


def lines_of(file: Path) -> Iterator[tuple[int, str]]:
    """Lines that hold anything, with their numbers. Raises SourceError, naming file and line."""
    try:
        with file.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield (
                        number,
                        line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n"),
                    )
    except UnicodeDecodeError:
        raise SourceError(f"{file}:{number}: this is not UTF-8: save the file as UTF-8") from None
    except OSError as error:
        raise SourceError(f"{file}: {error.strerror or error}") from None


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    """Objects that are what a set is made of, each of an id of its own."""
    if not file.exists():
        raise SourceError(f"{file} is missing: a retrieval set needs it")
    seen: dict[str, int] = {}
    for number, line in lines_of(file):
        try:
            row = json.loads(line)
            id = _checked(row)
        except (ValueError, KeyError, TypeError) as error:
            raise SourceError(f"{file}:{number}: no object with id and text: {error}") from None
        if id in seen:
            raise SourceError(
                f"{file}:{number}: line {seen[id]} has the id {id!r} too: give each its own"
            )
        seen[id] = number
        yield row


def _checked(row: Mapping[str, Any]) -> str:
    """The id of a row in which all is of its kind. Raises ValueError, KeyError and TypeError."""
    if not isinstance(row["text"], str):
        raise ValueError(f"`text` is {row['text']!r}")
    for key, kind in (("title", str), ("meta", dict), ("metadata", dict)):
        if not isinstance(row.get(key) or kind(), kind):
            raise ValueError(f"`{key}` is {row[key]!r}")
    references(row)
    return _id(row)


def _id(row: Mapping[str, Any]) -> str:
    id = row["id"] if "id" in row else row["_id"]
    if isinstance(id, bool) or not isinstance(id, str | int) or not str(id).strip():
        raise ValueError(f"its id is {id!r}")
    return str(id)
