"""Every field of a function, as the table has them, through plan, apply, drift and revert."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

import pytest

from declarative.aws.retries import Pacing
from declarative.aws.session import AwsCloud
from declarative.model import fields
from declarative.model.fields import CODE_CALL, CONFIGURATION_CALL, FUNCTION, LEAVES, Path
from declarative.model.values import Sensitive
from declarative.sandbox.clock import SimulatedClock
from declarative.sandbox.server import Sandbox
from tests.engine.field_cases import (
    ABSENT,
    NEEDED,
    SAMPLES,
    Case,
    declared,
    every,
    other,
    that_a_call_changes,
    that_can_be_dropped,
    that_goes_with_the_code,
)


@pytest.fixture(scope="module")
def clock() -> SimulatedClock:
    return SimulatedClock()


@pytest.fixture(scope="module", params=["here", pytest.param("http", marks=pytest.mark.slow)])
def sandbox(clock, request) -> Iterator[Sandbox]:
    """Everything is done at once here: what takes time is tested elsewhere."""
    here = request.param == "here"
    with Sandbox(clock=clock, pending_seconds=0, update_seconds=0, in_process=here) as running:
        yield running


@pytest.fixture(scope="module")
def cloud(clock, sandbox) -> AwsCloud:
    return AwsCloud(pacing=Pacing(sleep=clock.sleep, monotonic=clock.monotonic))


def test_every_field_of_the_table_has_two_values() -> None:
    wanted = LEAVES.keys()
    assert SAMPLES.keys() == wanted, f"differing: {sorted(SAMPLES.keys() ^ wanted)}"
    for path, (one, two) in SAMPLES.items():
        leaf = LEAVES[path]
        assert fields.normalise(leaf, one) != fields.default_of(path, "f"), path
        assert fields.normalise(leaf, one) != fields.normalise(leaf, two), path
        assert two is not None or leaf.create_only, path
        for inner in leaf.fields:
            assert one[0][inner.name] != two[0][inner.name], (path, inner.name)


def there(world, case: Case) -> object:
    """What AWS has in the field, read on its own; of ``$LATEST`` and of what serves."""
    found = [_one(world, case, {}), _one(world, case, {"Qualifier": "live"})]
    assert found[0] == found[1]
    return found[0]


def _one(world, case: Case, qualifier: dict[str, str]) -> object:
    answer = world.aws("GetFunction", **qualifier)
    apart = {
        "SourceKMSKeyArn": answer["Code"].get("SourceKMSKeyArn"),
        **answer["Configuration"].get("ImageConfigResponse", {}),
    }
    value: object = {**answer["Configuration"], **apart}
    rows = FUNCTION
    for name in case.path:
        row = next(row for row in rows if row.name == name)
        value = value.get(row.api) if value is not None else None
        rows = row.fields
    if value is None:
        return fields.default_of(case.path, world.name("checkout"))
    if case.leaf.fields:
        return [fields.read(case.leaf.fields, item) for item in value]
    return fields.normalise(case.leaf, value)


def actions(plan) -> dict[str, str]:
    return {change.address: str(change.action) for change in plan.changes}


def touched(plan) -> set[Path]:
    return {
        one.path
        for change in plan.changes
        if change.kind == "function"
        for one in change.attributes
    }


def apply(world, wanted) -> None:
    world.declare(wanted)
    plan = world.plan()
    assert not plan.has_errors, plan.diagnostics
    assert world.apply(plan).status == "applied"
    after = world.plan()
    assert after.is_empty, after.changes
    assert world.drift().findings == ()


def go(world, case: Case, before: int, after: int) -> None:
    """Declare the field anew where it was declared otherwise, and see that it becomes so."""
    world.declare(declared(world, case, after))
    plan = world.plan()
    assert not plan.has_errors, plan.diagnostics
    made = "replace" if case.replaces(before, after) else "update"
    assert actions(plan)["release.checkout.function"] == made
    assert any(case.path[: len(path)] == path[: len(case.path)] for path in touched(plan))
    assert steps_of(plan) >= {CREATING if made == "replace" else CALLS[case.leaf.call]}
    apply(world, *world.releases)
    assert there(world, case) == case.normal(after, world.name("checkout"))


CREATING = "create_function"
CALLS = {CODE_CALL: "update_code", CONFIGURATION_CALL: "update_configuration", None: CREATING}


def steps_of(plan) -> set[str]:
    return {step.kind for one in plan.releases for step in one.steps}


@every
def test_created_with_it(world, case) -> None:
    apply(world, declared(world, case, 0))
    assert there(world, case) == case.normal(0, world.name("checkout"))
    recorded = fields.get(world.record().function.attributes, case.path)
    assert recorded == case.normal(0, world.name("checkout"))


@every
def test_changed(world, case) -> None:
    apply(world, declared(world, case, 0))
    go(world, case, 0, other(case))


@that_can_be_dropped
def test_declared_and_dropped(world, case) -> None:
    apply(world, declared(world, case, ABSENT))
    assert there(world, case) == case.normal(ABSENT, world.name("checkout"))
    go(world, case, ABSENT, 0)
    go(world, case, 0, ABSENT)
    # Not managed any more: what others set then is theirs.
    if case.leaf.call is not None and not case.replaces(ABSENT, 0):
        disturb(world, case, 0)
        assert world.drift().findings == ()


@that_a_call_changes
def test_changed_by_somebody_else(world, case) -> None:
    apply(world, declared(world, case, 0))
    disturb(world, case, 1)
    found = world.drift().findings
    assert {(one.address, one.finding) for one in found} == {
        ("release.checkout.function", "modified")
    }
    assert [one for one in found if one.path[: len(case.path)] == case.path], found
    plan = world.plan()
    assert actions(plan)["release.checkout.function"] == "update"
    assert [one.path for one in plan.drift] == [one.path for one in found]
    apply(world, *world.releases)
    assert there(world, case) == case.normal(0, world.name("checkout"))


def disturb(world, case: Case, number: int) -> None:
    """Set the field behind lamform's back."""
    attributes: fields.Attributes = {}
    for path, value in case.values(number).items():
        if path[0] == case.path[0]:
            attributes = fields.put(attributes, path, value)
    asked = fields.to_api(attributes)
    if case.leaf.call == CODE_CALL:
        world.aws(CODE_CALL, **asked, ZipFile=package(world))
    else:
        world.aws(CONFIGURATION_CALL, **asked)


