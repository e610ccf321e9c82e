"""What surrounds a function, against the simulator over HTTP, and AWS's refusals."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING

import pytest

from declarative.aws.session import AwsCloud
from declarative.engine.ports import ZipCode
from declarative.engine.setting_ports import (
    AccountSettings,
    EventSourceMapping,
    ObservedPolicy,
    Unreadable,
)
from declarative.errors import OutcomeUnknownError, PreconditionFailedError, RemoteError
from declarative.model.bound import Connector
from declarative.model.setting_fields import EVENT_INVOKE, PERMISSION, URL, normal
from declarative.sandbox.server import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from declarative.engine.ports import FunctionWriter

REGION = "us-east-2"
ARN = f"arn:aws:lambda:{REGION}:123456789012:function:"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(pending_seconds=0, update_seconds=0) as running:
        yield running


@pytest.fixture
def functions(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> FunctionWriter:
    for name, value in sandbox.environment().items():
        monkeypatch.setenv(name, value)
    return AwsCloud().writer(Connector("connector.aws.main", region=REGION), REGION)


def package() -> ZipCode:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("app.py", "def handler(event, context):\n    return event\n")
    return ZipCode(file.getvalue())


def made(functions: FunctionWriter, name: str) -> str:
    """Create a function with version 1 and alias ``live``, and return its name."""
    wanted = {
        "runtime": "python3.13",
        "handler": "app.handler",
        "role": "arn:aws:iam::123456789012:role/r",
    }
    functions.create_function(name, wanted, package(), tags={}, publish=True)
    functions.function(name)
    functions.function(name, "1")
    functions.create_alias(name, "live", version="1", description="", routing={})
    return name


@pytest.mark.parametrize("qualifier", [None, "live"])
def test_the_life_of_a_url(functions, qualifier) -> None:
    name = made(functions, f"url-{qualifier}")
    assert functions.url(name, qualifier) is None
    cors = {"allow_origins": ["https://b", "https://a"], "max_age": 60}
    created = functions.create_url(name, qualifier, {"auth_type": "AWS_IAM", "cors": cors})
    assert created.url.startswith("https://")
    read = functions.url(name, qualifier)
    assert read.attributes == normal(URL, {"auth_type": "AWS_IAM", "cors": cors})
    streamed = {"auth_type": "NONE", "invoke_mode": "RESPONSE_STREAM"}
    functions.update_url(name, qualifier, streamed)
    assert functions.url(name, qualifier).attributes == normal(URL, streamed)
    functions.update_url(name, qualifier, {"auth_type": "NONE"})
    assert functions.url(name, qualifier).attributes == normal(URL, {"auth_type": "NONE"})
    functions.delete_url(name, qualifier)
    functions.delete_url(name, qualifier)
    assert functions.url(name, qualifier) is None


STATEMENTS = {
    "bucket": {
        "principal": "s3.amazonaws.com",
        "source_arn": "arn:aws:s3:::uploads",
        "source_account": "111111111111",
    },
    "account": {"action": "lambda:GetFunction", "principal": "111111111111"},
    "role": {"principal": "arn:aws:iam::111111111111:role/caller"},
    "everyone": {"principal": "*", "principal_org_id": "o-abcdefghij"},
    "public": {
        "action": "lambda:InvokeFunctionUrl",
        "principal": "*",
        "function_url_auth_type": "NONE",
    },
    "through": {"principal": "*", "invoked_via_function_url": True},
    "skill": {"principal": "alexa-appkit.amazon.com", "event_source_token": "skill-1"},
}


@pytest.mark.parametrize("qualifier", [None, "live"])
def test_the_life_of_a_policy(functions, qualifier) -> None:
    name = made(functions, f"policy-{qualifier}")
    assert functions.policy(name, qualifier) == ObservedPolicy({})
    for sid, given in STATEMENTS.items():
        functions.add_permission(name, qualifier, sid, given, revision_id=None)
    policy = functions.policy(name, qualifier)
    assert {sid: one.attributes for sid, one in policy.statements.items()} == {
        sid: normal(PERMISSION, given) for sid, given in STATEMENTS.items()
    }
    assert "skill-1" not in repr(policy)
    with pytest.raises(RemoteError, match="already exist"):
        functions.add_permission(name, qualifier, "role", {"principal": "*"}, revision_id=None)
    with pytest.raises(PreconditionFailedError):
        functions.remove_permission(name, qualifier, "role", revision_id="stale")
    functions.remove_permission(name, qualifier, "role", revision_id=policy.revision_id)
    functions.remove_permission(name, qualifier, "role", revision_id=None)
    assert functions.policy(name, qualifier).statements.keys() == STATEMENTS.keys() - {"role"}


def test_the_life_of_an_event_invoke_config(functions) -> None:
    name = made(functions, "invoke")
    assert functions.event_invoke(name) is None
    given = {"maximum_retry_attempts": 0, "on_failure": f"arn:aws:sqs:{REGION}:123456789012:dead"}
    functions.set_event_invoke(name, None, given)
    functions.set_event_invoke(name, "live", {"maximum_event_age_in_seconds": 60})
    assert functions.event_invoke(name) == normal(EVENT_INVOKE, given)
    # Setting is setting all of it.
    functions.set_event_invoke(name, None, {"maximum_retry_attempts": 1})
    assert functions.event_invoke(name) == normal(EVENT_INVOKE, {"maximum_retry_attempts": 1})
    assert functions.event_invoke(name, "live")["maximum_event_age_in_seconds"] == 60
    functions.delete_event_invoke(name, None)
    functions.delete_event_invoke(name, None)
    assert functions.event_invoke(name) is None


def test_the_life_of_concurrency(functions) -> None:
    name = made(functions, "concurrency")
    assert functions.provisioned_concurrency(name, "live") is None
    asked = functions.set_provisioned_concurrency(name, "live", 2)
    assert (asked.requested, asked.available, asked.status) == (2, 0, "IN_PROGRESS")
    ready = functions.provisioned_concurrency(name, "live")
    assert (ready.requested, ready.available, ready.status) == (2, 2, "READY")
    functions.delete_provisioned_concurrency(name, "live")
    assert functions.provisioned_concurrency(name, "live") is None

    assert functions.function(name).reserved_concurrent_executions is None
    functions.set_reserved_concurrency(name, 7)
    assert functions.function(name).reserved_concurrent_executions == 7
    functions.set_reserved_concurrency(name, 0)
    assert functions.function(name).reserved_concurrent_executions == 0
    functions.delete_reserved_concurrency(name)
    assert functions.function(name).reserved_concurrent_executions is None


def test_the_lives_of_single_settings(functions) -> None:
    name = made(functions, "single")
    arn = f"arn:aws:lambda:{REGION}:123456789012:code-signing-config:csc-0123456789abcdef0"
    assert functions.code_signing_config(name) is None
    functions.set_code_signing_config(name, arn)
    assert functions.code_signing_config(name) == arn
    functions.delete_code_signing_config(name)
    assert functions.code_signing_config(name) is None

    assert functions.recursive_loop(name) == "Terminate"
    functions.set_recursive_loop(name, "Allow")
    assert functions.recursive_loop(name) == "Allow"

    automatic = {"update_runtime_on": "Auto", "runtime_version_arn": None}
    assert functions.runtime_management(name) == automatic
    version = f"arn:aws:lambda:{REGION}::runtime:{'0' * 64}"
    pinned = {"update_runtime_on": "Manual", "runtime_version_arn": version}
    functions.set_runtime_management(name, pinned)
    assert functions.runtime_management(name) == pinned
    on_update = {"update_runtime_on": "FunctionUpdate", "runtime_version_arn": None}
    functions.set_runtime_management(name, on_update)
    assert functions.runtime_management(name) == on_update


def test_what_is_not_there_has_no_settings(functions) -> None:
    for read in (
        functions.url,
        functions.event_invoke,
        functions.code_signing_config,
        functions.recursive_loop,
        functions.runtime_management,
    ):
        assert read("nobody") is None
    assert functions.provisioned_concurrency("nobody", "live") is None
    assert functions.policy("nobody").statements == {}


def test_the_account_and_its_functions(functions) -> None:
    name = made(functions, "counted")
    settings = functions.account_settings()
    assert isinstance(settings, AccountSettings)
    assert settings.function_count >= 1
    assert settings.unreserved <= settings.concurrent_executions
    assert 0 < settings.code_size_used < settings.code_size_limit
    listed = {one.name: one for one in functions.functions()}
    whole = functions.function(name)
    assert listed[name].revision_id == whole.revision_id
    assert listed[name].code_sha256 == whole.code_sha256
    assert (listed[name].state, listed[name].tags) == (None, None)
    assert functions.event_source_mappings(name) == ()


# -- answers that the simulator does not give


@pytest.fixture
def reader(cloud, connector):
    return cloud.writer(connector, REGION)


READS = {
    "lambda:GetFunctionUrlConfig": lambda one: one.url("f"),
    "lambda:GetPolicy": lambda one: one.policy("f"),
    "lambda:GetFunctionEventInvokeConfig": lambda one: one.event_invoke("f"),
    "lambda:GetProvisionedConcurrencyConfig": lambda one: one.provisioned_concurrency("f", "live"),
    "lambda:GetFunctionCodeSigningConfig": lambda one: one.code_signing_config("f"),
    "lambda:GetFunctionRecursionConfig": lambda one: one.recursive_loop("f"),
    "lambda:GetRuntimeManagementConfig": lambda one: one.runtime_management("f"),
    "lambda:GetAccountSettings": lambda one: one.account_settings(),
    "lambda:ListEventSourceMappings": lambda one: one.event_source_mappings("f"),
    "lambda:ListFunctions": lambda one: one.functions(),
    "tag:GetResources": lambda one: one.tags_of_functions(),
}


@pytest.mark.parametrize("permission", READS)
def test_withheld_is_unreadable_and_names_the_permission(aws, reader, permission) -> None:
    aws.will(aws.refuses(403, "AccessDeniedException", "not authorized to perform it"))
    found = READS[permission](reader)
    assert isinstance(found, Unreadable)
    assert found.permission == permission
    assert "not authorized" in found.reason


@pytest.mark.parametrize("permission", READS)
def test_a_fault_is_an_error_and_never_empty(aws, reader, permission) -> None:
    aws.will((500, {}))
    with pytest.raises(RemoteError, match=permission):
        READS[permission](reader)


@pytest.mark.parametrize("permission", READS)
def test_the_page_of_a_proxy_is_no_setting(aws, reader, permission) -> None:
    aws.will((200, b"<html>log in</html>"))
    with pytest.raises(RemoteError, match="may not be from AWS"):
        READS[permission](reader)


def test_all_pages_of_tags(aws, reader) -> None:
    def item(name: str, **tags: str) -> dict[str, object]:
        return {
            "ResourceARN": ARN + name,
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        }

    aws.will(
        (200, {"ResourceTagMappingList": [item("a", Team="x")], "PaginationToken": "next"}),
        (200, {"ResourceTagMappingList": [item("b")], "PaginationToken": ""}),
    )
    assert reader.tags_of_functions({"Team": "x"}) == {ARN + "a": {"Team": "x"}, ARN + "b": {}}
    assert aws.requests[0].body == {
        "ResourceTypeFilters": ["lambda:function"],
        "ResourcesPerPage": 100,
        "TagFilters": [{"Key": "Team", "Values": ["x"]}],
    }
    assert aws.requests[1].body["PaginationToken"] == "next"


def test_triggers_of_exactly_what_is_asked_for(aws, reader) -> None:
    def mapping(uuid: str, arn: str) -> dict[str, str]:
        queue = f"arn:aws:sqs:{REGION}:123456789012:q"
        return {"UUID": uuid, "FunctionArn": arn, "EventSourceArn": queue, "State": "Enabled"}

    both = [mapping("1", ARN + "f"), mapping("2", ARN + "f:live")]
    aws.will((200, {"EventSourceMappings": both}))
    queue = f"arn:aws:sqs:{REGION}:123456789012:q"
    assert reader.event_source_mappings("f") == (
        EventSourceMapping("1", queue, ARN + "f", "Enabled"),
    )
    assert [one.uuid for one in reader.event_source_mappings("f", "live")] == ["2"]
    assert aws.requests[1].path.endswith("FunctionName=f%3Alive")


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "Deny"},
        {"Action": ["lambda:InvokeFunction", "lambda:GetFunction"]},
        {"NotPrincipal": {"AWS": "*"}},
        {"Principal": {"AWS": ["arn:aws:iam::111111111111:root", "arn:aws:iam::1:root"]}},
        {"Principal": {"Federated": "accounts.example.com"}},
        {"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}},
        {"Condition": {"ArnLike": {"AWS:SourceArn": ["arn:a", "arn:b"]}}},
    ],
)
def test_a_statement_that_no_block_can_say_is_kept_as_it_is(aws, reader, statement) -> None:
    whole = {
        "Sid": "odd",
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": ARN + "f",
        **statement,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [whole]})
    aws.will((200, {"Policy": policy, "RevisionId": "p1"}))
    found = reader.policy("f")
    assert found.revision_id == "p1"
    assert found.statements["odd"].attributes is None
    assert json.loads(found.statements["odd"].document) == whole


def test_a_token_is_in_no_message(aws, reader) -> None:
    aws.will(aws.refuses(400, "InvalidParameterValueException", "token hunter22 is no good"))
    with pytest.raises(RemoteError) as caught:
        reader.add_permission(
            "f", None, "x", {"principal": "*", "event_source_token": "hunter22"}, revision_id=None
        )
    assert "hunter22" not in str(caught.value)


def test_a_change_with_an_unknown_outcome_is_not_repeated(aws, reader) -> None:
    aws.will(None)
    for change in (
        lambda: reader.create_url("f", None, {"auth_type": "NONE"}),
        lambda: reader.add_permission("f", None, "x", {"principal": "*"}, revision_id=None),
        lambda: reader.set_reserved_concurrency("f", 1),
        lambda: reader.delete_event_invoke("f", None),
    ):
        before = len(aws.requests)
        with pytest.raises(OutcomeUnknownError):
            change()
        assert len(aws.requests) == before + 1


def test_the_key_of_the_package_is_sent_and_read(aws, reader) -> None:
    key = f"arn:aws:kms:{REGION}:123456789012:key/a"
    configuration = {"FunctionName": "f", "FunctionArn": ARN + "f", "Version": "$LATEST"}
    aws.will((200, {"Configuration": configuration, "Code": {"SourceKMSKeyArn": key}}))
    assert reader.function("f").attributes["source_kms_key_arn"] == key
    aws.will((200, configuration))
    reader.create_function(
        "f", {"role": "r", "source_kms_key_arn": key}, ZipCode(b"PK"), tags={}, publish=False
    )
    assert aws.requests[-1].body["Code"]["SourceKMSKeyArn"] == key
    reader.update_code("f", ZipCode(b"PK"), publish=False, revision_id=None, source_kms_key_arn="")
    assert aws.requests[-1].body["SourceKMSKeyArn"] == ""


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (
            {"log_format": "JSON", "application_log_level": None, "system_log_level": "WARN"},
            {"LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "WARN"},
        ),
        ({"log_format": "Text", "application_log_level": "DEBUG"}, {"LogFormat": "Text"}),
    ],
)
def test_levels_of_logs_belong_to_json(aws, reader, given, sent) -> None:
    aws.will((200, {"FunctionName": "f", "FunctionArn": ARN + "f"}))
    reader.update_configuration("f", {"logging_config": given}, revision_id=None)
    assert aws.requests[0].body == {"LoggingConfig": sent}
