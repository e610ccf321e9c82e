"""What a reviewer sees of a plan."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from declarative.model.address import Address
from declarative.model.plan import (
    Action,
    AliasMove,
    AttributeChange,
    BackendAddress,
    Base,
    Bound,
    Calls,
    Change,
    DriftFinding,
    Plan,
    PlannedOutput,
    PlannedRelease,
    Selection,
    Summary,
)
from declarative.model.steps import Phase, PublishCheckpoint, WakeVersion
from declarative.render.look import Look
from declarative.render.text import plan_text
from declarative.render.view import plan_view

Golden = Callable[[str, str], None]

# As tfcmt 4.14 reads a plan; its patterns are anchored at the end of the line.
TFCMT = {
    "create": re.compile(r"^ *# (.*) will be created$", re.MULTILINE),
    "update": re.compile(r"^ *# (.*) will be updated in-place$", re.MULTILINE),
    "delete": re.compile(r"^ *# (.*) will be destroyed$", re.MULTILINE),
    "replace": re.compile(r"^ *# (.*?)(?: is tainted, so)? must be replaced$", re.MULTILINE),
    "footer": re.compile(r"^Plan: \d+ to add, \d+ to change, \d+ to destroy\.$", re.MULTILINE),
}


def planned(address: str, **values: object) -> PlannedRelease:
    name = address.removeprefix("release.").replace('["', "-").replace('"]', "")
    return PlannedRelease(
        address=address,
        service="checkout",
        infrastructure="infrastructure.dev",
        environment="dev",
        account_id="111111111111",
        region="us-east-2",
        function_name=name,
        artifact={},
        bound=Bound(object=None, connector="connector.aws.main", refreshed=True),
        **values,
    )


def change(address: str, action: Action, *attributes: AttributeChange, **values: str) -> Change:
    kind = Address.parse(address).kind
    return Change(address=address, kind=kind, action=action, attributes=attributes, **values)


def attribute(path: str, before: object = None, after: object = None, **marks: object):
    return AttributeChange(path=tuple(path.split("/")), before=before, after=after, **marks)


def plan(*releases: PlannedRelease, **values: object) -> Plan:
    return Plan(
        plan_id="0" * 64,
        created_at="2026-01-01T00:00:00Z",
        tool_version="0",
        project="payments",
        base=Base(revision=3, id="abc"),
        config_digest="",
        selection=Selection(),
        backend=BackendAddress(kind="memory"),
        connectors={},
        releases=releases,
        **{"changes": (), "summary": Summary(), **values},
    )


def written(made: Plan, width: int | None = None, *, colour: bool = False) -> str:
    return plan_text(plan_view(made), Look(colour=colour, width=width))


DEV = 'release.checkout["dev"]'
OLD, NEW = "n5swpIQQ2fY4SzP0vzExaAu2nz/qlhIV+9LKB9e5Mu0=", "GNhhvCS8Ly8DSzP0vzExaAu2nz/qlhIV+="


def update() -> Plan:
    function = change(
        f"{DEV}.function",
        Action.UPDATE,
        attribute("memory_size", 512, 1024),
        attribute("environment/variables/API_KEY", sensitive=True, after_fingerprint="hmac"),
        attribute("environment/variables/a.b", "x", None),
        attribute("environment/variables/UPSTREAM", None, None, unknown=True),
        attribute("description", "plain", "two\nlines"),
        attribute("code_sha256", OLD, NEW),
    )
    return plan(
        planned(
            DEV,
            publishes=True,
            version_reason="no recorded version has this code and configuration",
            aliases={"live": AliasMove(origin="3", expected="4"), "2024-06": AliasMove(to="3")},
            steps=(PublishCheckpoint(release=DEV, phase=Phase.PREPARE),),
            calls=Calls(get_function=1, other=5),
        ),
        changes=(
            function,
            change(f"{DEV}.tags", Action.UPDATE, attribute("Team", None, "payments")),
            change(f"{DEV}.alias.live", Action.UPDATE, attribute("function_version", "3", None)),
            change(
                f'{DEV}.alias["2024-06"]',
                Action.CREATE,
                attribute("function_version", None, "3"),
                attribute("routing", None, {"2": 0.1}),
            ),
        ),
        outputs={
            "arn": PlannedOutput(value={"dev": "arn:aws:lambda:x"}),
            "key": PlannedOutput(sensitive=True),
            "version": PlannedOutput(unknown=True),
        },
        output_changes=("arn", "gone", "key", "version"),
        summary=Summary(add=1, change=3, releases=1),
    )


def everything() -> Plan:
    function = "release.{}.function".format
    return plan(
        planned("release.fresh", aliases={"live": AliasMove(expected="1")}),
        planned("release.gone"),
        planned("release.moved"),
        planned("release.back", aliases={"live": AliasMove(origin="4", to="3")}, version="3"),
        planned("release.found"),
        planned("release.recorded"),
        changes=(
            change(function("fresh"), Action.CREATE, attribute("memory_size", None, 128)),
            change("release.fresh.alias.live", Action.CREATE),
            change(function("gone"), Action.DELETE),
            change("release.gone.tags", Action.DELETE),
            change(
                function("moved"),
                Action.REPLACE,
                attribute("memory_size", None, 128),
                reason="moved-eu in eu-west-1 of account 1 is deleted once the new one serves",
            ),
            change("release.back.alias.live", Action.UPDATE),
            change(function("found"), Action.ADOPT, reason="exists in AWS and is not in state"),
            change(function("held"), Action.HELD, attribute("timeout", 3, 10)),
            change(f"{function('later')}", Action.DEFERRED, reason="reads an unknown output"),
        ),
        drift=(
            DriftFinding(
                address="release.back.function",
                kind="function",
                finding="modified",
                path=("timeout",),
                recorded=3,
                observed=30,
            ),
            DriftFinding(address="release.back.alias.next", kind="alias", finding="deleted"),
        ),
        summary=Summary(add=3, change=1, destroy=3, adopt=1, held=1, deferred=1, releases=6),
        blocked_by=("release.gone is protected by prevent_destroy.",),
    )


def test_update_of_every_kind_of_attribute(golden: Golden) -> None:
    golden("plan-update.txt", written(update()))


def test_every_action(golden: Golden) -> None:
    golden("plan-everything.txt", written(everything()))


def test_narrow_terminal(golden: Golden) -> None:
    golden("plan-narrow.txt", written(update(), 48))


def test_colour(golden: Golden) -> None:
    golden("plan-colour.txt", written(update(), 100, colour=True))


def test_no_changes() -> None:
    text = written(plan())
    assert text.startswith("No changes. ")
    assert "Plan:" not in text
    assert "Plan id" not in text


def test_held_alone_says_how_to_go_on() -> None:
    held = plan(changes=(change(f"{DEV}.function", Action.HELD),), summary=Summary(held=1))
    text = written(held)
    assert "No changes. Everything that differs is held back" in text
    assert "lamform plan --roll-forward --only 'release.checkout[\"dev\"]'" in text


def test_tools_that_read_terraform_find_everything() -> None:
    text = written(everything())
    assert TFCMT["create"].findall(text) == ["release.fresh"]
    assert TFCMT["delete"].findall(text) == ["release.gone"]
    assert TFCMT["replace"].findall(text) == ["release.moved"]
    assert TFCMT["update"].findall(text) == ["release.back"]
    assert TFCMT["footer"].search(text)
    assert "Note: Objects have changed outside of lamform" in text


def test_deletions_come_first_then_alias_moves() -> None:
    addresses = [release.address for release in plan_view(everything()).releases]
    assert addresses[:3] == ["release.gone", "release.moved", "release.back"]


def test_a_version_that_is_woken_is_named_and_its_invocation_counted() -> None:
    steps = [
        WakeVersion(release=DEV, phase=Phase.PREPARE, version=version, asleep=asleep)
        for version, asleep in (("3", True), ("2", False))
    ]
    text = written(
        plan(
            planned(
                DEV,
                version="3",
                aliases={"live": AliasMove(origin="4", to="3")},
                steps=tuple(steps),
                calls=Calls(get_function=3, other=3, elsewhere=1),
            ),
            changes=(change(f"{DEV}.alias.live", Action.UPDATE),),
            summary=Summary(change=1, releases=1),
        )
    )
    assert "(version 3 is inactive: it is invoked, and waited for, before traffic moves)" in text
    assert "version 2" not in text
    assert "7 AWS calls (3 GetFunction, 3 in the shared quota, 1 invocation)" in text


def test_secrets_show_only_that_they_change() -> None:
    text = written(update())
    assert "API_KEY = (sensitive value)" in re.sub(" +", " ", text)
    assert "hmac" not in text


def test_adopting_with_changes_reads_as_an_update() -> None:
    adopted = plan(
        planned(DEV),
        changes=(
            change(
                f"{DEV}.function",
                Action.ADOPT,
                attribute("timeout", 3, 10),
                reason="exists in AWS and is not in state",
            ),
        ),
        summary=Summary(adopt=1),
    )
    text = written(adopted)
    assert f"# {DEV} will be updated in-place\n  # (adopted: exists in AWS" in text


@pytest.mark.parametrize("hostile", ["\x1b[2J", "\r", "\u202e", "\x9b31m", "\u2028"])
def test_no_value_can_command_the_terminal(hostile: str) -> None:
    name = f"x{hostile}y"
    made = plan(
        planned(DEV),
        changes=(
            change(
                f"{DEV}.tags",
                Action.UPDATE,
                attribute(name, hostile, name),
                reason=hostile,
            ),
        ),
        drift=(
            DriftFinding(address=DEV, kind="tags", finding="unreadable", path=(), observed=hostile),
        ),
        blocked_by=(hostile,),
    )
    assert hostile not in written(made, 40)


@given(width=st.integers(24, 200), value=st.text(max_size=300))
def test_any_width_shows_the_whole_value(width: int, value: str) -> None:
    made = plan(
        planned(DEV),
        changes=(change(f"{DEV}.function", Action.UPDATE, attribute("description", "", value)),),
    )
    squeezed = "".join(written(made, width).split())
    whole = "".join(written(made).split())
    assert whole.partition("description=")[2][:100] in squeezed or value == ""
