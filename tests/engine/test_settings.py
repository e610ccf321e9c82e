"""What surrounds a function, kind by kind as the table has them, through plan and apply."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import pytest

from declarative.cli.state import parts
from declarative.engine.accepting import accept
from declarative.engine.around import look_around
from declarative.engine.editing import forget
from declarative.engine.setting_calls import CALLS, Setting
from declarative.engine.statediff import difference
from declarative.errors import LamformError
from declarative.model.address import PartKey
from declarative.model.bound import BoundAlias
from declarative.model.parts import KINDS, Kind
from declarative.model.release_config import AliasConfig, ServiceSettings

ARN = "arn:aws:execute-api:us-east-1:123456789012:abc/*/*"
SIGNING = "arn:aws:lambda:us-east-1:123456789012:code-signing-config:csc-{}"
RUNTIME = "arn:aws:lambda:us-east-1::runtime:" + "a" * 64
QUEUE = "arn:aws:sqs:us-east-1:123456789012:dead"

SAMPLES = {
    "url": (
        {"auth_type": "AWS_IAM"},
        {"auth_type": "NONE", "cors": {"allow_origins": ("https://b", "https://a")}},
    ),
    "permission": (
        {"apigw": {"principal": "apigateway.amazonaws.com"}},
        {"apigw": {"principal": "apigateway.amazonaws.com", "source_arn": ARN}},
    ),
    "event_invoke": (
        {"maximum_retry_attempts": 1},
        {"maximum_retry_attempts": 0, "on_failure": QUEUE},
    ),
    "provisioned_concurrent_executions": (2, 3),
    "reserved_concurrent_executions": (0, 20),
    "code_signing_config_arn": (SIGNING.format("0" * 17), SIGNING.format("1" * 17)),
    "recursive_loop": ("Allow", "Terminate"),
    "runtime_management": (
        {"update_runtime_on": "FunctionUpdate"},
        {"update_runtime_on": "Manual", "runtime_version_arn": RUNTIME},
    ),
}
"""Two values of each setting, as the files write them."""


@dataclass(frozen=True)
class Case:
    kind: Kind
    alias: str

    @property
    def name(self) -> str:
        return self.kind.setting.name

    @property
    def part(self) -> str:
        return str(PartKey(self.alias, self.kind.name, "apigw" if self.kind.policy else ""))

    @property
    def address(self) -> str:
        return f"release.checkout.{self.part}"

    def given(self, number: int) -> dict[str, object]:
        """One of the two samples, or nothing."""
        return {} if number < 0 else {self.name: SAMPLES[self.name][number]}

    def attributes(self, number: int) -> dict[str, object]:
        value = SAMPLES[self.name][number]
        if self.kind.policy:
            return self.kind.normal(value["apigw"])
        if isinstance(value, dict):
            lists = {name: list(v) for name, v in value.get("cors", {}).items()}
            return self.kind.normal({**value, **({"cors": lists} if lists else {})})
        return self.kind.normal({self.name: value})


PLACES = {"service": ("",), "alias": ("live",), "both": ("", "live")}
CASES = [
    pytest.param(Case(kind, alias), id=f"{alias or 'function'}-{kind.name}")
    for kind in KINDS.values()
    for alias in PLACES[kind.setting.place]
]
every = pytest.mark.parametrize("case", CASES)


def release(world, case: Case | None = None, number: int = -1, **changes):
    """The release with one setting, or without."""
    around = {} if case is None or case.alias else case.given(number)
    hung = case.given(number) if case and case.alias else {}
    return world.release(
        **{
            "settings": ServiceSettings.model_validate(around),
            "aliases": {"live": BoundAlias(AliasConfig.model_validate(hung))},
            **changes,
        }
    )


def there(world, case: Case, known: str | None = None) -> dict[str, object] | None:
    """What AWS has, read on its own."""
    reader = world.cloud().reader(world.releases[0].connector, "us-east-1")
    function = reader.function(world.name("checkout"))
    seen = look_around(reader, function, {"live"}, {case.part: known})[case.part]
    assert seen is None or isinstance(seen, Setting)
    return None if seen is None else seen.attributes


def absent(case: Case) -> object:
    return case.kind.absent


def steps(plan) -> list[str]:
    return [f"{step.phase} {step.kind}" for one in plan.releases for step in one.steps]


def actions(plan) -> dict[str, str]:
    return {change.address: str(change.action) for change in plan.changes}


def apply(world, *releases) -> None:
    world.declare(*releases)
    plan = world.plan()
    assert not plan.has_errors, plan.diagnostics
    assert world.apply(plan).status == "applied"
    assert world.plan().is_empty


def test_every_setting_has_its_samples() -> None:
    assert SAMPLES.keys() == {kind.setting.name for kind in KINDS.values()}
    assert CALLS.keys() == {name for name, kind in KINDS.items() if not kind.policy}


@every
def test_made_with_the_function(world, case) -> None:
    apply(world, release(world, case, 0))
    assert there(world, case) == case.attributes(0)
    assert world.record().settings[case.part].attributes == case.attributes(0)
    assert world.drift().findings == ()


@every
def test_added_changed_and_dropped(world, case) -> None:
    apply(world, release(world))
    for number, action in ((0, "create"), (1, "update")):
        world.declare(release(world, case, number))
        assert actions(world.plan()) == {case.address: action}
        apply(world, *world.releases)
        assert there(world, case, recorded_id(world, case)) == case.attributes(number)
    # Back to a value that is not AWS's default, so that dropping it shows.
    apply(world, release(world, case, 0))
    world.declare(release(world))
    assert actions(world.plan()) == {case.address: "delete"}
    apply(world, *world.releases)
    assert there(world, case) == absent(case)
    assert case.part not in world.record().settings


def recorded_id(world, case) -> str | None:
    return world.record().settings[case.part].statement_id


@every
def test_what_somebody_else_changes_is_drift_and_is_put_right(world, case) -> None:
    apply(world, release(world, case, 0))
    disturb(world, case, case.attributes(1))
    found = world.drift().findings
    assert {one.address for one in found} == {case.address}
    assert {one.finding for one in found} == {"modified"}
    plan = world.plan()
    assert actions(plan) == {case.address: "update"}
    assert [one.address for one in plan.drift] == [one.address for one in found]
    assert world.apply(plan).status == "applied"
    assert there(world, case, recorded_id(world, case)) == case.attributes(0)
    assert world.drift().findings == ()


@every
def test_what_somebody_else_takes_away_is_drift_and_is_made_again(world, case) -> None:
    apply(world, release(world, case, 0))
    disturb(world, case, None)
    [found] = {(one.address, one.finding) for one in world.drift().findings}
    assert found == (case.address, "deleted" if absent(case) is None else "modified")
    apply(world, *world.releases)
    assert there(world, case, recorded_id(world, case)) == case.attributes(0)


def disturb(world, case: Case, attributes: dict[str, object] | None) -> None:
    """Change or remove a setting behind lamform's back."""
    writer = world.cloud().writer(world.releases[0].connector, "us-east-1")
    name, alias = world.name("checkout"), case.alias or None
    if case.kind.policy:
        writer.remove_permission(name, alias, recorded_id(world, case), revision_id=None)
        if attributes:
            writer.add_permission(name, alias, "apigw", attributes, revision_id=None)
    elif attributes is None:
        CALLS[case.kind.name].remove(writer, name, alias)
    else:
        CALLS[case.kind.name].set(writer, name, alias, attributes, Setting({}))


