"""Performing one step: an AWS call, its wait, and what it made known.

A call whose outcome is unknown is never repeated blindly: the step looks first, and
counts as done when AWS already shows what it was to bring about.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from declarative.engine.claims import is_made_by
from declarative.engine.ports import ObservedAlias, ObservedFunction
from declarative.engine.sending import (
    artifact_code,
    check_staged,
    send,
    stage,
    version_code,
    version_of,
)
from declarative.engine.setting_steps import (
    add_permission,
    remove_permission,
    remove_setting,
    set_setting,
)
from declarative.engine.waiting import wait_until_awake, wait_until_ready, wait_until_warm
from declarative.engine.workplace import Workplace
from declarative.errors import OutcomeUnknownError, PreconditionFailedError, RemoteError
from declarative.model import fields
from declarative.model.fields import LEAVES
from declarative.model.steps import (
    AddPermission,
    CreateAlias,
    CreateFunction,
    DeleteAlias,
    DeleteFunction,
    PublishCheckpoint,
    PublishVersion,
    RemovePermission,
    RemoveSetting,
    RunProvisioner,
    SetSetting,
    StagePackage,
    Step,
    TagFunction,
    UntagFunction,
    UpdateAlias,
    UpdateCode,
    UpdateConfiguration,
    WakeVersion,
)
from declarative.model.values import has_secret, is_secret

if TYPE_CHECKING:
    from pydantic import JsonValue

    from declarative.engine.ports import Code
    from declarative.model.fields import Attributes, Path


def perform(step: Step, place: Workplace) -> dict[str, JsonValue]:  # noqa: C901, PLR0911, PLR0912 - one case a step
    """Perform one step and return what the journal keeps of its result.

    Raises:
        RemoteError: AWS refused, failed, or showed something else than expected.
        InterruptedRunError: the run was told to stop during a wait.
    """
    match step:
        case CreateFunction():
            return _create_function(step, place)
        case StagePackage():
            return stage(step, place)
        case UpdateConfiguration():
            return _update_configuration(step, place)
        case UpdateCode():
            return _update_code(step, place)
        case PublishVersion():
            return _publish(place, follow=True)
        case PublishCheckpoint():
            return _publish(place, follow=False)
        case WakeVersion():
            return _wake(step, place)
        case CreateAlias() | UpdateAlias():
            return _set_alias(step, place)
        case DeleteAlias():
            place.writer.delete_alias(place.name, step.alias)
            place.progress.aliases.pop(step.alias, None)
            return {}
        case TagFunction() | UntagFunction():
            return _tag(step, place)
        case SetSetting():
            return set_setting(step, place)
        case RemoveSetting():
            return remove_setting(step, place)
        case AddPermission():
            return add_permission(step, place)
        case RemovePermission():
            return remove_permission(step, place)
        case DeleteFunction():
            return _delete(step, place)
        case RunProvisioner():
            raise RemoteError.of(
                "Provisioners cannot be run",
                f"The plan asks for provisioner {step.provisioner}, which this version of lamform "
                "does not run. Apply it with the version that made the plan.",
            )
        case _:
            assert_never(step)


def _create_function(step: CreateFunction, place: Workplace) -> dict[str, JsonValue]:
    attributes = _filled(step.attributes, place, secrets_from=None)

    def create(code: Code) -> ObservedFunction:
        return place.writer.create_function(
            place.name, attributes, code, tags=step.tags, publish=True
        )

    try:
        answer = send(place, artifact_code(place), create)
    except OutcomeUnknownError:
        seen = place.writer.function(place.name)
        if seen is None or not is_made_by(step, seen):
            raise
        _ready(place)
        _check_code(place)
        return _publish(place, follow=True)
    place.progress.created = True
    _ready(place)
    _check_code(place)
    # Emulators that ignore Publish on creation answer $LATEST.
    if not answer.version.isdigit():
        return _publish(place, follow=True)
    return _follow(place, answer)


def _follow(place: Workplace, answer: ObservedFunction) -> dict[str, JsonValue]:
    """Wait until a version is active and make it the one that aliases follow."""
    version = answer.version
    try:
        published = wait_until_ready(place.writer, place.name, version, place.patience)
    except RemoteError:
        _take_back(place, answer)
        if answer.state == "Failed":
            raise _published_in_vain(place, version) from None
        raise
    place.progress.published[version] = published
    place.progress.version = version
    return {"version": version}


def _take_back(place: Workplace, answer: ObservedFunction) -> None:
    """Delete the version that this step has just published, if it has failed since.

    AWS publishes the same content once: it would answer the failed version for ever.
    """
    if answer.state != "Pending" or not answer.version.isdigit():
        return  # it was there before
    with suppress(RemoteError):  # what went wrong first is told
        function = place.writer.function(place.name, answer.version)
        if function is not None and function.state == "Failed":
            place.writer.delete_version(place.name, answer.version)


def _published_in_vain(place: Workplace, version: str) -> RemoteError:
    return RemoteError.of(
        "This content was published before, and that version has failed",
        f"AWS publishes the same content once and answers version {version} of {place.name}, which "
        "is Failed. Nobody knows who needs it, so it is left alone. Delete it (aws lambda "
        f"delete-function --function-name {place.name} --qualifier {version}) and apply again, or "
        "change something in the function, such as its description.",
    )


def _update_configuration(step: UpdateConfiguration, place: Workplace) -> dict[str, JsonValue]:
    attributes = _filled(step.attributes, place, secrets_from=step.secrets_from)
    try:
        place.writer.update_configuration(place.name, attributes, revision_id=_revision(place))
    except OutcomeUnknownError:
        seen = place.writer.function(place.name)
        if seen is None or any(seen.attributes[key] != attributes[key] for key in attributes):
            raise
    _ready(place)
    return {}


def _update_code(step: UpdateCode, place: Workplace) -> dict[str, JsonValue]:
    version = step.from_version
    attributes = _filled(step.attributes, place, secrets_from=step.secrets_from)
    architectures, key = (attributes.get(name) for name in ("architectures", "source_kms_key_arn"))

    def update(code: Code) -> ObservedFunction:
        return place.writer.update_code(
            place.name,
            code,
            publish=step.publish,
            revision_id=_revision(place),
            architectures=architectures if isinstance(architectures, list) else None,
            source_kms_key_arn=key if isinstance(key, str) else None,
        )

    code = artifact_code(place) if version is None else version_code(place, version)
    try:
        answer = send(place, code, update)
    except OutcomeUnknownError:
        seen = place.writer.function(place.name)
        if seen is None or seen.code_sha256 != _wanted_sha256(place):
            raise
        if any(seen.attributes[name] != value for name, value in attributes.items()):
            raise
        _ready(place)
        # Publishing what did not change since answers the version that exists already.
        return _publish(place, follow=True) if step.publish else {}
    try:
        _ready(place)
    except RemoteError:
        _take_back(place, answer)
        raise
    if step.from_version is None and not step.publish:
        _check_code(place)
    check_staged(place, answer)
    return _follow(place, answer) if step.publish else {}


def _check_code(place: Workplace) -> None:
    """Refuse code that is not what was planned, before anything publishes it.

    An object without a version can be overwritten between plan and apply.
    """
    desired, function = place.desired, place.progress.function
    if desired is None or function is None:
        return
    wanted = desired.artifact.code_sha256
    same = wanted is None or wanted == function.code_sha256
    if not same or not place.is_same_artifact():
        raise RemoteError.of(
            "The artifact holds other code than when the plan was made",
            f"{place.name} was given code that nobody reviewed, and it was not published: no alias "
            "points at it. Make a new plan; a bucket with versions avoids this.",
        )


def _publish(place: Workplace, *, follow: bool) -> dict[str, JsonValue]:
    function = _ready(place)
    try:
        answer = place.writer.publish_version(
            place.name, code_sha256=function.code_sha256, revision_id=function.revision_id
        )
    except OutcomeUnknownError:
        # A second publish of the same content answers the version the first one made.
        function = _ready(place)
        answer = place.writer.publish_version(
            place.name, code_sha256=function.code_sha256, revision_id=function.revision_id
        )
    if follow:
        result = _follow(place, answer)
    else:
        place.progress.published[answer.version] = wait_until_ready(
            place.writer, place.name, answer.version, place.patience
        )
        result = {"version": answer.version, "checkpoint": True}
    _ready(place)  # publishing gives $LATEST a new revision id
    return result


def _wake(step: WakeVersion, place: Workplace) -> dict[str, JsonValue]:
    """Make sure that a version answers before traffic comes to it."""
    asleep = version_of(place, step.version).state == "Inactive"
    if asleep:
        try:
            begins = place.writer.wake(place.name, step.version)
        except OutcomeUnknownError:
            begins = version_of(place, step.version).state != "Inactive" or place.writer.wake(
                place.name, step.version
            )
        if not begins:  # nobody can call the function; let the alias move all the same
            return {"version": step.version, "woken": False}
    wait_until_awake(place.writer, place.name, step.version, place.patience)
    return {"version": step.version, "woken": asleep}


def _set_alias(step: CreateAlias | UpdateAlias, place: Workplace) -> dict[str, JsonValue]:
    version = step.function_version or place.progress.version
    if version is None:
        raise RemoteError.of(
            "There is no version for the alias",
            f"Alias {step.alias} follows a version that this run did not publish.",
        )
    observed = _alias(place, step.alias)
    before = observed.function_version if observed else None
    try:
        alias = _call_alias(step, place, version, observed)
    except OutcomeUnknownError:
        found = {alias.name: alias for alias in place.writer.aliases(place.name)}.get(step.alias)
        if found is None or (found.function_version, found.description, dict(found.routing)) != (
            version,
            step.description,
            step.routing,
        ):
            raise
        alias = found
    place.progress.aliases[step.alias] = alias
    if isinstance(step, UpdateAlias) and step.warms:
        wait_until_warm(place.writer, place.name, step.alias, place.patience)
    return {"alias": step.alias, "from": before, "to": version}


def _alias(place: Workplace, name: str) -> ObservedAlias | None:
    """Return an alias with its present ``RevisionId``; otherwise it must be as it was read."""
    observed = place.progress.aliases.get(name)
    if observed is None or name not in place.progress.stale:
        return observed
    found = {alias.name: alias for alias in place.writer.aliases(place.name)}.get(name)
    if found is None or replace(found, revision_id=observed.revision_id) != observed:
        raise PreconditionFailedError.of(
            "An alias has changed since it was read",
            f"Somebody changed alias {name} of {place.name} during this run. Make a new plan.",
        )
    place.progress.stale.discard(name)
    return found


def _call_alias(
    step: CreateAlias | UpdateAlias,
    place: Workplace,
    version: str,
    observed: ObservedAlias | None,
) -> ObservedAlias:
    if isinstance(step, CreateAlias):
        return place.writer.create_alias(
            place.name,
            step.alias,
            version=version,
            description=step.description,
            routing=step.routing,
        )
    return place.writer.update_alias(
        place.name,
        step.alias,
        version=version,
        description=step.description,
        routing=step.routing,
        revision_id=observed.revision_id if observed else None,
    )


def _tag(step: TagFunction | UntagFunction, place: Workplace) -> dict[str, JsonValue]:
    function = place.progress.function
    if function is None:
        raise RemoteError.of("There is no function to tag", f"{place.name} does not exist.")
    # Both calls set what they are given: doing one twice is doing it once.
    if isinstance(step, TagFunction):
        _twice(lambda: place.writer.tag(function.arn, step.tags))
    else:
        _twice(lambda: place.writer.untag(function.arn, step.keys))
    _ready(place)
    return {}


def _delete(step: DeleteFunction, place: Workplace) -> dict[str, JsonValue]:
    _twice(lambda: place.elsewhere(step.target).delete_function(step.target.function_name))
    place.progress.deleted.add(step.target)
    desired = place.desired
    own = desired is None or desired.function_key == step.target.function_key
    if own and step.target.function_name == place.name:
        place.progress.function = None
        place.progress.aliases.clear()
        place.progress.settings.clear()
    return {}


def _twice(call: Callable[[], None]) -> None:
    """Make an idempotent call, once more if its outcome is unknown."""
    try:
        call()
    except OutcomeUnknownError:
        time.sleep(0.5)
        call()


def _ready(place: Workplace) -> ObservedFunction:
    """Wait for ``$LATEST``, remember it with its new revision id, and return it."""
    function = wait_until_ready(place.writer, place.name, None, place.patience)
    place.progress.function = function
    return function


def _revision(place: Workplace) -> str | None:
    return place.progress.function.revision_id if place.progress.function else None


def _wanted_sha256(place: Workplace) -> str | None:
    return place.desired.artifact.code_sha256 if place.desired else None


def _filled(attributes: Attributes, place: Workplace, *, secrets_from: str | None) -> Attributes:
    """Return attributes with every marker replaced by its value.

    Values nobody gives are taken from AWS: from a version, or as they are.
    """
    result = attributes
    for path, value in place.values.items():
        if path[0] in attributes:
            result = fields.put(result, path, value)
    if not has_secret(result):
        return result
    source = version_of(place, secrets_from) if secrets_from else place.progress.function
    kept = source.attributes if source else {}
    for path in LEAVES:
        value = fields.get(result, path)
        if has_secret(value):
            result = fields.put(result, path, _unmasked(path, value, fields.get(kept, path)))
    return result


def _unmasked(path: Path, value: JsonValue, kept: JsonValue) -> JsonValue:
    if isinstance(value, dict) and not is_secret(value) and isinstance(kept, dict):
        return {name: _unmasked((*path, name), one, kept.get(name)) for name, one in value.items()}
    if has_secret(value) and kept is None:
        raise RemoteError.of(
            "A secret value cannot be found",
            f"The function has no {'.'.join(path)} to take it from.",
        )
    return kept if has_secret(value) else value
