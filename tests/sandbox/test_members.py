"""Every member that botocore knows of the three calls that make a function is kept or refused.

The members are read from botocore, so that a new one fails here by name. For each leaf a value is
made up from its shape, sent through boto3's own checks, and looked for in what GetFunction answers.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import botocore.session
import pytest

from declarative.sandbox.clock import SimulatedClock
from declarative.sandbox.constraints import NOT_OFFERED
from declarative.sandbox.errors import ServiceError
from declarative.sandbox.packages import NoSources, ObjectPlace, StoredObject
from declarative.sandbox.simulator import LambdaSimulator

MODEL = botocore.session.get_session().get_service_model("lambda")
ACCOUNT = "123456789012"
Path = tuple[str, ...]

# Said once and not answered: what they do is tested where it is done.
SAID_ONCE = {
    ("CreateFunction", ("Publish",)): "the answer is the version's",
    ("CreateFunction", ("Code", "ZipFile")): "answered as CodeSha256",
    ("CreateFunction", ("Code", "S3Bucket")): "answered as CodeSha256, or ResolvedS3Object",
    ("CreateFunction", ("Code", "S3Key")): "answered as CodeSha256, or ResolvedS3Object",
    ("CreateFunction", ("Code", "S3ObjectVersion")): "answered as CodeSha256, or ResolvedS3Object",
    ("UpdateFunctionCode", ("ZipFile",)): "answered as CodeSha256",
    ("UpdateFunctionCode", ("S3Bucket",)): "answered as CodeSha256, or ResolvedS3Object",
    ("UpdateFunctionCode", ("S3Key",)): "answered as CodeSha256, or ResolvedS3Object",
    ("UpdateFunctionCode", ("S3ObjectVersion",)): "answered as CodeSha256, or ResolvedS3Object",
    ("UpdateFunctionCode", ("Publish",)): "the answer is the version's",
    ("UpdateFunctionCode", ("DryRun",)): "nothing is changed",
    ("UpdateFunctionCode", ("RevisionId",)): "a precondition",
    ("UpdateFunctionConfiguration", ("RevisionId",)): "a precondition",
}

SAMPLES: dict[str, Any] = {
    "Role": f"arn:aws:iam::{ACCOUNT}:role/other",
    "Runtime": "python3.13",
    "Handler": "other.handler",
    "TargetArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:queue",
    "KMSKeyArn": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/one",
    "SourceKMSKeyArn": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/two",
    "SubnetIds": ["subnet-1"],
    "SecurityGroupIds": ["sg-1"],
    "Variables": {"STAGE": "dev"},
    "Tags": {"Team": "one"},
    "Layers": [f"arn:aws:lambda:us-east-1:{ACCOUNT}:layer:one:1"],
    "CapacityProviderArn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:capacity-provider:one",
    "CodeSigningConfigArn": (
        f"arn:aws:lambda:us-east-1:{ACCOUNT}:code-signing-config:csc-{'a' * 17}"
    ),
    "Arn": f"arn:aws:elasticfilesystem:us-east-1:{ACCOUNT}:access-point/fsap-{'1' * 17}",
    "RuntimeArn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:runtime/mine",
    "RuntimeAlias": "stable",
    "LogGroup": "/my/group",
    "LocalMountPath": "/mnt/data",
    "ImageUri": f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/app:two",
    "S3Bucket": "builds",
    "S3Key": "app.zip",
    "S3ObjectStorageMode": "REFERENCE",
    "Architectures": ["arm64"],
    "WorkingDirectory": "/work",
    "Description": "what it does",
    "FunctionName": "checkout",
    "PackageType": "Image",
}
FILE_SYSTEM = {
    "Arn": f"arn:aws:elasticfilesystem:us-east-1:{ACCOUNT}:access-point/fsap-{'0' * 17}",
    "LocalMountPath": "/mnt/data",
}
PROVIDER = {
    "LambdaManagedInstancesCapacityProviderConfig": {
        "CapacityProviderArn": SAMPLES["CapacityProviderArn"]
    }
}

# What a member needs beside it to be accepted: on creation, or in the same call.
COMPANIONS: dict[str, dict[str, Any]] = {
    "FileSystemConfigs": {"VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}},
    "AcceleratorConfig": {"CapacityProviderConfig": PROVIDER},
}
SIBLINGS: dict[str, dict[str, Any]] = {
    "VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
    "RuntimeConfig": {"RuntimeArn": SAMPLES["RuntimeArn"], "RuntimeAlias": "stable"},
    "LambdaManagedInstancesCapacityProviderConfig": PROVIDER[
        "LambdaManagedInstancesCapacityProviderConfig"
    ],
    "LoggingConfig": {"LogFormat": "JSON"},
    "Code": {},
}
# The settings that only a function has which was created with them.
CREATED_WITH: dict[str, Any] = {
    "DurableConfig": {"ExecutionTimeout": 60},
    "CapacityProviderConfig": PROVIDER,
    "AcceleratorConfig": {"AcceleratorMemorySize": 1},
}
IMAGE = {"PackageType": "Image", "Code": {"ImageUri": SAMPLES["ImageUri"]}}


class Bucket(NoSources):
    def read_object(self, place: ObjectPlace) -> StoredObject:
        return StoredObject(package("from = 'bucket'"), place.version or "v1")


def package(text: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", text)
    return buffer.getvalue()


def leaves(shape: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    for name, member in shape.members.items():
        if member.type_name == "structure":
            yield from leaves(member, (*path, name))
        elif member.type_name == "list" and member.member.type_name == "structure":
            yield from leaves(member.member, (*path, name, "[]"))
        else:
            yield (*path, name), member


CASES = [
    pytest.param(operation, path, shape, id=f"{operation}.{'.'.join(path)}")
    for operation in ("CreateFunction", "UpdateFunctionConfiguration", "UpdateFunctionCode")
    for path, shape in leaves(MODEL.operation_model(operation).input_shape)
]


def sample(name: str, shape: Any) -> Any:
    """Return a value that is not the default."""
    if name in SAMPLES:
        return SAMPLES[name]
    if shape.type_name == "string" and shape.enum:
        return next(value for value in reversed(shape.enum) if value not in ("None", "COPY"))
    match shape.type_name:
        case "integer" | "long" | "double":
            return shape.metadata.get("min", 0) + 600 if name in ("Size", "MemorySize") else 7
        case "boolean":
            return True
        case "list":
            return ["one", "two"]
        case "string":
            return "one"
    raise AssertionError(f"{name} is of a type that no value is known for: {shape.type_name}")


def request(path: Path, shape: Any) -> dict[str, Any]:
    """Return the members that set one leaf, with what it needs beside it."""
    value = sample(path[-1], shape)
    for depth in range(len(path) - 1, 0, -1):
        name, parent = path[depth], path[depth - 1]
        if name == "[]":
            value = [{**FILE_SYSTEM, **value}]
        else:
            value = {**SIBLINGS.get(parent, {}), name: value} if parent != "[]" else {name: value}
    return {**COMPANIONS.get(path[0], {}), path[0]: value}


def found(answer: dict[str, Any], path: Path) -> Any:
    value: Any = answer
    for name in path:
        value = value[0] if name == "[]" else value.get(name) if value else None
    return value


def answered(answer: dict[str, Any], extras: dict[str, Any], path: Path) -> Any:
    """Return the value of a leaf where GetFunction, or a call of its own, shows it."""
    configuration = answer["Configuration"]
    match path:
        case ("Code", *rest) | (("S3ObjectStorageMode" | "SourceKMSKeyArn" | "ImageUri") as rest,):
            rest = rest if isinstance(rest, list) else [rest]
            if rest[0] == "S3ObjectStorageMode":
                return "REFERENCE" if "ResolvedS3Object" in answer["Code"] else "COPY"
            return answer["Code"].get(rest[0])
        case ("Tags",):
            return answer.get("Tags")
        case ("Layers",):
            return [layer["Arn"] for layer in configuration["Layers"]]
        case ("ImageConfig", name):
            return configuration["ImageConfigResponse"]["ImageConfig"][name]
        case ("CodeSigningConfigArn",):
            return extras["CodeSigningConfigArn"]
        case ("FunctionName",):
            return configuration["FunctionName"]
        case _:
            return found(configuration, path)


@pytest.fixture
def kept(clock: SimulatedClock) -> LambdaSimulator:
    return LambdaSimulator(clock=clock, sources=Bucket())


def is_about_images(path: Path) -> bool:
    return path[0] in ("ImageConfig", "PackageType", "ImageUri") or path == ("Code", "ImageUri")


def creation(operation: str, path: Path, new_function: Callable[..., dict[str, Any]]) -> Any:
    asked = new_function()
    if is_about_images(path):
        asked = {**asked, **IMAGE, "Runtime": None, "Handler": None}
        asked["Code"] = {"ImageUri": IMAGE["Code"]["ImageUri"].replace("two", "one")}
    if path[0] in CREATED_WITH and operation == "UpdateFunctionConfiguration":
        asked[path[0]] = CREATED_WITH[path[0]]
        asked |= COMPANIONS.get(path[0], {})
    return {name: value for name, value in asked.items() if value is not None}


def whole(operation: str, path: Path, wanted: dict[str, Any]) -> dict[str, Any]:
    """Return a request that has, beside the member, the code that it is about."""
    inside = wanted["Code"] if path[0] == "Code" else wanted
    if path[-1] == "S3ObjectStorageMode":
        inside = {"S3Bucket": "builds", "S3Key": "app.zip", **inside}
    elif path[-1] != "ImageUri" and (path[0] == "Code" or operation == "UpdateFunctionCode"):
        inside = {"ZipFile": package("second = 2"), **inside}
    return {"Code": inside} if path[0] == "Code" else inside


ANSWERED = [case for case in CASES if case.values[:2] not in SAID_ONCE]


@pytest.mark.parametrize(("operation", "path", "shape"), ANSWERED)
def test_a_member_is_kept_or_refused(
    kept: LambdaSimulator,
    clock: SimulatedClock,
    new_function: Callable[..., dict[str, Any]],
    operation: str,
    path: Path,
    shape: Any,
) -> None:
    wanted = whole(operation, path, request(path, shape))
    asked = creation(operation, path, new_function)
    if operation == "CreateFunction":
        calls = [(operation, {**asked, **wanted})]
    else:
        calls = [("CreateFunction", asked), (operation, {**wanted, "FunctionName": "checkout"})]
    refusal = (
        pytest.raises(ServiceError, match=f"{path[0]} is not supported")
        if path[0] in NOT_OFFERED
        else nullcontext()
    )
    with refusal:
        for name, parameters in calls:
            kept.call(name, **parameters)
            clock.advance(60)
    if path[0] in NOT_OFFERED:
        return
    answer = kept.call("GetFunction", FunctionName="checkout")
    signing = kept.call("GetFunctionCodeSigningConfig", FunctionName="checkout")
    assert answered(answer, signing, path) == sample(path[-1], shape)


def test_what_is_said_once_is_what_botocore_knows() -> None:
    known = {(case.values[0], case.values[1]) for case in CASES}
    assert set(SAID_ONCE) <= known
    assert {path[0] for _, path in known} >= set(NOT_OFFERED)
    assert all(NOT_OFFERED.values())
