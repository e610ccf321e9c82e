"""What a user sees through the command line, from the first plan to the revert."""

from __future__ import annotations

import json
import shutil
import subprocess
import textwrap

import pytest

from tests.e2e.places import PLACE

PROJECT = (
    """
lamform {
  project = "shop"
}

variable "memory" {
  type    = number
  default = 128
}

variable "team" {
  type    = string
  default = "payments"
}

"""
    + PLACE
    + """
service "checkout" {
  function {
    function_name = "checkout"
    runtime       = "python3.13"
    handler       = "app.handler"
    role          = "arn:aws:iam::123456789012:role/checkout"
    memory_size   = var.memory
    tags          = { Team = var.team }
  }

  artifact "local" {
    path = "src"
  }

  alias "live" {}
}

release "checkout" {
  service        = service.checkout
  infrastructure = infrastructure.main
}
"""
)


@pytest.fixture
def shop(user):
    user.write("lamform.hcl", PROJECT)
    user.code("one")
    done = user.run("apply", "--auto-approve", "--new-state")
    assert done.returncode == 0, done.stderr
    return user


def test_a_second_plan_says_nothing_is_to_be_done(shop) -> None:
    plan = shop.run("plan", "--detailed-exitcode")
    assert plan.returncode == 0
    assert "No changes." in plan.stdout
    assert shop.run("plan", "--detailed-exitcode", "--var", "memory=256").returncode == 2


def test_a_tag_only_change_publishes_no_version(shop) -> None:
    done = shop.run("apply", "--auto-approve", "--var", "team=checkout")
    assert done.returncode == 0
    assert "1 changed" in done.stdout
    assert shop.versions("checkout") == ["$LATEST", "1"]


def test_a_saved_plan_applies_exactly_and_once(shop) -> None:
    assert shop.run("plan", "--out", "a.plan", "--var", "memory=256").returncode == 0
    shown = shop.run("show", "a.plan")
    assert "128 -> 256" in shown.stdout
    shop.write("lamform.hcl", "this is not read again")
    assert shop.run("apply", "a.plan").returncode == 0
    memory = shop.aws.get_function_configuration(FunctionName="checkout")["MemorySize"]
    assert memory == 256
    again = shop.run("apply", "a.plan")
    assert again.returncode == 5
    assert "applied" in again.stderr


def test_a_saved_plan_is_refused_after_another_apply_of_the_release(shop) -> None:
    shop.run("plan", "--out", "a.plan", "--var", "memory=256")
    assert shop.run("apply", "--auto-approve", "--var", "team=x").returncode == 0
    refused = shop.run("apply", "a.plan")
    assert refused.returncode == 5
    assert shop.run("history", "--json").stdout.count('"revision"') == 2


def test_a_changed_plan_file_is_refused(shop) -> None:
    shop.run("plan", "--out", "a.plan", "--var", "memory=256")
    path = shop.directory / "a.plan"
    path.write_text(path.read_text().replace('"memory_size":256', '"memory_size":3008'))
    refused = shop.run("apply", "a.plan")
    assert refused.returncode in (1, 5)
    assert "Traceback" not in refused.stderr
    path.write_text(path.read_text()[:500])
    broken = shop.run("apply", "a.plan")
    assert broken.returncode == 1
    assert "Traceback" not in broken.stderr


def test_two_clones_give_one_plan_id(shop, tmp_path) -> None:
    state = str(tmp_path / "state")
    shop.environment = {**shop.environment, "LAMFORM_STATE_DIR": state}
    other = tmp_path / "elsewhere" / "clone"
    shutil.copytree(shop.directory, other, ignore=shutil.ignore_patterns(".lamform"))
    plans = [
        json.loads(shop.run("plan", "--json", "--var", "memory=256", directory=one).stdout)
        for one in (shop.directory, other)
    ]
    assert plans[0]["plan_id"] == plans[1]["plan_id"]
    assert str(tmp_path) not in json.dumps(plans)
    applied = shop.run("apply", "--auto-approve", "--plan-id", "0" * 64, "--new-state")
    assert applied.returncode == 5


