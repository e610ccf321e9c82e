"""The same loop on plain moto, for what moto implements.

What moto does not do, and this file therefore does not ask of it:

- ``RevisionId`` exists on aliases only, and no call compares it;
- there are no timelines: a function is Active, an update Successful, at once;
- ``Code.Location`` cannot be fetched, so a revert gets code from the files, not from a version;
- Python handlers do not run (that takes Docker);
- it has no operations for what `WITHOUT_OPERATION` lists;
- a ``RevisionId`` never matches when a permission is removed;
- a URL whose ``InvokeMode`` is not given answers ``Buffered``, which is none of AWS's words;
- ``PutFunctionEventInvokeConfig`` keeps what it is not given.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

from backends.memory import MemoryBackend, MemoryStore
from declarative import aws
from declarative.aws.session import AwsCloud
from declarative.model import fields
from declarative.model.bound import BoundAlias
from declarative.model.release_config import AliasConfig, ServiceSettings
from tests.engine.field_cases import ABSENT, NEEDED, SAMPLES, declared, every, other

ACCOUNT = "123456789012"
INSTANCES = "capacity_provider_config.lambda_managed_instances_capacity_provider_config"


@pytest.fixture(scope="module")
def moto_url() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def moto_world(world, moto_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    iam = boto3.session.Session().client("iam")
    if "lambda" not in {one["RoleName"] for one in iam.list_roles()["Roles"]}:
        iam.create_role(RoleName="lambda", AssumeRolePolicyDocument="{}", Path="/")
    world.state = MemoryBackend(MemoryStore(), world.project)
    world.clients = AwsCloud()
    return world


WITHOUT_OPERATION = {
    "DeleteFunctionCodeSigningConfig",
    "GetAccountSettings",
    "GetFunctionRecursionConfig",
    "GetProvisionedConcurrencyConfig",
    "GetRuntimeManagementConfig",
    "DeleteProvisionedConcurrencyConfig",
    "PutFunctionCodeSigningConfig",
    "PutFunctionRecursionConfig",
    "PutProvisionedConcurrencyConfig",
    "PutRuntimeManagementConfig",
}
"""What lamform calls and moto has no operation for."""

THERE = {"CreateFunction", "TagResource", "UntagResource"}
"""What the loop makes use of, and moto breaks off over where there is no such function."""

CALLED = re.compile(r'client\.get_paginator\(\s*"([a-z_]+)"|client\.([a-z_]+)\(')


def operations() -> set[str]:
    """Every operation of Lambda that lamform calls, by the source of what calls it."""
    api = boto3.client("lambda", region_name="us-east-1").meta.method_to_api_mapping
    source = "".join(path.read_text() for path in Path(aws.__file__).parent.glob("*.py"))
    found = {api[name] for names in CALLED.findall(source) for name in names if name in api}
    assert {"CreateFunction", "ListAliases", "PutFunctionConcurrency"} <= found
    return found


@pytest.mark.usefixtures("moto_world")
def test_moto_lacks_these_operations() -> None:
    anything = Config(parameter_validation=False, retries={"total_max_attempts": 1})
    client = boto3.client("lambda", region_name="us-east-1", config=anything)
    lacking = set()
    for operation in operations() - THERE:
        shape = client.meta.service_model.operation_model(operation).input_shape
        places = shape.members.items() if shape else ()
        asked = {
            name: "nobody"
            for name, member in places
            if member.serialization.get("location") == "uri"
        }
        try:
            getattr(client, xform_name(operation))(**asked)
        except ClientError as error:
            # Where there is an operation, it says in its own words that there is no such function.
            if error.response["Error"]["Code"] in {"404", "500"}:
                lacking.add(operation)
    assert lacking == WITHOUT_OPERATION


def test_the_loop_on_moto(moto_world) -> None:
    world = moto_world
    first = world.release(function={"environment": {"variables": {"MODE": "old"}}})
    world.declare(first)
    assert world.apply().status == "applied"
    assert world.plan().is_empty

    second = world.release(
        function={"memory_size": 512, "environment": {"variables": {"MODE": "new"}}},
        tags={"Team": "other"},
        aliases={
            "live": BoundAlias(AliasConfig(description="production traffic")),
            "extra": BoundAlias(),
        },
    )
    world.code("two")
    world.declare(second)
    assert world.apply().status == "applied"
    assert world.plan().is_empty
    client = world.lambda_client()
    name = world.name("checkout")
    assert client.get_alias(FunctionName=name, Name="live")["FunctionVersion"] == "2"

    client.update_function_configuration(FunctionName=name, MemorySize=1024)
    [finding] = world.drift().findings
    assert (finding.path, finding.recorded, finding.observed) == (("memory_size",), 512, 1024)
    client.update_function_configuration(FunctionName=name, MemorySize=512)
    assert world.drift().findings == ()

    world.code("one")  # moto gives no package back, so the files hold the code of revision 1
    assert world.apply(world.revert("1")).status == "applied"
    assert client.get_alias(FunctionName=name, Name="live")["FunctionVersion"] == "1"
    found = client.get_function(FunctionName=name)
    assert found["Configuration"]["MemorySize"] == 256
    assert found["Configuration"]["Environment"]["Variables"] == {"MODE": "old"}
    assert found["Tags"]["Team"] == "payments"
    aliases = client.list_aliases(FunctionName=name)["Aliases"]
    assert [one["Name"] for one in aliases] == ["live"]
    assert world.drift().findings == ()

    world.declare()
    assert world.apply().status == "applied"
    assert name not in {one["FunctionName"] for one in client.list_functions()["Functions"]}


S3 = {"principal": "s3.amazonaws.com"}
AROUND = {
    "url": [
        {"auth_type": "NONE", "invoke_mode": "RESPONSE_STREAM"},
        {"auth_type": "AWS_IAM", "invoke_mode": "RESPONSE_STREAM"},
        None,
    ],
    "permission": [{"one": S3}, {"one": S3, "two": {**S3, "source_account": ACCOUNT}}],
    "event_invoke": [{"maximum_retry_attempts": 1}, None],
    "reserved_concurrent_executions": [5, 6, None],
}
"""The settings that moto implements, and what they are one after the other."""


@pytest.mark.parametrize("name", AROUND)
def test_settings_on_moto(moto_world, name: str) -> None:
    world = moto_world
    for value in AROUND[name]:
        settings = ServiceSettings.model_validate({} if value is None else {name: value})
        world.declare(world.release(settings=settings))
        result = world.apply()
        assert result.status == "applied", result.failures
        assert world.plan().changes == ()
        assert world.drift().findings == ()


def test_moto_refuses_every_revision_id_of_a_removed_permission(moto_world) -> None:
    """The reason why no permission changes or goes away above; a wish for moto."""
    world = moto_world
    for permission in ({"one": S3}, {}):
        settings = ServiceSettings.model_validate({"permission": permission})
        world.declare(world.release(settings=settings))
        result = world.apply()
    assert result.status == "failed"
    assert "changed since it was read" in result.failures[0].summary


IGNORED = "is not kept, or not answered"
ONLY_CREATED = "is not changed by an update"
LACKS = {
    "architectures": ONLY_CREATED,
    "kms_key_arn": ONLY_CREATED,
    "tracing_config.mode": ONLY_CREATED,
    "ephemeral_storage.size": ONLY_CREATED,
    **dict.fromkeys(
        (
            "source_kms_key_arn",
            "dead_letter_config.target_arn",
            "snap_start.apply_on",
            "logging_config.log_format",
            "logging_config.application_log_level",
            "logging_config.system_log_level",
            "logging_config.log_group",
            "file_system_configs",
            "durable_config.execution_timeout",
            "durable_config.retention_period_in_days",
            "durable_config.kms_key_arn",
            "tenancy_config.tenant_isolation_mode",
            f"{INSTANCES}.capacity_provider_arn",
            f"{INSTANCES}.per_execution_environment_max_concurrency",
            f"{INSTANCES}.execution_environment_memory_gib_per_vcpu",
            "runtime_config.runtime_arn",
            "runtime_config.runtime_alias",
            "accelerator_config.accelerator_memory_size",
        ),
        IGNORED,
    ),
    **dict.fromkeys(
        (
            "package_type",
            "image_config.entry_point",
            "image_config.command",
            "image_config.working_directory",
        ),
        "is of an image, whose CodeSha256 is not its digest",
    ),
}
"""The fields that moto does not implement: one that it does fails the test until it is gone."""


@pytest.fixture(scope="module")
def beside(moto_url: str) -> None:
    """What fields point at, which moto wants to exist."""
    session = boto3.session.Session("testing", "testing", region_name="us-east-1")
    iam, client = (session.client(name, endpoint_url=moto_url) for name in ("iam", "lambda"))
    for name in ("one", "two"):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}", Path="/")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("python/shared.py", "")
    for name in ("a", "b"):
        client.publish_layer_version(LayerName=name, Content={"ZipFile": packed.getvalue()})


@every
def test_fields_on_moto(moto_world, beside, case, request) -> None:
    """Created with it, changed, dropped."""
    name = ".".join(case.path)
    if name in LACKS:
        reason = f"{name} {LACKS[name]}"
        lacking = pytest.mark.xfail(strict=True, raises=AssertionError, reason=reason)
        request.applymarker(lacking)
    world = moto_world
    numbers = (0, other(case)) if case.path[0] in NEEDED else (0, other(case), ABSENT)
    for number in numbers:
        world.declare(declared(world, case, number))
        result = world.apply()
        assert result.status == "applied", result.failures
        reader = world.cloud().reader(world.releases[0].connector, "us-east-1")
        function = reader.function(world.name("checkout"))
        found = fields.get(function.attributes, case.path)
        assert found == case.normal(number, world.name("checkout"))
        assert world.plan().is_empty
        assert world.drift().findings == ()


def test_what_moto_lacks_are_fields() -> None:
    assert LACKS.keys() <= {".".join(path) for path in SAMPLES}
