"""The simulator against recorded answers of AWS, call by call, through boto3.

Every call of a scenario is made again, over HTTP and in process, and the whole answer is
compared: members, values, status, error type. Placeholders are unified: the same one must stand
for the same value, and two different revision ids for different values. What is not compared is
in `DIFFERENCES`, with the reason; nothing else is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError

from declarative.sandbox.clock import SimulatedClock
from declarative.sandbox.server import Sandbox

RECORDED = json.loads(
    (Path(__file__).parent.parent / "data" / "lambda-recorded-answers.json").read_text("utf-8")
)
ACCOUNT = "111111111111"
FUNCTION = "recorded-function"
PLACEHOLDER = re.compile(r"<[a-z_-]+[a-z0-9_-]*(?::\d+)?>")
ANYTHING = {"<location>", "<code-size>"}
TIMES = {"date", "datetime", "lambda-url"}
ADDED_SINCE_2022 = {"SnapStart", "LoggingConfig", "RuntimeVersionConfig"}
OLD = "TestLambdaVersions::test_publish_with_wrong_revisionid"
SETTINGS = "TestLambdaAccountSettings::test_account_settings"
DIFFERENCES = {
    "everywhere": {
        "HTTPHeaders": "recorded as an empty map",
        "RequestId": "not recorded",
        "times, sizes, addresses": "recorded as one placeholder for all values",
    },
    OLD: dict.fromkeys(
        sorted(ADDED_SINCE_2022), "recorded years before the others: Lambda has added it since"
    ),
    SETTINGS: {"values": "recorded as the names of the members alone"},
}


class Scenario:
    """Makes the calls of one recorded scenario and compares each answer."""

    def __init__(self, client: Any, clock: SimulatedClock, name: str) -> None:
        self.client, self.clock = client, clock
        entry = RECORDED[name]
        self.answers = dict(entry.get("recorded-content", entry))
        self.bound: dict[str, Any] = {}
        self.newer = set(DIFFERENCES.get(name, ()))

    def wait(self) -> None:
        self.clock.advance(60)

    def __call__(self, key: str, operation: str, **asked: Any) -> dict[str, Any]:
        if "FunctionName" not in asked and operation not in (
            "list_functions",
            "get_account_settings",
            "tag_resource",
            "untag_resource",
            "list_tags",
        ):
            asked["FunctionName"] = FUNCTION
        try:
            answer = getattr(self.client, operation)(**asked)
        except ClientError as error:
            answer = error.response
        expected = self.answers.pop(key)
        expected = expected.get("CreateFunctionResponse", expected)
        self.unify(expected, json.loads(json.dumps(answer, default=str)), key)
        return answer

    def quiet(self, operation: str, **asked: Any) -> dict[str, Any]:
        """Make a call whose answer was not recorded."""
        return getattr(self.client, operation)(FunctionName=FUNCTION, **asked)

    def unify(self, expected: Any, actual: Any, where: str) -> None:
        if isinstance(expected, dict):
            self.unify_members(expected, actual, where)
        elif isinstance(expected, list):
            assert len(actual) == len(expected), where
            for number, (one, other) in enumerate(zip(expected, actual, strict=True)):
                self.unify(one, other, f"{where}[{number}]")
        elif isinstance(expected, str) and expected not in TIMES:
            self.unify_text(expected, str(actual), where)
        elif expected not in TIMES:
            assert actual == expected, where

    def unify_members(self, expected: dict[str, Any], actual: Any, where: str) -> None:
        names = set(actual) - self.newer
        if "HTTPStatusCode" in expected:  # of the metadata, the status alone was recorded
            names, expected = {"HTTPStatusCode"}, dict(expected)
            del expected["HTTPHeaders"]
        elif "ResponseMetadata" not in expected:
            names.discard("ResponseMetadata")
        assert names == set(expected), where
        for name, value in expected.items():
            self.unify(value, actual[name], f"{where}.{name}")

    def unify_text(self, expected: str, actual: str, where: str) -> None:
        names = PLACEHOLDER.findall(expected)
        pattern, rest = "", expected
        for name in names:
            before, _, rest = rest.partition(name)
            pattern += re.escape(before) + "(.+?)"
        match = re.fullmatch(pattern + re.escape(rest), actual, re.DOTALL)
        assert match, f"{where}: {actual!r} is not like {expected!r}"
        for name, value in zip(names, match.groups(), strict=True):
            if name in ANYTHING:
                continue
            assert self.bound.setdefault(name, value) == value, f"{where}: {name}"
            if name.startswith("<uuid:"):
                same = [other for other, bound in self.bound.items() if bound == value]
                assert same == [name], f"{where}: {name} has the value of {same}"


@pytest.fixture(params=["http", "in-process"])
def sandbox(request: Any, clock: SimulatedClock) -> Iterator[Sandbox]:
    in_process = request.param == "in-process"
    with Sandbox(
        clock=clock, pending_seconds=10, update_seconds=10, in_process=in_process
    ) as running:
        yield running


def test_every_scenario_is_played() -> None:
    text = Path(__file__).read_text("utf-8")
    assert [name for name in RECORDED if name.partition("[")[0] not in text] == []
    assert set(DIFFERENCES) - {"everywhere"} <= set(RECORDED)


@pytest.fixture
def play(
    sandbox: Sandbox,
    clock: SimulatedClock,
    connect: Callable[..., Any],
    make_zip: Callable[..., bytes],
    new_function: Callable[..., dict[str, Any]],
) -> Iterator[Callable[[str], Scenario]]:
    """Start a scenario by name; at its end every recorded answer must have been compared."""
    started: list[Scenario] = []
    model = botocore.session.get_session().get_service_model("lambda")
    answering = sandbox.simulator.call

    def checked(operation: str, /, **asked: Any) -> dict[str, Any]:
        answer = answering(operation, **asked)
        fits(model.operation_model(operation).output_shape, answer, operation)
        return answer

    sandbox.simulator.call = checked  # type: ignore[method-assign]

    def start(name: str) -> Scenario:
        started.append(Scenario(connect(sandbox, "lambda", ACCOUNT), clock, name))
        return started[-1]

    yield start
    assert [list(scenario.answers) for scenario in started] == [[]]


def fits(shape: Any, value: Any, where: str) -> None:
    """Assert that an answer has only members that botocore knows, of the right types."""
    match shape.type_name if shape else "nothing":
        case "structure":
            assert set(value) <= set(shape.members), where
            for name, member in value.items():
                fits(shape.members[name], member, f"{where}.{name}")
        case "list":
            for item in value:
                fits(shape.member, item, f"{where}[]")
        case "map":
            for name, item in value.items():
                fits(shape.value, item, f"{where}.{name}")
        case "nothing":
            assert value == {}, where
        case kind:
            kinds = {
                "string": str,
                "integer": int,
                "long": int,
                "boolean": bool,
                "double": (int, float),
                "timestamp": (int, float),
                "blob": bytes,
            }
            assert isinstance(value, kinds[kind]), where


@pytest.fixture
def asked(new_function: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Make the parameters with which the recorded functions were created."""

    def make(handler: str = "index.handler", **more: Any) -> dict[str, Any]:
        return new_function(FUNCTION, Handler=handler, **more)

    return make


