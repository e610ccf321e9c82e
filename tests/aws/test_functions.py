"""Lambda's answers as the engine sees them, and what the engine wants as requests."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from declarative.aws.answers import creation, observed_function, reconfiguration
from declarative.engine.ports import ImageCode, ObservedAlias, S3Code, ZipCode
from declarative.errors import (
    OutcomeUnknownError,
    PreconditionFailedError,
    RemoteError,
)
from declarative.model.fields import FUNCTION, from_api

if TYPE_CHECKING:
    from declarative.engine.ports import FunctionWriter

ARN = "arn:aws:lambda:us-east-2:111111111111:function:checkout"
PACKAGE = b"PK package"
DIGEST = base64.b64encode(hashlib.sha256(PACKAGE).digest()).decode()
CONFIGURATION: dict[str, Any] = {
    "FunctionName": "checkout",
    "FunctionArn": ARN,
    "Runtime": "python3.13",
    "Handler": "app.handler",
    "Role": "arn:aws:iam::111111111111:role/r",
    "CodeSize": 10,
    "CodeSha256": DIGEST,
    "Version": "$LATEST",
    "RevisionId": "r1",
    "Environment": {"Variables": {"A_KEY": "1"}},
    "Layers": [{"Arn": "arn:layer:1", "CodeSize": 1}],
    "State": "Active",
    "LastUpdateStatus": "Successful",
}
ALIAS = {
    "Name": "live",
    "AliasArn": f"{ARN}:live",
    "FunctionVersion": "1",
    "Description": "",
    "RevisionId": "a1",
}


@pytest.fixture
def functions(cloud, connector) -> FunctionWriter:
    return cloud.writer(connector, "us-east-2")


def test_function(aws, functions) -> None:
    aws.will(
        (
            200,
            {"Configuration": CONFIGURATION, "Code": {"Location": "http://x"}, "Tags": {"T": "1"}},
        )
    )
    observed = functions.function("checkout")
    assert aws.requests[0].path == "/2015-03-31/functions/checkout"
    assert observed is not None
    assert observed.attributes == from_api(CONFIGURATION, "checkout")
    assert observed.attributes["layers"] == ["arn:layer:1"]
    assert (observed.version, observed.revision_id, observed.code_sha256) == (
        "$LATEST",
        "r1",
        DIGEST,
    )
    assert (observed.tags, observed.unreadable, observed.reason) == ({"T": "1"}, {}, None)
    assert "A_KEY" not in repr(observed)


def test_a_version_has_no_tags_and_nothing_is_withheld(aws, functions) -> None:
    aws.will((200, {"Configuration": {**CONFIGURATION, "Version": "7"}}))
    observed = functions.function("checkout", "live")
    assert aws.requests[0].path.endswith("?Qualifier=live")
    assert (observed.version, observed.tags, observed.unreadable) == ("7", None, {})


def test_withheld_is_unreadable_and_never_empty() -> None:
    denied = {"ErrorCode": "AccessDeniedException", "Message": "no kms:Decrypt"}
    observed = observed_function(
        {
            "Configuration": {
                **CONFIGURATION,
                "Environment": {"Error": denied},
                "ImageConfigResponse": {"Error": denied},
            },
            "Code": {"Error": denied},
            "TagsError": denied,
        }
    )
    assert observed.tags is None
    assert observed.unreadable == dict.fromkeys(
        ("tags", "environment", "image_config", "code"), "AccessDeniedException: no kms:Decrypt"
    )


def test_no_tags_is_no_tags() -> None:
    assert observed_function({"Configuration": CONFIGURATION}).tags == {}


def test_image_configuration_is_found_where_aws_puts_it() -> None:
    image = {"ImageConfig": {"Command": ["run"]}}
    observed = observed_function({"Configuration": {**CONFIGURATION, "ImageConfigResponse": image}})
    assert observed.attributes["image_config"]["command"] == ["run"]


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (
            {"State": "Failed", "StateReasonCode": "InvalidSubnet", "StateReason": "gone"},
            "InvalidSubnet: gone",
        ),
        (
            {"LastUpdateStatus": "Failed", "LastUpdateStatusReasonCode": "InvalidImage"},
            "InvalidImage",
        ),
        ({"State": "Inactive", "StateReason": "The function is idle."}, "The function is idle."),
    ],
)  # fmt: skip
def test_reason(facts, reason) -> None:
    assert observed_function({"Configuration": {**CONFIGURATION, **facts}}).reason == reason


def test_there_is_none(aws, functions) -> None:
    aws.will(aws.refuses(404, "ResourceNotFoundException", "Function not found"))
    assert functions.function("checkout") is None
    assert functions.aliases("checkout") == ()
    functions.delete_function("checkout")
    functions.delete_alias("checkout", "live")


@pytest.mark.parametrize("page", [b"<html>log in</html>", {}])
def test_the_page_of_a_proxy_is_no_answer(aws, functions, page) -> None:
    aws.will((200, page))
    for read in (functions.function, functions.aliases):
        with pytest.raises(RemoteError, match="may not be from AWS"):
            read("checkout")


def test_all_pages_of_aliases(aws, functions) -> None:
    routing = {"AdditionalVersionWeights": {"2": 0.1}}
    aws.will(
        (200, {"Aliases": [ALIAS], "NextMarker": "next"}),
        (200, {"Aliases": [{**ALIAS, "Name": "beta", "RoutingConfig": routing}]}),
    )
    beta, live = functions.aliases("checkout")
    assert beta.routing == {"2": 0.1}
    assert live == ObservedAlias("live", f"{ARN}:live", "1", revision_id="a1")
    assert "Marker=next" in aws.requests[1].path


def test_create_sends_what_differs_from_the_default(aws, functions) -> None:
    aws.will((201, CONFIGURATION))
    wanted = from_api({**CONFIGURATION, "MemorySize": 256}, "checkout")
    observed = functions.create_function(
        "checkout", wanted, ZipCode(PACKAGE), tags={"Team": "a"}, publish=True
    )
    assert aws.requests[0].body == {
        "FunctionName": "checkout",
        "Runtime": "python3.13",
        "Handler": "app.handler",
        "Role": CONFIGURATION["Role"],
        "MemorySize": 256,
        "Environment": {"Variables": {"A_KEY": "1"}},
        "Layers": ["arn:layer:1"],
        "Code": {"ZipFile": base64.b64encode(PACKAGE).decode()},
        "Tags": {"Team": "a"},
        "Publish": True,
    }
    assert observed.tags is None


def test_empty_values_are_sent_to_clear(aws, functions) -> None:
    aws.will((200, CONFIGURATION))
    empty = from_api({}, "checkout")
    functions.update_configuration(
        "checkout",
        {key: empty[key] for key in (
            "environment", "layers", "vpc_config", "dead_letter_config", "kms_key_arn",
            "file_system_configs", "image_config", "logging_config", "architectures",
        )},
        revision_id="r1",
    )  # fmt: skip
    assert aws.requests[0].body == {
        "Environment": {"Variables": {}},
        "Layers": [],
        "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []},
        "DeadLetterConfig": {"TargetArn": ""},
        "KMSKeyArn": "",
        "FileSystemConfigs": [],
        "ImageConfig": {},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/checkout"},
        "RevisionId": "r1",
    }


@given(st.sets(st.sampled_from([field.name for field in FUNCTION])))
def test_every_field_has_a_request_that_the_sdk_accepts(names) -> None:
    import botocore.session
    from botocore.validate import ParamValidator

    service = botocore.session.get_session().get_service_model("lambda")
    wanted = {
        name: value for name, value in from_api(CONFIGURATION, "checkout").items() if name in names
    }
    for operation, request in (
        ("UpdateFunctionConfiguration", reconfiguration("checkout", wanted)),
        ("CreateFunction", {"Role": "r", **creation("checkout", wanted, ZipCode(b""))}),
    ):
        shape = service.operation_model(operation).input_shape
        report = ParamValidator().validate(request, shape)
        assert not report.has_errors(), report.generate_report()


def test_code_by_reference(aws, functions) -> None:
    aws.will((200, {**CONFIGURATION, "Version": "3", "FunctionArn": f"{ARN}:3"}))
    code = S3Code("builds", "app.zip", "v1")
    observed = functions.update_code(
        "checkout", code, publish=True, revision_id="r1", architectures=["arm64"]
    )
    assert observed.version == "3"
    assert aws.requests[0].body == {
        "S3Bucket": "builds",
        "S3Key": "app.zip",
        "S3ObjectVersion": "v1",
        "Publish": True,
        "RevisionId": "r1",
        "Architectures": ["arm64"],
    }


def test_publish(aws, functions) -> None:
    aws.will((201, {**CONFIGURATION, "Version": "4"}))
    assert (
        functions.publish_version("checkout", code_sha256=DIGEST, revision_id=None).version == "4"
    )
    assert aws.requests[0].body == {"CodeSha256": DIGEST}


def test_an_empty_routing_clears_weights(aws, functions) -> None:
    aws.will((200, ALIAS))
    functions.update_alias(
        "checkout", "live", version="1", description="", routing={}, revision_id="a0"
    )
    assert aws.requests[0].body == {
        "FunctionVersion": "1",
        "Description": "",
        "RoutingConfig": {"AdditionalVersionWeights": {}},
        "RevisionId": "a0",
    }


def test_create_alias(aws, functions) -> None:
    aws.will((201, ALIAS))
    alias = functions.create_alias("checkout", "live", version="1", description="d", routing={})
    assert (alias.name, alias.function_version) == ("live", "1")
    assert "RoutingConfig" not in aws.requests[0].body


def test_tags(aws, functions) -> None:
    aws.will((204, b""))
    functions.tag(ARN, {"a": "1"})
    functions.untag(ARN, ["b", "c"])
    assert [request.method for request in aws.requests] == ["POST", "DELETE"]
    assert aws.requests[0].body == {"Tags": {"a": "1"}}
    assert aws.requests[1].path.endswith("?tagKeys=b&tagKeys=c")


def test_download(aws, functions) -> None:
    observed = observed_function(
        {"Configuration": CONFIGURATION, "Code": {"Location": f"{aws.url}/package?X-Amz-Sig=s"}}
    )
    aws.will((200, PACKAGE))
    assert functions.download(observed) == PACKAGE


@pytest.mark.parametrize(
    ("answer", "said"),
    [((403, b""), "answered HTTP 403"), ((200, b"other"), "not " + DIGEST[:10]), (None, "closed")],
)
def test_download_that_cannot_be_trusted(aws, functions, answer, said) -> None:
    location = f"{aws.url}/package"
    observed = observed_function({"Configuration": CONFIGURATION, "Code": {"Location": location}})
    aws.will(answer)
    with pytest.raises(RemoteError, match=said.replace("+", r"\+")) as caught:
        functions.download(observed)
    assert not isinstance(caught.value, OutcomeUnknownError)


def test_download_of_nothing(functions) -> None:
    with pytest.raises(RemoteError, match="did not say where"):
        functions.download(observed_function({"Configuration": CONFIGURATION}))


def change(functions: FunctionWriter) -> None:
    functions.update_configuration("checkout", {"timeout": 5}, revision_id="r1")


def test_somebody_was_faster(aws, functions) -> None:
    aws.will(aws.refuses(412, "PreconditionFailedException", "The Revision Id does not match"))
    with pytest.raises(PreconditionFailedError, match="plan again"):
        change(functions)


def test_publishing_other_code_than_planned(aws, functions) -> None:
    said = "CodeSHA256 (abc) is different from current CodeSHA256 in $LATEST (def)"
    aws.will(aws.refuses(400, "InvalidParameterValueException", said))
    with pytest.raises(PreconditionFailedError):
        functions.publish_version("checkout", code_sha256="abc", revision_id=None)


@pytest.mark.parametrize("answer", [None, (500, {}), (503, b"<html>"), (200, b"{cut"), (502, b"")])
def test_silence_is_unknown_and_never_repeated(aws, functions, answer) -> None:
    aws.will(answer)
    with pytest.raises(OutcomeUnknownError, match="it looks first"):
        change(functions)
    assert len(aws.requests) == 1


def test_never_sent_is_not_unknown(aws, functions) -> None:
    with pytest.raises(RemoteError, match="parameter Timeout") as caught:
        functions.update_configuration("checkout", {"timeout": "soon"}, revision_id=None)
    assert not isinstance(caught.value, OutcomeUnknownError)
    assert aws.requests == []


def test_reads_are_repeated(aws, functions) -> None:
    aws.will(None, (200, {"Configuration": CONFIGURATION}))
    assert functions.function("checkout") is not None
    assert len(aws.requests) == 2


IN_PROGRESS = (409, "ResourceConflictException", "An update is in progress for resource: x")
NOT_ASSUMABLE = (
    400,
    "InvalidParameterValueException",
    "The role defined for the function cannot be assumed by Lambda.",
)


def test_not_yet_is_tried_again(aws, functions, time) -> None:
    aws.will(aws.refuses(*IN_PROGRESS), aws.refuses(*NOT_ASSUMABLE), (200, CONFIGURATION))
    change(functions)
    assert len(aws.requests) == 3
    assert time.slept == sorted(time.slept)


def test_the_servers_delay_is_kept(aws, functions, time) -> None:
    status, body, headers = aws.refuses(429, "TooManyRequestsException")
    aws.will((status, body, {**headers, "Retry-After": "7"}), (200, CONFIGURATION))
    change(functions)
    assert time.slept == [7]


@pytest.mark.parametrize(
    ("refusal", "seconds", "advice"),
    [
        (IN_PROGRESS, 600, "Another change"),
        (NOT_ASSUMABLE, 90, r"trust policy"),
        ((400, "InvalidParameterValueException", "KMS key is invalid for CreateGrant"), 60, "KMS"),
    ],
)
def test_not_yet_has_an_end(aws, functions, time, refusal, seconds, advice) -> None:
    aws.will(aws.refuses(*refusal))
    with pytest.raises(RemoteError, match=advice):
        change(functions)
    assert seconds - 6 <= time.now <= seconds
    assert max(time.slept) <= 5


@pytest.mark.parametrize(
    "refusal",
    [
        (409, "ResourceConflictException", "Function already exist: checkout"),
        (409, "ResourceConflictException", "The function is in the following state: Failed"),
        (400, "InvalidParameterValueException", "Timeout too long"),
        (403, "AccessDeniedException", "not authorized to perform: lambda:X"),
    ],
)
def test_no_for_good_is_not_tried_again(aws, functions, time, refusal) -> None:
    aws.will(aws.refuses(*refusal))
    with pytest.raises(RemoteError) as caught:
        change(functions)
    assert not isinstance(caught.value, OutcomeUnknownError)
    assert time.slept == []


URI = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/app@sha256:{'0' * 64}"


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        (
            "Lambda does not have permission to access the ECR image. Check the ECR permissions.",
            r"Let lambda\.amazonaws\.com read the repository",
        ),
        (f"Source image {URI} does not exist. Provide a valid source image.", "Push the image"),
        ("The image manifest or layer media type for the source image x is not", "provenance"),
    ],
)
def test_what_is_wrong_with_an_image_is_said(aws, functions, said, advice) -> None:
    aws.will(aws.refuses(400, "InvalidParameterValueException", said))
    with pytest.raises(RemoteError, match=advice):
        functions.update_code("checkout", ImageCode(URI), publish=True, revision_id=None)


def test_an_image_is_sent_and_seen_by_its_digest(aws, functions) -> None:
    code = {"ImageUri": "app:1", "ResolvedImageUri": URI}
    aws.will((200, CONFIGURATION), (200, {"Configuration": CONFIGURATION, "Code": code}))
    functions.update_code("checkout", ImageCode(URI), publish=True, revision_id=None)
    assert aws.requests[0].body["ImageUri"] == URI
    assert functions.function("checkout").image_uri == URI


@pytest.mark.parametrize(
    "said",
    [
        "Value 'hunter22' at 'environment' failed to satisfy constraint",
        'exceeded the 4KB limit. String measured: {"A":"hunter22","B":"hun',
    ],
)
def test_no_message_repeats_a_secret(aws, functions, said) -> None:
    aws.will(aws.refuses(400, "InvalidParameterValueException", said))
    with pytest.raises(RemoteError) as caught:
        functions.update_configuration(
            "checkout", {"environment": {"variables": {"A": "hunter22"}}}, revision_id=None
        )
    assert "hun" not in json.dumps(str(caught.value))
    assert caught.value.__cause__ is None


def test_nor_does_one_of_the_sdk(functions) -> None:
    with pytest.raises(RemoteError, match=r"Environment\.Variables\.A") as caught:
        functions.update_configuration(
            "checkout", {"environment": {"variables": {"A": ["hunter22"]}}}, revision_id=None
        )
    assert "hunter22" not in str(caught.value)
