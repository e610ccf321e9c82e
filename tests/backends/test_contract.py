"""The public contract suite, run by every backend of the package."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backends.memory import MemoryBackend, MemoryStore
from backends.sqlite import SqliteBackend
from backends.testing import BackendContract

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backends.base import StateBackend


class TestMemory(BackendContract):
    @pytest.fixture(autouse=True)
    def _place(self) -> None:
        self.store = MemoryStore()

    def open(self, project: str) -> StateBackend:
        return MemoryBackend(self.store, project)


class TestSqlite(BackendContract):
    @pytest.fixture(autouse=True)
    def _place(self, tmp_path: Path) -> Iterator[None]:
        self.path = tmp_path / "state.db"
        self.handles: list[SqliteBackend] = []
        yield
        for handle in self.handles:
            handle.close()

    def open(self, project: str) -> StateBackend:
        handle = SqliteBackend(self.path, project)
        self.handles.append(handle)
        return handle
