"""The contract of revisions and of head."""

# ruff: noqa: D102, PLR2004, S101 - tests: a name says what is tested, an assert tests it

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from backends.base import (
    ConflictError,
    HeadMovedError,
    ObjectMissingError,
    RevisionNotFoundError,
    commit_disjoint,
)
from backends.testing.case import ABSENT, Case, a_draft, a_request, a_run

if TYPE_CHECKING:
    from backends.base import Lease, Revision, StateBackend


class HistoryCase(Case):
    """History is a chain that only grows, and only from where the writer looked."""

    def _three_revisions(self, backend: StateBackend) -> tuple[Lease, list[Revision], list[str]]:
        lease = backend.acquire(a_request())
        ids = list(backend.put([b"1", b"2", b"3"]))
        changes: list[dict[str, str | None]] = [
            {"a": ids[0], "b": ids[0]},
            {"a": ids[1], "c": ids[2]},
            {"b": None, "a": ids[0]},
        ]
        revisions: list[Revision] = []
        for change in changes:
            expected = revisions[-1].id if revisions else None
            revisions.append(backend.commit(a_draft(change), expected=expected, token=lease.token))
        return lease, revisions, ids

    def test_maps_that_are_stored_are_those_of_revisions(self) -> None:
        backend = self.created()
        assert backend.mapped() == ()
        _, revisions, _ = self._three_revisions(backend)
        numbers = [item.number for item in revisions]
        stored = self.open("shop").mapped()
        assert list(stored) == sorted(set(stored) & set(numbers))

    def test_revisions_form_a_chain_that_reads_back(self) -> None:
        backend = self.created()
        _, revisions, _ = self._three_revisions(backend)
        other = self.open("shop")

        assert [item.number for item in revisions] == [1, 2, 3]
        assert revisions[0].parent is None
        assert all(after.parent == before.id for before, after in pairwise(revisions))
        assert all(item.is_intact() for item in revisions)
        assert other.head() == revisions[-1]
        assert [other.revision(number) for number in (1, 2, 3)] == revisions
        assert list(other.revisions()) == revisions[::-1]
        assert list(other.revisions(limit=2)) == revisions[:0:-1]
        assert list(other.revisions(limit=0)) == []

    def test_a_revision_keeps_every_field(self) -> None:
        backend = self.created()
        lease = backend.acquire(a_request())
        draft = replace(a_draft({"gone": None}), reverts=7, message="")
        revision = backend.commit(draft, expected=None, token=lease.token)
        found = self.open("shop").revision(1)

        assert found == revision
        assert (found.status, found.author, found.created_at, found.message) == (
            draft.status,
            draft.author,
            draft.created_at,
            "",
        )
        assert (found.plan_id, found.git_commit, found.reverts) == ("f" * 64, "0" * 40, 7)
        assert found.changes == {"gone": None}
        assert found.details == draft.details

    def test_undecodable_texts_do_not_stop_a_commit(self) -> None:
        backend = self.created()
        lease = backend.acquire(replace(a_request(), command="apply \udcff", who="\udcfe"))
        draft = replace(a_draft(), message="by \udcff", author="\udcff", details={"m": "\udcff"})
        revision = backend.commit(draft, expected=None, token=lease.token)
        assert self.open("shop").head() == revision

    def test_unknown_revisions_are_errors(self) -> None:
        backend = self.created()
        self._three_revisions(backend)
        for number in (-1, 0, 4):
            with pytest.raises(RevisionNotFoundError) as caught:
                backend.revision(number)
            assert (caught.value.number, caught.value.newest) == (number, 3)
            with pytest.raises(RevisionNotFoundError):
                backend.resources(at=number)

    def test_more_revisions_than_a_page(self) -> None:
        backend = self.created()
        token = backend.acquire(a_request()).token
        head: Revision | None = None
        for _ in range(120):
            head = backend.commit(a_draft(), expected=head.id if head else None, token=token)
        assert [item.number for item in backend.revisions()] == list(range(120, 0, -1))
        assert [item.number for item in backend.revisions(limit=70)][-1] == 51

    def test_resources_at_every_revision(self) -> None:
        backend = self.created()
        _, _, (one, two, three) = self._three_revisions(backend)

        assert backend.resources(at=1) == {"a": one, "b": one}
        assert backend.resources(at=2) == {"a": two, "b": one, "c": three}
        assert backend.resources(at=3) == backend.resources() == {"a": one, "c": three}
        assert list(backend.resources()) == ["a", "c"]

    def test_the_history_of_an_address(self) -> None:
        backend = self.created()
        _, _, (one, two, _) = self._three_revisions(backend)

        assert list(backend.resource_history("a")) == [(3, one), (2, two), (1, one)]
        assert list(backend.resource_history("b")) == [(3, None), (1, one)]
        assert list(backend.resource_history("nowhere")) == []

    def test_head_moves_by_compare_and_swap(self) -> None:
        backend = self.created()
        lease, revisions, _ = self._three_revisions(backend)
        for expected in (None, revisions[0].id, ABSENT):
            with pytest.raises(HeadMovedError) as caught:
                backend.commit(a_draft(), expected=expected, token=lease.token)
            assert caught.value.expected == expected
            assert caught.value.found == revisions[-1]
        assert backend.head() == revisions[-1]

    def test_an_empty_history_is_not_what_was_expected(self) -> None:
        backend = self.created()
        lease = backend.acquire(a_request())
        with pytest.raises(HeadMovedError) as caught:
            backend.commit(a_draft(), expected=ABSENT, token=lease.token)
        assert caught.value.found is None

    def test_a_commit_refers_to_stored_objects_only(self) -> None:
        backend = self.created()
        lease = backend.acquire(a_request())
        (name,) = backend.put([b"x"])
        backend.begin_run(a_run(), token=lease.token)
        with pytest.raises(ObjectMissingError) as caught:
            backend.commit(
                a_draft({"a": name, "b": ABSENT, "c": None}),
                expected=None,
                token=lease.token,
                closes="run-1",
            )
        assert caught.value.ids == (ABSENT,)
        assert backend.head() is None
        assert backend.resources() == {}
        assert len(backend.open_runs()) == 1

    def test_one_of_many_threads_wins_each_revision(self) -> None:
        backend = self.created()
        token = backend.acquire(a_request()).token
        names = backend.put(str(number).encode() for number in range(12))

        def write(number: int) -> Revision:
            draft = a_draft({f"address-{number}": names[number]})
            handle = backend if number % 2 else self.open("shop")
            return commit_disjoint(handle, draft, base=None, token=token)

        with ThreadPoolExecutor(4) as pool:
            revisions = list(pool.map(write, range(12)))
        assert sorted(item.number for item in revisions) == list(range(1, 13))
        assert set(backend.resources().values()) == set(names)

    def test_disjoint_changes_are_put_on_top_of_head(self) -> None:
        backend = self.created()
        lease, revisions, (one, _, _) = self._three_revisions(backend)
        backend.begin_run(a_run(), token=lease.token)
        committed = commit_disjoint(
            backend, a_draft({"c": one}), base=revisions[1], token=lease.token, closes="run-1"
        )
        assert committed.number == 4
        assert committed.parent == revisions[2].id
        assert backend.resources()["c"] == one
        assert backend.open_runs() == ()

    def test_overlapping_changes_are_a_conflict_that_names_both(self) -> None:
        backend = self.created()
        lease, revisions, (one, _, _) = self._three_revisions(backend)
        draft = a_draft({"b": one, "c": one, "z": one})
        for base, found, addresses in (
            (revisions[1], revisions[2], ("b",)),
            (revisions[0], revisions[2], ("b",)),
            (None, revisions[2], ("b",)),
        ):
            with pytest.raises(ConflictError) as caught:
                commit_disjoint(backend, draft, base=base, token=lease.token)
            assert (caught.value.base, caught.value.found) == (base, found)
            assert caught.value.addresses == addresses
        assert backend.head() == revisions[2]