def package(world) -> bytes:
    """The code that the function has."""
    location = world.aws("GetFunction")["Code"]["Location"]
    data = world.sandbox.simulator.code(location.rpartition("/")[2])
    assert zipfile.is_zipfile(io.BytesIO(data))
    return data


@every
def test_gone_back_from(world, case) -> None:
    numbers = [0, other(case)] if case.path[0] in NEEDED else [ABSENT, 0, other(case)]
    for number in numbers:
        apply(world, declared(world, case, number))
    for revision, number in reversed(list(enumerate(numbers[:-1], 1))):
        plan = world.revert(str(revision))
        assert not plan.has_errors, plan.diagnostics
        assert world.apply(plan).status == "applied"
        assert there(world, case) == case.normal(number, world.name("checkout"))
        name = world.name("checkout")
        differs = case.normal(number, name) != case.normal(numbers[-1], name)
        assert set(actions(world.plan()).values()) == ({"held"} if differs else set())
        assert world.drift().findings == ()
    assert world.apply(world.revert(str(len(numbers)))).status == "applied"
    assert there(world, case) == case.normal(numbers[-1], world.name("checkout"))
    assert world.plan().is_empty


@that_goes_with_the_code
@pytest.mark.parametrize("kind", ["error-before", "error-after-effect", "lost-answer"])
def test_a_call_whose_outcome_is_unknown_is_looked_at_by_what_it_sets(world, case, kind) -> None:
    """The code is the same before and after, so it says nothing."""
    apply(world, declared(world, case, 0))
    world.declare(declared(world, case, 1))
    world.fail(CODE_CALL, 1, kind)
    status = world.apply().status
    world.sandbox.simulator.faults.clear()
    assert status == ("failed" if kind == "error-before" else "applied")
    assert world.drift().findings == ()
    apply(world, *world.releases)
    assert there(world, case) == case.normal(1, world.name("checkout"))


@that_goes_with_the_code
def test_what_goes_with_the_code_may_be_secret(world, case) -> None:
    apply(world, declared(world, case, ABSENT))
    secret = Sensitive(case.first, "var.secret")
    world.declare(world.release(function={case.path[0]: secret}))
    plan = world.plan()
    shown = case.first[0] if isinstance(case.first, list) else case.first
    assert shown.encode() not in plan.to_bytes()
    assert world.apply(plan).status == "applied"
    assert there(world, case) == case.normal(0, world.name("checkout"))
    assert world.plan().is_empty
    world.code("two")
    assert world.apply().status == "applied"
    assert there(world, case) == case.normal(0, world.name("checkout"))
    assert world.apply(world.revert("1")).status == "applied"
    assert there(world, case) == case.normal(ABSENT, world.name("checkout"))
    assert world.apply(world.revert("2")).status == "applied"
    assert there(world, case) == case.normal(0, world.name("checkout"))


def test_new_code_has_the_key_of_before_and_another_key_makes_a_version(world) -> None:
    case = Case(("source_kms_key_arn",), *SAMPLES["source_kms_key_arn",])
    apply(world, declared(world, case, 0))
    world.code("two")
    apply(world, *world.releases)
    assert there(world, case) == case.first
    world.declare(declared(world, case, 1))
    plan = world.plan()
    assert plan.releases[0].publishes
    assert plan.releases[0].calls.other == 3
    apply(world, *world.releases)
    assert world.aws("GetFunction", Qualifier="2")["Code"]["SourceKMSKeyArn"] == case.first
    assert there(world, case) == case.second


@pytest.mark.parametrize("name", sorted(NEEDED))
def test_what_a_function_cannot_be_without_is_not_dropped(world, name) -> None:
    apply(world, world.release())
    world.declare(world.release(function={name: None}))
    [problem] = world.plan().diagnostics
    assert problem.severity == "error"
    assert problem.address == "release.checkout"
    assert problem.summary == f"{name} cannot be taken away"


def test_a_function_is_not_deleted_where_it_could_not_be_created_anew(world) -> None:
    world.declare(world.release())
    world.apply()
    world.state._store.projects.pop(world.project)
    given = {"role": None, "runtime": None}
    world.declare(world.release(function=given))  # adopts it
    assert world.apply().status == "applied"
    world.declare(
        world.release(function={**given, "tenancy_config": {"tenant_isolation_mode": "PER_TENANT"}})
    )
    plan = world.plan()
    assert [one.summary for one in plan.diagnostics] == [
        "role is needed to create the function",
        "runtime is needed to create the function",
    ]
    assert plan.releases == ()
    world.declare(world.release())
    assert world.apply().status == "applied"
