"""The fields of a Lambda function: one row each, read by everything that touches them.

Source: ``CreateFunction``, ``UpdateFunctionConfiguration``, ``UpdateFunctionCode`` and
``FunctionConfiguration`` of the Lambda API (version 2015-03-31). `ELSEWHERE` names the
members of those requests that are no fields, and who gives them.
"""

from __future__ import annotations

from typing import Final

from declarative.model.field import Field, Presence, Shape, structure

FUNCTION: Final[tuple[Field, ...]] = (
    Field("runtime", "Runtime"),
    Field("handler", "Handler"),
    Field("role", "Role"),
    Field("description", "Description", default=""),
    Field("memory_size", "MemorySize", default=128),
    Field("timeout", "Timeout", default=3),
    Field("package_type", "PackageType", default="Zip", create_only=True),
    Field("architectures", "Architectures", Shape.LIST, default=["x86_64"], code=True),
    structure(
        "environment",
        "Environment",
        Field("variables", "Variables", Shape.MAP, default={}, sensitive=True),
    ),
    Field("kms_key_arn", "KMSKeyArn", default=""),
    Field("source_kms_key_arn", "SourceKMSKeyArn", default="", code=True),
    Field("layers", "Layers", Shape.LAYERS, default=[]),
    structure(
        "vpc_config",
        "VpcConfig",
        Field("subnet_ids", "SubnetIds", Shape.SET, default=[]),
        Field("security_group_ids", "SecurityGroupIds", Shape.SET, default=[]),
        Field("ipv6_allowed_for_dual_stack", "Ipv6AllowedForDualStack", default=False),
    ),
    structure(
        "dead_letter_config", "DeadLetterConfig", Field("target_arn", "TargetArn", default="")
    ),
    structure("tracing_config", "TracingConfig", Field("mode", "Mode", default="PassThrough")),
    structure(
        "ephemeral_storage", "EphemeralStorage", Field("size", "Size", default=512, required=True)
    ),
    structure("snap_start", "SnapStart", Field("apply_on", "ApplyOn", default="None")),
    structure(
        "logging_config",
        "LoggingConfig",
        Field("log_format", "LogFormat", default="Text"),
        Field("application_log_level", "ApplicationLogLevel"),
        Field("system_log_level", "SystemLogLevel"),
        Field("log_group", "LogGroup", named="/aws/lambda/{name}"),
    ),
    Field(
        "file_system_configs",
        "FileSystemConfigs",
        Shape.STRUCTURES,
        default=[],
        fields=(
            Field("arn", "Arn", required=True),
            Field("local_mount_path", "LocalMountPath", required=True),
            structure("s3_files_config", "S3FilesConfig", Field("direct_s3_read", "DirectS3Read")),
        ),
        provider="file_system_config",
    ),
    structure(
        "image_config",
        "ImageConfig",
        Field("entry_point", "EntryPoint", Shape.LIST, default=[]),
        Field("command", "Command", Shape.LIST, default=[]),
        Field("working_directory", "WorkingDirectory", default=""),
    ),
    structure(
        "durable_config",
        "DurableConfig",
        Field("execution_timeout", "ExecutionTimeout", required=True),
        Field(
            "retention_period_in_days",
            "RetentionPeriodInDays",
            default=14,
            provider="retention_period",
        ),
        Field("kms_key_arn", "KMSKeyArn", default=""),
        presence=Presence.FIXED,
    ),
    structure(
        "tenancy_config",
        "TenancyConfig",
        Field("tenant_isolation_mode", "TenantIsolationMode", create_only=True, required=True),
    ),
    structure(
        "capacity_provider_config",
        "CapacityProviderConfig",
        structure(
            "lambda_managed_instances_capacity_provider_config",
            "LambdaManagedInstancesCapacityProviderConfig",
            Field("capacity_provider_arn", "CapacityProviderArn", required=True),
            Field(
                "per_execution_environment_max_concurrency",
                "PerExecutionEnvironmentMaxConcurrency",
            ),
            Field(
                "execution_environment_memory_gib_per_vcpu",
                "ExecutionEnvironmentMemoryGiBPerVCpu",
            ),
        ),
        presence=Presence.FIXED,
    ),
    structure(
        "runtime_config",
        "RuntimeConfig",
        Field("runtime_arn", "RuntimeArn", required=True),
        Field("runtime_alias", "RuntimeAlias", required=True),
        presence=Presence.KEPT,
    ),
    structure(
        "accelerator_config",
        "AcceleratorConfig",
        Field("accelerator_memory_size", "AcceleratorMemorySize", required=True),
        presence=Presence.KEPT,
    ),
)
"""The fields by the order in which the documentation shows them."""

_PACKAGE: Final = "the artifact"
_RUN: Final = "lamform, as it deploys"

ELSEWHERE: Final[dict[str, str]] = {
    "FunctionName": "`function_name` of the service",
    "Code": _PACKAGE,
    "ZipFile": _PACKAGE,
    "S3Bucket": _PACKAGE,
    "S3Key": _PACKAGE,
    "S3ObjectVersion": _PACKAGE,
    "S3ObjectStorageMode": _PACKAGE,
    "ImageUri": _PACKAGE,
    "Publish": _RUN,
    "PublishTo": _RUN,
    "DryRun": _RUN,
    "RevisionId": _RUN,
    "Tags": "`tags` of the function, a part of their own",
    "CodeSigningConfigArn": "a setting of the service, beside its function",
}
"""Members of the requests that are no fields of the function, and who gives them."""
