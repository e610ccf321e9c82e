"""Choosing a backend by name, what that costs, and what errors say."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest

import backends
from backends import base, errors, open_backend
from backends.base import BackendError, BackendSettingsError, Revision, StateMissingError
from backends.leases import LeaseBook
from backends.memory import MemoryBackend, MemoryStore
from backends.testing.case import a_draft, a_request


def test_memory_is_new_each_time() -> None:
    first = open_backend("memory", {}, "shop")
    first.create()
    assert not open_backend("memory", {}, "shop").exists()


def test_sqlite_is_where_the_settings_say(tmp_path: Path) -> None:
    settings = {"path": str(tmp_path / "state.db"), "busy_timeout": 1}
    backend = open_backend("sqlite", settings, "shop")
    backend.create()
    backend.close()
    assert (tmp_path / "state.db").exists()


@pytest.mark.parametrize(
    ("kind", "settings", "named"),
    [
        ("memory", {"path": "x"}, "path"),
        ("sqlite", {"path": "x", "bucket": "y"}, "bucket"),
        ("sqlite", {}, "path"),
        ("sqlite", {"path": ""}, "path"),
        ("sqlite", {"path": 1}, "path"),
        ("sqlite", {"path": "x", "busy_timeout": "long"}, "busy_timeout"),
        ("sqlite", {"path": "x", "busy_timeout": True}, "busy_timeout"),
        ("sqlite", {"path": "x", "busy_timeout": -1}, "busy_timeout"),
    ],
)
def test_wrong_settings_are_named(kind: str, settings: dict[str, object], named: str) -> None:
    with pytest.raises(BackendSettingsError) as caught:
        open_backend(kind, settings, "shop")
    assert repr(named) in caught.value.summary


def test_an_unknown_kind_lists_those_that_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, "postgres")
    with pytest.raises(BackendSettingsError) as caught:
        open_backend("postgre", {}, "shop")
    assert "'postgre'" in caught.value.summary
    assert "memory, postgres, s3, sqlite" in caught.value.detail


def test_an_installed_kind_is_opened_by_its_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, "postgres")
    backend = open_backend("postgres", {"any": "setting"}, "shop")
    assert isinstance(backend, MemoryBackend)


def test_an_installed_kind_does_not_replace_a_built_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, "sqlite")
    with pytest.raises(BackendSettingsError):
        open_backend("sqlite", {"any": "setting"}, "shop")


def test_an_installed_kind_that_lacks_a_method_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, "postgres")
    monkeypatch.delattr(MemoryBackend, "now")
    monkeypatch.setattr(MemoryBackend, "findings", None)
    with pytest.raises(BackendSettingsError, match=r"lacks findings\(\), now\(\)") as caught:
        open_backend("postgres", {}, "shop")
    assert "'postgres' was made for another version" in caught.value.summary


def opened_by_entry_point(settings: object, project: str) -> MemoryBackend:
    return MemoryBackend(MemoryStore(), project)


class Point(importlib.metadata.EntryPoint):
    def load(self):
        return opened_by_entry_point


def install(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def entry_points(*, group: str) -> tuple[Point, ...]:
        assert group == "lamform.backends"
        return (Point(name, "tests:opened_by_entry_point", group),)

    monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)


def test_importing_and_opening_load_no_library_and_nothing_of_lambda() -> None:
    script = """
import sys, backends, backends.base
backends.open_backend("sqlite", {"path": "nowhere.db"}, "shop")
loaded = {name.split(".")[0] for name in sys.modules}
print(*sorted(loaded & {"sqlite_utils", "declarative", "pytest", "boto3", "click"}))
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout.split() == []


def test_everything_public_is_there() -> None:
    for module in (backends, base):
        assert sorted(module.__all__) == sorted(set(module.__all__))
        assert all(hasattr(module, name) for name in module.__all__)


def test_every_error_is_part_of_the_contract() -> None:
    kinds = {name for name in vars(errors) if name.endswith("Error")}
    assert kinds <= set(base.__all__)


def test_errors_say_what_and_what_to_try() -> None:
    first = Revision.of(a_draft(), after=None)
    _, lease = LeaseBook().acquire(a_request(), now=0, alive=lambda _: True)
    samples: list[BackendError] = [
        StateMissingError("/srv/state.db"),
        errors.SchemaTooNewError("/srv/state.db", ["0002_later"]),
        errors.CorruptStateError("revision 1", "it cannot be read"),
        errors.ObjectMissingError(["f" * 64]),
        errors.RevisionNotFoundError(4, 3),
        errors.RevisionNotFoundError(4, None),
        errors.RevisionNotFoundError(1, 4, 2),
        errors.HeadMovedError(None, first),
        errors.HeadMovedError(first.id, None),
        errors.ConflictError(None, first, ["a"]),
        errors.LeaseHeldError(lease, ["a"]),
        errors.FencedError(1),
        errors.RunExistsError("run-1"),
        errors.RunNotOpenError("run-1"),
        errors.JournalOrderError("run-1", 1, 2),
    ]
    for error in samples:
        assert error.summary[0].isupper()
        assert not error.summary.endswith(".")
        assert error.detail.endswith(".")
        assert str(error) == f"{error.summary}: {error.detail}"
    held = samples[10].detail
    assert all(fact in held for fact in ("run-1", "tester", "elsewhere.example", "4711", "`apply`"))
