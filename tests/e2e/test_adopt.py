"""A person takes over functions that somebody made by hand, and goes on from there."""

from __future__ import annotations

import io
import json
import stat
import zipfile

import pytest

from tests.e2e.places import PLACE

PROJECT = (
    """
lamform {
  project = "shop"
}

"""
    + PLACE
)


@pytest.fixture
def owner(user):
    """A user whose account has a function with two versions, an alias and a secret."""
    user.write("lamform.hcl", PROJECT)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("app.py", "def handler(event, context):\n    return 'by hand'\n")
    client = user.aws
    client.create_function(
        FunctionName="checkout-prod",
        Role="arn:aws:iam::123456789012:role/x",
        Runtime="python3.13",
        Handler="app.handler",
        Code={"ZipFile": buffer.getvalue()},
        Environment={"Variables": {"API_KEY": "hunter2", "MODE": "a"}},
        Tags={"Team": "payments"},
        Publish=True,
    )
    client.get_waiter("function_active_v2").wait(FunctionName="checkout-prod")
    client.create_alias(FunctionName="checkout-prod", Name="live", FunctionVersion="1")
    return user


def test_from_a_function_made_by_hand_to_a_release_that_is_changed_and_reverted(owner) -> None:
    adopted = owner.run("adopt", "checkout", "--function", "checkout-prod")
    assert adopted.returncode == 0, adopted.stderr
    assert "nothing else changes" in adopted.stdout
    assert "hunter2" not in adopted.stdout + adopted.stderr
    values = owner.directory / "checkout.auto.lamformvars"
    assert stat.S_IMODE(values.stat().st_mode) == 0o600

    before = owner.aws.get_function(FunctionName="checkout-prod")["Configuration"]
    applied = owner.run("apply", "--auto-approve", "--new-state")
    assert applied.returncode == 0, applied.stderr
    after = owner.aws.get_function(FunctionName="checkout-prod")
    assert after["Configuration"]["CodeSha256"] == before["CodeSha256"]
    assert after["Tags"] == {"Team": "payments", "lamform:project": "shop"}
    assert owner.versions("checkout-prod") == ["$LATEST", "1"]
    assert owner.run("plan", "--detailed-exitcode").returncode == 0

    # What somebody changes by hand in between is kept as a version before it is overwritten.
    owner.aws.update_function_configuration(FunctionName="checkout-prod", Description="by hand")
    owner.aws.get_waiter("function_updated_v2").wait(FunctionName="checkout-prod")
    owner.code("ours")
    text = (owner.directory / "checkout.lamform.hcl").read_text("utf-8")
    owner.write("checkout.lamform.hcl", text.replace('"packages/checkout-prod.zip"', '"src"'))
    changed = owner.run("apply", "--auto-approve")
    assert changed.returncode == 0, changed.stderr
    assert owner.invoke("checkout-prod") == "ours"

    back = owner.run("revert", "previous", "--auto-approve")
    assert back.returncode == 0, back.stderr
    assert owner.invoke("checkout-prod") == "by hand"


def test_a_checkpoint_is_published_where_adopting_changes_at_once(owner) -> None:
    owner.aws.update_function_configuration(FunctionName="checkout-prod", Timeout=9)
    owner.aws.get_waiter("function_updated_v2").wait(FunctionName="checkout-prod")
    assert owner.run("adopt", "checkout", "--function", "checkout-prod").returncode == 0
    text = (owner.directory / "checkout.lamform.hcl").read_text("utf-8")
    assert 'function_version = "1"' in text
    owner.write("checkout.lamform.hcl", text.replace("timeout       = 9", "timeout       = 20"))
    plan = owner.json("plan")
    [release] = plan["releases"]
    assert "publish_checkpoint" in [step["kind"] for step in release["steps"]]
    applied = owner.run("apply", "--auto-approve", "--new-state")
    assert applied.returncode == 0, applied.stderr
    found = owner.aws.list_versions_by_function(FunctionName="checkout-prod")["Versions"]
    assert {one["Version"]: one["Timeout"] for one in found} == {
        "$LATEST": 20,
        "1": 3,
        "2": 9,
        "3": 20,
    }


def test_a_function_with_triggers_goes_only_when_it_is_said(owner) -> None:
    assert owner.run("adopt", "checkout", "--function", "checkout-prod").returncode == 0
    assert owner.run("apply", "--auto-approve", "--new-state").returncode == 0
    owner.aws.create_event_source_mapping(
        FunctionName="checkout-prod:live",
        EventSourceArn="arn:aws:sqs:us-east-1:123456789012:orders",
    )
    refused = owner.run("apply", "--destroy", "--auto-approve")
    assert refused.returncode == 6
    assert "arn:aws:sqs:us-east-1:123456789012:orders" in refused.stdout
    assert "/aws/lambda/checkout-prod" in refused.stdout
    assert "checkout-prod" in owner.functions()
    saved = owner.run("plan", "--destroy", "--leave-triggers", "--out", "gone.plan")
    assert saved.returncode == 0, saved.stderr
    kept = json.loads((owner.directory / "gone.plan").read_bytes())
    assert kept["selection"]["consent"]["leave_triggers"]
    assert owner.run("apply", "gone.plan").returncode == 0
    assert owner.functions() == set()


def test_a_release_is_renamed_and_then_forgotten_without_a_call_that_writes(owner) -> None:
    assert owner.run("adopt", "checkout", "--function", "checkout-prod").returncode == 0
    assert owner.run("apply", "--auto-approve", "--new-state").returncode == 0
    text = (owner.directory / "checkout.lamform.hcl").read_text("utf-8")
    renamed = text.replace('release "checkout"', 'release "shop"')
    owner.write("checkout.lamform.hcl", renamed)
    claimed = owner.run("plan")
    assert claimed.returncode == 1
    assert "moved {" in claimed.stderr
    owner.write(
        "moves.lamform.hcl", "moved {\n  from = release.checkout\n  to   = release.shop\n}\n"
    )
    plan = owner.run("plan", "--out", "move.plan")
    assert "release.checkout becomes release.shop" in plan.stdout
    assert owner.run("apply", "move.plan").returncode == 0
    assert owner.run("apply", "move.plan").returncode == 5
    assert owner.run("plan", "--detailed-exitcode").returncode == 0
    history = owner.json("history")["revisions"]
    assert [one["status"] for one in history] == ["edited", "applied"]
    (owner.directory / "checkout.lamform.hcl").unlink()
    (owner.directory / "checkout.auto.lamformvars").unlink()
    owner.write(
        "moves.lamform.hcl",
        "removed {\n  from = release.shop\n  lifecycle {\n    destroy = false\n  }\n}\n",
    )
    assert owner.run("apply", "--auto-approve").returncode == 0
    assert owner.functions() == {"checkout-prod"}
    assert owner.json("state", "list")["addresses"] == []
