from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from declarative.sandbox.clock import SimulatedClock
from declarative.sandbox.operations import READS, WRITES
from declarative.sandbox.routes import ROUTES
from declarative.sandbox.server import Sandbox

Make = Callable[..., Any]
ACCOUNT = "111111111111"


def test_routes_are_those_of_the_service_model() -> None:
    model = botocore.session.get_session().get_service_model("lambda")
    for route in ROUTES:
        expected = model.operation_model(route.operation).http
        assert route.method == expected["method"]
        assert route.path == expected["requestUri"].rstrip("/")
        assert route.status == expected["responseCode"], route.operation


def test_every_operation_has_one_route() -> None:
    assert sorted(route.operation for route in ROUTES) == sorted(
        {*READS, *WRITES, "Invoke"} - {"GetResources"}
    )


def test_loading_the_sandbox_and_using_lambda_loads_no_moto() -> None:
    script = """
import sys, urllib.request
from declarative.sandbox.server import Sandbox
with Sandbox() as sandbox:
    urllib.request.urlopen(sandbox.url + "/2015-03-31/functions").read()
    form = b"Action=GetCallerIdentity&Version=2011-06-15"
    urllib.request.urlopen(sandbox.url + "/", form).read()
print("moto" in sys.modules, "boto3" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stdout.split() == [b"False", b"False"]


def test_a_package_can_be_downloaded_from_its_location(
    sandbox: Sandbox, connect: Make, new_function: Make, make_zip: Make
) -> None:
    client = connect(sandbox, "lambda")
    client.create_function(**new_function())
    location = client.get_function(FunctionName="checkout")["Code"]["Location"]
    with urlopen(location) as answer:  # noqa: S310 - loopback
        assert answer.read() == make_zip()


def test_code_comes_from_a_bucket(
    sandbox: Sandbox, clock: SimulatedClock, connect: Make, new_function: Make, make_zip: Make
) -> None:
    client, s3 = connect(sandbox, "lambda"), connect(sandbox, "s3")
    s3.create_bucket(Bucket="builds")
    s3.put_bucket_versioning(Bucket="builds", VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket="builds", Key="a b/é.zip", Body=make_zip("one = 1"))
    s3.put_object(Bucket="builds", Key="a b/é.zip", Body=make_zip("two = 2"))
    code = {"S3Bucket": "builds", "S3Key": "a b/é.zip"}
    newest = client.create_function(**new_function(Code=code))["CodeSha256"]
    clock.advance(60)
    pinned = client.update_function_code(
        FunctionName="checkout", **code, S3ObjectVersion=first["VersionId"]
    )
    direct = client.create_function(**new_function("direct", "one = 1"))
    assert pinned["CodeSha256"] == direct["CodeSha256"] != newest


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ({"S3Bucket": "no-such-bucket", "S3Key": "k"}, "NoSuchBucket"),
        ({"S3Bucket": "builds", "S3Key": "k"}, "NoSuchKey"),
        ({"S3Bucket": "elsewhere", "S3Key": "k"}, "PermanentRedirect"),
    ],
)
def test_an_object_that_cannot_be_read(
    sandbox: Sandbox, connect: Make, new_function: Make, place: dict[str, str], code: str
) -> None:
    s3 = connect(sandbox, "s3")
    s3.create_bucket(Bucket="builds")
    where = {"LocationConstraint": "eu-west-1"}
    s3.create_bucket(Bucket="elsewhere", CreateBucketConfiguration=where)
    with pytest.raises(ClientError, match=f"InvalidParameterValue.*{code}"):
        connect(sandbox, "lambda").create_function(**new_function(Code=place))


def test_an_image_that_does_not_exist(sandbox: Sandbox, connect: Make, new_function: Make) -> None:
    asked = new_function(
        PackageType="Image",
        Runtime=None,
        Handler=None,
        Code={"ImageUri": f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/none:latest"},
    )
    with pytest.raises(ClientError, match=r"does not exist\. Provide a valid source image"):
        connect(sandbox, "lambda").create_function(
            **{name: value for name, value in asked.items() if value}
        )


def test_all_services_agree_on_the_account(sandbox: Sandbox, connect: Make) -> None:
    sts = connect(sandbox, "sts", ACCOUNT)
    assert sts.get_caller_identity()["Account"] == ACCOUNT
    role = {"RoleArn": "arn:aws:iam::222222222222:role/path/deploy", "RoleSessionName": "ci"}
    keys = sts.assume_role(**role)["Credentials"]
    key = keys["AccessKeyId"]
    identity = connect(sandbox, "sts", key).get_caller_identity()
    assert identity["Account"] == "222222222222"
    assert identity["Arn"] == "arn:aws:sts::222222222222:assumed-role/deploy/ci"
    assert ":222222222222:" in connect(sandbox, "sns", key).create_topic(Name="t")["TopicArn"]
    assert connect(sandbox, "sns", ACCOUNT).list_topics()["Topics"] == []


def test_keys_made_by_iam_belong_to_their_account(sandbox: Sandbox, connect: Make) -> None:
    iam = connect(sandbox, "iam", ACCOUNT)
    iam.create_user(UserName="deployer")
    key = iam.create_access_key(UserName="deployer")["AccessKey"]["AccessKeyId"]
    assert connect(sandbox, "sts", key).get_caller_identity()["Account"] == ACCOUNT


def test_a_web_identity_needs_no_signature(sandbox: Sandbox, connect: Make) -> None:
    answer = connect(sandbox, "sts").assume_role_with_web_identity(
        RoleArn="arn:aws:iam::222222222222:role/ci", RoleSessionName="ci", WebIdentityToken="token"
    )
    assert answer["AssumedRoleUser"]["Arn"].startswith("arn:aws:sts::222222222222:")
    with pytest.raises(ClientError, match="ValidationError"):
        connect(sandbox, "sts").assume_role(
            RoleArn="arn:aws:iam::role/without-account", RoleSessionName="ci"
        )


def test_an_invocation_over_http(
    sandbox: Sandbox, clock: SimulatedClock, connect: Make, new_function: Make
) -> None:
    source = "def handler(event, context):\n    print('x'); raise ValueError('no')\n"
    client = connect(sandbox, "lambda")
    client.create_function(**new_function(source=source, Publish=True))
    clock.advance(60)
    answer = client.invoke(FunctionName="checkout", Qualifier="1", LogType="Tail")
    assert (answer["ExecutedVersion"], answer["FunctionError"]) == ("1", "Unhandled")
    assert json.loads(answer["Payload"].read())["errorMessage"] == "no"
    assert answer["LogResult"]


def test_a_handler_can_use_the_sandbox(
    sandbox: Sandbox, clock: SimulatedClock, connect: Make, new_function: Make
) -> None:
    source = """