NO_VARIABLES = {"Environment": {"Variables": {}}}
Play = Callable[[str], Scenario]
Make = Callable[..., Any]


def test_revisions_basic(play: Play, asked: Make, make_zip: Make) -> None:
    step = play("TestLambdaRevisions::test_function_revisions_basic")
    first = step(
        "create_function_response_rev1", "create_function", **asked(Timeout=30, **NO_VARIABLES)
    )
    step.wait()
    second = step("get_function_response_rev2", "get_function")["Configuration"]
    step(
        "update_function_revision_exception",
        "update_function_code",
        ZipFile=make_zip(),
        RevisionId=first["RevisionId"],
    )
    third = step(
        "update_function_code_response_rev3",
        "update_function_code",
        ZipFile=make_zip(),
        RevisionId=second["RevisionId"],
    )
    step.wait()
    fourth = step("get_function_response_rev4", "get_function")["Configuration"]
    step(
        "update_function_configuration_revision_exception",
        "update_function_configuration",
        Runtime="python3.8",
        RevisionId=third["RevisionId"],
    )
    step(
        "update_function_configuration_response_rev5",
        "update_function_configuration",
        Runtime="python3.8",
        RevisionId=fourth["RevisionId"],
    )
    step.wait()
    step("get_function_response_rev6", "get_function")


