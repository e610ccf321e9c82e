"""Rules between the fields of a function, by the Lambda API and its documentation."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from declarative.model.arns import region_of
from declarative.model.finding import Finding, Subject, known

_ROLE: Final = re.compile(r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+")
_LAYER: Final = re.compile(
    r"arn:[a-z-]+:lambda:[a-z0-9-]+:\d{12}:layer:[A-Za-z0-9_-]+:\d+"
    r"|arn:[a-zA-Z0-9-]+:lambda:::awslayer:[A-Za-z0-9_-]+"
)
_FILES: Final = re.compile(
    r"arn:aws[a-z-]*:(elasticfilesystem:[a-z0-9-]+:\d{12}:access-point/fsap-[a-f0-9]{17}"
    r"|s3files:[0-9a-z:-]+:file-system/fs-[0-9a-f]{17,40}/access-point/fsap-[0-9a-f]{17,40})"
)
_MOUNT: Final = re.compile(r"/mnt/[a-zA-Z0-9_.-]+")
_KMS: Final = re.compile(r"arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:(key|alias)/.+")
_TARGET: Final = re.compile(r"arn:[a-z-]+:(sqs|sns):[a-z0-9-]+:\d{12}:[^:]+")
_SUBNET: Final = re.compile(r"subnet-[0-9a-z]+")
_GROUP: Final = re.compile(r"sg-[0-9a-zA-Z]+")
_LOG_GROUP: Final = re.compile(r"[.\-_/#A-Za-z0-9]{1,512}")
_HANDLER: Final = re.compile(r"[^\s]{1,128}")
_VARIABLE: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9_]+")
_SNAPSHOTS: Final = re.compile(
    r"java(1[1-9]|[2-9]\d)(\..+)?|python3\.(1[2-9]|[2-9]\d)|dotnet([89]|[1-9]\d)"
)

_MOST_LAYERS: Final = 5
_MOST_ENVIRONMENT: Final = 4096
_MOST_DESCRIPTION: Final = 256
_MOST_SUBNETS: Final = 16
_MOST_GROUPS: Final = 5
_USUAL_MEMORY: Final = 10_240
_USUAL_TIMEOUT: Final = 1800
_USUAL_STORAGE: Final = 10_240
_SNAPSHOT_STORAGE: Final = 512
_RESERVED: Final = frozenset(
    {
        *("_HANDLER", "_X_AMZN_TRACE_ID", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"),
        *("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_RUNTIME_API"),
        *("AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION"),
        *("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_INITIALIZATION_TYPE"),
        *("AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME"),
        *("AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
        *("AWS_SECRET_KEY", "AWS_SESSION_TOKEN"),
    }
)

_FORMS: Final[Mapping[tuple[str, ...], tuple[re.Pattern[str], str]]] = {
    ("role",): (_ROLE, "the ARN of a role, such as arn:aws:iam::111111111111:role/NAME"),
    ("handler",): (_HANDLER, "at most 128 characters without spaces, such as app.handler"),
    ("kms_key_arn",): (_KMS, "the ARN of a KMS key or of an alias of one"),
    ("source_kms_key_arn",): (_KMS, "the ARN of a KMS key or of an alias of one"),
    ("durable_config", "kms_key_arn"): (_KMS, "the ARN of a KMS key or of an alias of one"),
    ("dead_letter_config", "target_arn"): (_TARGET, "the ARN of an SQS queue or an SNS topic"),
    ("logging_config", "log_group"): (
        _LOG_GROUP,
        'the name of a log group: letters, digits and any of ".-_/#"',
    ),
}
_INSTANCES: Final = (
    "capacity_provider_config",
    "lambda_managed_instances_capacity_provider_config",
    "capacity_provider_arn",
)
_REGIONAL: Final = (("kms_key_arn",), ("source_kms_key_arn",), _INSTANCES)


def _forms(subject: Subject) -> Iterator[Finding]:
    for path, (form, phrase) in _FORMS.items():
        value = subject.text(*path)
        if value and not form.fullmatch(value):
            yield Finding(
                ("function", *path), "Invalid value", f"{'.'.join(path)} must be {phrase}."
            )


def _description(subject: Subject) -> Iterator[Finding]:
    found = subject.text("description")
    if found is not None and len(found) > _MOST_DESCRIPTION:
        yield Finding(
            ("function", "description"),
            "The description is too long",
            f"description has {len(found)} characters; Lambda takes {_MOST_DESCRIPTION}. "
            "Shorten it.",
        )


def _ranges(subject: Subject) -> Iterator[Finding]:
    managed = subject.has("capacity_provider_config")
    accelerated = subject.has("accelerator_config")
    for path, most, unit, allowed, beyond in (
        (("memory_size",), _USUAL_MEMORY, "MB", managed, "capacity_provider_config"),
        (("timeout",), _USUAL_TIMEOUT, "seconds", managed, "capacity_provider_config"),
        (("ephemeral_storage", "size"), _USUAL_STORAGE, "MB", accelerated, "accelerator_config"),
    ):
        value = subject.number(*path)
        if value is not None and value > most and not allowed:
            name = ".".join(path)
            yield Finding(
                ("function", *path),
                "Invalid value",
                f"{name} may be at most {most} {unit} without {beyond}. Write {most} or less.",
            )


def _environment(subject: Subject) -> Iterator[Finding]:
    path = ("function", "environment")
    variables = subject.get("environment", "variables")
    if not isinstance(variables, Mapping):
        return
    reserved = sorted(_RESERVED & variables.keys())
    if reserved:
        yield Finding(
            path,
            "Reserved environment variables",
            f"Lambda sets {', '.join(reserved)} itself. Choose other names.",
        )
    wrong = [f'"{name}"' for name in variables if not _VARIABLE.fullmatch(name)]
    if wrong:
        yield Finding(
            path,
            "Invalid names of environment variables",
            f"{', '.join(wrong)}: a name begins with a letter and has at least two letters, "
            'digits or "_". AWS refuses others.',
            severity="warning",
        )
    # What is not known yet is counted as empty: it only can get more.
    plain = {name: known(value) or "" for name, value in variables.items()}
    size = len(json.dumps(plain, separators=(",", ":"), ensure_ascii=False, default=str).encode())
    if size > _MOST_ENVIRONMENT:
        yield Finding(
            path,
            "The environment is too large",
            f"The variables take {size} bytes together; Lambda allows {_MOST_ENVIRONMENT}. Keep "
            "large values in SSM or Secrets Manager and let the function read them.",
        )


def _layers(subject: Subject) -> Iterator[Finding]:
    path = ("function", "layers")
    layers = subject.texts("layers")
    if len(layers) > _MOST_LAYERS:
        yield Finding(
            path,
            "Too many layers",
            f"{len(layers)} layers are written; Lambda allows {_MOST_LAYERS}. Merge some.",
        )
    for arn in layers:
        if not _LAYER.fullmatch(arn):
            yield Finding(
                path,
                "Invalid value",
                "A layer is written as the ARN of one of its versions, ending in :NUMBER, not as "
                f"{subject.shown(arn, 'layers')}.",
            )
    names = [arn.rpartition(":")[0] for arn in layers if _LAYER.fullmatch(arn)]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Finding(
            path,
            "A layer is written twice",
            f"{subject.shown(name, 'layers')} can be used in one version only. Keep one.",
        )


def _regional(subject: Subject) -> Iterator[Finding]:
    arns = [(path, subject.text(*path)) for path in _REGIONAL]
    arns += [(("layers",), arn) for arn in subject.texts("layers")]
    arns += [(("file_system_configs",), arn) for arn, _, _ in _file_systems(subject)]
    for path, arn in arns:
        region = region_of(arn or "")
        if region is not None and region != subject.release.region:
            yield Finding(
                ("function", *path),
                "Another region",
                f"{path[0]} names something in {region}, and the function is in "
                f"{subject.release.region}: Lambda reaches only its own region. Name one there.",
            )


def _network(subject: Subject) -> Iterator[Finding]:
    path = ("function", "vpc_config")
    subnets, groups = (
        subject.texts(path[1], "subnet_ids"),
        subject.texts(path[1], "security_group_ids"),
    )
    for name, found, form, most in (
        ("subnet_ids", subnets, _SUBNET, _MOST_SUBNETS),
        ("security_group_ids", groups, _GROUP, _MOST_GROUPS),
    ):
        if len(found) > most:
            yield Finding(path, "Invalid value", f"{name} may have at most {most} entries.")
        wrong = [subject.shown(one, "vpc_config", name) for one in found if not form.fullmatch(one)]
        if wrong:
            kind = "subnet-0123456789abcdef0" if name == "subnet_ids" else "sg-0123456789abcdef0"
            yield Finding(
                path, "Invalid value", f"{name} holds ids such as {kind}, not {', '.join(wrong)}."
            )
    written = subject.get("vpc_config")
    if isinstance(written, Mapping):
        given = {name: _given(written.get(name)) for name in ("subnet_ids", "security_group_ids")}
        if len(set(given.values())) > 1:
            missing = next(name for name, there in given.items() if not there)
            yield Finding(
                path,
                "Half a network",
                f"vpc_config needs subnet_ids and security_group_ids, or neither; here "
                f"{missing} is missing.",
            )


def _given(value: object) -> bool:
    """Whether something is written, be it known or not."""
    return known(value) not in (None, [], ()) or (value is not None and known(value) is None)


def _file_systems(subject: Subject) -> list[tuple[str, str, bool]]:
    """Return ARN, mount path, and whether there is an ``s3_files_config``, for each."""
    found = subject.get("file_system_configs")
    return [
        (str(one.get("arn", "")), str(one.get("local_mount_path", "")), "s3_files_config" in one)
        for one in (found if isinstance(found, list | tuple) else ())
        if isinstance(one, Mapping)
    ]


def _files(subject: Subject) -> Iterator[Finding]:
    path = ("function", "file_system_configs")
    systems = _file_systems(subject)
    if len(systems) > 1:
        yield Finding(path, "Too many file systems", "Lambda mounts one file system. Keep one.")
    for arn, mount, as_objects in systems:
        if not _FILES.fullmatch(arn):
            yield Finding(
                path,
                "Invalid value",
                "arn must be the ARN of an access point of EFS or of S3 Files, such as "
                "arn:aws:elasticfilesystem:REGION:111111111111:access-point/fsap-….",
            )
        elif as_objects and ":s3files:" not in arn:
            yield Finding(
                path,
                "Only for S3 Files",
                "s3_files_config is for access points of S3 Files, and this one is of EFS. Leave "
                "it out.",
            )
        if not _MOUNT.fullmatch(mount):
            yield Finding(
                path,
                "Invalid value",
                "local_mount_path must be a directory right under /mnt, such as /mnt/data.",
            )
    if systems and not subject.has("vpc_config"):
        yield Finding(
            path,
            "No network for the file system",
            "A file system is reached through a VPC. Write vpc_config with subnets that reach it.",
        )


def _logging(subject: Subject) -> Iterator[Finding]:
    log_format = subject.text("logging_config", "log_format")
    levels = [
        name
        for name in ("application_log_level", "system_log_level")
        if subject.text("logging_config", name) is not None
    ]
    logging = subject.get("logging_config")
    pending = isinstance(logging, Mapping) and _given(logging.get("log_format")) and not log_format
    if levels and log_format != "JSON" and not pending:
        yield Finding(
            ("function", "logging_config"),
            "Levels need JSON",
            f'{" and ".join(levels)} acts on JSON logs alone. Write log_format = "JSON", or '
            "leave levels out.",
        )


def _snapshots(subject: Subject) -> Iterator[Finding]:
    if subject.text("snap_start", "apply_on") != "PublishedVersions":
        return
    path = ("function", "snap_start")
    runtime = subject.text("runtime")
    if runtime is not None and not _SNAPSHOTS.fullmatch(runtime):
        yield Finding(
            path,
            "SnapStart does not support the runtime",
            "SnapStart is for Java from 11, Python from 3.12 and .NET from 8, not for "
            f"{subject.shown(runtime, 'runtime')}. Leave snap_start out, or move to one of these.",
        )
    size = subject.number("ephemeral_storage", "size")
    for broken, other in (
        (bool(_file_systems(subject)), "file_system_configs"),
        (size is not None and size > _SNAPSHOT_STORAGE, "more than 512 MB of ephemeral_storage"),
        (subject.has("tenancy_config"), "tenancy_config"),
        (subject.has("capacity_provider_config"), "capacity_provider_config"),
    ):
        if broken:
            yield Finding(
                path,
                "SnapStart cannot be combined with this",
                f"SnapStart does not work with {other}. Leave one of them out.",
            )


def _durable(subject: Subject) -> Iterator[Finding]:
    written = subject.get("durable_config")
    if isinstance(written, Mapping) and not _given(written.get("execution_timeout")):
        yield Finding(
            ("function", "durable_config"),
            "Missing attribute",
            "durable_config needs execution_timeout, in seconds: AWS makes no function durable "
            "without it.",
        )


FIELD_RULES: Final[tuple[Callable[[Subject], Iterator[Finding]], ...]] = (
    _forms,
    _description,
    _ranges,
    _environment,
    _layers,
    _regional,
    _network,
    _files,
    _logging,
    _snapshots,
    _durable,
)
