from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dragtor.interfaces import Library
from dragtor.store.library import SqliteLibrary
from tests.contracts.library import LibraryContract


@pytest.fixture
def library(tmp_path: Path) -> Iterator[SqliteLibrary]:
    library = SqliteLibrary(tmp_path / "library")
    yield library
    library.close()


class TestSqliteLibrary(LibraryContract):
    @pytest.fixture
    def library(self, library: SqliteLibrary) -> Library:
        return library
