"""Global options anywhere, and what the command line may never give away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from declarative.cli.arguments import command_of, globals_first, wants_json
from declarative.cli.options import MOST_REVISIONS
from declarative.cli.wiring import shown_command

VALUES = frozenset({"--message", "--only"})


@pytest.mark.parametrize(
    ("typed", "ordered"),
    [
        ("plan --json --out x", "--json plan --out x"),
        ("plan -C dir --only a", "-C dir plan --only a"),
        ("--no-color plan", "--no-color plan"),
        ("plan -Cdir", "-Cdir plan"),
        ("plan --log-level=debug", "--log-level=debug plan"),
        ("apply --message --json", "apply --message --json"),
        ("apply -- --json", "apply -- --json"),
        ("sandbox run --json aws --json -C x", "--json sandbox run aws --json -C x"),
        ("sandbox run --keep d -- lamform --json", "sandbox run --keep d -- lamform --json"),
    ],
)
def test_global_options_come_first(typed: str, ordered: str) -> None:
    values = VALUES | {"--keep", "--out"}
    assert globals_first(typed.split(), values) == ordered.split()


@given(
    st.lists(
        st.sampled_from(["plan", "--json", "--no-color", "--", "--only", "x", "sandbox", "run"])
    )
)
def test_nothing_is_lost_and_order_is_kept(arguments: list[str]) -> None:
    ordered = globals_first(arguments, VALUES)
    assert sorted(ordered) == sorted(arguments)
    assert globals_first(ordered, VALUES) == ordered
    others = [one for one in arguments if one in {"plan", "sandbox", "run"}]
    assert [one for one in ordered if one in {"plan", "sandbox", "run"}] == others


def test_form_is_known_before_parsing() -> None:
    assert wants_json(["plan", "--format", "json"])
    assert wants_json(["plan", "--format=json"])
    assert not wants_json(["sandbox", "run", "--", "lamform", "--json"])


def test_values_of_variables_are_not_told_to_others() -> None:
    command = shown_command(["apply", "--var", "key=s3cr3t", "--var=other=s3cr3t\nmore", "a b"])
    assert command == "lamform apply --var 'key=…' '--var=other=…' 'a b'"


@pytest.mark.parametrize(
    ("typed", "command"),
    [
        ("validate", "validate"),
        ("--json -C plan --log-level debug state list", "state"),
        ("-Cplan apply --out x", "apply"),
        ("--no-color", None),
        ("", None),
        ("--help plan", None),
        ("plan --help", "plan"),
    ],
)
def test_the_command_is_told_from_the_global_options(typed: str, command: str | None) -> None:
    assert command_of(typed.split()) == command


HUGE = "9" * 20


@pytest.mark.parametrize("number", [HUGE, "9" * 5000])
@pytest.mark.parametrize(
    "typed",
    [
        "state list --revision N",
        "state show release.x --revision N",
        "output --revision N",
        "state undo N",
        "state diff N",
        "state diff 1 N",
        "revert N",
        "history --limit N",
        "state gc --keep N",
        "apply --parallelism N",
        "apply x.plan --shard 1/N",
        "apply --lock-timeout nan",
        "apply --lock-timeout inf",
    ],
)
def test_a_number_that_can_be_none_is_wrong_usage(shell, typed: str, number: str) -> None:
    answer = shell(*typed.replace("N", number).split())
    assert (answer.code, answer.out) == (1, "")
    assert "Internal error" not in answer.err
    said = " ".join(answer.err.split())
    refusals = (
        "should be less than or equal to",
        "should be greater than or equal to 0",
        "Unable to parse input",
        "is not a number of seconds",
        "No such shard",
    )
    assert any(one in said for one in refusals), said


def test_the_largest_number_is_a_revision_that_is_not_there(shell) -> None:
    shell.applied()
    for typed in ("state list --revision N", "state undo N", "state diff 1 N", "revert N"):
        answer = shell(*typed.replace("N", str(MOST_REVISIONS)).split())
        assert answer.code == 1
        assert f"There is no revision {MOST_REVISIONS}" in " ".join(answer.err.split())
    assert shell("history", "--limit", str(MOST_REVISIONS)).code == 0
    assert shell("revert", "²").err.count("No such revision") == 1