def test_revisions_version_and_alias(play: Play, asked: Make) -> None:
    step = play("TestLambdaRevisions::test_function_revisions_version_and_alias")
    made = step(
        "create_function_response_rev1",
        "create_function",
        **asked("handler.handler", Timeout=30, **NO_VARIABLES),
    )
    step.wait()
    active = step("get_function_active_rev2", "get_function")["Configuration"]
    step("publish_version_revision_exception", "publish_version", RevisionId=made["RevisionId"])
    step("publish_version_response_rev_v1", "publish_version", RevisionId=active["RevisionId"])
    step("get_function_published_version_rev_v2", "get_function", Qualifier="1")
    step("get_function_latest_rev3", "get_function")
    alias = step(
        "create_alias_response_rev_a1", "create_alias", Name="revision_alias", FunctionVersion="1"
    )
    step("get_function_latest_rev4", "get_function")
    step("get_function_published_version_rev_v3", "get_function", Qualifier="1")
    step(
        "update_alias_revision_exception",
        "update_alias",
        Name="revision_alias",
        RevisionId="wrong",
        Description="something changed",
    )
    step(
        "update_alias_response_rev_a2",
        "update_alias",
        Name="revision_alias",
        RevisionId=alias["RevisionId"],
        Description="something changed",
    )


def test_publish_version_on_create(play: Play, asked: Make) -> None:
    step = play("TestLambdaVersions::test_publish_version_on_create")
    step("create_response", "create_function", **asked(Publish=True))
    step.wait()
    step("get_function_result", "get_function")
    step("get_function_version_result", "get_function", Qualifier="1")
    step("get_function_latest_result", "get_function", Qualifier="$LATEST")
    step("list_versions_result", "list_versions_by_function")
    step("repeated_publish_response", "publish_version")
    step("list_versions_result_after_publish", "list_versions_by_function")


def test_version_lifecycle(play: Play, asked: Make) -> None:
    step = play("TestLambdaVersions::test_version_lifecycle")
    step("create_response", "create_function", **asked(Description="No version :("))
    step.wait()
    step("get_function_result", "get_function")
    step("list_versions_result", "list_versions_by_function")
    step("first_update_response", "update_function_configuration", Description="First version :)")
    step.wait()
    step("first_update_get_function", "get_function")
    step("first_publish_response", "publish_version", Description="First version description :)")
    step("first_publish_get_function", "get_function", Qualifier="1")
    step("first_publish_get_function_config", "get_function_configuration", Qualifier="1")
    step(
        "second_update_response", "update_function_configuration", Description="Second version :))"
    )
    step.wait()
    step("first_publish_get_function_after_update", "get_function", Qualifier="1")
    step("second_publish_response", "publish_version")
    step("third_publish_response", "publish_version", Description="Third version :)))")
    step("list_versions_result_after_third_publish", "list_versions_by_function")
    step.quiet("delete_function", Qualifier="1")
    step("list_versions_result_after_deletion_of_first_version", "list_versions_by_function")


def test_publish_with_wrong_revisionid(play: Play, asked: Make) -> None:
    step = play(OLD)
    step("create_response", "create_function", **asked(Runtime="python3.9"))
    step.wait()
    active = step("get_fn_response", "get_function")["Configuration"]
    step("publish_wrong_revisionid_exc", "publish_version", RevisionId="wrong")
    step("publish_result", "publish_version", RevisionId=active["RevisionId"])


def test_publish_with_wrong_sha256(play: Play, asked: Make) -> None:
    step = play("TestLambdaVersions::test_publish_with_wrong_sha256")
    step("create_response", "create_function", **asked())
    step.wait()
    active = step("get_fn_response", "get_function")["Configuration"]
    step("publish_wrong_sha256_exc", "publish_version", CodeSha256="somenonexistentsha256")
    step("publish_result", "publish_version", CodeSha256=active["CodeSha256"])


