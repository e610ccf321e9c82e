"""The rules of AWS around a function: phases, ids, capacity, secrets, what is withheld."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest

from declarative.model.address import PartKey
from declarative.model.bound import BoundAlias
from declarative.model.parts import KINDS
from declarative.model.release_config import AliasConfig, RuntimeManagementConfig, ServiceSettings
from declarative.model.values import Pending, Sensitive

SIGNING = "arn:aws:lambda:us-east-1:123456789012:code-signing-config:csc-" + "0" * 17
GATEWAY = {"principal": "apigateway.amazonaws.com"}
EVERYTHING = {
    "url": {"auth_type": "AWS_IAM"},
    "permission": {"apigw": GATEWAY},
    "event_invoke": {"maximum_retry_attempts": 1},
    "reserved_concurrent_executions": 20,
    "recursive_loop": "Allow",
    "code_signing_config_arn": SIGNING,
    "runtime_management": {"update_runtime_on": "FunctionUpdate"},
}
HUNG = {
    "url": {"auth_type": "AWS_IAM"},
    "permission": {"apigw": GATEWAY},
    "event_invoke": {"maximum_retry_attempts": 1},
    "provisioned_concurrent_executions": 2,
}


def settings(**given: object) -> ServiceSettings:
    return ServiceSettings.model_validate(given)


def alias(**given: object) -> BoundAlias:
    return BoundAlias(AliasConfig.model_validate(given))


def steps(plan) -> list[str]:
    """Phase, kind and subject of each step."""
    return [
        " ".join([step.phase, step.kind, *filter(None, [getattr(step, "part", None)])])
        for one in plan.releases
        for step in one.steps
    ]


def apply(world, *releases, **options: object):
    world.declare(*releases)
    plan = world.plan()
    assert not plan.has_errors, plan.diagnostics
    assert world.apply(plan).status == "applied"
    assert world.plan().is_empty
    return plan


def policy(world, qualifier: str | None = None) -> dict[str, dict]:
    asked = {"Qualifier": qualifier} if qualifier else {}
    found = json.loads(world.aws("GetPolicy", **asked)["Policy"])
    return {one["Sid"]: one for one in found["Statement"]}


# Phases


def test_everything_around_a_new_function_stands_where_it_belongs(world) -> None:
    world.declare(world.release(settings=settings(**EVERYTHING), aliases={"live": alias(**HUNG)}))
    assert steps(world.plan()) == [
        "prepare create_function",
        "prepare set_setting code_signing",
        "prepare set_setting runtime_management",
        "prepare add_permission permission.apigw",
        "prepare set_setting url",
        "prepare create_alias",
        "prepare set_setting alias.live.event_invoke",
        "prepare add_permission alias.live.permission.apigw",
        "prepare set_setting alias.live.url",
        # It may not fit before executions are reserved.
        "switch set_setting reserved_concurrency",
        "switch set_setting alias.live.provisioned_concurrency",
        "switch set_setting event_invoke",
        "switch set_setting recursion",
    ]
    apply(world, *world.releases)


def test_what_serves_changes_after_aliases_have_moved_and_goes_away_last(world) -> None:
    apply(
        world,
        world.release(settings=settings(**EVERYTHING), aliases={"live": alias(**HUNG)}),
    )
    world.code("two")
    world.declare(
        world.release(
            settings=settings(
                event_invoke={"maximum_retry_attempts": 0},
                permission={"other": GATEWAY, "apigw": {"principal": "s3.amazonaws.com"}},
                url={"auth_type": "NONE"},
            ),
            aliases={"live": alias(provisioned_concurrent_executions=1)},
        )
    )
    plan = world.plan()
    assert steps(plan) == [
        "prepare remove_setting code_signing",
        "prepare remove_setting runtime_management",
        "prepare update_code",
        "prepare add_permission permission.apigw",
        "prepare add_permission permission.other",
        "switch update_alias",
        "switch set_setting alias.live.provisioned_concurrency",
        "switch remove_setting reserved_concurrency",
        "switch set_setting event_invoke",
        "switch remove_setting recursion",
        "switch set_setting url",
        "switch remove_setting alias.live.event_invoke",
        "switch remove_setting alias.live.url",
        "switch remove_permission permission.apigw",
        "switch remove_permission alias.live.permission.apigw",
    ]
    assert world.apply(plan).status == "applied"
    assert world.plan().is_empty


def test_without_an_alias_all_of_an_existing_release_is_switched(world) -> None:
    apply(world, world.release(aliases={}))
    plan = apply(world, world.release(aliases={}, settings=settings(**EVERYTHING)))
    assert {one.split()[0] for one in steps(plan)} == {"switch"}
    assert len(steps(plan)) == len(EVERYTHING)


def test_what_hangs_on_an_alias_falls_before_it(world) -> None:
    apply(world, world.release(aliases={"live": alias(), "next": alias(**HUNG)}))
    plan = apply(world, world.release(aliases={"live": alias()}))
    assert steps(plan) == [
        "finish remove_setting alias.next.provisioned_concurrency",
        "finish remove_setting alias.next.event_invoke",
        "finish remove_permission alias.next.permission.apigw",
        "finish remove_setting alias.next.url",
        "finish delete_alias",
    ]


def test_a_revert_moves_the_alias_before_anything_around_the_function(world) -> None:
    apply(world, world.release(settings=settings(**EVERYTHING)))
    world.code("two")
    apply(world, world.release(settings=settings(permission={"new": GATEWAY})))
    plan = world.revert("1")
    assert steps(plan)[0] == "switch update_alias"
    assert {one.split()[0] for one in steps(plan)} == {"switch"}
    assert world.apply(plan).status == "applied"
    assert world.plan().changes != ()
    assert {str(one.action) for one in world.plan().changes} == {"held"}
    assert policy(world).keys() == {"apigw"}


def test_deleting_a_release_leaves_what_surrounds_it_to_aws(world) -> None:
    apply(world, world.release(settings=settings(**EVERYTHING), aliases={"live": alias(**HUNG)}))
    world.declare()
    plan = world.plan()
    assert steps(plan) == ["finish delete_function"]
    deleted = {change.address for change in plan.changes}
    assert {"release.checkout.url", "release.checkout.alias.live.permission.apigw"} <= deleted
    assert world.apply(plan).status == "applied"
    assert world.state.resources() == {}


# Capacity


def test_provisioned_concurrency_fits_into_reserved_concurrency_at_all_times(world) -> None:
    for reserved, provisioned in ((4, 4), (8, 8), (2, 2), (None, 6), (3, 1), (None, None), (5, 5)):
        around = {} if reserved is None else {"reserved_concurrent_executions": reserved}
        hung = {} if provisioned is None else {"provisioned_concurrent_executions": provisioned}
        apply(world, world.release(settings=settings(**around), aliases={"live": alias(**hung)}))


def test_a_second_alias_takes_over_the_capacity_of_the_first(world) -> None:
    def shares(one: int, other: int | None):
        aliases = {"live": alias(provisioned_concurrent_executions=one)}
        if other is not None:
            aliases["next"] = alias(provisioned_concurrent_executions=other)
        world.code(f"{one} {other}")
        return world.release(settings=settings(reserved_concurrent_executions=4), aliases=aliases)

    apply(world, shares(4, None))
    world.declare(shares(1, 3))
    # Two aliases of one version cannot both be provisioned: AWS refuses it, and says so.
    plan = world.plan()
    assert steps(plan)[-2:] == [
        "switch set_setting alias.live.provisioned_concurrency",
        "switch set_setting alias.next.provisioned_concurrency",
    ]


def test_a_moved_alias_says_that_its_capacity_is_allocated_again_and_waits(world) -> None:
    hung = {"live": alias(provisioned_concurrent_executions=2)}
    apply(world, world.release(aliases=hung))
    world.code("two")
    world.declare(world.release(aliases=hung))
    plan = world.plan()
    [move] = [change for change in plan.changes if change.kind == "alias"]
    assert "warm capacity" in move.reason
    assert world.apply(plan).status == "applied"
    found = world.aws("GetProvisionedConcurrencyConfig", Qualifier="live")
    assert found["Status"] == "READY"


def test_weights_beside_provisioned_concurrency_are_refused_beforehand(world) -> None:
    apply(world, world.release())
    given = alias(provisioned_concurrent_executions=2, routing={"1": Decimal("0.5")})
    world.declare(world.release(aliases={"live": given}))
    [problem] = [one for one in world.plan().diagnostics if one.severity == "error"]
    assert "cannot have weights" in problem.summary


# Permissions


def test_a_changed_permission_takes_another_id_and_keeps_it(world) -> None:
    apply(world, world.release(settings=settings(permission={"apigw": GATEWAY})))
    assert policy(world).keys() == {"apigw"}
    changed = {"apigw": {**GATEWAY, "source_account": "123456789012"}}
    apply(world, world.release(settings=settings(permission=changed)))
    [used] = policy(world)
    assert used.startswith("apigw-")
    assert len(used) == len("apigw-") + 8
    assert world.record().settings["permission.apigw"].statement_id == used
    assert world.drift().findings == ()
    apply(world, world.release(settings=settings(permission={})))
    with pytest.raises(Exception, match="does not exist"):
        world.aws("GetPolicy")


def test_a_permission_that_an_earlier_project_made_is_taken_over_as_it_is(world) -> None:
    changed = {"apigw": {**GATEWAY, "source_account": "123456789012"}}
    apply(world, world.release(settings=settings(permission={"apigw": GATEWAY})))
    apply(world, world.release(settings=settings(permission=changed)))
    ids = policy(world).keys()
    world.state._store.projects.clear()
    plan = world.plan()
    assert not [change for change in plan.changes if change.kind == "permission"]
    world.apply(plan)
    assert policy(world).keys() == ids
    assert world.record().settings["permission.apigw"].statement_id in ids


def test_a_statement_that_was_left_behind_is_removed(world) -> None:
    changed = {"apigw": {**GATEWAY, "source_account": "123456789012"}}
    apply(world, world.release(settings=settings(permission={"apigw": GATEWAY})))
    world.declare(world.release(settings=settings(permission=changed)))
    world.fail("RemovePermission", code="AccessDeniedException", status=403)
    assert world.apply().status == "failed"
    world.sandbox.simulator.faults.clear()
    assert len(policy(world)) == 2
    plan = world.plan()
    assert steps(plan) == ["switch remove_permission permission.apigw"]
    assert world.apply(plan).status == "applied"
    assert len(policy(world)) == 1
    assert world.plan().is_empty


def test_statements_of_others_are_left_alone(world) -> None:
    apply(world, world.release(settings=settings(permission={"apigw": GATEWAY})))
    world.aws(
        "AddPermission",
        StatementId="theirs",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
    )
    assert world.drift().findings == ()
    assert world.plan().is_empty
    changed = {"apigw": {**GATEWAY, "source_account": "123456789012"}}
    apply(world, world.release(settings=settings(permission=changed)))
    assert "theirs" in policy(world)
    apply(world, world.release())
    assert policy(world).keys() == {"theirs"}


def test_a_policy_that_changes_during_the_run_is_not_written_over(world) -> None:
    apply(world, world.release(settings=settings(permission={"apigw": GATEWAY})))
    changed = {"apigw": {**GATEWAY, "source_account": "123456789012"}}
    world.declare(world.release(settings=settings(permission=changed)))
    # Somebody is quicker between our reading of the policy and our change of it.
    world.fail("AddPermission", code="PreconditionFailedException", status=412)
    result = world.apply()
    assert result.status == "failed"
    assert "changed since it was read" in result.failures[0].summary
    assert world.record().settings["permission.apigw"].statement_id == "apigw"


def test_permissions_of_an_alias_do_not_spoil_its_revision_id(world) -> None:
    apply(world, world.release())
    world.code("two")
    plan = apply(world, world.release(aliases={"live": alias(permission={"apigw": GATEWAY})}))
    assert steps(plan)[-2:] == [
        "prepare add_permission alias.live.permission.apigw",
        "switch update_alias",
    ]
    assert policy(world, "live").keys() == {"apigw"}


# Secrets and references


def test_a_secret_token_is_nowhere(world) -> None:
    token = Sensitive("hunter2-token", "var.token")
    secret = {"alexa": {**GATEWAY, "event_source_token": token}}
    plan = apply(world, world.release(settings=settings(permission=secret)))
    assert policy(world)["alexa"]["Condition"] == {
        "StringEquals": {"lambda:EventSourceToken": "hunter2-token"}
    }
    token = Sensitive("hunter2-other", "var.token")
    secret = {"alexa": {**GATEWAY, "event_source_token": token}}
    world.declare(world.release(settings=settings(permission=secret)))
    plan = world.plan()
    [change] = plan.changes
    [attribute] = change.attributes
    assert attribute.sensitive
    assert attribute.before_fingerprint != attribute.after_fingerprint
    assert b"hunter2" not in plan.to_bytes()
    assert world.apply(plan).status == "applied"
    assert b"hunter2" not in world.record().to_bytes()
    assert not any("hunter2" in str(event) for event in world.events)
    [statement] = policy(world).values()
    assert "hunter2-other" in str(statement)
    assert world.plan().is_empty
    assert world.drift().findings == ()


def test_a_token_of_a_statement_that_state_does_not_know_is_not_shown(world) -> None:
    apply(world, world.release())
    world.aws(
        "AddPermission",
        StatementId="alexa",
        Action="lambda:InvokeFunction",
        Principal="alexa-appkit.amazon.com",
        EventSourceToken="hunter2-theirs",
    )
    world.declare(world.release(settings=settings(permission={"alexa": GATEWAY})))
    assert b"hunter2" not in world.plan().to_bytes()


def readers(world, *, url: bool = True):
    first = world.release(
        "first", settings=settings(**({"url": {"auth_type": "NONE"}} if url else {}))
    )
    variables = {"variables": {"URL": Pending("release.first.url.url")}}
    reader = world.release(
        "reader", function={"environment": variables}, depends_on=("release.first",)
    )
    return first, reader


def test_a_new_url_is_known_once_the_other_release_is_prepared(world) -> None:
    apply(world, *readers(world))
    url = world.aws("GetFunctionUrlConfig", "first")["FunctionUrl"]
    found = world.aws("GetFunctionConfiguration", "reader")
    assert found["Environment"]["Variables"] == {"URL": url}
    assert world.record("first").settings["url"].url == url


def test_a_url_that_comes_too_late_is_refused_beforehand(world) -> None:
    first, reader = readers(world)
    apply(world, replace(first, settings=settings(), aliases={}))
    world.declare(replace(first, aliases={}), reader)
    [problem] = [one for one in world.plan().diagnostics if one.severity == "error"]
    assert problem.address == "release.reader"
    assert "release.first.url.url" in problem.detail


def test_a_setting_reads_another_release(world) -> None:
    source = {"apigw": {**GATEWAY, "source_arn": Pending("release.first.function.qualified_arn")}}
    reader = world.release(
        "reader", settings=settings(permission=source), depends_on=("release.first",)
    )
    apply(world, world.release("first"), reader)
    found = json.loads(world.aws("GetPolicy", "reader")["Policy"])["Statement"]
    assert found[0]["Condition"]["ArnLike"]["AWS:SourceArn"].endswith("first:1")


# What is withheld


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS.values() if kind.setting.reads], ids=lambda kind: kind.name
)
def test_what_aws_withholds_is_drift_and_is_not_written_over(world, kind) -> None:
    hung = kind.setting.place == "alias"
    given = {**EVERYTHING, **HUNG}[kind.setting.name]
    around = {} if hung else {kind.setting.name: given}
    on_alias = {kind.setting.name: given} if hung else {}
    apply(world, world.release(settings=settings(**around), aliases={"live": alias(**on_alias)}))
    [operation] = kind.setting.reads
    key = PartKey("live" if hung else "", kind.name, "apigw" if kind.policy else "")
    world.fail(operation, code="AccessDeniedException", status=403)
    [found] = world.drift().findings
    assert (found.address, found.finding) == (f"release.checkout.{key}", "unreadable")
    assert f"lambda:{operation}" in str(found.observed)
    world.sandbox.simulator.faults.clear()
    world.fail(operation, code="AccessDeniedException", status=403)
    [problem] = world.plan().diagnostics
    assert problem.severity == "error"
    assert f"lambda:{operation}" in problem.detail
    assert problem.address == f"release.checkout.{key}"


# Tags


def test_exclusive_tags_are_all_there_are(world) -> None:
    apply(world, world.release())
    arn = world.aws("GetFunctionConfiguration")["FunctionArn"]
    tags = {"Other": "x", "aws:cloudformation:stack-id": "s"}
    call = world.sandbox.simulator.call
    call("TagResource", Resource=arn, Tags={"Other": "x"})
    world.save().functions[world.name("checkout")].tags.update(tags)
    assert world.plan().is_empty
    plan = apply(world, world.release(settings=settings(tags_exclusive=True)))
    assert steps(plan) == ["switch untag_function"]
    assert "Other" not in world.aws("GetFunction")["Tags"]
    call("TagResource", Resource=arn, Tags={"Again": "x"})
    [found] = world.drift().findings
    assert (found.address, found.finding, found.path) == (
        "release.checkout.tags",
        "unmanaged",
        ("Again",),
    )
    apply(world, *world.releases)
    assert world.drift().findings == ()


# Calls


def calls(world, action) -> Counter[str]:
    before = Counter(world.sandbox.simulator.calls.operations)
    action()
    return Counter(world.sandbox.simulator.calls.operations) - before


def test_only_what_is_declared_or_recorded_is_read(world) -> None:
    apply(world, world.release())
    assert calls(world, world.plan) == {"GetFunction": 1, "ListAliases": 1}
    around = {name: EVERYTHING[name] for name in ("permission", "reserved_concurrent_executions")}
    apply(world, world.release(settings=settings(**around), aliases={"live": alias(**HUNG)}))
    assert calls(world, world.plan) == {
        "GetFunction": 1,
        "ListAliases": 1,
        "GetPolicy": 2,
        "GetFunctionUrlConfig": 1,
        "GetFunctionEventInvokeConfig": 1,
        "GetProvisionedConcurrencyConfig": 1,
    }
    two = {"permission": {"one": GATEWAY, "two": GATEWAY}}
    apply(world, world.release(settings=settings(**two)))
    assert calls(world, world.plan) == {"GetFunction": 1, "ListAliases": 1, "GetPolicy": 1}
    assert calls(world, world.drift) == {"GetFunction": 1, "ListAliases": 1, "GetPolicy": 1}
    assert calls(world, lambda: world.plan(refresh="none")) == {}


def test_a_plan_says_how_many_calls_the_apply_will_make(world) -> None:
    apply(world, world.release())
    world.declare(world.release(settings=settings(**EVERYTHING)))
    plan = world.plan()
    [release] = plan.releases
    made = calls(world, lambda: world.apply(plan))
    assert made.pop("GetPolicy") == release.calls.get_policy
    polls = made.pop("GetFunction") - release.calls.get_function
    assert polls >= 0
    assert sum(made.values()) == release.calls.other


def test_a_release_without_settings_has_the_digest_it_always_had(world) -> None:
    apply(world, world.release())
    wanted = world.record().desired
    told = wanted.model_dump(mode="json")
    assert wanted.model_validate({k: v for k, v in told.items() if k != "settings"}) == wanted
    plain = wanted.digest
    assert wanted.model_copy(update={"tags_exclusive": True}).digest != plain
    url = {"settings": {"url": {"auth_type": "NONE"}}}
    assert wanted.model_copy(update=url).digest != plain


def test_a_run_that_dies_between_two_statements_is_recovered(world) -> None:
    apply(world, world.release(settings=settings(permission={"apigw": GATEWAY})))
    changed = {"apigw": {**GATEWAY, "source_account": "123456789012"}}
    world.declare(world.release(settings=settings(permission=changed)))
    plan = world.plan()
    seen = []

    def die(event) -> None:
        seen.append(event)
        if event.type == "step_done":
            raise KeyboardInterrupt

    world.events = type("Deadly", (list,), {"append": lambda _, event: die(event)})()
    with pytest.raises(KeyboardInterrupt):
        world.apply(plan)
    world.events = []
    assert len(policy(world)) == 2
    world.runner = replace(world.runner, pid=1, boot_id="another")
    again = world.plan()
    assert steps(again) == ["switch remove_permission permission.apigw"]
    assert world.apply(again).status == "applied"
    assert len(policy(world)) == 1
    assert world.plan().is_empty


def test_events_name_the_part_and_the_call(world) -> None:
    apply(world, world.release(settings=settings(url={"auth_type": "NONE"})))
    world.fail("DeleteFunctionUrlConfig", code="AccessDeniedException", status=403)
    world.declare(world.release())
    assert world.apply().status == "failed"
    [failed] = [event for event in world.events if event.type == "step_failed"]
    assert failed.data["part"] == "url"
    assert failed.data["call"] == "DeleteFunctionUrlConfig"


def test_runtime_management_goes_back_to_auto_and_the_plan_says_so(world) -> None:
    managed = RuntimeManagementConfig(update_runtime_on="FunctionUpdate")
    apply(world, world.release(settings=settings(runtime_management=managed)))
    world.declare(world.release())
    [change] = world.plan().changes
    assert "goes back to Auto" in change.reason


# Other ways to come to a release


def test_a_function_under_another_name_gets_all_of_it(world) -> None:
    given = world.release(settings=settings(**EVERYTHING), aliases={"live": alias(**HUNG)})
    apply(world, given)
    plan = apply(world, replace(given, function_name=world.name("renamed")))
    assert steps(plan)[0] == "prepare create_function"
    assert steps(plan)[-1] == "finish delete_function"
    assert world.aws("GetFunctionUrlConfig", "renamed")["AuthType"] == "AWS_IAM"
    assert world.record().settings.keys() == world.record().desired.settings.keys()
    assert world.drift().findings == ()


def test_what_an_adopted_function_has_is_compared_where_it_is_declared(world) -> None:
    apply(world, world.release(settings=settings(url={"auth_type": "NONE"})))
    world.aws("PutFunctionRecursionConfig", RecursiveLoop="Allow")
    world.state._store.projects.clear()
    around = {"url": {"auth_type": "AWS_IAM"}, "reserved_concurrent_executions": 3}
    world.declare(world.release(settings=settings(**around)))
    plan = world.plan()
    assert {one.kind: str(one.action) for one in plan.changes if one.kind in KINDS} == {
        "url": "update",
        "reserved_concurrency": "create",
    }
    assert world.apply(plan).status == "applied"
    # What nobody declared stays as it is, unread.
    assert world.aws("GetFunctionRecursionConfig")["RecursiveLoop"] == "Allow"
    assert world.record().settings.keys() == {"url", "reserved_concurrency"}


def test_an_alias_that_gets_weights_loses_its_capacity_before(world) -> None:
    apply(world, world.release(aliases={"live": alias(provisioned_concurrent_executions=2)}))
    world.code("two")
    apply(world, world.release(aliases={"live": alias(provisioned_concurrent_executions=2)}))
    weighted = alias(routing={"1": Decimal("0.25")})
    plan = apply(world, world.release(aliases={"live": weighted}))
    assert steps(plan) == [
        "switch remove_setting alias.live.provisioned_concurrency",
        "switch update_alias",
    ]
    plan = apply(world, world.release(aliases={"live": alias(provisioned_concurrent_executions=1)}))
    assert steps(plan) == [
        "switch update_alias",
        "switch set_setting alias.live.provisioned_concurrency",
    ]


def test_an_alias_that_somebody_deleted_comes_back_with_all_that_hung_on_it(world) -> None:
    apply(world, world.release(aliases={"live": alias(**HUNG)}))
    for qualified in ("DeleteProvisionedConcurrencyConfig", "DeleteFunctionUrlConfig"):
        world.aws(qualified, Qualifier="live")
    world.aws("DeleteAlias", Name="live")
    assert {one.address for one in world.drift().findings} == {"release.checkout.alias.live"}
    plan = apply(world, *world.releases)
    assert {one.split()[0] for one in steps(plan)} == {"prepare"}
    assert len(steps(plan)) == 1 + len(HUNG)
    assert world.drift().findings == ()


def test_capacity_that_aws_cannot_give_fails_with_advice(world) -> None:
    apply(world, world.release())
    hung = alias(provisioned_concurrent_executions=2)
    world.declare(world.release(aliases={"live": hung}))
    message = "Specified ConcurrentExecutions for function is greater than account's unreserved"
    world.fail(
        "PutProvisionedConcurrencyConfig",
        code="InvalidParameterValueException",
        status=400,
        message=message,
    )
    result = world.apply()
    assert result.status == "failed"
    assert message in result.failures[0].detail
    assert world.record().settings == {}
    apply(world, *world.releases)