def test_five_mistakes_in_two_files_are_all_reported(user) -> None:
    wrong = PROJECT.replace("memory_size   =", "memory_sise   =").replace(
        "= var.team", "= var.taem"
    )
    wrong = wrong.replace('"PreProduction"', '"Staging"')
    user.write("lamform.hcl", wrong)
    user.write(
        "more.lamform.hcl",
        textwrap.dedent(
            """\
            outptu "typo" {
              value = 1
            }

            output "nowhere" {
              value = local.missing
            }
            """
        ),
    )
    user.code("one")
    done = user.run("validate")
    assert done.returncode == 1
    for place in ("lamform.hcl", "more.lamform.hcl"):
        assert place in done.stderr
    report = json.loads(user.run("validate", "--json").stdout)
    ranges = [one["range"] for one in report["diagnostics"]]
    assert len(ranges) == 5
    assert {one["filename"] for one in ranges} == {"lamform.hcl", "more.lamform.hcl"}
    assert all(one["start"]["line"] > 0 and one["start"]["column"] > 0 for one in ranges)


def test_a_mistyped_flag_exits_1(user) -> None:
    user.write("lamform.hcl", PROJECT)
    done = user.run("plan", "--auto-aprove")
    assert done.returncode == 1
    assert "--auto-aprove" in done.stderr


def test_revert_restores_everything_and_is_a_revision(shop) -> None:
    shop.code("two")
    done = shop.run("apply", "--auto-approve", "--var", "memory=512", "--var", "team=other")
    assert done.returncode == 0
    assert shop.invoke("checkout") == "two"
    assert shop.versions("checkout") == ["$LATEST", "1", "2"]
    reverted = shop.run("revert", "1", "--auto-approve")
    assert reverted.returncode == 0, reverted.stderr
    assert "live: 2 → 1" in reverted.stdout
    assert shop.versions("checkout") == ["$LATEST", "1", "2"]
    latest = shop.aws.get_function(FunctionName="checkout")
    assert latest["Configuration"]["MemorySize"] == 128
    assert latest["Tags"]["Team"] == "payments"
    assert shop.invoke("checkout") == shop.invoke("checkout", "$LATEST") == "one"
    [revision, *_] = shop.json("history")["revisions"]
    assert (revision["revision"], revision["reverts"]) == (3, 1)
    held = shop.run("plan", "--var", "memory=512", "--var", "team=other")
    assert held.returncode == 0
    assert "Held back" in held.stdout
    code = ["--var", "memory=512", "--var", "team=other", "--detailed-exitcode"]
    assert shop.run("plan", *code).returncode == 0


def test_drift_exits_2_and_writes_nothing(shop) -> None:
    assert shop.run("drift").returncode == 0
    shop.aws.update_function_configuration(FunctionName="checkout", MemorySize=1024)
    found = shop.run("drift")
    assert found.returncode == 2
    assert "128 -> 1024" in found.stdout
    assert len(shop.json("history")["revisions"]) == 1


@pytest.mark.parametrize("update_seconds", [4.0])
def test_a_second_apply_at_the_same_time_exits_4(shop) -> None:
    first = shop.start("apply", "--auto-approve", "--json", "--var", "memory=256")
    for line in first.stdout:
        if json.loads(line)["type"] == "step_started":
            break
    second = shop.run("apply", "--auto-approve", "--var", "memory=300")
    first.communicate()
    assert first.returncode == 0
    assert second.returncode == 4
    assert "holds a lease" in second.stderr


def test_the_secret_is_in_no_file_and_no_output(user) -> None:
    secret = "correct-horse-battery"
    text = PROJECT.replace(
        "memory_size   = var.memory",
        "memory_size   = var.memory\n    environment   = { variables = { KEY = var.key } }",
    )
    text += '\nvariable "key" {\n  type      = string\n  sensitive = true\n}\n'
    user.write("lamform.hcl", text)
    user.code("one")
    user.environment = {**user.environment, "LAMFORM_VAR_key": secret}
    plan = user.run("plan", "--out", "a.plan")
    assert plan.returncode == 0, plan.stderr
    applied = user.run("apply", "a.plan", "--new-state", "--json")
    assert applied.returncode == 0, applied.stdout
    shown = user.run("state", "show", "release.checkout.function")
    for output in (plan, applied, shown):
        assert secret not in output.stdout + output.stderr
    found = subprocess.run(
        ["grep", "-rl", secret, str(user.directory)], capture_output=True, check=False
    )
    assert found.stdout == b""
    deployed = user.aws.get_function_configuration(FunctionName="checkout")
    assert deployed["Environment"]["Variables"] == {"KEY": secret}
    user.environment = {**user.environment, "LAMFORM_VAR_key": "another"}
    user.run("plan", "--out", "b.plan")
    user.environment = {**user.environment, "LAMFORM_VAR_key": "a third"}
    assert user.run("apply", "b.plan").returncode == 5
