"""Strategies and preconditions as a user meets them: shown by plan, refused by apply."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Shell

CANARY = """
  strategy {
    type     = self.environment.type == "Production" ? "canary" : "all_at_once"
    weights  = [10, 50]
    interval = "1m 30s"
  }
"""


def say(shell: Shell, text: str) -> None:
    """Write something into the release of the project."""
    path = shell.root / "lamform.hcl"
    found = path.read_text("utf-8").replace('release "hello" {', f'release "hello" {{\n{text}', 1)
    path.write_text(found, "utf-8")


def change_code(shell: Shell) -> None:
    (shell.root / "src" / "app.py").write_text("def handler(event, context):\n    return 2\n")


def test_a_first_version_gets_all_traffic_and_the_next_is_shown_in_steps(shell: Shell) -> None:
    say(shell, CANARY)
    shell.applied()
    change_code(shell)
    answer = shell("plan")
    assert answer.code == 0
    assert answer.out.count("moves in steps: 10% for 1m 30s, 50% for 1m 30s, then 100%") == 1
    assert "Traffic cannot be moved in steps yet" in answer.err
    plan = shell("plan", "--json").json
    moves = {one["address"]: one["aliases"]["live"]["schedule"] for one in plan["releases"]}
    assert moves == {
        'release.hello["dev"]': [],
        'release.hello["prod"]': [
            {"weight": 10, "seconds": 90},
            {"weight": 50, "seconds": 90},
            {"weight": 100, "seconds": None},
        ],
    }


def test_apply_refuses_steps_and_does_nothing_but_goes_on_with_the_rest(shell: Shell) -> None:
    say(shell, CANARY)
    shell.applied()
    change_code(shell)
    for arguments in (("apply", "--auto-approve"), ("apply", "--auto-approve", "--json")):
        answer = shell(*arguments)
        assert answer.code == 1
        assert "Traffic cannot be moved in steps yet" in answer.err + answer.out
    assert shell.aws("GetAlias", "prod", Name="live")["FunctionVersion"] == "1"
    shell.applied("--environment", "dev")
    assert shell.aws("GetAlias", "dev", Name="live")["FunctionVersion"] == "2"


def test_a_saved_plan_with_steps_is_refused_too(shell: Shell) -> None:
    say(shell, CANARY)
    shell.applied()
    change_code(shell)
    assert shell("plan", "--out", "plan.json").code == 0
    answer = shell("apply", "plan.json")
    assert answer.code == 1
    assert "moved in steps" in answer.err
    assert shell.aws("GetAlias", "prod", Name="live")["FunctionVersion"] == "1"


def test_a_revert_goes_back_at_once(shell: Shell) -> None:
    shell.applied()
    change_code(shell)
    shell.applied()
    say(shell, CANARY)
    assert shell("revert", "1", "--auto-approve").code == 0
    assert shell.aws("GetAlias", "prod", Name="live")["FunctionVersion"] == "1"


def test_a_strategy_alone_changes_nothing_in_aws(shell: Shell) -> None:
    shell.applied()
    say(shell, CANARY)
    assert "AWS stays as it is" in shell("plan").out
    shell.applied()
    assert "No changes" in shell("plan").out


@pytest.mark.parametrize("command", [("plan",), ("apply", "--auto-approve", "--new-state")])
def test_a_precondition_that_does_not_hold(shell: Shell, command: tuple[str, ...]) -> None:
    say(
        shell,
        '  precondition {\n    condition     = self.key == "dev"\n'
        '    error_message = "Not to ${self.key} on a Friday."\n  }\n',
    )
    assert shell("validate").code == 0
    answer = shell(*command)
    assert answer.code == 6
    assert answer.err.count("Not to prod on a Friday.") == 1
    assert "lamform.hcl" in answer.err
    assert not list(shell.root.glob(".lamform/state*"))
    assert shell("plan", "--environment", "dev").code == 0


def test_what_is_deleted_needs_no_precondition(shell: Shell) -> None:
    shell.applied()
    say(shell, '  precondition {\n    condition     = false\n    error_message = "No."\n  }\n')
    assert shell("plan").code == 6
    assert shell("plan", "--destroy").code == 0


def test_code_that_no_plan_can_take_is_refused(shell: Shell) -> None:
    path = shell.root / "lamform.hcl"
    text = path.read_text("utf-8").replace(
        'artifact "local" { path = "src" }',
        'artifact "http" {\n    url = "https://example.com/app.zip"\n  }',
    )
    path.write_text(text, "utf-8")
    assert shell("validate").code == 0
    answer = shell("plan")
    assert answer.code == 1
    assert 'artifact "http" is understood' in answer.err
    assert shell("explain", "hello", "--definition").code == 1