def test_publish_with_update(play: Play, asked: Make, make_zip: Make) -> None:
    step = play("TestLambdaVersions::test_publish_with_update")
    step("create_response", "create_function", **asked())
    step.wait()
    step("get_function_result", "get_function")
    step(
        "update_function_code_result",
        "update_function_code",
        ZipFile=make_zip("changed = True"),
        Publish=True,
    )
    step("get_function_version_result", "get_function", Qualifier="1")
    step("get_function_latest_result", "get_function", Qualifier="$LATEST")


def test_alias_lifecycle(play: Play, asked: Make) -> None:
    step = play("TestLambdaAlias::test_alias_lifecycle")
    staging = {"Variables": {"testenv": "staging"}}
    made = step("create_response", "create_function", **asked(Environment=staging))
    step.wait()
    step("publish_v1", "publish_version")
    step.quiet("update_function_configuration", Environment={"Variables": {"testenv": "prod"}})
    step.wait()
    step("publish_v2", "publish_version")
    custom = {"Description": "custom-alias"}
    step(
        "create_alias_1_1",
        "create_alias",
        Name="aliasname1_1",
        FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"2": 0.2}},
        **custom,
    )
    step("get_alias_1_1", "get_alias", Name="aliasname1_1")
    step("get_function_alias_1_1", "get_function", Qualifier="aliasname1_1")
    arn = made["FunctionArn"]
    step("get_function_byarn_alias_1_1", "get_function", FunctionName=f"{arn}:aliasname1_1")
    step("get_function_alias_notfound_exc", "get_function", Qualifier="aliasdoesnotexist")
    step(
        "get_function_alias_byarn_notfound_exc",
        "get_function",
        FunctionName=f"{arn}:aliasdoesnotexist",
    )
    step("create_alias_1_2", "create_alias", Name="aliasname1_2", FunctionVersion="1", **custom)
    step("get_alias_1_2", "get_alias", Name="aliasname1_2")
    step("create_alias_1_3", "create_alias", Name="aliasname1_3", FunctionVersion="1")
    step("get_alias_1_3", "get_alias", Name="aliasname1_3")
    step("create_alias_2", "create_alias", Name="aliasname2", FunctionVersion="2", **custom)
    step("get_alias_2", "get_alias", Name="aliasname2")
    step("list_aliases_for_fnname", "list_aliases")
    step(
        "update_alias_1_1",
        "update_alias",
        Name="aliasname1_1",
        RoutingConfig={"AdditionalVersionWeights": {}},
    )
    step("get_alias_1_1_after_update", "get_alias", Name="aliasname1_1")
    step("list_aliases_for_fnname_after_update", "list_aliases")
    step("update_alias_1_2", "update_alias", Name="aliasname1_2")
    step("get_alias_1_2_after_update", "get_alias", Name="aliasname1_2")
    step("list_aliases_for_fnname_after_update_2", "list_aliases")
    step("list_aliases_for_version", "list_aliases", FunctionVersion="1")
    step("delete_alias_response", "delete_alias", Name="aliasname1_1")
    step("list_aliases_for_fnname_afterdelete", "list_aliases")


def test_tags_on_create(play: Play, asked: Make) -> None:
    step = play("TestLambdaTag::test_create_tag_on_fn_create")
    made = step.client.create_function(
        **asked("handler.handler", Timeout=30, Tags={"testtag": "value"}, **NO_VARIABLES)
    )
    step.wait()
    step("get_function_result", "get_function")
    step("list_tags_result", "list_tags", Resource=made["FunctionArn"])


