"""Every field of a function with two values, for tests that are made from the table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import pytest

from declarative.model import fields
from declarative.model.bound import BoundRelease
from declarative.model.fields import CODE_CALL, FUNCTION, LEAVES, Path, Presence
from tests.engine.images import image, repository_of

OF_IMAGES = {"package_type", "image_config"}
"""Fields that only images give another value."""

ACCOUNT = "123456789012"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{{}}"
LAYER = f"arn:aws:lambda:us-east-1:{ACCOUNT}:layer:{{}}:1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/{{}}"
RUNTIME = f"arn:aws:lambda:us-east-1:{ACCOUNT}:runtime/{{}}"
PROVIDER = f"arn:aws:lambda:us-east-1:{ACCOUNT}:capacity-provider:{{}}"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:{{}}"
FILES = f"arn:aws:s3files:us-east-1:{ACCOUNT}:file-system/fs-{'0' * 17}/access-point/fsap-{{}}"

SUBNETS = ("vpc_config", "subnet_ids")
GROUPS = ("vpc_config", "security_group_ids")
DURABLE = ("durable_config", "execution_timeout")
INSTANCES = ("capacity_provider_config", "lambda_managed_instances_capacity_provider_config")
MANAGED = (*INSTANCES, "capacity_provider_arn")

SAMPLES: dict[Path, tuple[object, object]] = {
    ("runtime",): ("python3.12", "python3.14"),
    ("handler",): ("app.one", "app.two"),
    ("role",): (ROLE.format("one"), ROLE.format("two")),
    ("description",): ("one", "two"),
    ("memory_size",): (512, 1024),
    ("timeout",): (7, 8),
    ("architectures",): (["arm64"], ["x86_64"]),
    ("environment", "variables"): ({"STAGE": "dev"}, {"STAGE": "prod", "MORE": "1"}),
    ("kms_key_arn",): (KEY.format("one"), KEY.format("two")),
    ("source_kms_key_arn",): (KEY.format("one"), KEY.format("two")),
    ("layers",): ([LAYER.format("b"), LAYER.format("a")], [LAYER.format("a")]),
    SUBNETS: (["subnet-2", "subnet-1"], ["subnet-3"]),
    GROUPS: (["sg-2", "sg-1"], ["sg-3"]),
    ("vpc_config", "ipv6_allowed_for_dual_stack"): (True, False),
    ("dead_letter_config", "target_arn"): (QUEUE.format("one"), QUEUE.format("two")),
    ("tracing_config", "mode"): ("Active", "PassThrough"),
    ("ephemeral_storage", "size"): (1024, 2048),
    ("snap_start", "apply_on"): ("PublishedVersions", "None"),
    ("logging_config", "log_format"): ("JSON", "Text"),
    ("logging_config", "application_log_level"): ("DEBUG", "ERROR"),
    ("logging_config", "system_log_level"): ("DEBUG", "WARN"),
    ("logging_config", "log_group"): ("/one", "/two"),
    ("file_system_configs",): (
        [
            {
                "arn": FILES.format("1" * 17),
                "local_mount_path": "/mnt/one",
                "s3_files_config": {"direct_s3_read": "ENABLED"},
            }
        ],
        [
            {
                "arn": FILES.format("2" * 17),
                "local_mount_path": "/mnt/two",
                "s3_files_config": {"direct_s3_read": "DISABLED"},
            }
        ],
    ),
    DURABLE: (60, 120),
    ("durable_config", "retention_period_in_days"): (7, 30),
    ("durable_config", "kms_key_arn"): (KEY.format("one"), KEY.format("two")),
    ("tenancy_config", "tenant_isolation_mode"): ("PER_TENANT", None),
    MANAGED: (PROVIDER.format("one"), PROVIDER.format("two")),
    (*INSTANCES, "per_execution_environment_max_concurrency"): (10, 20),
    (*INSTANCES, "execution_environment_memory_gib_per_vcpu"): (4, 8),
    ("runtime_config", "runtime_arn"): (RUNTIME.format("one"), RUNTIME.format("two")),
    ("runtime_config", "runtime_alias"): ("stable", "next"),
    ("accelerator_config", "accelerator_memory_size"): (1, 2),
    ("package_type",): ("Image", None),
    ("image_config", "entry_point"): (["/one", "-x"], ["/two"]),
    ("image_config", "command"): (["app.one"], ["app.two"]),
    ("image_config", "working_directory"): ("/one", "/two"),
}
"""Two values of each field as the files write them, the first not AWS's default.

