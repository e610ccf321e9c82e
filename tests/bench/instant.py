"""A cloud in this process that answers at once, so that what is measured is our own work.

It holds functions, their versions and aliases, gives revision ids and publishes only what has
changed, as Lambda does; there is no network, no waiting and no quota.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from declarative.engine.ports import ObservedAlias, ObservedFunction, S3Code, Withheld
from declarative.engine.setting_ports import AccountSettings
from declarative.errors import PreconditionFailedError, RemoteError
from declarative.model import fields

if TYPE_CHECKING:
    from pydantic import JsonValue

    from declarative.engine.ports import Code
    from declarative.language.world import SecretSource
    from declarative.model.bound import Connector

ACCOUNT = "123456789012"


@dataclass
class _Kept:
    """One function: ``$LATEST``, its versions and aliases."""

    latest: ObservedFunction
    versions: dict[str, ObservedFunction] = field(default_factory=dict)
    aliases: dict[str, ObservedAlias] = field(default_factory=dict)


class InstantCloud:
    """All accounts and regions in one; the port is `declarative.engine.ports.WritableCloud`."""

    def __init__(self) -> None:
        self._functions: dict[str, _Kept] = {}
        self._calls: Counter[str] = Counter()
        self._numbers = itertools.count(1)
        self._lock = threading.RLock()

    def account_id(self, connector: Connector) -> str:
        return ACCOUNT

    def reader(self, connector: Connector, region: str) -> InstantCloud:
        return self

    def writer(
        self, connector: Connector, region: str, *, timeout: float | None = None
    ) -> InstantCloud:
        return self

    def account_settings(self) -> AccountSettings:
        return AccountSettings(300 << 30, 0, 250 << 20, 50 << 20, 1000, 1000, 0)

    def calls(self) -> Mapping[str, int]:
        return dict(self._calls)

    def secret(self, source: SecretSource, connector: Connector) -> Withheld:
        return Withheld("missing", RemoteError.of("No such secret", "There are none here."))

    # Reading

    def function(self, name: str, qualifier: str | None = None) -> ObservedFunction | None:
        with self._lock:
            self._calls["GetFunction"] += 1
            kept = self._functions.get(name)
            if kept is None or qualifier in (None, "$LATEST"):
                return kept.latest if kept else None
            alias = kept.aliases.get(qualifier)
            return kept.versions.get(alias.function_version if alias else qualifier)

    def aliases(self, name: str) -> tuple[ObservedAlias, ...]:
        with self._lock:
            self._calls["ListAliases"] += 1
            kept = self._functions.get(name)
            return tuple(kept.aliases[one] for one in sorted(kept.aliases)) if kept else ()

    def download(self, function: ObservedFunction) -> bytes:
        raise RemoteError.of("No package", "Packages are not kept here.")

    # Writing

    def create_function(
        self,
        name: str,
        attributes: Mapping[str, JsonValue],
        code: Code,
        *,
        tags: Mapping[str, str],
        publish: bool,
    ) -> ObservedFunction:
        with self._lock:
            self._calls["CreateFunction"] += 1
            if name in self._functions:
                raise RemoteError.of("The function exists", name)
            latest = ObservedFunction(
                name=name,
                arn=f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}",
                version="$LATEST",
                attributes=_whole(attributes, name),
                code_sha256=_digest(code),
                code_size=_size(code),
                revision_id=self._revision(),
                tags=dict(tags),
                state="Active",
                last_update_status="Successful",
            )
            self._functions[name] = _Kept(latest)
            return self._publish(name) if publish else latest

    def update_configuration(
        self, name: str, attributes: Mapping[str, JsonValue], *, revision_id: str | None
    ) -> ObservedFunction:
        with self._lock:
            self._calls["UpdateFunctionConfiguration"] += 1
            latest = self._expected(name, revision_id)
            return self._set(name, attributes={**latest.attributes, **attributes})

    def update_code(
        self,
        name: str,
        code: Code,
        *,
        publish: bool,
        revision_id: str | None,
        architectures: Sequence[JsonValue] | None = None,
        source_kms_key_arn: str | None = None,
    ) -> ObservedFunction:
        with self._lock:
            self._calls["UpdateFunctionCode"] += 1
            latest = self._expected(name, revision_id)
            chosen: list[JsonValue] = list(architectures or ())
            attributes = {
                **latest.attributes,
                **({"architectures": chosen} if chosen else {}),
                "source_kms_key_arn": source_kms_key_arn or "",
            }
            changed = self._set(
                name, attributes=attributes, code_sha256=_digest(code), code_size=_size(code)
            )
            return self._publish(name) if publish else changed

    def publish_version(
        self, name: str, *, code_sha256: str | None, revision_id: str | None
    ) -> ObservedFunction:
        with self._lock:
            self._calls["PublishVersion"] += 1
            self._expected(name, revision_id)
            return self._publish(name)

    def wake(self, name: str, version: str) -> None:
        with self._lock:
            self._calls["Invoke"] += 1
            return True

    def delete_function(self, name: str) -> None:
        with self._lock:
            self._calls["DeleteFunction"] += 1
            self._functions.pop(name, None)

    def delete_version(self, name: str, version: str) -> None:
        with self._lock:
            self._calls["DeleteFunction"] += 1
            self._functions[name].versions.pop(version, None)

    def create_alias(
        self, name: str, alias: str, *, version: str, description: str, routing: Mapping[str, float]
    ) -> ObservedAlias:
        with self._lock:
            self._calls["CreateAlias"] += 1
            return self._alias(name, alias, version, description, routing)

    def update_alias(
        self,
        name: str,
        alias: str,
        *,
        version: str,
        description: str,
        routing: Mapping[str, float],
        revision_id: str | None,
    ) -> ObservedAlias:
        with self._lock:
            self._calls["UpdateAlias"] += 1
            found = self._functions[name].aliases[alias]
            if revision_id not in (None, found.revision_id):
                raise PreconditionFailedError.of("The alias is another by now", alias)
            return self._alias(name, alias, version, description, routing)

    def delete_alias(self, name: str, alias: str) -> None:
        with self._lock:
            self._calls["DeleteAlias"] += 1
            self._functions[name].aliases.pop(alias, None)

    def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        with self._lock:
            self._calls["TagResource"] += 1
            name = arn.rpartition(":")[2]
            self._set(name, tags={**(self._functions[name].latest.tags or {}), **tags})

    def untag(self, arn: str, keys: Sequence[str]) -> None:
        with self._lock:
            self._calls["UntagResource"] += 1
            name = arn.rpartition(":")[2]
            tags = self._functions[name].latest.tags or {}
            self._set(name, tags={key: tags[key] for key in tags if key not in keys})

    def _revision(self) -> str:
        return f"{next(self._numbers):032x}"

    def _expected(self, name: str, revision_id: str | None) -> ObservedFunction:
        latest = self._functions[name].latest
        if revision_id not in (None, latest.revision_id):
            raise PreconditionFailedError.of("The function is another by now", name)
        return latest

    def _set(self, name: str, **changes: object) -> ObservedFunction:
        kept = self._functions[name]
        kept.latest = replace(kept.latest, revision_id=self._revision(), **changes)  # type: ignore[arg-type] # named by the callers
        return kept.latest

    def _publish(self, name: str) -> ObservedFunction:
        kept = self._functions[name]
        latest = kept.latest
        newest = next(reversed(kept.versions.values()), None)
        if newest is not None and (newest.attributes, newest.code_sha256) == (
            latest.attributes,
            latest.code_sha256,
        ):
            return newest
        number = str(len(kept.versions) + 1)
        kept.versions[number] = replace(
            latest, version=number, arn=f"{latest.arn}:{number}", revision_id=self._revision()
        )
        self._set(name)  # publishing gives $LATEST a new revision id
        return kept.versions[number]

    def _alias(
        self, name: str, alias: str, version: str, description: str, routing: Mapping[str, float]
    ) -> ObservedAlias:
        kept = self._functions[name]
        if version not in kept.versions:
            raise RemoteError.of("There is no such version", f"{name}:{version}")
        kept.aliases[alias] = ObservedAlias(
            name=alias,
            arn=f"{kept.latest.arn}:{alias}",
            function_version=version,
            description=description,
            routing=dict(routing),
            revision_id=self._revision(),
        )
        return kept.aliases[alias]


def _whole(given: Mapping[str, JsonValue], name: str) -> dict[str, JsonValue]:
    """Return what was given amid the defaults; structures are one level deep here."""
    whole = dict(fields.defaults(name))
    for key, value in given.items():
        default = whole[key]
        both = isinstance(default, dict) and isinstance(value, dict)
        whole[key] = {**default, **value} if both else value
    return whole


def _digest(code: Code) -> str:
    data = f"{code.bucket}/{code.key}".encode() if isinstance(code, S3Code) else code.data
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def _size(code: Code) -> int:
    return 0 if isinstance(code, S3Code) else len(code.data)
