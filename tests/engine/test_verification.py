"""A state is whole or is not, and what is wrong with it is said exactly."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from backends.base import object_id
from backends.documents import canonical_json
from backends.memory import MemoryBackend, MemoryStore
from backends.testing.bucket import Bucket
from backends.testing.case import a_draft, a_request, a_run
from declarative.engine.verification import verify


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    backend = MemoryBackend(store, "shop")
    backend.create()
    lease = backend.acquire(a_request())
    head = None
    for number in range(3):
        (name,) = backend.put([f"{number}".encode()])
        head = backend.commit(
            a_draft({f"a{number}": name}),
            expected=head.id if head else None,
            token=lease.token,
        )
    (plan,) = backend.put([b"plan"])
    backend.begin_run(a_run(plan=plan), token=lease.token)
    return store


def found(store: MemoryStore) -> tuple[str, ...]:
    return verify(MemoryBackend(store, "shop")).damage


def test_a_whole_state(store: MemoryStore) -> None:
    result = verify(MemoryBackend(store, "shop"))
    assert (result.revisions, result.objects, result.damage) == (3, 4, ())


def test_no_state_is_whole() -> None:
    assert verify(MemoryBackend(MemoryStore(), "shop")).damage == ()


def test_a_missing_and_a_damaged_object(store: MemoryStore) -> None:
    objects = store.projects["shop"].objects
    del objects[object_id(b"0")]
    objects[object_id(b"1")] = b"other"
    missing, damaged = found(store)
    assert missing == f"Object {object_id(b'0')} is missing."
    assert damaged.startswith(f"Object {object_id(b'1')} is damaged.")


def test_maps_of_earlier_revisions_in_a_bucket() -> None:
    bucket = Bucket()
    backend = bucket.backend()
    backend.create()
    lease = backend.acquire(a_request())
    (one, other) = backend.put([b"one", b"other"])
    head = None
    for number in range(300):
        head = backend.commit(
            a_draft({f"a{number}": one}), expected=head.id if head else None, token=lease.token
        )
    assert verify(backend).damage == ()
    early, *_, _last = backend.mapped()
    ledger = json.loads(bucket.contents["shop/ledger.json"][0])
    (name,) = [name for number, name in ledger["bases"] if number == early]
    stored = json.loads(bucket.contents[f"shop/objects/{name}"][0])
    (forged,) = backend.put([canonical_json({**stored, "a7": other}).encode()])
    data = bucket.contents["shop/ledger.json"][0].replace(name.encode(), forged.encode())
    bucket.contents["shop/ledger.json"] = (data, '"changed"')
    assert verify(bucket.backend()).damage == (
        f"The address map of revision {early} has {other} at a7; history says {one}.",
    )
    del bucket.contents[f"shop/objects/{forged}"]
    (missing,) = verify(bucket.backend()).damage
    assert missing.startswith(f"The address map of revision {early} cannot be read.")


def test_a_missing_plan_of_an_open_run(store: MemoryStore) -> None:
    del store.projects["shop"].objects[object_id(b"plan")]
    assert found(store) == (f"Object {object_id(b'plan')} is missing.",)


def test_a_changed_past(store: MemoryStore) -> None:
    revisions = store.projects["shop"].revisions
    revisions[1] = replace(revisions[1], message="nothing happened")
    assert found(store) == (f"Revision 2 has another hash than its id {revisions[1].id} says.",)


def test_a_broken_chain(store: MemoryStore) -> None:
    revisions = store.projects["shop"].revisions
    alone = type(revisions[1]).of(a_draft(), after=None)
    revisions[1] = replace(alone, number=2)
    said = found(store)
    assert any(one.startswith("Revision 3 names") for one in said)
    assert any(one.startswith("Revision 2 names None") for one in said)


def test_an_address_map_that_history_does_not_make(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = MemoryBackend(store, "shop")
    whole = backend.resources()
    monkeypatch.setattr(backend, "resources", lambda at: {**whole, "a0": "x", "more": "y"})
    assert verify(backend).damage == (
        f"The address map has x at a0; history says {object_id(b'0')}.",
        "The address map has y at more; history says nothing.",
    )


def test_a_pruned_state_is_whole(store: MemoryStore) -> None:
    backend = MemoryBackend(store, "shop")
    (lease,) = backend.leases()
    backend.forget(2, token=lease.token)
    result = verify(backend)
    assert (result.revisions, result.objects, result.damage) == (1, 4, ())


def test_what_a_pruned_state_starts_from(store: MemoryStore) -> None:
    backend = MemoryBackend(store, "shop")
    (lease,) = backend.leases()
    backend.forget(2, token=lease.token)
    project = store.projects["shop"]
    del project.objects[object_id(b"0")]
    assert found(store) == (f"Object {object_id(b'0')} is missing.",)
    project.objects[object_id(b"0")] = b"0"
    project.origin = replace(project.origin, id="f" * 64)
    (said,) = found(store)
    assert said.startswith("Revision 3, the oldest that is kept, names")
    assert said.endswith(f"history starts from revision 2, which is {'f' * 64}.")