def test_tag_lifecycle(play: Play, asked: Make) -> None:
    step = play("TestLambdaTag::test_tag_lifecycle")
    arn = step.client.create_function(**asked())["FunctionArn"]

    def tag(key: str, **tags: str) -> None:
        step(key, "tag_resource", Resource=arn, Tags=tags)
        step(f"{key}_listtags", "list_tags", Resource=arn)

    def untag(key: str, *names: str) -> None:
        step(key, "untag_resource", Resource=arn, TagKeys=list(names))
        step(f"{key}_listtags", "list_tags", Resource=arn)

    tag("tag_single_response", A="tag-a")
    tag("tag_multiple_response", B="tag-b", C="tag-c")
    tag("tag_overlap_response", C="tag-c-newsuffix", D="tag-d")
    untag("untag_single_response", "A")
    untag("untag_multiple_response", "B", "C")
    untag("untag_nonexisting_response", "F")
    untag("untag_existing_and_nonexisting_response", "D", "F")


def test_function_lifecycle(play: Play, asked: Make, make_zip: Make) -> None:
    name = "TestLambdaFunction::test_function_lifecycle"
    step = play(name)
    recorded = step.answers["create_response"]["CreateFunctionResponse"]
    members = ("Handler", "MemorySize", "Timeout", "Runtime", "Architectures")
    same = {member: recorded[member] for member in members}
    updated = step.answers["update_func_conf_response"]
    step("create_response", "create_function", **{**asked(), **same, **NO_VARIABLES})
    step.wait()
    step("get_function_response", "get_function")
    step(
        "update_func_conf_response",
        "update_function_configuration",
        Runtime=updated["Runtime"],
        Handler=updated["Handler"],
        MemorySize=updated["MemorySize"],
        Timeout=10,
        Description="Changed-Description",
        Environment={"Variables": {"ENV_A": "a"}},
    )
    step.wait()
    step("get_function_response_postupdate", "get_function")
    step("update_code_response", "update_function_code", ZipFile=make_zip("changed = True"))
    step.wait()
    step("get_function_response_postcodeupdate", "get_function")
    step("delete_response", "delete_function")
    step("delete_postdelete", "delete_function")


def test_redundant_updates(play: Play, asked: Make) -> None:
    step = play("TestLambdaFunction::test_redundant_updates")
    step(
        "create_response",
        "create_function",
        **asked("handler.handler", Timeout=30, Description="Initial description", **NO_VARIABLES),
    )
    step.wait()
    same = {"Description": "1st update description"}
    step("first_update_result", "update_function_configuration", **same)
    step.wait()
    step("get_fn_config_result", "get_function_configuration")
    step("get_fn_result", "get_function")
    step("redundant_update_result", "update_function_configuration", **same)
    step.wait()
    step("get_fn_result_after_redundant_update", "get_function")


@pytest.mark.parametrize("operation", ["get_function", "delete_function"])
def test_nonexisting_function(play: Play, operation: str) -> None:
    step = play(f"TestLambdaFunction::test_ops_on_nonexisting_fn[{operation}]")
    step("not_found_exception", operation)


def test_concurrent_code_updates(play: Play, asked: Make, make_zip: Make) -> None:
    step = play("TestLambdaFunction::test_lambda_concurrent_code_updates")
    step("create-function-response", "create_function", **asked("handler.handler"))
    step.wait()
    step.quiet("update_function_code", ZipFile=make_zip("one = 1"))
    step(
        "update-during-in-progress-update-exc", "update_function_code", ZipFile=make_zip("two = 2")
    )


def test_concurrent_config_updates(play: Play, asked: Make) -> None:
    step = play("TestLambdaFunction::test_lambda_concurrent_config_updates")
    step(
        "create-function-response",
        "create_function",
        **asked("handler.handler", Timeout=30, **NO_VARIABLES),
    )
    step.wait()
    step.quiet("update_function_configuration", Description="one")
    step("update-during-in-progress-update-exc", "update_function_configuration", Description="two")


def test_list_functions(play: Play, new_function: Make) -> None:
    step = play("TestLambdaFunction::test_list_functions")
    same = {"Handler": "handler.handler", "Timeout": 30, **NO_VARIABLES}
    step("create_response_1", "create_function", **new_function("one", Publish=True, **same))
    other = new_function("two", "changed = True", **same)
    step("create_response_2", "create_function", **other)
    step.wait()
    step("list_functions_invalid_functionversion", "list_functions", FunctionVersion="invalid")
    step("list_all", "list_functions", FunctionVersion="ALL")
    step("list_default", "list_functions")


