"""What the evaluated content of functions and aliases must be: one closed model per block.

The models judge content, not source: expressions are evaluated before, and whoever
reads the files maps a problem's path back to a place in them.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, WrapValidator

from declarative.model.base import Frozen
from declarative.model.checks import (
    Filled,
    MarkedFlag,
    MarkedList,
    MarkedMap,
    MarkedText,
    Plain,
    PlainMap,
    Structure,
    TagMap,
    marked_items,
    one_of,
    plain_items,
    whole_number,
)
from declarative.model.runtimes import Runtime
from declarative.model.values import Pending, Sensitive

MarkedWord = str | Sensitive | Pending
Architectures = Annotated[
    list[Annotated[MarkedWord, one_of("arm64", "x86_64", marked=True)]],
    WrapValidator(marked_items),
]


class Config(Frozen):
    """The content of one block."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Entity(Config):
    """What connectors, environments, infrastructures, services and releases share."""

    name: Plain | None = None
    description: Plain | None = None
    labels: PlainMap = {}


class EnvironmentField(Config):
    """``environment`` of a function."""

    variables: MarkedMap | None = None


class VpcField(Config):
    """``vpc_config``."""

    subnet_ids: MarkedList | None = None
    security_group_ids: MarkedList | None = None
    ipv6_allowed_for_dual_stack: MarkedFlag | None = None


class DeadLetterField(Config):
    """``dead_letter_config``."""

    target_arn: MarkedText | None = None


class TracingField(Config):
    """``tracing_config``."""

    mode: Annotated[MarkedWord, one_of("Active", "PassThrough", marked=True)] | None = None


class StorageField(Config):
    """``ephemeral_storage``."""

    size: Annotated[int | Sensitive | Pending, whole_number(512, 32768)] | None = None


class SnapStartField(Config):
    """``snap_start``."""

    apply_on: Annotated[MarkedWord, one_of("None", "PublishedVersions", marked=True)] | None = None


class LoggingField(Config):
    """``logging_config``."""

    log_format: Annotated[MarkedWord, one_of("JSON", "Text", marked=True)] | None = None
    application_log_level: (
        Annotated[
            MarkedWord,
            one_of("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL", marked=True),
        ]
        | None
    ) = None
    system_log_level: Annotated[MarkedWord, one_of("DEBUG", "INFO", "WARN", marked=True)] | None = (
        None
    )
    log_group: MarkedText | None = None


class S3FilesField(Config):
    """``s3_files_config`` of a file system."""

    direct_s3_read: Annotated[str, one_of("AUTO", "DISABLED", "ENABLED")] | None = None


class FileSystemField(Config):
    """One of ``file_system_configs``."""

    arn: Filled
    local_mount_path: Filled
    s3_files_config: Annotated[S3FilesField, Structure] | None = None


class ImageField(Config):
    """``image_config``."""

    entry_point: MarkedList | None = None
    command: MarkedList | None = None
    working_directory: MarkedText | None = None


class DurableField(Config):
    """``durable_config``."""

    execution_timeout: Annotated[int | Sensitive | Pending, whole_number(1, 31_622_400)] | None = (
        None
    )
    retention_period_in_days: Annotated[int | Sensitive | Pending, whole_number(1, 90)] | None = (
        None
    )
    kms_key_arn: MarkedText | None = None


class TenancyField(Config):
    """``tenancy_config``."""

    tenant_isolation_mode: Annotated[MarkedWord, one_of("PER_TENANT", marked=True)] | None = None


class ManagedInstancesField(Config):
    """``lambda_managed_instances_capacity_provider_config``."""

    capacity_provider_arn: MarkedText
    per_execution_environment_max_concurrency: (
        Annotated[int | Sensitive | Pending, whole_number(1, 1600)] | None
    ) = None
    execution_environment_memory_gib_per_vcpu: (
        Annotated[int | Sensitive | Pending, whole_number(2, 8)] | None
    ) = None


class CapacityProviderField(Config):
    """``capacity_provider_config``."""

    lambda_managed_instances_capacity_provider_config: Annotated[ManagedInstancesField, Structure]


class RuntimeField(Config):
    """``runtime_config``: a runtime that the customer manages."""

    runtime_arn: MarkedText
    runtime_alias: MarkedText


class AcceleratorField(Config):
    """``accelerator_config``."""

    accelerator_memory_size: Annotated[int | Sensitive | Pending, whole_number(1, 10240)]


class FunctionConfig(Config):
    """``function``: the fields of ``model.fields`` that may be written, by our names."""

    function_name: Filled
    runtime: Runtime | None = None
    handler: MarkedText | None = None
    role: MarkedText | None = None
    description: MarkedText | None = None
    memory_size: Annotated[int | Sensitive | Pending, whole_number(128, 32768)] | None = None
    timeout: Annotated[int | Sensitive | Pending, whole_number(1, 5400)] | None = None
    architectures: Architectures | None = None
    environment: Annotated[EnvironmentField, Structure] | None = None
    kms_key_arn: MarkedText | None = None
    source_kms_key_arn: MarkedText | None = None
    layers: MarkedList | None = None
    vpc_config: Annotated[VpcField, Structure] | None = None
    dead_letter_config: Annotated[DeadLetterField, Structure] | None = None
    tracing_config: Annotated[TracingField, Structure] | None = None
    ephemeral_storage: Annotated[StorageField, Structure] | None = None
    snap_start: Annotated[SnapStartField, Structure] | None = None
    logging_config: Annotated[LoggingField, Structure] | None = None
    file_system_configs: (
        Annotated[list[Annotated[FileSystemField, Structure]], BeforeValidator(plain_items)] | None
    ) = None
    image_config: Annotated[ImageField, Structure] | None = None
    durable_config: Annotated[DurableField, Structure] | None = None
    tenancy_config: Annotated[TenancyField, Structure] | None = None
    capacity_provider_config: Annotated[CapacityProviderField, Structure] | None = None
    runtime_config: Annotated[RuntimeField, Structure] | None = None
    accelerator_config: Annotated[AcceleratorField, Structure] | None = None
    tags: TagMap | None = None


def declared(config: Frozen) -> dict[str, object]:
    """Return what was written, as plain mappings; nothing that is only a default, no nulls."""
    names = (name for name in type(config).model_fields if name in config.model_fields_set)
    found = {name: getattr(config, name) for name in names}
    return {name: _undone(value) for name, value in found.items() if value is not None}


def _undone(value: object) -> object:
    match value:
        case Frozen():
            return declared(value)
        case list() | tuple():
            return [_undone(item) for item in value]
        case _:
            return value
