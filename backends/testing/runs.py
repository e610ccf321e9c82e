"""The contract of runs and journals."""

# ruff: noqa: D102, S101 - tests: a name says what is tested, an assert tests it

from __future__ import annotations

from dataclasses import replace

import pytest

from backends.base import (
    JournalOrderError,
    ObjectMissingError,
    RunExistsError,
    RunNotOpenError,
)
from backends.testing.case import ABSENT, Case, a_draft, a_record, a_request, a_run


class RunCase(Case):
    """What a run intends and does is there for whoever comes after it."""

    def test_a_run_and_its_journal_read_back(self) -> None:
        backend = self.created()
        lease = backend.acquire(a_request())
        (plan,) = backend.put([b"plan"])
        run = a_run(plan=plan)
        backend.begin_run(run, token=lease.token)
        backend.append("run-1", [a_record(1), a_record(2, "end")], token=lease.token)
        backend.append("run-1", [], token=lease.token)
        backend.append("run-1", [a_record(5)], token=lease.token)
        other = self.open("shop")

        assert other.findings() == ()
        assert other.open_runs() == (run,)
        assert other.journal("run-1") == (a_record(1), a_record(2, "end"), a_record(5))

    def test_open_runs_by_start(self) -> None:
        backend = self.created()
        lease = backend.acquire(a_request())
        runs = [
            replace(a_run("run-z"), started_at="2030-01-01T00:00:00Z"),
            replace(a_run("run-b"), started_at="2030-01-02T00:00:00Z"),
            replace(a_run("run-c"), started_at="2030-01-02T00:00:00Z"),
        ]
        for run in reversed(runs):
            backend.begin_run(run, token=lease.token)
        assert backend.open_runs() == tuple(runs)

    def test_a_run_begins_once(self) -> None:
        backend = self.created()
        lease = backend.acquire(a_request())
        backend.begin_run(a_run(), token=lease.token)
        with pytest.raises(RunExistsError):
            backend.begin_run(a_run(), token=lease.token)
        backend.close_run("run-1", token=lease.token)
        with pytest.raises(RunExistsError):
            backend.begin_run(a_run(), token=lease.token)

    def test_a_run_needs_its_plan(self) -> None:
        backend = self.created()
        lease = backend.acquire(a_request())
        with pytest.raises(ObjectMissingError):
            backend.begin_run(a_run(plan=ABSENT), token=lease.token)
        assert backend.open_runs() == ()

    @pytest.mark.parametrize("sequences", [(2,), (1,), (3, 3), (4, 3)])
    def test_a_group_out_of_order_is_refused_whole(self, sequences: tuple[int, ...]) -> None:
        backend = self.created()
        lease = backend.acquire(a_request())
        backend.begin_run(a_run(), token=lease.token)
        backend.append("run-1", [a_record(2)], token=lease.token)
        with pytest.raises(JournalOrderError):
            backend.append("run-1", [a_record(item) for item in sequences], token=lease.token)
        assert backend.journal("run-1") == (a_record(2),)

    def test_a_closed_run_is_readable_and_not_writable(self) -> None:
        backend = self.created()
        lease = backend.acquire(a_request())
        backend.begin_run(a_run(), token=lease.token)
        backend.append("run-1", [a_record(1)], token=lease.token)
        backend.close_run("run-1", token=lease.token)

        assert backend.open_runs() == ()
        assert backend.journal("run-1") == (a_record(1),)
        for run in ("run-1", "never"):
            with pytest.raises(RunNotOpenError):
                backend.append(run, [a_record(2)], token=lease.token)
            with pytest.raises(RunNotOpenError):
                backend.close_run(run, token=lease.token)
            with pytest.raises(RunNotOpenError):
                backend.commit(a_draft(), expected=None, token=lease.token, closes=run)
        assert backend.head() is None

    def test_a_revision_closes_its_run(self) -> None:
        backend = self.created()
        lease = backend.acquire(a_request())
        backend.begin_run(a_run(), token=lease.token)
        backend.begin_run(a_run("run-2"), token=lease.token)
        backend.commit(a_draft(), expected=None, token=lease.token, closes="run-1")
        assert backend.open_runs() == (a_run("run-2"),)

    def test_another_run_closes_one_that_died(self) -> None:
        backend = self.created()
        first = backend.acquire(a_request(term=0))
        backend.begin_run(a_run(), token=first.token)
        second = backend.acquire(a_request("run-2"))
        backend.commit(
            a_draft(status="recovered"), expected=None, token=second.token, closes="run-1"
        )
        assert backend.open_runs() == ()
