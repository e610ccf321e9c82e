"""What stands around functions: layers, signatures, triggers, tags in bulk."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from declarative.sandbox.clock import SimulatedClock
from declarative.sandbox.errors import ServiceError
from declarative.sandbox.server import Sandbox
from declarative.sandbox.simulator import LambdaSimulator

Make = Callable[..., Any]
ACCOUNT = "123456789012"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:queue"


def refused(code: str) -> Any:
    return pytest.raises(ServiceError, match=f"^{code}")


@pytest.fixture(params=["http", "in-process"])
def lambda_(request: Any, clock: SimulatedClock) -> Any:
    """Yield a client of a sandbox, over HTTP and in process."""
    with Sandbox(clock=clock, in_process=request.param == "in-process") as sandbox:
        yield sandbox.client("lambda")


def test_a_life_of_a_layer(lambda_: Any, new_function: Make, make_zip: Make) -> None:
    content = {"ZipFile": make_zip()}
    first = lambda_.publish_layer_version(LayerName="common", Content=content)
    second = lambda_.publish_layer_version(
        LayerName="common",
        Content={"ZipFile": make_zip("other = 1")},
        CompatibleRuntimes=["python3.13"],
    )
    assert (first["Version"], second["Version"]) == (1, 2)
    digest = base64.b64encode(hashlib.sha256(make_zip()).digest()).decode()
    assert first["Content"]["CodeSha256"] == digest
    listed = lambda_.list_layer_versions(LayerName="common")["LayerVersions"]
    assert [item["Version"] for item in listed] == [2, 1]
    fitting = lambda_.list_layer_versions(LayerName="common", CompatibleRuntime="python3.13")
    assert len(fitting["LayerVersions"]) == 1
    assert lambda_.list_layers()["Layers"][0]["LatestMatchingVersion"]["Version"] == 2
    arn = first["LayerVersionArn"]
    found = lambda_.get_layer_version_by_arn(Arn=arn)
    assert found["LayerVersionArn"] == arn
    assert lambda_.get_layer_version(LayerName="common", VersionNumber=1)["LayerVersionArn"] == arn
    made = lambda_.create_function(**new_function(Layers=[arn]))
    assert made["Layers"] == [{"Arn": arn, "CodeSize": first["Content"]["CodeSize"]}]
    lambda_.delete_layer_version(LayerName="common", VersionNumber=2)
    with pytest.raises(lambda_.exceptions.ResourceNotFoundException):
        lambda_.get_layer_version(LayerName="common", VersionNumber=2)
    again = lambda_.publish_layer_version(LayerName="common", Content=content)
    assert again["Version"] == 3


def test_layers_of_a_function_exist(
    simulator: LambdaSimulator, new_function: Make, make_zip: Make
) -> None:
    def create(*arns: str) -> Any:
        return simulator.call("CreateFunction", **new_function(Layers=list(arns)))

    base = f"arn:aws:lambda:us-east-1:{ACCOUNT}:layer"
    simulator.call("PublishLayerVersion", LayerName="known", Content={"ZipFile": make_zip()})
    with refused("InvalidParameterValueException.*known:2 does not exist"):
        create(f"{base}:known:2")
    with refused("InvalidParameterValueException.*Two different versions"):
        create(f"{base}:known:1", f"{base}:known:1")
    with refused("InvalidParameterValueException.*not in the region"):
        create(f"arn:aws:lambda:eu-west-1:{ACCOUNT}:layer:known:1")
    simulator.behaviour.unknown_references = "refused"
    with refused("InvalidParameterValueException.*never-made:1 does not exist"):
        create(f"{base}:never-made:1")
    simulator.behaviour.unknown_references = "accepted"
    create(f"{base}:never-made:1", "arn:aws:lambda:us-east-1:999999999999:layer:theirs:7")
    with refused("AccessDeniedException.*GetLayerVersion"):
        simulator.call(
            "GetLayerVersionByArn", Arn="arn:aws:lambda:us-east-1:999999999999:layer:theirs:7"
        )


def test_a_package_and_its_layers_share_one_limit(
    simulator: LambdaSimulator, clock: SimulatedClock, new_function: Make
) -> None:
    def zeros(size: int) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr("zeros", bytes(size))
        return buffer.getvalue()

    half = zeros(131_072_000)
    content = {"ZipFile": half}
    layer = simulator.call("PublishLayerVersion", LayerName="half", Content=content)
    arns = [layer["LayerVersionArn"]]
    exactly = new_function(Layers=arns, Code=content)
    assert simulator.call("CreateFunction", **exactly)["Layers"][0]["Arn"] == arns[0]
    more = {"ZipFile": zeros(131_072_001)}
    with refused("InvalidParameterValueException: Unzipped size"):
        simulator.call("CreateFunction", **new_function("more", Layers=arns, Code=more))
    clock.advance(60)
    with refused("InvalidParameterValueException: Unzipped size"):
        simulator.call("UpdateFunctionCode", FunctionName="checkout", **more)
    simulator.call("CreateFunction", **new_function("more", Code=more))
    clock.advance(60)
    with refused("InvalidParameterValueException: Unzipped size"):
        simulator.call("UpdateFunctionConfiguration", FunctionName="more", Layers=arns)


def test_a_package_that_comes_with_the_request_is_limited(
    simulator: LambdaSimulator, new_function: Make
) -> None:
    with refused("RequestEntityTooLargeException") as caught:
        simulator.call("CreateFunction", **new_function(Code={"ZipFile": bytes(52_428_801)}))
    assert caught.value.status == 413


def test_code_signing(lambda_: Any, clock: SimulatedClock, new_function: Make) -> None:
    publishers = {
        "SigningProfileVersionArns": [
            f"arn:aws:signer:us-east-1:{ACCOUNT}:/signing-profiles/one/abc"
        ]
    }
    made = lambda_.create_code_signing_config(AllowedPublishers=publishers)["CodeSigningConfig"]
    arn = made["CodeSigningConfigArn"]
    assert made["CodeSigningPolicies"] == {"UntrustedArtifactOnDeployment": "Warn"}
    lambda_.create_function(**new_function(CodeSigningConfigArn=arn))
    clock.advance(60)
    found = lambda_.get_function_code_signing_config(FunctionName="checkout")
    assert found["CodeSigningConfigArn"] == arn
    users = lambda_.list_functions_by_code_signing_config(CodeSigningConfigArn=arn)
    assert users["FunctionArns"] == [
        lambda_.get_function(FunctionName="checkout")["Configuration"]["FunctionArn"]
    ]
    with pytest.raises(lambda_.exceptions.ResourceConflictException):
        lambda_.delete_code_signing_config(CodeSigningConfigArn=arn)
    enforce = {"UntrustedArtifactOnDeployment": "Enforce"}
    lambda_.update_code_signing_config(CodeSigningConfigArn=arn, CodeSigningPolicies=enforce)
    assert len(lambda_.list_code_signing_configs()["CodeSigningConfigs"]) == 1
    code = new_function()["Code"]
    with pytest.raises(lambda_.exceptions.CodeVerificationFailedException):
        lambda_.update_function_code(FunctionName="checkout", **code)
    with pytest.raises(lambda_.exceptions.CodeVerificationFailedException):
        lambda_.create_function(**new_function("other", CodeSigningConfigArn=arn))
    lambda_.delete_function_code_signing_config(FunctionName="checkout")
    lambda_.update_function_code(FunctionName="checkout", **code)
    lambda_.delete_code_signing_config(CodeSigningConfigArn=arn)
    with pytest.raises(lambda_.exceptions.ResourceNotFoundException):
        lambda_.get_code_signing_config(CodeSigningConfigArn=arn)


def test_a_code_signing_config_that_does_not_exist(
    simulator: LambdaSimulator, new_function: Make
) -> None:
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:code-signing-config:csc-{'a' * 17}"
    simulator.call("CreateFunction", **new_function())
    put = {"FunctionName": "checkout", "CodeSigningConfigArn": arn}
    simulator.call("PutFunctionCodeSigningConfig", **put)
    simulator.behaviour.unknown_references = "refused"
    with refused("CodeSigningConfigNotFoundException"):
        simulator.call("PutFunctionCodeSigningConfig", **put)


def test_event_source_mappings(lambda_: Any, new_function: Make) -> None:
    lambda_.create_function(**new_function(Publish=True))
    made = lambda_.create_event_source_mapping(
        FunctionName="checkout", EventSourceArn=QUEUE, BatchSize=5
    )
    assert (made["State"], made["BatchSize"]) == ("Creating", 5)
    with pytest.raises(lambda_.exceptions.ResourceConflictException, match=made["UUID"]):
        lambda_.create_event_source_mapping(FunctionName="checkout", EventSourceArn=QUEUE)
    other = lambda_.create_event_source_mapping(
        FunctionName="checkout:1", EventSourceArn=QUEUE, Enabled=False
    )

    def listed(**asked: Any) -> list[str]:
        found = lambda_.list_event_source_mappings(**asked)["EventSourceMappings"]
        return [item["UUID"] for item in found]

    assert listed(FunctionName="checkout") == [made["UUID"]]
    assert listed(FunctionName="checkout:1") == [other["UUID"]]
    assert listed(EventSourceArn=QUEUE) == listed() == [made["UUID"], other["UUID"]]
    assert lambda_.get_event_source_mapping(UUID=other["UUID"])["State"] == "Disabled"
    lambda_.update_event_source_mapping(UUID=other["UUID"], Enabled=True, BatchSize=7)
    changed = lambda_.get_event_source_mapping(UUID=other["UUID"])
    assert (changed["State"], changed["BatchSize"]) == ("Enabled", 7)
    lambda_.delete_event_source_mapping(UUID=other["UUID"])
    lambda_.delete_function(FunctionName="checkout")
    assert listed(FunctionName="checkout") == [made["UUID"]]
    with pytest.raises(lambda_.exceptions.ResourceNotFoundException):
        lambda_.list_event_source_mappings(FunctionName="none")


def test_the_tagging_api_knows_the_functions(
    sandbox: Sandbox, clock: SimulatedClock, connect: Make, new_function: Make
) -> None:
    client = connect(sandbox, "lambda")
    tagging = connect(sandbox, "resourcegroupstaggingapi")
    only = {"ResourceTypeFilters": ["lambda:function"]}
    for number in range(150):
        client.create_function(**new_function(f"tagged-{number}", Tags={"Team": f"{number % 2}"}))
    client.create_function(**new_function("never"))
    once = client.create_function(**new_function("once", Tags={"Team": "1"}))["FunctionArn"]
    client.untag_resource(Resource=once, TagKeys=["Team"])
    pages = [
        page["ResourceTagMappingList"]
        for page in tagging.get_paginator("get_resources").paginate(**only)
    ]
    assert [len(page) for page in pages] == [100, 51]
    found = {item["ResourceARN"]: item["Tags"] for page in pages for item in page}
    assert found[once] == []
    assert not any(arn.endswith(":never") for arn in found)
    filters = [{"Key": "Team", "Values": ["1"]}]
    assert len(tagging.get_resources(TagFilters=filters, **only)["ResourceTagMappingList"]) == 75
    listed = tagging.get_resources(ResourceARNList=[once])["ResourceTagMappingList"]
    assert listed == []  # without a type it is moto that answers, which knows no functions
    assert sandbox.simulator.calls.groups["tagging"] == 3
    sandbox.simulator.conditions.deny("tag:GetResources")
    with pytest.raises(ClientError, match="AccessDenied"):
        tagging.get_resources(**only)
    buckets = connect(sandbox, "s3")
    buckets.create_bucket(Bucket="builds")
    buckets.put_bucket_tagging(Bucket="builds", Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    other = tagging.get_resources(ResourceTypeFilters=["s3"])["ResourceTagMappingList"]
    assert [item["ResourceARN"] for item in other] == ["arn:aws:s3:::builds"]


def test_code_may_be_used_where_it_lies(
    sandbox: Sandbox, clock: SimulatedClock, connect: Make, new_function: Make, make_zip: Make
) -> None:
    s3, client = connect(sandbox, "s3"), connect(sandbox, "lambda")
    s3.create_bucket(Bucket="plain")
    s3.create_bucket(Bucket="builds")
    s3.put_bucket_versioning(Bucket="builds", VersioningConfiguration={"Status": "Enabled"})
    for bucket in ("plain", "builds"):
        put = s3.put_object(Bucket=bucket, Key="a.zip", Body=make_zip())
    code = {"S3Bucket": "builds", "S3Key": "a.zip", "S3ObjectStorageMode": "REFERENCE"}
    with pytest.raises(ClientError, match="versioning"):
        client.create_function(**new_function(Code={**code, "S3Bucket": "plain"}))
    client.create_function(**new_function(Code=code))
    found = client.get_function(FunctionName="checkout")["Code"]
    assert found["ResolvedS3Object"] == {
        "S3Bucket": "builds",
        "S3Key": "a.zip",
        "S3ObjectVersion": put["VersionId"],
    }
    assert client.get_account_settings()["AccountUsage"]["TotalCodeSize"] == 0