def test_reserved_concurrency(play: Play, asked: Make) -> None:
    step = play("TestLambdaReservedConcurrency::test_function_concurrency")
    step.client.create_function(**asked())
    for number in (0, 1):
        step(
            f"put_function_concurrency_with_reserved_{number}",
            "put_function_concurrency",
            ReservedConcurrentExecutions=number,
        )
    step("get_function_concurrency", "get_function_concurrency")
    step("delete_response", "delete_function_concurrency")
    step("get_function_concurrency_after_delete", "get_function_concurrency")


def test_provisioned_concurrency(play: Play, asked: Make) -> None:
    step = play("TestLambdaProvisionedConcurrency::test_lambda_provisioned_lifecycle")
    step.client.create_function(**asked("handler.handler", Timeout=30, **NO_VARIABLES))
    step.wait()
    step("publish_version_result", "publish_version")
    step("create_alias_result", "create_alias", Name="live", FunctionVersion="1")
    version, alias = {"Qualifier": "1"}, {"Qualifier": "live"}
    one = {"ProvisionedConcurrentExecutions": 1}
    put = "put_provisioned_concurrency_config"
    step("put_provisioned_on_version", put, **version, **one)
    step("put_provisioned_on_alias_versionconflict", put, **alias, **one)
    step("delete_provisioned_version", "delete_provisioned_concurrency_config", **version)
    get = "get_provisioned_concurrency_config"
    step("get_provisioned_version_postdelete", get, **version)
    step("put_provisioned_on_alias", put, **alias, **one)
    step("put_provisioned_on_version_conflict", put, **version, **one)
    step("delete_alias_result", "delete_alias", Name="live")
    step("get_provisioned_alias_postaliasdelete", get, **alias)
    step("list_response_postdeletes", "list_provisioned_concurrency_configs")


def test_event_invoke_config(play: Play, asked: Make) -> None:
    step = play("TestLambdaEventInvokeConfig::test_lambda_eventinvokeconfig_lifecycle")
    step.client.create_function(**asked("handler.handler", Timeout=30, **NO_VARIABLES))
    step.wait()
    put, update = "put_function_event_invoke_config", "update_function_event_invoke_config"
    get = "get_function_event_invoke_config"
    step("put_invokeconfig_retries_0", put, MaximumRetryAttempts=0)
    step("put_invokeconfig_eventage_60", put, MaximumEventAgeInSeconds=60)
    step("update_invokeconfig_eventage_nochange", update, MaximumEventAgeInSeconds=60)
    step("update_invokeconfig_retries", update, MaximumRetryAttempts=1)
    step("get_invokeconfig", get)
    step("get_invokeconfig_latest", get, Qualifier="$LATEST")
    step("list_single_invokeconfig", "list_function_event_invoke_configs")
    step("publish_version_result", "publish_version")
    step("get_invokeconfig_postpublish", get, Qualifier="1")
    step("put_published_invokeconfig", put, Qualifier="1", MaximumEventAgeInSeconds=120)
    step("get_published_invokeconfig", get, Qualifier="1")
    step.quiet("delete_function_event_invoke_config")
    step("list_paging_nolimit_postdelete", "list_function_event_invoke_configs")


def test_function_url(play: Play, asked: Make) -> None:
    step = play("TestLambdaUrl::test_url_config_lifecycle")
    step.client.create_function(**asked())
    step("url_creation", "create_function_url_config", AuthType="NONE")
    step("failed_duplication", "create_function_url_config", AuthType="NONE")
    step("get_url_config", "get_function_url_config")
    step("updated_url_config", "update_function_url_config", AuthType="AWS_IAM")
    step.quiet("delete_function_url_config")
    step("failed_getter", "get_function_url_config")


