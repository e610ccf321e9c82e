"""The contract of where a history begins, and of forgetting what is old."""

# ruff: noqa: D102, PLR2004, S101 - tests: a name says what is tested, an assert tests it

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from backends.base import (
    EVERYTHING,
    ConflictError,
    FencedError,
    ObjectMissingError,
    Origin,
    RevisionNotFoundError,
    StateMissingError,
    commit_disjoint,
    object_id,
)
from backends.testing.case import ABSENT, Case, a_draft, a_record, a_request, a_run

if TYPE_CHECKING:
    from backends.base import Lease, Revision, StateBackend

KEY = bytes(range(32))


class PruningCase(Case):
    """What is old goes when it is told to, and nothing else does."""

    def _history(self, backend: StateBackend) -> tuple[Lease, list[Revision], list[str]]:
        """Return a lease, and five revisions with the objects that they record.

        Objects 0 and 1 are replaced by the third revision and 2 stays.
        """
        lease = backend.acquire(replace(a_request(), exclusive=frozenset({EVERYTHING})))
        ids = list(backend.put([f"object {number}".encode() for number in range(5)]))
        changes: list[dict[str, str | None]] = [
            {"a": ids[0], "b": ids[1], "c": ids[2]},
            {"a": ids[1]},
            {"a": ids[3], "b": None},
            {"a": ids[4]},
            {"d": ids[3]},
        ]
        revisions: list[Revision] = []
        for change in changes:
            expected = revisions[-1].id if revisions else None
            revisions.append(backend.commit(a_draft(change), expected=expected, token=lease.token))
        return lease, revisions, ids

    def test_a_new_state_starts_from_nothing(self) -> None:
        assert self.open("shop").origin() is None
        backend = self.created()
        key = backend.key()
        assert key is not None
        assert backend.origin() == Origin(key=key)

    def test_a_state_may_start_from_a_revision_that_is_elsewhere(self) -> None:
        backend = self.open("shop")
        x, y = object_id(b"x"), object_id(b"y")
        origin = Origin(key=KEY, number=7, id=ABSENT, resources={"b": x, "a": y})
        backend.create(origin)
        other = self.open("shop")

        assert other.origin() == origin
        assert other.key() == KEY
        assert other.head() is None
        assert list(other.revisions()) == []
        assert list(other.resource_history("a")) == []
        assert list(other.resources().items()) == [("a", y), ("b", x)]
        with pytest.raises(RevisionNotFoundError) as caught:
            other.revision(7)
        assert (caught.value.newest, caught.value.forgotten) == (None, 7)

    def test_history_goes_on_from_where_it_starts(self) -> None:
        backend = self.open("shop")
        x, y = object_id(b"x"), object_id(b"y")
        backend.create(Origin(key=KEY, number=7, id=ABSENT, resources={"a": x, "b": x}))
        token = backend.acquire(a_request()).token
        backend.put([b"x", b"y"])
        first = backend.commit(a_draft({"a": y, "c": y}), expected=None, token=token)
        second = backend.commit(a_draft({"b": None}), expected=first.id, token=token)
        other = self.open("shop")

        assert (first.number, first.parent) == (8, ABSENT)
        assert (second.number, second.parent) == (9, first.id)
        assert list(other.revisions()) == [second, first]
        assert other.resources(at=8) == {"a": y, "b": x, "c": y}
        assert other.resources(at=9) == other.resources() == {"a": y, "c": y}
        assert list(other.resource_history("a")) == [(8, y)]
        for number in (7, 1):
            with pytest.raises(RevisionNotFoundError, match="no longer kept"):
                other.resources(at=number)

    def test_the_origin_of_a_state_that_exists_stays(self) -> None:
        backend = self.created()
        before = backend.origin()
        backend.create(Origin(key=KEY, number=7, id=ABSENT))
        assert backend.origin() == before

    def test_forgetting_moves_the_beginning(self) -> None:
        backend = self.created()
        key = backend.key()
        assert key is not None
        lease, revisions, ids = self._history(backend)
        before = {number: backend.resources(at=number) for number in (3, 4, 5)}
        backend.forget(2, token=lease.token)

        for handle in (backend, self.open("shop")):
            assert handle.origin() == Origin(
                key=key,
                number=2,
                id=revisions[1].id,
                resources={"a": ids[1], "b": ids[1], "c": ids[2]},
            )
            assert list(handle.revisions()) == revisions[:1:-1]
            assert handle.head() == revisions[4]
            assert {number: handle.resources(at=number) for number in (3, 4, 5)} == before
            assert handle.resources() == before[5]
            assert list(handle.resource_history("a")) == [(4, ids[4]), (3, ids[3])]
            assert list(handle.resource_history("b")) == [(3, None)]
            for number in (1, 2):
                with pytest.raises(RevisionNotFoundError) as caught:
                    handle.revision(number)
                assert (caught.value.newest, caught.value.forgotten) == (5, 2)
                assert "Revision" in caught.value.summary
                assert "revision 3 is the oldest" in caught.value.detail
                with pytest.raises(RevisionNotFoundError, match="no longer kept"):
                    handle.resources(at=number)

    def test_forgetting_removes_what_nothing_names(self) -> None:
        backend = self.created()
        lease, _, ids = self._history(backend)
        (loose,) = backend.put([b"put and never committed"])
        removed = backend.forget(4, token=lease.token)

        assert removed >= 3  # of a backend's own there may be more
        for handle in (backend, self.open("shop")):
            with pytest.raises(ObjectMissingError) as caught:
                handle.objects([*ids, loose])
            assert set(caught.value.ids) == {ids[0], ids[1], loose}
            assert len(handle.objects([ids[2], ids[3], ids[4]])) == 3

    def test_what_was_forgotten_can_be_put_again(self) -> None:
        backend = self.created()
        other = self.open("shop")
        lease, revisions, ids = self._history(backend)
        assert other.objects(ids)  # so that it knows them to be there
        backend.forget(4, token=lease.token)

        with pytest.raises(ObjectMissingError):
            other.commit(a_draft({"a": ids[0]}), expected=revisions[4].id, token=lease.token)
        assert other.put([b"object 0"]) == (ids[0],)
        other.commit(a_draft({"a": ids[0]}), expected=revisions[4].id, token=lease.token)
        assert self.open("shop").objects([ids[0]]) == {ids[0]: b"object 0"}

    def test_history_goes_on_after_forgetting(self) -> None:
        backend = self.created()
        lease, revisions, ids = self._history(backend)
        backend.forget(4, token=lease.token)
        sixth = backend.commit(a_draft({"c": ids[4]}), expected=revisions[4].id, token=lease.token)
        backend.forget(5, token=lease.token)
        assert (sixth.number, sixth.parent) == (6, revisions[4].id)
        assert list(self.open("shop").revisions()) == [sixth]
        assert backend.resources() == {"a": ids[4], "c": ids[4], "d": ids[3]}

    @pytest.mark.parametrize("number", [-1, 0, 5, 99])
    def test_head_is_kept_whatever_the_number(self, number: int) -> None:
        backend = self.created()
        lease, revisions, _ = self._history(backend)
        resources = backend.resources()
        backend.forget(number, token=lease.token)
        assert backend.head() == revisions[4]
        assert backend.resources() == resources
        assert len(list(backend.revisions())) == (5 if number < 1 else 1)
        backend.forget(2, token=lease.token)
        assert len(list(backend.revisions())) == (3 if number < 1 else 1)

    def test_an_empty_history_is_forgotten_without_harm(self) -> None:
        backend = self.created()
        token = backend.acquire(a_request()).token
        (name,) = backend.put([b"x"])
        assert backend.forget(3, token=token) == 1
        assert backend.head() is None
        with pytest.raises(ObjectMissingError):
            backend.objects([name])
        (name,) = backend.put([b"x"])
        assert backend.commit(a_draft({"a": name}), expected=None, token=token).number == 1

    def test_open_runs_are_kept_and_closed_ones_are_not(self) -> None:
        backend = self.created()
        lease, _, _ = self._history(backend)
        plan, done = backend.put([b"plan", b"done"])
        for run, name in (("open", plan), ("closed", done)):
            backend.begin_run(a_run(run, name), token=lease.token)
            backend.append(run, [a_record(1)], token=lease.token)
        backend.close_run("closed", token=lease.token)
        backend.forget(0, token=lease.token)

        other = self.open("shop")
        assert other.open_runs() == (a_run("open", plan),)
        assert other.journal("open") == (a_record(1),)
        assert other.objects([plan]) == {plan: b"plan"}
        assert other.journal("closed") == ()
        with pytest.raises(ObjectMissingError):
            other.objects([done])
        backend.append("open", [a_record(2)], token=lease.token)
        backend.close_run("open", token=lease.token)
        backend.begin_run(a_run("closed"), token=lease.token)

    def test_more_revisions_than_a_page_are_forgotten(self) -> None:
        backend = self.created()
        token = backend.acquire(a_request()).token
        names = backend.put(f"{number}".encode() for number in range(90))
        head: Revision | None = None
        for number in range(112):
            change = {f"r{number % 90}": names[number % 90] if number % 7 else None}
            head = backend.commit(a_draft(change), expected=head.id if head else None, token=token)
        before = {number: backend.resources(at=number) for number in (107, 112)}
        for last in (50, 99, 100, 106):
            backend.forget(last, token=token)
            other = self.open("shop")
            assert [one.number for one in other.revisions()] == list(range(112, last, -1))
            assert {number: other.resources(at=number) for number in before} == before
            assert other.resources() == before[112]

    def test_a_lost_lease_forgets_nothing(self) -> None:
        backend = self.created()
        lease, revisions, ids = self._history(backend)
        backend.release(lease)
        with pytest.raises(FencedError):
            backend.forget(4, token=lease.token)
        assert len(list(backend.revisions())) == len(revisions)
        assert len(backend.objects(ids)) == 5

    def test_an_absent_state_forgets_nothing(self) -> None:
        with pytest.raises(StateMissingError):
            self.open("shop").forget(1, token=1)

    def test_projects_forget_apart(self) -> None:
        backend, bank = self.created("shop"), self.created("bank")
        token = bank.acquire(a_request()).token
        bank.put([f"object {number}".encode() for number in range(5)])
        lease, _, ids = self._history(backend)
        backend.forget(4, token=lease.token)

        assert len(self.open("bank").objects(ids)) == 5  # put, not committed yet, and there
        bank.commit(a_draft({"a": ids[0]}), expected=None, token=token)
        backend.forget(4, token=lease.token)
        assert self.open("bank").objects([ids[0]]) == {ids[0]: b"object 0"}

    def test_what_was_forgotten_since_is_a_conflict(self) -> None:
        backend = self.created()
        lease, revisions, ids = self._history(backend)
        backend.forget(4, token=lease.token)
        draft = a_draft({"z": ids[3]})
        for base in (None, revisions[0], revisions[2]):
            with pytest.raises(ConflictError):
                commit_disjoint(backend, draft, base=base, token=lease.token)
        assert commit_disjoint(backend, draft, base=revisions[3], token=lease.token).number == 6
