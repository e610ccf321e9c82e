"""Where state is kept: content-addressed objects, revisions, leases and journals.

`backends.base` is the contract; the other modules fulfil it.  This package knows nothing of
Lambda: it imports nothing of ``declarative``, and importing it loads no backend's libraries.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from backends.errors import BackendError, BackendSettingsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from backends.base import JsonValue, StateBackend

    Factory: TypeAlias = Callable[[Mapping[str, JsonValue], str], StateBackend]

__all__ = ["ENTRY_POINTS", "open_backend"]

ENTRY_POINTS = "lamform.backends"
"""The group of entry points; each names a callable ``(settings, project) -> StateBackend``."""


def open_backend(kind: str, settings: Mapping[str, JsonValue], project: str) -> StateBackend:
    """Return a handle on a project's state; nothing is created by it.

    Args:
        kind: ``memory``, ``sqlite``, ``s3``, or the name of an installed entry point.
        settings: The backend's own; ``sqlite`` takes ``path`` and, optionally, ``busy_timeout``;
            ``s3`` takes ``bucket`` and, optionally, the other fields of `backends.s3_store.Place`.
        project: Whose state.

    Raises:
        BackendSettingsError: The kind is unknown or its settings are wrong.
    """
    if factory := _BUILT_IN.get(kind):
        return factory(settings, project)
    import importlib.metadata  # only here: it is slow to import, and most state is built in

    installed = {point.name: point for point in importlib.metadata.entry_points(group=ENTRY_POINTS)}
    if point := installed.get(kind):
        try:
            loaded: Factory = point.load()
            return _complete(loaded(settings, project), kind)
        except BackendError:
            raise
        except Exception as error:
            raise BackendSettingsError(
                f"The backend {kind!r} cannot be opened",
                f"{point.value}, which an installed package names, failed: "
                f"{type(error).__name__}: {error}. Look at its settings, or repair the package.",
            ) from error
    raise BackendSettingsError(
        f"There is no backend of kind {kind!r}",
        f"Known here: {', '.join(sorted({*_BUILT_IN, *installed}))}. "
        "Use one of these, or install the package that provides it.",
    )


def _complete(backend: StateBackend, kind: str) -> StateBackend:
    """Return a backend of another package, unless the contract has grown since it was written."""
    from backends.base import StateBackend as Contract

    promised = (name for name in dir(Contract) if not name.startswith("_"))
    if missing := [name for name in promised if not callable(getattr(backend, name, None))]:
        raise BackendSettingsError(
            f"The backend {kind!r} was made for another version",
            f"It lacks {', '.join(f'{name}()' for name in missing)}, which this version needs. "
            "Install a version of its package that fits.",
        )
    return backend


def _open_memory(settings: Mapping[str, JsonValue], project: str) -> StateBackend:
    from backends.memory import MemoryBackend, MemoryStore

    _refuse_others("memory", settings, known=())
    return MemoryBackend(MemoryStore(), project)


def _open_sqlite(settings: Mapping[str, JsonValue], project: str) -> StateBackend:
    from backends.sqlite import SqliteBackend

    _refuse_others("sqlite", settings, known=("path", "busy_timeout"))
    path = settings.get("path")
    if not isinstance(path, str) or not path:
        raise _setting_error("sqlite", "path", "the path of the state file, as a string", path)
    timeout = settings.get("busy_timeout", 10.0)
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or timeout < 0:
        raise _setting_error("sqlite", "busy_timeout", "a number of seconds", timeout)
    return SqliteBackend(Path(path), project, busy_timeout=timeout)


def _open_s3(settings: Mapping[str, JsonValue], project: str) -> StateBackend:
    from backends.s3 import S3Backend
    from backends.s3_store import Place, S3Store

    _refuse_others("s3", settings, known=(*_S3_TEXTS, "use_path_style", "assume_role"))
    for name in _S3_TEXTS:
        value = settings.get(name)
        if (value is not None and not isinstance(value, str)) or (name == "bucket" and not value):
            raise _setting_error("s3", name, "a string", value)
    style, role = settings.get("use_path_style", False), settings.get("assume_role") or {}
    if not isinstance(style, bool):
        raise _setting_error("s3", "use_path_style", "true or false", style)
    if not isinstance(role, Mapping) or (role and not isinstance(role.get("role_arn"), str)):
        raise _setting_error("s3", "assume_role", "an object with role_arn", role)
    texts: dict[str, Any] = {name: settings.get(name) for name in _S3_TEXTS}
    prefix = (texts.pop("prefix") or "").strip("/")
    below = f"{prefix}/" if prefix else ""
    place = Place(
        **texts, prefix=f"{below}{quote(project, safe='')}/", use_path_style=style, role=role
    )
    return S3Backend(S3Store(place))


_S3_TEXTS = ("bucket", "prefix", "region", "kms_key_id", "endpoint_url", "profile")

_BUILT_IN: dict[str, Factory] = {
    "memory": _open_memory,
    "sqlite": _open_sqlite,
    "s3": _open_s3,
}


def _refuse_others(kind: str, settings: Mapping[str, JsonValue], known: tuple[str, ...]) -> None:
    if unknown := sorted(settings.keys() - set(known)):
        raise BackendSettingsError(
            f"The {kind} backend has no setting {unknown[0]!r}",
            f"It takes {', '.join(known) or 'no settings'}. Correct or remove it.",
        )


def _setting_error(kind: str, name: str, wanted: str, found: JsonValue) -> BackendSettingsError:
    return BackendSettingsError(
        f"The {kind} backend needs another {name!r}", f"It must be {wanted}; found {found!r}."
    )