def test_permission_fields(play: Play, asked: Make) -> None:
    step = play("TestLambdaPermissions::test_add_lambda_permission_fields")
    step.client.create_function(**asked())
    answers = {}
    for key in list(step.answers):
        answers[key] = step.answers.pop(key)["Statement"]

    def add(
        key: str, sid: str, principal: str, action: str = "InvokeFunction", **more: Any
    ) -> None:
        answer = step.quiet(
            "add_permission",
            StatementId=sid,
            Principal=principal,
            Action=f"lambda:{action}",
            **more,
        )
        step.unify(answers.pop(f"add_permission_{key}"), json.loads(answer["Statement"]), key)

    mine = {"SourceAccount": ACCOUNT}
    add("principal_wildcard", "wilcard", "*", **mine)
    add("principal_service", "lambda", "lambda.amazonaws.com", **mine)
    add("principal_account", "account-id", ACCOUNT)
    add("principal_arn", "user-arn", f"arn:aws:iam::{ACCOUNT}:user/one", **mine)
    add(
        "optional_fields",
        "urlPermission",
        "*",
        "InvokeFunctionUrl",
        FunctionUrlAuthType="NONE",
        PrincipalOrgID="o-1234567890",
        SourceArn="arn:aws:s3:::some-bucket",
        **mine,
    )
    token = "amzn1.ask.skill.xxxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"
    add("alexa_skill", "alexaSkill", "*", EventSourceToken=token)
    assert answers == {}


@pytest.fixture
def image(sandbox: Sandbox, connect: Make) -> Callable[[str], str]:
    """Push an image of its own to a new repository and return its address with a tag."""
    ecr = connect(sandbox, "ecr", ACCOUNT)

    def push(repository: str) -> str:
        made = ecr.create_repository(repositoryName=repository)["repository"]
        manifest = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
            "config": {"digest": f"sha256:{repository}", "size": 1, "mediaType": "x"},
            "layers": [],
        }
        ecr.put_image(
            repositoryName=repository, imageManifest=json.dumps(manifest), imageTag="latest"
        )
        return f"{made['repositoryUri']}:latest"

    return push


def test_image(play: Play, image: Callable[[str], str], make_zip: Make) -> None:
    step = play("TestLambdaImages::test_lambda_image_crud")
    first, second = image("one"), image("two")
    step(
        "create-image-response",
        "create_function",
        Role=f"arn:aws:iam::{ACCOUNT}:role/one",
        PackageType="Image",
        Code={"ImageUri": first},
        Environment={"Variables": {"CUSTOM_ENV": "test"}},
    )
    step.wait()
    step("get-function-code-response", "get_function")
    step("get-function-config-response", "get_function_configuration")
    step("image-to-zipfile-error", "update_function_code", ZipFile=make_zip())
    step("update-function-code-response", "update_function_code", ImageUri=second)
    step.wait()
    step("get-function-code-response-after-update", "get_function")
    step("get-function-config-response-after-update", "get_function_configuration")


def test_zip_file_to_image(play: Play, asked: Make) -> None:
    step = play("TestLambdaImages::test_lambda_zip_file_to_image")
    step("create-image-response", "create_function", **asked("handler.handler"))
    step.wait()
    step("get-function-code-response", "get_function")
    step("get-function-config-response", "get_function_configuration")
    step("zipfile-to-image-error", "update_function_code", ImageUri="repository:latest")
    step("get-function-code-response-after-update", "get_function")
    step("get-function-config-response-after-update", "get_function_configuration")


def test_account_settings(play: Play, asked: Make) -> None:
    step = play(SETTINGS)
    expected = step.answers.pop("acc_settings_modded")
    answer = step.client.get_account_settings()
    for part in ("AccountLimit", "AccountUsage"):
        assert sorted(answer[part]) == expected[part]


def test_logging_configuration(play: Play, asked: Make) -> None:
    step = play("TestLoggingConfig::test_function_advanced_logging_configuration")
    step(
        "create_response",
        "create_function",
        **asked(
            "handler.handler",
            MemorySize=256,
            Timeout=5,
            LoggingConfig={"LogFormat": "JSON"},
            **NO_VARIABLES,
        ),
    )
    step.wait()
    step("get_function_response", "get_function")
    step("function_config", "get_function_configuration")
    step(
        "updated_config",
        "update_function_configuration",
        LoggingConfig={"LogFormat": "JSON", "LogGroup": "cool_lambda"},
    )
    step.wait()
    step("received_config", "get_function_configuration")