import boto3

def handler(event, context):
    return [item["FunctionName"] for item in boto3.client("lambda").list_functions()["Functions"]]
"""
    client = connect(sandbox, "lambda", "123456789012")
    client.create_function(**new_function(source=source, Timeout=30))
    clock.advance(60)
    answer = client.invoke(FunctionName="checkout")
    assert json.loads(answer["Payload"].read()) == ["checkout"]


def test_counts_and_faults_from_another_process(
    sandbox: Sandbox, connect: Make, new_function: Make
) -> None:
    def control(method: str, what: str, body: Any = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        request = Request(f"{sandbox.url}/_sandbox/{what}", data, method=method)  # noqa: S310 - loopback
        with urlopen(request) as answer:  # noqa: S310 - loopback
            return json.loads(answer.read() or "null")

    client = connect(sandbox, "lambda")
    fault = {"operation": "ListFunctions", "kind": "error-before", "code": "Busy", "status": 409}
    control("POST", "faults", fault)
    with pytest.raises(ClientError, match="Busy"):
        client.list_functions()
    assert control("GET", "calls")["operations"] == {"ListFunctions": 1}
    control("POST", "reset-calls")
    assert control("GET", "calls")["groups"]["other"] == 0
    control("POST", "faults", fault)
    control("DELETE", "faults")
    client.list_functions()
    with pytest.raises(OSError, match="400"):
        control("POST", "faults", {"operation": "ListFunctions", "kind": "meteor"})
    with pytest.raises(OSError, match="404"):
        control("GET", "nothing")


def test_a_lost_answer_is_a_closed_connection_after_the_effect(
    sandbox: Sandbox, new_function: Make
) -> None:
    session = botocore.session.get_session()
    session.set_credentials(ACCOUNT, "secret")
    client = session.create_client(
        "lambda",
        region_name="us-east-1",
        endpoint_url=sandbox.url,
        config=Config(retries={"total_max_attempts": 1}),
    )
    sandbox.simulator.faults.add("CreateFunction", kind="lost-answer")
    with pytest.raises(ConnectionClosedError):
        client.create_function(**new_function())
    assert client.get_function(FunctionName="checkout")["Configuration"]["State"] == "Pending"
    client.close()


def test_a_connection_is_kept_and_an_unknown_path_is_answered(sandbox: Sandbox) -> None:
    connection = http.client.HTTPConnection(urlsplit(sandbox.url).netloc)
    for path, status in (
        ("/2015-03-31/functions/", 200),
        ("/2015-03-31/nothing", 404),
        ("/2015-03-31/functions/none", 404),
        ("/2015-03-31/functions", 200),
    ):
        connection.request("GET", path)
        answer = connection.getresponse()
        assert (answer.status, answer.will_close) == (status, False)
        answer.read()
    for body in (iter([b"[", b"1]"]), b'{"FunctionName": 1}', b"{"):
        connection.request("POST", "/2015-03-31/functions", body)
        answer = connection.getresponse()
        assert answer.status == 400
        answer.read()
    connection.close()


def test_many_threads_make_one_history(
    sandbox: Sandbox, clock: SimulatedClock, connect: Make, new_function: Make
) -> None:
    client = connect(sandbox, "lambda", "123456789012")
    client.create_function(**new_function())
    clock.advance(60)
    outcomes: list[str] = []

    def update(number: int) -> None:
        try:
            sandbox.simulator.call(
                "UpdateFunctionConfiguration", FunctionName="checkout", Timeout=number
            )
            outcomes.append("done")
        except Exception as error:  # noqa: BLE001 - the test is about which one it is
            outcomes.append(type(error).__name__)

    threads = [threading.Thread(target=update, args=(number,)) for number in range(1, 17)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["ServiceError"] * 15 + ["done"]