None: there is no second value.
"""

NETWORK = {SUBNETS: ["subnet-1"], GROUPS: ["sg-1"]}
BESIDE: dict[Path, dict[Path, object]] = {
    ("vpc_config", "ipv6_allowed_for_dual_stack"): NETWORK,
    ("logging_config", "application_log_level"): {("logging_config", "log_format"): "JSON"},
    ("logging_config", "system_log_level"): {("logging_config", "log_format"): "JSON"},
    ("file_system_configs",): NETWORK,
    ("durable_config", "retention_period_in_days"): {DURABLE: 60},
    ("durable_config", "kms_key_arn"): {DURABLE: 60},
    (*INSTANCES, "per_execution_environment_max_concurrency"): {MANAGED: PROVIDER.format("one")},
    (*INSTANCES, "execution_environment_memory_gib_per_vcpu"): {MANAGED: PROVIDER.format("one")},
    ("accelerator_config", "accelerator_memory_size"): {MANAGED: PROVIDER.format("one")},
}
"""What is declared all along, since the field needs it."""

WITH: dict[Path, dict[Path, object]] = {
    SUBNETS: {GROUPS: ["sg-1"]},
    GROUPS: {SUBNETS: ["subnet-1"]},
    ("runtime_config", "runtime_arn"): {("runtime_config", "runtime_alias"): "stable"},
    ("runtime_config", "runtime_alias"): {("runtime_config", "runtime_arn"): RUNTIME.format("one")},
}
"""What comes and goes with the field, since AWS takes neither without the other."""

ABSENT = -1
NEEDED = {"role", "runtime", "handler"}
"""What a function cannot be without."""


@dataclass(frozen=True)
class Case:
    path: Path
    first: object = field(repr=False)
    second: object = field(repr=False)

    @property
    def row(self) -> fields.Field:
        return next(row for row in FUNCTION if row.name == self.path[0])

    @property
    def leaf(self) -> fields.Field:
        return LEAVES[self.path]

    def values(self, number: int) -> dict[Path, object]:
        """What is declared: with one of the two values, or without the field."""
        beside = BESIDE.get(self.path, {})
        if number == ABSENT:
            return beside
        value = (self.first, self.second)[number]
        return {**beside, **WITH.get(self.path, {}), self.path: value}

    def normal(self, number: int, name: str) -> object:
        """The value that the function has then."""
        if number == ABSENT:
            return LEFT.get(self.path, fields.default_of(self.path, name))
        return fields.normalise(self.leaf, (self.first, self.second)[number])

    def replaces(self, before: int, after: int) -> bool:
        """Whether the way from one to the other takes a new function."""
        comes, goes = before == ABSENT, after == ABSENT
        presence = self.row.presence
        if BESIDE.get(self.path, {}).keys() & {(self.row.name, *one) for one in _inside(self.row)}:
            presence = Presence.FREE  # the structure is there all along
        fixed = (presence is Presence.FIXED and (comes or goes)) or (
            presence is Presence.KEPT and goes
        )
        return self.leaf.create_only or fixed


def _inside(row: fields.Field) -> Iterator[Path]:
    yield from (path for path, _ in fields.leaves(row.fields))


LEFT: dict[Path, object] = {
    # AWS's own level of JSON logs; there is none with Text.
    ("logging_config", "application_log_level"): "INFO",
    ("logging_config", "system_log_level"): "INFO",
}
"""What the function has without the field, where what is beside it decides that."""


def of(paths: Iterable[Path]) -> pytest.MarkDecorator:
    """Return what runs a test for each of these fields."""
    cases = [pytest.param(Case(path, *SAMPLES[path]), id=".".join(path)) for path in paths]
    return pytest.mark.parametrize("case", cases)


every = of(SAMPLES)
that_can_be_dropped = of(path for path in SAMPLES if path[0] not in NEEDED)
that_a_call_changes = of(path for path in SAMPLES if LEAVES[path].call is not None)
that_goes_with_the_code = of(path for path in SAMPLES if LEAVES[path].call == CODE_CALL)


def other(case: Case) -> int:
    """The second value, or none where the field has only one."""
    return ABSENT if case.second is None else 1


def declared(world, case: Case, number: int) -> BoundRelease:
    """Return a release that declares the field with one of its values, or without."""
    if case.path == ("package_type",):  # it follows from the artifact
        return world.release() if number == ABSENT else _image(world)
    given: dict[str, object] = {case.path[0]: None}
    for path, value in case.values(number).items():
        given = fields.put(given, path, value)
    if case.path[0] in OF_IMAGES:
        return _image(world, function=given)
    return world.release(function=given)


def _image(world, **changes: object) -> BoundRelease:
    repository_of(world).push("one", "live")
    return image(world, **changes)
