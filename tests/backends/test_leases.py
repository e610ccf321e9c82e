"""The rules of leases that need no store, and what this machine knows of itself."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from backends.base import FencedError, LeaseHeldError, instant, is_live
from backends.leases import LeaseBook, local_boot_id, process_alive
from backends.testing.case import a_request

NOW = 1_900_000_000.0


def nobody(pid: int) -> bool:
    return False


def test_a_lease_may_be_taken_over_from_its_end_on_and_not_before() -> None:
    book, lease = LeaseBook().acquire(a_request(term=60), now=NOW, alive=nobody)
    assert lease.expires == instant(NOW + 60)
    with pytest.raises(LeaseHeldError):
        book.acquire(a_request("run-2"), now=NOW + 59.999, alive=nobody)
    _, successor = book.acquire(a_request("run-2"), now=NOW + 60, alive=nobody)
    assert successor.took_over == (lease,)


def test_renewal_counts_from_now() -> None:
    book, lease = LeaseBook().acquire(a_request(term=60), now=NOW, alive=nobody)
    book, renewed = book.renew(lease, now=NOW + 1000)
    assert (renewed.since, renewed.expires) == (lease.since, instant(NOW + 1060))
    with pytest.raises(LeaseHeldError):
        book.acquire(a_request("run-2"), now=NOW + 1059, alive=nobody)


def test_renewal_remembers_what_was_taken_over_but_the_book_does_not() -> None:
    book, lost = LeaseBook().acquire(a_request(term=0), now=NOW, alive=nobody)
    book, lease = book.acquire(a_request("run-2"), now=NOW, alive=nobody)
    book, renewed = book.renew(lease, now=NOW)
    assert renewed.took_over == (lost,)
    assert book.leases[0].took_over == ()


def test_a_process_of_this_boot_is_asked_after_and_no_other() -> None:
    book, _ = LeaseBook().acquire(replace(a_request(), boot_id="b"), now=NOW, alive=nobody)
    asked: list[int] = []

    def alive(pid: int) -> bool:
        asked.append(pid)
        return True

    for boot_id in ("", "c", "b"):
        with pytest.raises(LeaseHeldError):
            book.acquire(replace(a_request("run-2"), boot_id=boot_id), now=NOW, alive=alive)
    assert asked == [4711]


def test_a_lease_is_live_until_it_expires_or_its_process_is_gone() -> None:
    request = replace(a_request(term=60), boot_id="b")
    _, lease = LeaseBook().acquire(request, now=NOW, alive=nobody)
    here = {"host": lease.host, "boot_id": "b"}
    assert is_live(lease, **here, now=NOW, alive=lambda _: True)
    assert not is_live(lease, **here, now=NOW, alive=nobody)
    assert is_live(lease, host="other.example", boot_id="b", now=NOW, alive=nobody)
    assert not is_live(lease, host="other.example", boot_id="b", now=NOW + 60, alive=nobody)


def test_a_token_is_valid_while_its_lease_is_in_the_book() -> None:
    book, lease = LeaseBook().acquire(a_request(term=0), now=NOW, alive=nobody)
    book.require(lease.token)
    with pytest.raises(FencedError):
        book.without(lease.token).require(lease.token)
    assert book.without(99) == book


def test_this_process_is_alive() -> None:
    assert process_alive(os.getpid())


def test_a_process_that_ended_is_not() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert not process_alive(child.pid)


@pytest.mark.parametrize("pid", [0, -1, 10**30])
def test_what_is_no_process_id_is_never_taken_for_a_dead_process(pid: int) -> None:
    assert process_alive(pid)


def test_a_process_of_another_user_is_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(pid: int, signal: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)
    assert process_alive(1)


@pytest.mark.skipif(not Path("/proc/self/ns/pid").is_symlink(), reason="Linux tells its boots")
def test_the_boot_id_is_the_same_for_processes_that_see_each_other() -> None:
    script = "from backends.leases import local_boot_id; print(local_boot_id())"
    other = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    ).stdout.strip()
    assert local_boot_id() == other != ""


def test_an_unknown_boot_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, encoding: str) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", refuse)
    assert local_boot_id() == ""
