"""Secrets that are kept outside: read, pinned, withheld, rotated and gone."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from declarative.engine.apply import apply_plan
from declarative.engine.desired import BindingWorld, credential_residuals, settings_of
from declarative.engine.planner import make_plan
from declarative.engine.ports import Withheld
from declarative.engine.withheld import SecretReads
from declarative.errors import EvaluationError, RemoteError, StalePlanError
from declarative.language.world import SecretSource, SecretText
from declarative.model.bound import Connector
from declarative.model.plan import Plan
from declarative.model.values import SECRET, Pending, Sensitive

if TYPE_CHECKING:
    from declarative.engine.apply import ApplyResult
    from declarative.engine.secrets import Secrets

ONE, TWO, THREE = "hunter2-one", "hunter2-two", "hunter2-three"
MAIN = Connector(address="connector.aws.main", region="us-east-1")
VAULT = Connector(address='connector.aws.vault["x"]', region="us-east-1")
PATH = ("environment", "variables", "KEY")


@dataclass
class Store:
    """One parameter with its versions, or the reason why it cannot be read."""

    versions: dict[str, str] = field(default_factory=lambda: {"1": ONE})
    obstacle: str | None = None
    asked: list[tuple[SecretSource, Connector]] = field(default_factory=list)

    def secret(self, source: SecretSource, connector: Connector) -> SecretText | Withheld:
        self.asked.append((source, connector))
        if self.obstacle is not None:
            return Withheld(self.obstacle, RemoteError.of(f"ssm is {self.obstacle}", "Ask."))
        version = source.version or max(self.versions)
        if version not in self.versions:
            return Withheld("missing", RemoteError.of("ssm: not found", "Look."))
        return SecretText(self.versions[version], version)


@dataclass
class Shop:
    """A project with one release, whose KEY is a parameter of the store."""

    world: object
    store: Store = field(default_factory=Store)
    connector: Connector = MAIN

    def plan(self, name: str = "/key", **selection: object) -> Plan:
        """Plan as the command does: evaluate the files, then compare."""
        reads = SecretReads(self.store)
        source = SecretSource("ssm", name, self.connector.address, "us-east-1")
        found = BindingWorld(self.world.clients, reads).secret(source, self.connector)
        call = f'ssm("{name}", {{ connector = {self.connector.address}, region = "us-east-1"'
        leaf: object = Pending(f"{call} }})", sensitive=True)
        if found is not None:
            leaf = Sensitive(found.text, f'{call}, version = "{found.version}" }})')
        variables = {"KEY": leaf, "MODE": "plain", **selection.pop("variables", {})}
        function = {"environment": {"variables": variables}, **selection.pop("function", {})}
        self.world.declare(self.world.release(function=function))
        request = replace(self.world.request(**selection), reads=reads)
        return make_plan(request, replace(self.world.reading(), secrets=self.secrets()))

    def secrets(self, *, saved: bool = False) -> Secrets:
        known = replace(self.world.secrets(), store=self.store)
        known = replace(known, connectors={**known.connectors, VAULT.address: VAULT})
        return replace(known, literals={}, connectors={}) if saved else known

    def apply(self, plan: Plan, *, saved: bool = True) -> ApplyResult:
        """Apply a plan, as it was saved: with nothing else in memory."""
        read = Plan.model_validate_json(plan.to_bytes())
        return apply_plan(read, replace(self.world.writing(), secrets=self.secrets(saved=saved)))

    @property
    def variables(self) -> dict[str, str]:
        return self.world.aws("GetFunctionConfiguration")["Environment"]["Variables"]


@pytest.fixture
def shop(world) -> Shop:
    return Shop(world)


@pytest.fixture
def applied(shop) -> Shop:
    assert shop.apply(shop.plan()).status == "applied"
    assert shop.variables["KEY"] == ONE
    return shop


def warnings(plan: Plan) -> list[str]:
    return [one.summary for one in plan.diagnostics if one.severity == "warning"]


def errors(plan: Plan) -> list[str]:
    return [one.summary for one in plan.diagnostics if one.severity == "error"]


def changed(plan: Plan) -> set[tuple[str, ...]]:
    """Return what differs in the function."""
    functions = [change for change in plan.changes if change.kind == "function"]
    return {one.path for change in functions for one in change.attributes}


def test_applied_once_nothing_is_left_to_do(applied) -> None:
    assert applied.plan().is_empty


def test_a_rotated_secret_is_a_change_that_nobody_can_read(applied) -> None:
    applied.store.versions["2"] = TWO
    plan = applied.plan()
    [change] = [one for change in plan.changes for one in change.attributes if one.path == PATH]
    assert change.sensitive
    assert change.before_fingerprint != change.after_fingerprint
    assert b"hunter2" not in plan.to_bytes()
    applied.apply(plan)
    assert applied.variables["KEY"] == TWO
    assert applied.plan().is_empty


def test_a_saved_plan_brings_the_version_that_was_reviewed(applied) -> None:
    applied.store.versions["2"] = TWO
    plan = applied.plan()
    applied.store.versions["3"] = THREE
    applied.apply(plan)
    assert applied.variables["KEY"] == TWO


def test_a_version_that_is_gone_makes_the_plan_stale(applied) -> None:
    applied.store.versions["2"] = TWO
    plan = applied.plan()
    applied.store.versions = {"3": THREE}
    with pytest.raises(StalePlanError, match="no longer there in version 2"):
        applied.apply(plan)
    assert applied.variables["KEY"] == ONE


def test_a_version_with_another_value_makes_the_plan_stale(applied) -> None:
    applied.store.versions["2"] = TWO
    plan = applied.plan()
    applied.store.versions["2"] = THREE
    with pytest.raises(StalePlanError, match="another value"):
        applied.apply(plan)


def test_an_apply_that_may_not_read_writes_nothing(applied) -> None:
    applied.store.versions["2"] = TWO
    plan = applied.plan()
    applied.store.obstacle = "denied"
    with pytest.raises(RemoteError, match="ssm is denied"):
        applied.apply(plan)
    assert applied.variables["KEY"] == ONE


def test_a_new_version_of_the_same_value_changes_state_alone(applied) -> None:
    applied.store.versions["2"] = ONE
    plan = applied.plan()
    assert not plan.changes
    assert not plan.releases[0].steps
    applied.apply(plan)
    assert applied.plan().is_empty


class TestWithheld:
    """The plan may not read the secret."""

    def test_what_was_applied_from_there_is_taken_as_unchanged(self, applied) -> None:
        applied.store.obstacle = "denied"
        plan = applied.plan()
        assert plan.is_empty
        assert warnings(plan) == ['Change detection is off for ssm("/key")']
        assert "Ask." in plan.diagnostics[0].detail

    def test_another_change_leaves_it_as_it_is(self, applied) -> None:
        applied.store.obstacle = "denied"
        plan = applied.plan(variables={"MODE": "other"})
        assert changed(plan) == {("environment", "variables", "MODE")}
        applied.store.asked.clear()
        assert applied.apply(plan).status == "applied"
        assert applied.variables == {"KEY": ONE, "MODE": "other"}
        assert not applied.store.asked
        applied.store.obstacle = None
        assert applied.plan(variables={"MODE": "other"}).is_empty

    def test_without_looking_at_aws_it_is_the_same(self, applied) -> None:
        applied.store.obstacle = "denied"
        assert applied.plan(refresh="none").is_empty

    def test_a_first_apply_reads_it_then(self, shop) -> None:
        shop.store.obstacle = "denied"
        plan = shop.plan()
        assert warnings(plan) == ['Change detection is off for ssm("/key")']
        shop.store.obstacle = None
        assert shop.apply(plan).status == "applied"
        assert shop.variables["KEY"] == ONE
        shop.store.obstacle = "denied"
        assert shop.plan().is_empty

    def test_another_source_is_a_change_that_the_apply_reads(self, applied) -> None:
        applied.store.obstacle = "denied"
        plan = applied.plan("/other")
        assert changed(plan) == {PATH}
        applied.store.obstacle, applied.store.versions = None, {"5": THREE}
        applied.apply(plan)
        assert applied.variables["KEY"] == THREE

    def test_what_somebody_changed_in_aws_is_brought_back(self, applied) -> None:
        variables = {"KEY": "tampered", "MODE": "plain"}
        applied.world.aws("UpdateFunctionConfiguration", Environment={"Variables": variables})
        applied.store.obstacle = "denied"
        plan = applied.plan()
        assert changed(plan) == {PATH}
        applied.store.obstacle = None
        assert applied.apply(plan).status == "applied"
        assert applied.variables["KEY"] == ONE

    def test_a_function_that_is_gone_gets_it_from_the_apply(self, applied) -> None:
        applied.world.aws("DeleteFunction")
        applied.store.obstacle = "denied"
        plan = applied.plan()
        applied.store.obstacle = None
        assert applied.apply(plan).status == "applied"
        assert applied.variables["KEY"] == ONE

    def test_a_plan_in_one_go_reads_it_at_its_end(self, shop) -> None:
        shop.store.obstacle = "denied"
        plan = shop.plan()
        shop.store.obstacle = None
        shop.apply(plan, saved=False)
        assert shop.variables["KEY"] == ONE


def test_a_failing_call_is_an_error_of_the_release(applied) -> None:
    applied.store.obstacle = "failed"
    plan = applied.plan(function={"memory_size": 512})
    assert errors(plan) == ["ssm is failed"]
    assert not plan.releases


def test_a_missing_secret_is_an_error_of_the_files(shop) -> None:
    shop.store.obstacle = "missing"
    with pytest.raises(EvaluationError, match=r'has no "/key" for connector\.aws\.main'):
        shop.plan()


def test_a_connector_of_its_own_goes_with_the_plan(shop) -> None:
    shop.connector = VAULT
    plan = shop.plan()
    assert VAULT.address in plan.connectors
    shop.store.asked.clear()
    shop.apply(plan)
    assert shop.variables["KEY"] == ONE
    assert {connector.address for _, connector in shop.store.asked} == {VAULT.address}
    assert shop.plan().is_empty


def test_a_rotation_does_not_end_what_a_revert_holds(applied) -> None:
    applied.apply(applied.plan(function={"memory_size": 512}))
    world = applied.world
    back = world.revert("previous")
    assert apply_plan(back, replace(world.writing(), secrets=applied.secrets())).status == "applied"
    applied.store.versions["2"] = ONE
    plan = applied.plan(function={"memory_size": 512})
    assert plan.summary.held
    assert not plan.releases


def test_credentials_are_always_the_present_ones() -> None:
    residual = 'ssm("/k", { connector = connector.aws.main, region = "r", version = "4" })'
    credentials = {"kind": "static", "secret_access_key": Sensitive(ONE, residual)}
    settings = settings_of(replace(VAULT, credentials=credentials))
    assert credential_residuals(settings) == (
        'ssm("/k", { connector = connector.aws.main, region = "r" })',
    )


def test_no_secret_is_in_state_or_events(applied) -> None:
    applied.store.versions["2"] = TWO
    applied.apply(applied.plan())
    world = applied.world
    kept = world.state.objects(list(world.state.resources().values()))
    assert kept
    assert not any(b"hunter2" in one for one in kept.values())
    assert "hunter2" not in repr(world.events)
    assert "hunter2" not in repr(world.state.head())
    function = world.record().desired.function
    assert SECRET in function["environment"]["variables"]["KEY"]
