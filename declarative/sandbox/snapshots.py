"""The simulated world on disk: one file a function, so that saving costs what changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from declarative.errors import RemoteError
from declarative.sandbox.packages import write_atomically
from declarative.sandbox.records import Function, Surroundings

_FUNCTION = TypeAdapter(Function)
_SURROUNDINGS = TypeAdapter(Surroundings)

_T = TypeVar("_T")


class Snapshots:
    """Functions under ``DIR/ACCOUNT/REGION/NAME.json``, the rest in ``DIR/ACCOUNT/REGION.json``."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)

    def save(self, account: str, region: str, function: Function) -> None:
        """Write one function, replacing what was there in one step."""
        _write(self._path(account, region, function.name), _FUNCTION.dump_json(function))

    def save_around(self, account: str, region: str, around: Surroundings) -> None:
        """Write what a region has besides functions."""
        _write(self._directory / account / f"{region}.json", _SURROUNDINGS.dump_json(around))

    def remove(self, account: str, region: str, name: str) -> None:
        """Forget one function; one that was never written is no error."""
        self._path(account, region, name).unlink(missing_ok=True)

    def load(self) -> Iterator[tuple[str, str, Function]]:
        """Yield account, region and function of all that was saved, oldest file first.

        What was under way when it was saved is over now: its time is not of this process.
        """
        paths = self._directory.glob("*/*/*.json")
        for path in sorted(paths, key=lambda path: (path.stat().st_mtime_ns, path.name)):
            function = _read(path, _FUNCTION)
            for configuration in function.configurations():
                if configuration.ready_at is not None:
                    configuration.ready_at = 0.0
            for provisioned in function.provisioned.values():
                provisioned["ready_at"] = 0.0
            yield path.parent.parent.name, path.parent.name, function

    def load_around(self) -> Iterator[tuple[str, str, Surroundings]]:
        """Yield account, region and what was saved of it besides functions."""
        for path in sorted(self._directory.glob("*/*.json")):
            yield path.parent.name, path.stem, _read(path, _SURROUNDINGS)

    def _path(self, account: str, region: str, name: str) -> Path:
        return self._directory / account / region / f"{name}.json"


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, data)


def _read(path: Path, kind: TypeAdapter[_T]) -> _T:
    try:
        return kind.validate_json(path.read_bytes())
    except ValidationError as error:
        raise RemoteError.of(
            "A file of the kept sandbox cannot be read",
            f"{path} is not what this version of lamform writes. "
            "Delete it, or keep the sandbox in another directory.",
        ) from error