@every
def test_reverts_restore_change_and_remove(world, case) -> None:
    apply(world, release(world))
    apply(world, release(world, case, 0))
    apply(world, release(world, case, 1))
    world.apply(world.revert("2"))
    assert there(world, case, recorded_id(world, case)) == case.attributes(0)
    assert set(actions(world.plan()).values()) == {"held"}
    plan = world.revert("1")
    assert actions(plan) == {case.address: "delete"}
    world.apply(plan)
    assert there(world, case) == absent(case)
    world.apply(world.revert("3"))
    assert there(world, case, recorded_id(world, case)) == case.attributes(1)
    assert world.plan().is_empty


@every
def test_a_plan_made_without_looking_knows_what_is_recorded(world, case) -> None:
    apply(world, release(world, case, 0))
    assert world.plan(refresh="none").is_empty
    world.declare(release(world, case, 1))
    plan = world.plan(refresh="none")
    assert actions(plan) == {case.address: "update"}
    assert world.apply(plan).status == "applied"
    assert world.plan().is_empty


@every
def test_what_others_change_between_plan_and_apply_stops_it(world, case) -> None:
    apply(world, release(world, case, 0))
    world.declare(release(world, case, 0, tags={"Team": "other"}))
    plan = world.plan()
    disturb(world, case, case.attributes(1))
    with pytest.raises(LamformError, match="not as it was when the plan was made"):
        world.apply(plan)


