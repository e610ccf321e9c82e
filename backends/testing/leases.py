"""The contract of leases and fencing."""

# ruff: noqa: D102, S101 - tests: a name says what is tested, an assert tests it

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from backends.base import (
    EVERYTHING,
    FencedError,
    LeaseHeldError,
    instant,
    is_live,
)
from backends.testing.case import ABSENT, Case, a_draft, a_record, a_request, a_run

if TYPE_CHECKING:
    from collections.abc import Callable


class LeaseCase(Case):
    """Two live leases never overlap; a lost one writes nothing."""

    def test_a_lease_is_what_was_asked_for(self) -> None:
        backend = self.created()
        request = replace(a_request("run-1", "a", "b"), exclusive=frozenset({"prod"}))
        lease = backend.acquire(request)

        for name in ("run", "who", "host", "pid", "boot_id", "command", "addresses", "exclusive"):
            assert getattr(lease, name) == getattr(request, name)
        assert lease.term == request.term
        assert lease.since < lease.expires
        assert lease.took_over == ()
        assert self.open("shop").leases() == (lease,)

    def test_leases_are_granted_and_judged_by_one_clock(self) -> None:
        backend = self.created()
        before = instant(backend.now())
        lease = backend.acquire(a_request(term=60.0))
        over = backend.acquire(a_request("run-2", "b", term=0))
        for handle in (backend, self.open("shop")):
            now = handle.now()
            assert before <= lease.since <= instant(now)
            assert is_live(lease, host="here", boot_id="", now=now)
            assert not is_live(over, host="here", boot_id="", now=now)
            assert not is_live(lease, host="here", boot_id="", now=now + 60)

    def test_overlapping_leases_exclude_each_other(self) -> None:
        backend = self.created()
        lease = backend.acquire(a_request("run-1", "a", "b"))
        with pytest.raises(LeaseHeldError) as caught:
            self.open("shop").acquire(a_request("run-2", "b", "c"))
        assert caught.value.holder == lease
        assert caught.value.overlap == ("b",)
        assert backend.leases() == (lease,)

    def test_exclusive_names_exclude_each_other(self) -> None:
        backend = self.created()
        exclusive = frozenset({"prod"})
        backend.acquire(replace(a_request("run-1", "a"), exclusive=exclusive))
        with pytest.raises(LeaseHeldError):
            backend.acquire(replace(a_request("run-2", "b"), exclusive=exclusive))
        assert backend.acquire(a_request("run-3", "prod")).took_over == ()

    def test_a_lease_on_everything_lives_alone(self) -> None:
        backend = self.created()
        everything = frozenset({EVERYTHING})
        whole = replace(a_request("run-1", "z"), exclusive=everything)
        lease = backend.acquire(whole)
        nothing = replace(a_request("run-4"), addresses=frozenset())
        for request in (a_request("run-2"), nothing, replace(whole, run="run-3")):
            with pytest.raises(LeaseHeldError, match="holds the whole state") as caught:
                backend.acquire(request)
            assert caught.value.holder == lease
            assert caught.value.overlap == (EVERYTHING,)
        backend.release(lease)
        for request in (a_request("run-2", "a", "b"), nothing):
            held = backend.acquire(request)
            with pytest.raises(LeaseHeldError) as caught:
                backend.acquire(whole)
            assert caught.value.holder == held
            assert caught.value.overlap == (tuple(sorted(request.addresses)) or (EVERYTHING,))
            assert "holds the whole state" not in caught.value.detail
            backend.release(held)
        assert backend.acquire(whole).exclusive == everything

    def test_an_expired_lease_on_everything_is_taken_over(self) -> None:
        backend = self.created()
        others = [backend.acquire(a_request(f"run-{name}", name, term=0)) for name in "ab"]
        whole = replace(a_request("run-1", term=0), exclusive=frozenset({EVERYTHING}))
        lease = backend.acquire(whole)
        assert lease.took_over == tuple(others)
        assert backend.acquire(a_request("run-2", "q")).took_over == (lease,)

    def test_disjoint_leases_live_together_with_increasing_tokens(self) -> None:
        backend = self.created()
        leases = [backend.acquire(a_request(f"run-{name}", name)) for name in "cab"]
        assert backend.leases() == tuple(leases)
        assert all(before.token < after.token for before, after in pairwise(leases))

    def test_tokens_are_never_given_out_twice(self) -> None:
        backend = self.created()
        tokens = []
        for _ in range(3):
            lease = backend.acquire(a_request())
            tokens.append(lease.token)
            backend.release(lease)
        assert sorted(set(tokens)) == tokens

    def test_expired_leases_are_taken_over_aloud(self) -> None:
        backend = self.created()
        expired = [backend.acquire(a_request(f"run-{name}", name, term=0)) for name in "abc"]
        lease = backend.acquire(a_request("run-4", "a", "b"))

        assert lease.took_over == tuple(expired[:2])
        assert backend.leases() == (expired[2], lease)
        for lost in expired[:2]:
            with pytest.raises(FencedError):
                backend.renew(lost)

    def test_an_expired_lease_that_nobody_wanted_is_still_held(self) -> None:
        backend = self.created()
        lease = backend.acquire(a_request(term=0))
        backend.begin_run(a_run(), token=lease.token)
        renewed = backend.renew(replace(lease, term=3600.0))
        assert renewed.token == lease.token
        with pytest.raises(LeaseHeldError):
            backend.acquire(a_request("run-2"))

    def test_the_lease_of_a_dead_local_process_is_taken_over_at_once(self) -> None:
        dead = subprocess.Popen([sys.executable, "-c", ""])
        dead.wait()
        backend = self.created()
        lost = backend.acquire(replace(a_request(), boot_id="boot-1", pid=dead.pid))
        request = replace(a_request("run-2"), boot_id="boot-1")
        assert backend.acquire(request).took_over == (lost,)

    @pytest.mark.parametrize("difference", ["host", "boot", "unknown boot", "alive"])
    def test_the_lease_of_any_other_process_is_respected(self, difference: str) -> None:
        dead = subprocess.Popen([sys.executable, "-c", ""])
        dead.wait()
        backend = self.created()
        boot = "" if difference == "unknown boot" else "boot-1"
        pid = os.getpid() if difference == "alive" else dead.pid
        backend.acquire(replace(a_request(), boot_id=boot, pid=pid))
        request = replace(
            a_request("run-2"),
            host="other.example" if difference == "host" else a_request().host,
            boot_id="boot-2" if difference == "boot" else boot,
        )
        with pytest.raises(LeaseHeldError):
            backend.acquire(request)

    def test_a_run_that_acquires_again_replaces_its_own_lease(self) -> None:
        backend = self.created()
        first = backend.acquire(a_request("run-1", "a"))
        second = backend.acquire(a_request("run-1", "a", "b"))

        assert second.took_over == ()
        assert backend.leases() == (second,)
        with pytest.raises(FencedError):
            backend.commit(a_draft(), expected=None, token=first.token)

    def test_a_refused_run_keeps_the_lease_it_had(self) -> None:
        backend = self.created()
        other = backend.acquire(a_request("run-1", "a"))
        mine = backend.acquire(a_request("run-2", "b"))
        with pytest.raises(LeaseHeldError):
            backend.acquire(a_request("run-2", "a", "b"))
        assert backend.leases() == (other, mine)

    def test_renewal_moves_the_end(self) -> None:
        backend = self.created()
        lease = backend.acquire(a_request())
        renewed = backend.renew(lease)

        assert renewed.expires >= lease.expires
        assert replace(renewed, expires=lease.expires) == lease
        assert backend.leases() == (renewed,)

    def test_renewal_does_not_widen(self) -> None:
        backend = self.created()
        lease = backend.acquire(a_request())
        renewed = backend.renew(replace(lease, addresses=frozenset({"z"}), term=1.0))
        assert (renewed.addresses, renewed.term) == (lease.addresses, 1.0)
        assert backend.leases() == (renewed,)

    def test_release_frees_and_is_idempotent(self) -> None:
        backend = self.created()
        lease = backend.acquire(a_request())
        backend.release(lease)
        backend.release(lease)
        assert backend.leases() == ()
        successor = backend.acquire(a_request("run-2"))
        backend.release(lease)
        assert backend.leases() == (successor,)

    def test_unlock_takes_the_lease_away(self) -> None:
        backend = self.created()
        lease = backend.acquire(a_request())
        assert self.open("shop").unlock("run-1") == lease
        assert backend.unlock("run-1") is None
        with pytest.raises(FencedError):
            backend.renew(lease)

    def test_a_lost_lease_fences_every_write(self) -> None:
        backend = self.created()
        first = backend.acquire(a_request(term=0))
        backend.begin_run(a_run(), token=first.token)
        backend.append("run-1", [a_record(1)], token=first.token)
        backend.acquire(a_request("run-2"))

        writes: list[Callable[[], object]] = [
            lambda: backend.commit(a_draft(), expected=None, token=first.token, closes="run-1"),
            lambda: backend.begin_run(a_run("run-3"), token=first.token),
            lambda: backend.append("run-1", [a_record(2)], token=first.token),
            lambda: backend.close_run("run-1", token=first.token),
            lambda: backend.forget(0, token=first.token),
            lambda: backend.renew(first),
        ]
        for write in writes:
            with pytest.raises(FencedError) as caught:
                write()
            assert caught.value.token == first.token
        assert backend.head() is None
        assert backend.journal("run-1") == (a_record(1),)
        assert backend.open_runs() == (a_run(),)

    def test_fencing_comes_before_other_errors(self) -> None:
        backend = self.created()
        with pytest.raises(FencedError):
            backend.commit(a_draft({"a": ABSENT}), expected=ABSENT, token=99, closes="nothing")
