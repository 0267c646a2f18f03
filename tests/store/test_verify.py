"""Each way in which a library can be broken is named, with an id and with what to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dragtor.store.chroma import ChromaStore
from dragtor.store.library import SqliteLibrary
from dragtor.store.tokens import FileTokenStore
from dragtor.store.verify import verify
from dragtor.types import Generation
from tests.fakes import DictVectorStore
from tests.store.making import id_of, index, put
from tests.store.processes import space_name

SPACE = "g1-dense"


@pytest.fixture
def library(tmp_path: Path) -> Iterator[SqliteLibrary]:
    library = SqliteLibrary(tmp_path / "library")
    put(library, "a.txt", "One.\nTwo.", title="Numbers")
    yield library
    library.close()


@pytest.fixture
def generation(library: SqliteLibrary) -> Generation:
    return index(library)


@pytest.fixture
def vectors(library: SqliteLibrary, generation: Generation) -> DictVectorStore:
    vectors = DictVectorStore()
    vectors.create(SPACE, 2)
    ids = sorted(library.passage_ids(generation.id))
    vectors.add(SPACE, ids, np.ones((len(ids), 2), dtype=np.float32))
    return vectors


def broken(library: SqliteLibrary, *statements: str) -> None:
    with library.database.transaction() as connection:
        for statement in statements:
            connection.execute(statement)


def problem(library: SqliteLibrary, vectors: DictVectorStore) -> str:
    problems = verify(library, vectors, space_name)
    assert len(problems) == 1, problems
    return problems[0]


def test_a_whole_library_has_no_problems(library: SqliteLibrary, vectors: DictVectorStore) -> None:
    assert verify(library, vectors, space_name) == []


def test_an_empty_library_has_no_problems(tmp_path: Path) -> None:
    library = SqliteLibrary(tmp_path / "none")
    assert verify(library, DictVectorStore(), space_name) == []
    assert not library.folder.exists()


def test_missing_vectors_are_named(
    library: SqliteLibrary, generation: Generation, vectors: DictVectorStore
) -> None:
    lost = sorted(library.passage_ids(generation.id))[0]
    vectors.delete(SPACE, [lost])
    assert f"1 passages without a vector ({lost})" in problem(library, vectors)


def test_vectors_of_nothing_are_named(library: SqliteLibrary, vectors: DictVectorStore) -> None:
    vectors.add(SPACE, ["0" * 16], np.ones((1, 2), dtype=np.float32))
    assert f"1 vectors without a passage ({'0' * 16})" in problem(library, vectors)


def test_other_spaces_of_a_generation_hold_vectors_of_documents(
    library: SqliteLibrary, vectors: DictVectorStore
) -> None:
    id = id_of(library, "a.txt")
    vectors.create("g1-summary-1", 2)
    vectors.add("g1-summary-1", [id], np.ones((1, 2), dtype=np.float32))
    assert verify(library, vectors, space_name) == []
    vectors.add("g1-summary-1", ["nobody"], np.ones((1, 2), dtype=np.float32))
    assert "1 vectors without a document (nobody)" in problem(library, vectors)


def test_spaces_of_no_generation_are_named(
    library: SqliteLibrary, vectors: DictVectorStore
) -> None:
    vectors.create("g9-dense", 2)
    assert "1 vector spaces of no generation (g9-dense)" in problem(library, vectors)


def test_missing_originals_are_named(library: SqliteLibrary, vectors: DictVectorStore) -> None:
    (path,) = (path for path in library.originals.folder.rglob("*") if path.is_file())
    path.unlink()
    assert f"1 originals missing ({path.name})" in problem(library, vectors)


def test_keywords_of_another_title_are_named(
    library: SqliteLibrary, vectors: DictVectorStore
) -> None:
    broken(library, "UPDATE versions SET title = 'Letters'")
    assert "keywords of generation 1 are not those of its texts" in problem(library, vectors)


def test_passages_without_keywords_are_named(
    library: SqliteLibrary, vectors: DictVectorStore
) -> None:
    broken(library, "INSERT INTO keywords_1 (keywords_1) VALUES ('delete-all')")
    problems = verify(library, vectors, space_name)
    assert "2 passages without keywords" in problems[0]


def test_passages_outside_of_their_text_are_named(
    library: SqliteLibrary, vectors: DictVectorStore
) -> None:
    broken(library, "UPDATE passages SET end = 1000 WHERE start > 0")
    assert "1 passages outside of their text" in verify(library, vectors, space_name)[0]


def test_texts_that_were_changed_are_named(
    library: SqliteLibrary, vectors: DictVectorStore
) -> None:
    broken(library, "UPDATE versions SET text = text || 'x'")
    assert "1 texts of another length" in problem(library, vectors)


def test_rows_that_refer_to_nothing_are_named(
    library: SqliteLibrary, vectors: DictVectorStore
) -> None:
    with library.database.writing():
        assert library.database._writer is not None
        library.database._writer.execute("PRAGMA foreign_keys = OFF")
        broken(library, "UPDATE passages SET version = 77 WHERE start = 0")
    assert any("passages refers to nothing" in one for one in verify(library, vectors, space_name))


def test_vectors_that_cannot_be_read_are_a_problem_like_others(
    library: SqliteLibrary, generation: Generation
) -> None:
    store = ChromaStore(library.folder / "chroma")
    (library.folder / "chroma").mkdir()
    (library.folder / "chroma" / "recent.db").write_bytes(b"not a database" * 1000)
    (said,) = verify(library, store, space_name)
    assert "recent.db" in said
    store.close()


def test_a_library_that_is_being_written_to_can_be_verified(
    library: SqliteLibrary, vectors: DictVectorStore
) -> None:
    other = SqliteLibrary(library.folder)
    with other.writing():
        assert verify(library, vectors, space_name) == []
    assert id_of(library, "a.txt")


def test_missing_token_vectors_are_named(library: SqliteLibrary, tmp_path: Path) -> None:
    generation = index(library, spaces={"dense": "e", "late": "words"})
    vectors = DictVectorStore()
    vectors.create(SPACE, 2)
    ids = sorted(library.passage_ids(generation.id))
    vectors.add(SPACE, ids, np.ones((len(ids), 2), dtype=np.float32))
    tokens = FileTokenStore(tmp_path / "tokens")
    keys = library.input_hashes(generation.id, ids)
    tokens.create("words", 4)
    tokens.add("words", [keys[ids[0]]], [np.zeros((3, 4), dtype=np.uint8)])
    (said,) = verify(library, vectors, space_name, tokens)
    assert said.startswith(f"1 passages without token vectors ({ids[1]}): `dragtor index` makes")
    tokens.add("words", [keys[ids[1]]], [np.zeros((3, 4), dtype=np.uint8)])
    assert verify(library, vectors, space_name, tokens) == []
    tokens.close()