@every
def test_what_somebody_else_did_is_accepted(world, case) -> None:
    apply(world, release(world, case, 0))
    for attributes in (case.attributes(1), None):
        disturb(world, case, attributes)
        accept([case.address], world.writing())
        assert world.drift().findings == ()
        recorded = world.record().settings.get(case.part)
        assert (recorded.attributes if recorded else None) == (attributes or absent(case))
        # What the files want is another matter.
        assert case.address in actions(world.plan())
    apply(world, *world.releases)
    assert there(world, case, recorded_id(world, case)) == case.attributes(0)


@every
def test_what_is_forgotten_is_nobodys_business(world, case) -> None:
    apply(world, release(world, case, 0))
    forget([case.address], world.writing())
    assert case.part not in world.record().settings
    world.declare(release(world))
    assert world.plan().changes == ()
    world.apply()
    assert there(world, case) == case.attributes(0)
    [changed] = difference(world.state, (1, 2), parts_of)
    found = {one.address: str(one.action) for one in changed.changes}
    # The function's status is "edited".
    assert found == {case.address: "delete", "release.checkout.function": "update"}


def parts_of(record) -> dict[str, dict[str, object]]:
    return {one.address: one.attributes for one in parts(record)}


FAULTS = {
    "refused": {"kind": "error-before", "code": "AccessDeniedException", "status": 403},
    "broken": {"kind": "error-before"},
    "done-and-broken": {"kind": "error-after-effect"},
    "answer-lost": {"kind": "lost-answer"},
}


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(fault, marks=[] if fault == "answer-lost" else [pytest.mark.slow])
        for fault in FAULTS
    ],
)
@every
def test_whatever_call_fails_applying_again_gets_there(world, case, fault) -> None:
    """Create, change and remove: a fault at each call that changes something."""
    apply(world, release(world))
    for number in (0, 1, -1):
        world.declare(release(world, case, number))
        plan, start = world.plan(), world.save()
        operations = (*case.kind.setting.sets, *case.kind.setting.removes)
        before = dict(world.sandbox.simulator.calls.operations)
        assert world.apply(plan).status == "applied"
        after = dict(world.sandbox.simulator.calls.operations)
        wanted = there(world, case)
        for operation in dict.fromkeys(operations):
            for nth in range(1, after.get(operation, 0) - before.get(operation, 0) + 1):
                world.restore(start)
                world.fail(operation, nth, **FAULTS[fault])
                with suppress(LamformError):
                    ended = world.apply(plan).status
                    assert fault != "refused" or ended == "failed"
                world.sandbox.simulator.faults.clear()
                assert world.drift().findings == (), (operation, nth)
                apply(world, *world.releases)
                assert there(world, case) == wanted, (operation, nth)
                assert world.state.open_runs() == ()
