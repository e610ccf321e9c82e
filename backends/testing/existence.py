"""The contract of creating, of objects, and of what is not there."""

# ruff: noqa: D102, PLR2004, S101 - tests: a name says what is tested, an assert tests it

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backends.base import (
    ObjectMissingError,
    RevisionNotFoundError,
    StateMissingError,
    object_id,
)
from backends.testing.case import ABSENT, Case, a_draft, a_record, a_request, a_run

if TYPE_CHECKING:
    from collections.abc import Callable


class ExistenceCase(Case):
    """Nothing is created by accident; objects come back as they were."""

    def test_an_absent_state_reads_as_empty(self) -> None:
        backend = self.open("shop")

        assert not backend.exists()
        assert backend.key() is None
        assert backend.head() is None
        assert list(backend.revisions()) == []
        assert backend.resources() == {}
        assert list(backend.resource_history("a")) == []
        assert backend.objects([]) == {}
        assert backend.leases() == ()
        assert backend.open_runs() == ()
        assert backend.journal("run-1") == ()
        assert backend.findings() == ()
        with pytest.raises(RevisionNotFoundError):
            backend.revision(1)
        with pytest.raises(RevisionNotFoundError):
            backend.resources(at=1)
        with pytest.raises(ObjectMissingError):
            backend.objects([ABSENT])

    def test_reading_an_absent_state_does_not_create_it(self) -> None:
        backend = self.open("shop")
        backend.head()
        backend.resources()
        assert not self.open("shop").exists()

    def test_an_absent_state_refuses_writes(self) -> None:
        backend = self.open("shop")
        writes: list[Callable[[], object]] = [
            lambda: backend.put([b"x"]),
            lambda: backend.acquire(a_request()),
            lambda: backend.commit(a_draft(), expected=None, token=1),
            lambda: backend.begin_run(a_run(), token=1),
            lambda: backend.append("run-1", [a_record(1)], token=1),
            lambda: backend.close_run("run-1", token=1),
        ]
        for write in writes:
            with pytest.raises(StateMissingError):
                write()
        assert backend.unlock("run-1") is None
        assert not backend.exists()

    def test_creating_is_idempotent_and_seen_by_other_handles(self) -> None:
        backend, other = self.created(), self.open("shop")
        lease = backend.acquire(a_request())
        other.create()

        assert other.exists()
        assert other.leases() == (lease,)

    def test_the_key_comes_with_the_state_and_stays(self) -> None:
        backend = self.created()
        key = backend.key()
        assert key is not None
        assert len(key) == 32
        backend.create()
        assert backend.key() == self.open("shop").key() == key

    def test_projects_are_apart(self) -> None:
        backend = self.created("shop")
        lease = backend.acquire(a_request())
        (name,) = backend.put([b"x"])
        backend.begin_run(a_run(), token=lease.token)
        backend.commit(a_draft({"a": name}), expected=None, token=lease.token)

        assert not self.open("bank").exists()
        bank = self.created("bank")
        assert bank.key() != backend.key()
        assert bank.head() is None
        assert bank.resources() == {}
        assert bank.leases() == ()
        assert bank.open_runs() == ()
        assert bank.acquire(a_request()).token

    def test_objects_come_back_as_they_were(self) -> None:
        backend = self.created()
        contents = [b"", b"\x00\xff not text", '{"λ": 1}'.encode(), b"x" * 300_000]
        ids = backend.put(iter(contents))

        assert ids == tuple(map(object_id, contents))
        assert self.open("shop").objects(reversed(ids)) == dict(zip(ids, contents, strict=True))

    def test_putting_twice_changes_nothing(self) -> None:
        backend = self.created()
        first = backend.put([b"x", b"x"])
        assert backend.put([b"x"]) == first[:1]
        assert backend.put([]) == ()

    def test_all_missing_objects_are_named(self) -> None:
        backend = self.created()
        (name,) = backend.put([b"x"])
        others = {object_id(b"y"), ABSENT}
        with pytest.raises(ObjectMissingError) as caught:
            backend.objects([name, *others])
        assert set(caught.value.ids) == others
