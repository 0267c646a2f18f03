from __future__ import annotations

import pytest

from dragtor.interfaces import VectorStore
from tests.contracts.vector_store import VectorStoreContract
from tests.fakes import DictVectorStore


class TestDictVectorStore(VectorStoreContract):
    @pytest.fixture
    def store(self) -> VectorStore:
        return DictVectorStore()
