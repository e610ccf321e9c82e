"""The steps of an apply: a closed union, walked alike by the preview and by the execution."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from declarative.model.base import Frozen, Json
from declarative.model.staging import StagedObject


class Phase(StrEnum):
    """When a step runs: all releases prepare, then all switch, then all finish."""

    PREPARE = "prepare"
    SWITCH = "switch"
    FINISH = "finish"


class Target(Frozen):
    """Which function a step acts on."""

    connector: str
    account_id: str
    region: str
    function_name: str

    @property
    def function_key(self) -> tuple[str, str, str]:
        """What tells this function from others, however it is reached."""
        return (self.account_id, self.region, self.function_name)


class _Step(Frozen):
    release: str
    phase: Phase


class CreateFunction(_Step):
    """Create the function with its code, configuration and tags, and publish version 1."""

    kind: Literal["create_function"] = "create_function"
    attributes: dict[str, Json]
    tags: dict[str, str]


class StagePackage(_Step):
    """Put the package into a bucket, unless it is there, for Lambda to take it from.

    Attributes:
        from_version: The version whose package it is (a revert), or None: the artifact's.
        size: Bytes of the package, where they are known.
    """

    kind: Literal["stage_package"] = "stage_package"
    staged: StagedObject
    from_version: str | None = None
    size: int | None = None


class PublishCheckpoint(_Step):
    """Publish ``$LATEST`` before its first change, since no recorded version equals it."""

    kind: Literal["publish_checkpoint"] = "publish_checkpoint"


class UpdateConfiguration(_Step):
    """Set fields of ``$LATEST`` and wait.

    Attributes:
        attributes: The top-level fields that differ, structures whole, with markers.
        secrets_from: The version whose environment gives the secrets (a revert), or None:
            the residual expressions do.
    """

    kind: Literal["update_configuration"] = "update_configuration"
    attributes: dict[str, Json]
    secrets_from: str | None = None


class UpdateCode(_Step):
    """Replace the code of ``$LATEST`` and wait.

    Attributes:
        publish: Whether the same call publishes a version.
        from_version: The version whose package is put back (a revert), or None: the artifact.
        architectures: Sent when they change; they belong to the code.
        source_kms_key_arn: Sent with every code that is to be encrypted with a key of one's
            own, and once, empty, when it no longer is.
        secrets_from: As in `UpdateConfiguration`.
    """

    kind: Literal["update_code"] = "update_code"
    publish: bool
    from_version: str | None = None
    architectures: Json = None
    source_kms_key_arn: Json = None
    secrets_from: str | None = None

    @property
    def attributes(self) -> dict[str, Json]:
        """The fields that go with the code, with markers."""
        sent = {
            "architectures": self.architectures,
            "source_kms_key_arn": self.source_kms_key_arn,
        }
        return {name: value for name, value in sent.items() if value is not None}


class PublishVersion(_Step):
    """Publish ``$LATEST`` as it is and wait until the version is active."""

    kind: Literal["publish_version"] = "publish_version"


class WakeVersion(_Step):
    """Invoke a version that is ``Inactive``, and wait, before an alias points at it.

    AWS refuses that invocation and begins to make the version active again.

    Attributes:
        asleep: Whether the plan saw it inactive; otherwise nobody has looked yet.
    """

    kind: Literal["wake_version"] = "wake_version"
    version: str
    asleep: bool = True


class CreateAlias(_Step):
    """Create an alias; ``function_version`` None means the version this run publishes."""

    kind: Literal["create_alias"] = "create_alias"
    alias: str
    function_version: str | None
    description: str
    routing: dict[str, float]


class UpdateAlias(_Step):
    """Set all of an alias; ``function_version`` None means the version this run publishes.

    Attributes:
        warms: Whether to wait until its provisioned concurrency is allocated again.
    """

    kind: Literal["update_alias"] = "update_alias"
    alias: str
    function_version: str | None
    description: str
    routing: dict[str, float]
    warms: bool = False


class DeleteAlias(_Step):
    """Delete an alias."""

    kind: Literal["delete_alias"] = "delete_alias"
    alias: str


class TagFunction(_Step):
    """Add or replace tags."""

    kind: Literal["tag_function"] = "tag_function"
    tags: dict[str, str]


class UntagFunction(_Step):
    """Remove tags that lamform set earlier."""

    kind: Literal["untag_function"] = "untag_function"
    keys: tuple[str, ...]


class SetSetting(_Step):
    """Set what surrounds the function or an alias, and wait where that takes time.

    Attributes:
        part: Which setting: its address without the release, such as ``alias.live.url``.
        attributes: All of it in normal form, with markers.
        exists: Whether there is one already, for settings that AWS creates and changes with
            different calls.
    """

    kind: Literal["set_setting"] = "set_setting"
    part: str
    attributes: dict[str, Json]
    exists: bool = False


class RemoveSetting(_Step):
    """Take a setting away, so that AWS does what it does where nobody sets it."""

    kind: Literal["remove_setting"] = "remove_setting"
    part: str


class AddPermission(_Step):
    """Add a statement to the resource policy of the function or an alias."""

    kind: Literal["add_permission"] = "add_permission"
    part: str
    attributes: dict[str, Json]


class RemovePermission(_Step):
    """Remove a statement from a resource policy.

    Attributes:
        statement_id: The id under which AWS has it.
    """

    kind: Literal["remove_permission"] = "remove_permission"
    part: str
    statement_id: str


class DeleteFunction(_Step):
    """Delete a function with all its versions and aliases."""

    kind: Literal["delete_function"] = "delete_function"
    target: Target


class RunProvisioner(_Step):
    """Run a provisioner; the releases that read its outputs are planned afterwards."""

    kind: Literal["run_provisioner"] = "run_provisioner"
    provisioner: str


Step = Annotated[
    CreateFunction
    | StagePackage
    | PublishCheckpoint
    | UpdateConfiguration
    | UpdateCode
    | PublishVersion
    | WakeVersion
    | CreateAlias
    | UpdateAlias
    | DeleteAlias
    | TagFunction
    | UntagFunction
    | SetSetting
    | RemoveSetting
    | AddPermission
    | RemovePermission
    | DeleteFunction
    | RunProvisioner,
    Field(discriminator="kind"),
]
