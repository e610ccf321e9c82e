"""What AWS would refuse, judged from what the files say alone."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from declarative.model.arns import FunctionAddress, function_address, plain_function_name
from declarative.model.artifacts import EcrArtifact, LocalArtifact
from declarative.model.bound import BoundAlias, BoundRelease, Connector
from declarative.model.release_config import AliasConfig, RuntimeManagementConfig, ServiceSettings
from declarative.model.rules import judge
from declarative.model.values import Pending, Sensitive

ACCOUNT = "111111111111"
REGION = "eu-west-1"
INSTANCES = "lambda_managed_instances_capacity_provider_config"
PROVIDER = {
    INSTANCES: {"capacity_provider_arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:capacity-provider:p"}
}
FILES = f"arn:aws:elasticfilesystem:{REGION}:{ACCOUNT}:access-point/fsap-0123456789abcdef0"
OBJECTS = (
    f"arn:aws:s3files:{REGION}:{ACCOUNT}:file-system/fs-{'0' * 17}/access-point/fsap-{'0' * 17}"
)
NETWORK = {"subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1"]}
LAYER = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:"
SIGNING = f"arn:aws:lambda:{REGION}:{ACCOUNT}:code-signing-config:csc-0123456789abcdef0"


def release(**function: object) -> BoundRelease:
    return BoundRelease(
        address="release.app",
        service="app",
        infrastructure="infrastructure.main",
        environment="dev",
        environment_type="PreProduction",
        connector=Connector("connector.aws.main"),
        region=REGION,
        function_name="app",
        function=function,
        artifact=LocalArtifact(path="src"),
        tags=None,
        default_tags={},
        aliases={},
    )


def image(**function: object) -> BoundRelease:
    return replace(release(**function), artifact=EcrArtifact(repository="app", tag="1"))


def said(subject: BoundRelease) -> list[str]:
    return [f"{one.summary}: {one.detail}" for one in judge(subject)]


WHOLE: dict[str, object] = {
    "runtime": "python3.13",
    "handler": "app.handler",
    "role": f"arn:aws:iam::{ACCOUNT}:role/path/app",
    "description": "d" * 256,
    "memory_size": 10_240,
    "timeout": 1800,
    "ephemeral_storage": {"size": 512},
    "environment": {"variables": {"LEVEL": "INFO"}},
    "kms_key_arn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k",
    "layers": [f"{LAYER}{name}:1" for name in "abcde"],
    "vpc_config": NETWORK,
    "dead_letter_config": {"target_arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead"},
    "logging_config": {"log_format": "JSON", "system_log_level": "WARN", "log_group": "/a/b"},
    "snap_start": {"apply_on": "PublishedVersions"},
    "durable_config": {"execution_timeout": 60},
}


def test_what_aws_takes_is_no_finding() -> None:
    assert said(release(**WHOLE)) == []
    assert said(release()) == []


@pytest.mark.parametrize(
    "function",
    [
        {"capacity_provider_config": PROVIDER, "memory_size": 32_768, "timeout": 5400},
        {
            "accelerator_config": {"accelerator_memory_size": 8},
            "ephemeral_storage": {"size": 32768},
        },
        {
            "vpc_config": NETWORK,
            "file_system_configs": [
                {
                    "arn": OBJECTS,
                    "local_mount_path": "/mnt/a",
                    "s3_files_config": {"direct_s3_read": "AUTO"},
                }
            ],
        },
        {"vpc_config": {"subnet_ids": [], "security_group_ids": []}},
        {"kms_key_arn": "", "dead_letter_config": {"target_arn": ""}},
        {"layers": ["arn:aws:lambda:::awslayer:AmazonLinux1803"]},
        {"tenancy_config": {"tenant_isolation_mode": "PER_TENANT"}},
    ],
)
def test_neither_is_this(function: dict[str, object]) -> None:
    assert said(release(**function)) == []


WRONG: list[tuple[dict[str, object], str]] = [
    ({"role": "deploy"}, "role must be the ARN of a role"),
    ({"handler": "two words"}, "handler must be at most 128 characters"),
    ({"description": "d" * 257}, "257 characters; Lambda takes 256"),
    ({"memory_size": 10_241}, "memory_size may be at most 10240 MB without capacity_provider"),
    ({"timeout": 1801}, "timeout may be at most 1800 seconds without capacity_provider_config"),
    ({"ephemeral_storage": {"size": 10_241}}, "at most 10240 MB without accelerator_config"),
    ({"environment": {"variables": {"AWS_REGION": "x"}}}, "Lambda sets AWS_REGION itself"),
    ({"environment": {"variables": {"BIG": "x" * 4096}}}, "Lambda allows 4096"),
    ({"environment": {"variables": {"a-B": "x"}}}, '"a-B": a name begins with a letter'),
    ({"kms_key_arn": "alias/x"}, "kms_key_arn must be the ARN of a KMS key"),
    ({"kms_key_arn": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/k"}, "something in us-east-1"),
    ({"layers": [f"{LAYER}{n}:1" for n in "abcdef"]}, "6 layers are written; Lambda allows 5"),
    ({"layers": [f"{LAYER}a"]}, "ending in :NUMBER, not as"),
    ({"layers": [f"{LAYER}a:1", f"{LAYER}a:2"]}, "can be used in one version only"),
    ({"layers": [f"{LAYER}a:1".replace(REGION, "us-east-1")]}, "layers names something in us-east"),
    ({"vpc_config": {"subnet_ids": ["subnet-1"]}}, "security_group_ids is missing"),
    ({"vpc_config": {**NETWORK, "subnet_ids": ["net-1"]}}, 'not "net-1"'),
    (
        {"vpc_config": {**NETWORK, "security_group_ids": [f"sg-{n}" for n in range(6)]}},
        "security_group_ids may have at most 5",
    ),
    ({"dead_letter_config": {"target_arn": "arn:aws:s3:::b"}}, "SQS queue or an SNS topic"),
    ({"logging_config": {"log_group": "a b"}}, "the name of a log group"),
    ({"logging_config": {"system_log_level": "INFO"}}, "Levels need JSON"),
    (
        {"file_system_configs": [{"arn": FILES, "local_mount_path": "/mnt/a"}]},
        "Write vpc_config with subnets",
    ),
    (
        {
            "vpc_config": NETWORK,
            "file_system_configs": [{"arn": FILES, "local_mount_path": "/data"}],
        },
        "right under /mnt",
    ),
    (
        {
            "vpc_config": NETWORK,
            "file_system_configs": [{"arn": "fsap-1", "local_mount_path": "/mnt/a"}],
        },
        "access point of EFS or of S3 Files",
    ),
    (
        {
            "vpc_config": NETWORK,
            "file_system_configs": [
                {"arn": FILES, "local_mount_path": "/mnt/a", "s3_files_config": {}}
            ],
        },
        "Only for S3 Files",
    ),
    ({"durable_config": {"retention_period_in_days": 7}}, "needs execution_timeout"),
    ({"runtime": "python3.8"}, "AWS has deprecated"),
    ({"runtime": "python3.27"}, "is no runtime that this version of lamform knows"),
    ({"image_config": {"command": ["run"]}}, "deployed as a package"),
]


@pytest.mark.parametrize(("function", "message"), WRONG)
def test_one_thing_that_aws_refuses_is_one_finding(function, message: str) -> None:
    (found,) = said(release(**function))
    assert message in found


SNAPSHOT = {"snap_start": {"apply_on": "PublishedVersions"}, "runtime": "java21"}


@pytest.mark.parametrize(
    "function",
    [
        {"runtime": "nodejs24.x"},
        {"runtime": "python3.11"},
        {"ephemeral_storage": {"size": 1024}},
        {
            "vpc_config": NETWORK,
            "file_system_configs": [{"arn": FILES, "local_mount_path": "/mnt/a"}],
        },
        {"tenancy_config": {"tenant_isolation_mode": "PER_TENANT"}},
        {"capacity_provider_config": PROVIDER},
    ],
)
def test_snapshots_are_not_for_everything(function: dict[str, object]) -> None:
    (found,) = said(release(**{**SNAPSHOT, **function}))
    assert found.startswith("SnapStart")


@pytest.mark.parametrize("runtime", ["java11", "java17.al2023", "python3.12", "dotnet10"])
def test_snapshots_are_for_these(runtime: str) -> None:
    assert said(release(**{**SNAPSHOT, "runtime": runtime})) == []


@pytest.mark.parametrize(
    "function",
    [
        {"runtime": "python3.13"},
        {"handler": "a.b"},
        {"layers": [f"{LAYER}a:1"]},
        {"snap_start": {"apply_on": "None"}},
    ],
)
def test_an_image_brings_its_own(function: dict[str, object]) -> None:
    (found,) = said(image(**function))
    assert f"{next(iter(function))} belongs to functions" in found
    assert said(image(image_config={"command": ["run"]})) == []


def around(aliases: dict[str, dict[str, Any]] | None = None, **settings: Any) -> BoundRelease:
    return replace(
        release(),
        settings=ServiceSettings(**settings),
        aliases={
            name: BoundAlias(AliasConfig(**config)) for name, config in (aliases or {}).items()
        },
    )


def statement(**given: object) -> dict[str, object]:
    return {"permission": {"x": {"principal": "s3.amazonaws.com", **given}}}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (statement(action="s3:GetObject"), "action must be one of Lambda's"),
        (statement(principal="two words"), "without spaces"),
        (statement(source_arn="bucket"), "source_arn must be an ARN"),
        (statement(source_account="1"), "twelve digits"),
        (statement(function_url_auth_type="NONE"), "lambda:InvokeFunctionUrl"),
        (
            statement(action="lambda:InvokeFunctionUrl", invoked_via_function_url=True),
            "lambda:InvokeFunction.",
        ),
        ({"permission": {"a b": {"principal": "*"}}}, "an id has at most 91"),
        ({"event_invoke": {"on_failure": "queue"}}, 'not "queue"'),
        ({"runtime_management": {"update_runtime_on": "Manual"}}, "needs runtime_version_arn"),
        (
            {"runtime_management": {"update_runtime_on": "Auto", "runtime_version_arn": "arn:r"}},
            "Leave it out",
        ),
        ({"code_signing_config_arn": "csc-1"}, "ending in code-signing-config"),
        ({"code_signing_config_arn": SIGNING.replace(REGION, "us-east-1")}, "is in us-east-1"),
    ],
)
def test_a_setting_that_aws_refuses(settings: dict[str, Any], message: str) -> None:
    (found,) = said(around(**settings))
    assert message in found


def test_settings_of_aliases_are_judged_too() -> None:
    (found,) = said(around({"live": statement(source_account="1")}))
    assert "twelve digits" in found


@pytest.mark.parametrize(
    ("function", "alias"),
    [
        ({}, {"routing": {"3": Decimal("0.5")}}),
        (SNAPSHOT, {}),
        ({"tenancy_config": {"tenant_isolation_mode": "PER_TENANT"}}, {}),
        ({"capacity_provider_config": PROVIDER}, {}),
    ],
)
def test_warm_environments_are_not_for_everything(function, alias) -> None:
    warm = around({"live": {"provisioned_concurrent_executions": 2, **alias}})
    (found,) = said(replace(warm, function=function))
    assert "provisioned_concurrent_executions does not work with" in found


@pytest.mark.parametrize(("reserved", "count"), [(4, 0), (3, 1)])
def test_no_more_is_warm_than_is_reserved(reserved: int, count: int) -> None:
    alias = {"provisioned_concurrent_executions": 2}
    found = said(around({"a": alias, "b": alias}, reserved_concurrent_executions=reserved))
    assert len(found) == count


def test_a_url_is_not_for_tenants() -> None:
    both = replace(
        around(url={"auth_type": "NONE"}),
        function={"tenancy_config": {"tenant_isolation_mode": "PER_TENANT"}},
    )
    (found,) = said(both)
    assert "no function URL" in found


def test_runtimes_are_of_packages() -> None:
    managed = ServiceSettings(
        runtime_management=RuntimeManagementConfig(update_runtime_on="FunctionUpdate")
    )
    (found,) = said(replace(image(), settings=managed))
    assert "updates the runtimes of packages" in found


def test_signatures_are_of_packages() -> None:
    signed = replace(image(), settings=ServiceSettings(code_signing_config_arn=SIGNING))
    (found,) = said(signed)
    assert "checks signatures of packages" in found


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ({f"t{n}": "x" for n in range(50)}, "would have 51 tags"),
        ({"aws:x": "1"}, "AWS's own"),
        ({"k" * 129: "x"}, "may have 128 characters"),
        ({"key": "v" * 257}, "may have 128 characters"),
    ],
)
def test_tags_have_limits(tags: dict[str, object], message: str) -> None:
    (found,) = said(replace(release(), tags=tags))
    assert message in found


ADDRESS = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:app"


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("app", FunctionAddress("app")),
        (f"{ACCOUNT}:function:app", FunctionAddress("app", ACCOUNT)),
        (
            f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:app",
            FunctionAddress("app", ACCOUNT, REGION),
        ),
        (f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:app:live", None),
        ("a b", None),
        ("x" * 65, None),
        ("", None),
    ],
)
def test_a_function_is_named_or_addressed(written: str, address: FunctionAddress | None) -> None:
    assert function_address(written) == address
    assert plain_function_name(written) == ("app" if address else written)
    found = said(replace(release(), function_name=written))
    assert [one.split(":")[0] for one in found] == ([] if address else ["Invalid name"])


def test_an_arn_must_be_where_the_release_goes() -> None:
    elsewhere = replace(release(), function_name=ADDRESS, region="us-east-1")
    assert "is in eu-west-1" in said(elsewhere)[0]
    addressed = replace(release(), function_name=ADDRESS)
    assert judge(addressed, lambda: ACCOUNT) == ()
    (other,) = judge(addressed, lambda: "222222222222")
    assert f"in account {ACCOUNT}" in other.detail


def test_the_account_is_asked_only_for_an_arn() -> None:
    def ask() -> str:
        raise AssertionError("nobody needs it")

    assert judge(release(), ask) == ()


SECRET = "hunter22-hunter22"


@pytest.mark.parametrize(
    "function",
    [
        {"role": Sensitive(SECRET, None)},
        {"layers": Sensitive([SECRET], None)},
        {"layers": [Sensitive(SECRET, None)]},
        {"vpc_config": {**NETWORK, "subnet_ids": Sensitive([SECRET], None)}},
        {"runtime": Sensitive(SECRET, None)},
        {**SNAPSHOT, "runtime": Sensitive("nodejs24.x", None)},
        {"environment": {"variables": {"BIG": Sensitive(SECRET * 400, None)}}},
    ],
)
def test_a_secret_is_judged_and_in_no_message(function: dict[str, object]) -> None:
    found = " ".join(said(release(**function)))
    assert found
    assert "hunter22" not in found
    assert "nodejs24.x" not in found


UNKNOWN = Pending("release.other.url")


@pytest.mark.parametrize("name", WHOLE)
def test_what_is_not_known_yet_is_not_judged(name: str) -> None:
    assert said(release(**{**WHOLE, name: UNKNOWN})) == []
    inner = WHOLE[name]
    for key in inner if isinstance(inner, dict) else ():
        assert said(release(**{**WHOLE, name: {**inner, key: UNKNOWN}})) == []


def test_a_finding_is_where_it_is_written() -> None:
    ranges: dict[str, Any] = {"": "release", "function": "block", "function.role": "line"}
    (found,) = judge(replace(release(role="x"), ranges=ranges))
    assert (found.range, found.address, found.severity) == ("line", "release.app", "error")
    (found,) = judge(replace(release(handler="a b"), ranges=ranges))
    assert found.range == "block"
    (found,) = judge(replace(release(runtime="python3.8"), ranges=ranges))
    assert found.severity == "warning"
