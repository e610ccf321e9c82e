"""Which method of the ports reads, sets and removes each kind of setting: one row a kind.

Permissions are not here: they are statements of one policy, and change by id.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast

from declarative.engine.setting_ports import ObservedConcurrency, ObservedUrl, Unreadable

if TYPE_CHECKING:
    from pydantic import JsonValue

    from declarative.engine.ports import FunctionReader, FunctionWriter
    from declarative.model.fields import Attributes

_PROVISIONED: Final = "provisioned_concurrent_executions"
_RESERVED: Final = "reserved_concurrent_executions"
_SIGNING: Final = "code_signing_config_arn"
_RECURSION: Final = "recursive_loop"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as it is there.

    Attributes:
        attributes: All of it in normal form (`declarative.model.parts.Kind.normal`).
        url: The address that AWS gave it, for a URL.
        statement_id: Under which id AWS has it, for a permission.
        others: Further statements of the same permission, by id: what an apply that was cut
            short has left.
        status: ``IN_PROGRESS``, ``READY`` or ``FAILED``, for provisioned concurrency.
        reason: The reason AWS gives for a status that is not good.
    """

    attributes: Attributes = field(repr=False)
    url: str | None = None
    statement_id: str | None = None
    others: dict[str, Attributes] = field(default_factory=dict, repr=False)
    status: str | None = field(default=None, compare=False)
    reason: str | None = field(default=None, compare=False)


Seen = Setting | Unreadable | None
"""A setting, why it cannot be read, or None where there is none."""


@dataclass(frozen=True, slots=True)
class Calls:
    """How one kind is read, set and removed; the qualifier is an alias or None.

    Attributes:
        read: None where ``GetFunction`` tells it.
        set: Given what is there, since AWS has a call for each of making and changing a URL.
    """

    read: Callable[[FunctionReader, str, str | None], Seen] | None
    set: Callable[[FunctionWriter, str, str | None, Attributes, Seen], Setting]
    remove: Callable[[FunctionWriter, str, str | None], None]


def _read_url(reader: FunctionReader, name: str, alias: str | None) -> Seen:
    found = reader.url(name, alias)
    return _url(found) if isinstance(found, ObservedUrl) else found


def _set_url(
    writer: FunctionWriter, name: str, alias: str | None, wanted: Attributes, seen: Seen
) -> Setting:
    call = writer.create_url if seen is None else writer.update_url
    return _url(call(name, alias, wanted))


def _url(found: ObservedUrl) -> Setting:
    return Setting(found.attributes, url=found.url)


def _read_provisioned(reader: FunctionReader, name: str, alias: str | None) -> Seen:
    found = reader.provisioned_concurrency(name, alias or "")
    return _provisioned(found) if isinstance(found, ObservedConcurrency) else found


def _set_provisioned(
    writer: FunctionWriter, name: str, alias: str | None, wanted: Attributes, _: Seen
) -> Setting:
    return _provisioned(
        writer.set_provisioned_concurrency(name, alias or "", _number(wanted, _PROVISIONED))
    )


def _provisioned(found: ObservedConcurrency) -> Setting:
    return Setting({_PROVISIONED: found.requested}, status=found.status, reason=found.reason)


def _set_event_invoke(
    writer: FunctionWriter, name: str, alias: str | None, wanted: Attributes, _: Seen
) -> Setting:
    writer.set_event_invoke(name, alias, wanted)
    return Setting(wanted)


def _set_reserved(
    writer: FunctionWriter, name: str, _: str | None, wanted: Attributes, __: Seen
) -> Setting:
    writer.set_reserved_concurrency(name, _number(wanted, _RESERVED))
    return Setting(wanted)


def _set_signing(
    writer: FunctionWriter, name: str, _: str | None, wanted: Attributes, __: Seen
) -> Setting:
    writer.set_code_signing_config(name, str(wanted[_SIGNING]))
    return Setting(wanted)


def _set_recursion(
    writer: FunctionWriter, name: str, _: str | None, wanted: Attributes, __: Seen
) -> Setting:
    writer.set_recursive_loop(name, str(wanted[_RECURSION]))
    return Setting(wanted)


def _set_runtime(
    writer: FunctionWriter, name: str, _: str | None, wanted: Attributes, __: Seen
) -> Setting:
    writer.set_runtime_management(name, wanted)
    return Setting(wanted)


def _number(wanted: Attributes, name: str) -> int:
    return int(cast("int", wanted[name]))


def _whole(found: Attributes | Unreadable | None) -> Seen:
    return found if found is None or isinstance(found, Unreadable) else Setting(found)


def _single(name: str, found: str | Unreadable | None) -> Seen:
    value: JsonValue = found if isinstance(found, str) else None
    return Setting({name: value}) if isinstance(found, str) else found


CALLS: Final[dict[str, Calls]] = {
    "url": Calls(_read_url, _set_url, lambda writer, name, alias: writer.delete_url(name, alias)),
    "event_invoke": Calls(
        lambda reader, name, alias: _whole(reader.event_invoke(name, alias)),
        _set_event_invoke,
        lambda writer, name, alias: writer.delete_event_invoke(name, alias),
    ),
    "provisioned_concurrency": Calls(
        _read_provisioned,
        _set_provisioned,
        lambda writer, name, alias: writer.delete_provisioned_concurrency(name, alias or ""),
    ),
    "reserved_concurrency": Calls(
        None,
        _set_reserved,
        lambda writer, name, _: writer.delete_reserved_concurrency(name),
    ),
    "code_signing": Calls(
        lambda reader, name, _: _single(_SIGNING, reader.code_signing_config(name)),
        _set_signing,
        lambda writer, name, _: writer.delete_code_signing_config(name),
    ),
    "recursion": Calls(
        lambda reader, name, _: _single(_RECURSION, reader.recursive_loop(name)),
        _set_recursion,
        lambda writer, name, _: writer.set_recursive_loop(name, "Terminate"),
    ),
    "runtime_management": Calls(
        lambda reader, name, _: _whole(reader.runtime_management(name)),
        _set_runtime,
        lambda writer, name, _: writer.set_runtime_management(
            name, {"update_runtime_on": "Auto", "runtime_version_arn": None}
        ),
    ),
}
"""By the kind's name in `declarative.model.parts.KINDS`."""
