"""Published versions: immutable copies of ``$LATEST``, numbered from 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from declarative.sandbox.conditions import storage_exceeded
from declarative.sandbox.configuration import describe, summarise
from declarative.sandbox.constraints import check_offered
from declarative.sandbox.errors import invalid, precondition_failed
from declarative.sandbox.records import Configuration, Function
from declarative.sandbox.storage import stored_bytes, stored_size
from declarative.sandbox.world import paged, require_settled

if TYPE_CHECKING:
    from declarative.sandbox.world import Answer, Asked, Call


def publish(call: Call, function: Function, description: str | None = None) -> Configuration:
    """Return a new version of ``$LATEST``, or the newest one if nothing changed since.

    A version published while ``$LATEST`` is being created or updated starts ``Pending`` and
    becomes active with it; one with SnapStart takes its own time. Publishing gives ``$LATEST``
    a new revision id.
    """
    latest = function.latest
    newest = function.versions.get(str(function.published))
    if newest is not None and _same(newest, latest):
        return newest
    settings = dict(latest.settings)
    if description:
        settings["Description"] = description
    settled = latest.ready_at is None
    ready_at = latest.ready_at
    if settings["SnapStart"]["ApplyOn"] == "PublishedVersions":
        settled = False
        snapshot = call.services.ready_at(call.services.timing.snapshot)
        ready_at = max(snapshot, latest.ready_at or snapshot)
    function.published += 1
    version = Configuration(
        version=str(function.published),
        settings=settings,
        code=latest.code,
        revision_id=call.services.new_id(),
        last_modified=latest.last_modified,
        state=latest.state if settled else "Pending",
        update=latest.update if settled else None,
        ready_at=ready_at,
        described_as=latest.settings["Description"],
    )
    function.versions[version.version] = version
    latest.revision_id = call.services.new_id()
    return version


def check_storage(call: Call, size: int) -> None:
    """Refuse to store ``size`` more bytes than now, beyond what the account may.

    Raises:
        ServiceError: ``CodeStorageExceededException``.
    """
    if size > 0 and stored_bytes(call.region) + size > call.services.limits.code_storage_bytes:
        raise storage_exceeded()


def _same(version: Configuration, latest: Configuration) -> bool:
    published = {**version.settings, "Description": version.described_as}
    return version.code == latest.code and published == latest.settings


def publish_version(call: Call, asked: Asked) -> Answer:
    """PublishVersion: ``CodeSha256`` and ``RevisionId`` are preconditions."""
    check_offered(asked)
    function = call.function(asked)
    latest = function.latest
    if asked.get("RevisionId") and asked["RevisionId"] != latest.revision_id:
        raise precondition_failed()
    require_settled(call, function)
    sha256 = asked.get("CodeSha256")
    if sha256 and sha256 != latest.code.sha256:
        raise invalid(
            f"CodeSHA256 ({sha256}) is different from current CodeSHA256 in $LATEST "
            f"({latest.code.sha256}). Please try again with the CodeSHA256 in $LATEST."
        )
    check_storage(call, stored_size(latest.code))
    version = publish(call, function, asked.get("Description"))
    return describe(call, function, version, version.version)


def list_versions_by_function(call: Call, asked: Asked) -> Answer:
    """ListVersionsByFunction: ``$LATEST`` first, then oldest to newest, 50 a page."""
    function = call.function(asked)
    items = [summarise(call, function, item, item.version) for item in function.configurations()]
    return paged("Versions", items, asked)
