"""`lamform adopt`: which functions, which names, which files, and what is refused."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from typing import TYPE_CHECKING

import jsonschema
import pytest

from declarative.render.documents import SCHEMAS

if TYPE_CHECKING:
    from tests.cli.conftest import Shell

PROJECT = """
lamform {{
  project      = "{name}"
  default_tags = {{ Owner = "us" }}
}}

connector "aws" "main" {{
  region = "us-east-1"
}}

environment "dev" {{
  type = "PreProduction"
}}

infrastructure "main" {{
  environment = environment.dev
  connector   = connector.aws.main
  region      = "us-east-1"
}}
"""


def package() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        member = zipfile.ZipInfo("app.py", date_time=(2026, 1, 1, 0, 0, 0))
        target.writestr(member, "def handler(event, context):\n    return 1\n")
    return buffer.getvalue()


@pytest.fixture
def account(empty: Shell):
    """A project without releases, and a way to make functions."""
    (empty.root / "lamform.hcl").write_text(PROJECT.format(name=empty.name), "utf-8")

    def make(short: str, **settings: object) -> str:
        name = f"{empty.name}-{short}"
        request = {
            "FunctionName": name,
            "Role": "arn:aws:iam::123456789012:role/x",
            "Runtime": "python3.13",
            "Handler": "app.handler",
            "Code": {"ZipFile": package()},
            "Tags": {"Owner": "us", "Suite": empty.name},
            **settings,
        }
        empty.sandbox.simulator.call("CreateFunction", **request)
        return name

    empty.make = make
    return empty


def test_a_function_becomes_a_release_that_plans_nothing_but_adopting(account) -> None:
    name = account.make("shop", Environment={"Variables": {"API_KEY": "hunter2"}})
    answer = account("adopt", "checkout", "--function", name)
    assert answer.code == 0, answer.err
    assert "nothing else changes" in answer.out
    assert "hunter2" not in answer.out + answer.err
    assert "Keep it out of git" in answer.err
    values = account.root / "checkout.auto.lamformvars"
    assert stat.S_IMODE(values.stat().st_mode) == 0o600
    assert "hunter2" in values.read_text("utf-8")
    assert "hunter2" not in (account.root / "checkout.lamform.hcl").read_text("utf-8")
    assert (account.root / "packages" / f"{name}.zip").read_bytes() == package()
    assert account("fmt", "--check").code == 0
    account.applied()
    assert account("plan", "--detailed-exitcode").code == 0
    assert account("drift").code == 0


def test_many_are_adopted_by_pattern_and_those_that_cannot_be_are_named(account) -> None:
    account.make("a")
    theirs = account.make("b", Tags={"lamform:project": "other"})
    account.make("c", PackageType="Zip")
    answer = account("adopt", "--function-pattern", f"{account.name}-*", "--json")
    assert answer.code == 0, answer.err
    found = answer.json
    jsonschema.validate(found, SCHEMAS["adopt"].model_json_schema(mode="serialization"))
    assert (found["file"], found["values_file"]) == ("adopted.lamform.hcl", None)
    assert [one["address"] for one in found["functions"]] == [
        f"release.{account.name}-a",
        f"release.{account.name}-c",
    ]
    [skipped] = found["skipped"]
    assert skipped["function_name"] == theirs
    assert "lamform project other" in skipped["reason"]
    assert (found["exact"], found["besides"]) == (True, [])
    assert found["plan"]["summary"]["adopt"] == 2


def test_tags_choose_and_names_are_made_valid_and_different(account) -> None:
    number = f"9{account.name}"
    for name in (number, f"fn-{number}"):
        account.sandbox.simulator.call(
            "CreateFunction",
            FunctionName=name,
            Role="arn:aws:iam::123456789012:role/x",
            Runtime="python3.13",
            Handler="app.handler",
            Code={"ZipFile": package()},
            Tags={"Owner": "us", "Set": account.name},
        )
    answer = account("adopt", "--tag", f"Set={account.name}", "--out", "set.lamform.hcl", "--json")
    assert answer.code == 0, answer.err
    assert [one["address"] for one in answer.json["functions"]] == [
        f"release.fn-{number}",
        f"release.fn-{number}-2",
    ]
    assert account("validate").code == 0


def test_what_the_plan_does_besides_is_said(account) -> None:
    name = account.make("shop", Tags={"Owner": "them"})
    answer = account("adopt", "shop", "--function", name)
    assert answer.code == 0, answer.err
    assert "nothing else changes" in answer.out
    (account.root / "shop.lamform.hcl").unlink()
    (account.root / "packages" / f"{name}.zip").unlink()
    account.sandbox.simulator.call(
        "UntagResource",
        Resource=f"arn:aws:lambda:us-east-1:123456789012:function:{name}",
        TagKeys=["Owner"],
    )
    answer = account("adopt", "shop", "--function", name)
    assert "release.shop.tags: Owner (a default tag)" in answer.out


def test_nothing_is_written_to_stdout_and_to_files_at_once(account) -> None:
    name = account.make("shop")
    answer = account("adopt", "shop", "--function", name, "--out", "-")
    assert answer.code == 0, answer.err
    assert 'service "shop" {' in answer.out
    assert "Nothing was written" in answer.err
    assert sorted(path.name for path in account.root.iterdir()) == ["lamform.hcl"]
    shown = account("adopt", "shop", "--function", name, "--out", "-", "--json").json
    assert (shown["content"], shown["file"], shown["plan"]) == (answer.out, None, None)


def test_nothing_is_overwritten_and_nothing_is_half_written(account) -> None:
    name = account.make("shop")
    (account.root / "packages").mkdir()
    (account.root / "packages" / f"{name}.zip").write_bytes(b"mine")
    answer = account("adopt", "shop", "--function", name)
    assert answer.code == 1
    assert "would be overwritten" in answer.err
    assert not (account.root / "shop.lamform.hcl").exists()
    assert (account.root / "packages" / f"{name}.zip").read_bytes() == b"mine"


def test_owners_are_refused_and_taken_over(account) -> None:
    name = account.make("shop", Tags={"lamform:project": "other"})
    answer = account("adopt", "shop", "--function", name)
    assert answer.code == 6
    assert "lamform project other" in answer.err
    answer = account("adopt", "shop", "--function", name, "--take-over")
    assert answer.code == 0, answer.err
    assert "Adopt with: lamform apply --take-over" in answer.err
    assert account("plan").code == 6
    account.applied("--take-over")


def test_what_a_release_has_is_not_adopted_again(account) -> None:
    name = account.make("shop")
    assert account("adopt", "shop", "--function", name).code == 0
    answer = account("adopt", "again", "--function", name)
    assert answer.code == 1
    assert f"release.shop has {name} already" in answer.err
    account.applied()
    (account.root / "shop.lamform.hcl").unlink()
    answer = account("adopt", "again", "--function", name)
    assert answer.code == 1
    assert f"release.shop has {name} already" in answer.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Name one with --function"),
        (("x", "--function", "a", "--tag", "a=b"), "Name one with --function"),
        (("x", "--function-pattern", "a*"), "leave RELEASE out"),
        (("--tag", "nothing"), 'found "nothing"'),
        (("--tag", "a=b", "--out", "x.hcl"), "would not be read"),
        (("--tag", "a=b", "--out", "sub/x.lamform.hcl"), "would not be read"),
        (("x", "--function", "a", "--infrastructure", "none"), "infrastructure.none is not"),
        (("x", "--function", "arn:aws:lambda:us-east-1:123456789012:function:a"), "without ARN"),
        (("9x", "--function", "REAL"), '"9x" is no name of a release'),
        (("x", "--function", "gone"), "There is no function gone"),
        (("--function-pattern", "gone-*"), "There is nothing to adopt"),
    ],
)
def test_wrong_usage_is_one_clear_error(account, arguments, said) -> None:
    name = account.make("real")
    answer = account("adopt", *(name if one == "REAL" else one for one in arguments))
    assert answer.code == 1
    assert said in answer.err
    assert sorted(path.name for path in account.root.iterdir()) == ["lamform.hcl"]


def test_with_several_infrastructures_one_is_to_be_named(account) -> None:
    text = (account.root / "lamform.hcl").read_text("utf-8")
    text = text.replace(
        '  region      = "us-east-1"\n',
        '  for_each    = toset(["us-east-1", "eu-west-1"])\n  region      = each.key\n',
    )
    (account.root / "lamform.hcl").write_text(text, "utf-8")
    name = account.make("shop")
    answer = account("adopt", "shop", "--function", name)
    assert answer.code == 1
    assert 'infrastructure.main["eu-west-1"]' in answer.err
    answer = account("adopt", "shop", "--function", name, "--infrastructure", "main[us-east-1]")
    assert answer.code == 0, answer.err
    written = (account.root / "shop.lamform.hcl").read_text("utf-8")
    assert 'infrastructure = infrastructure.main["us-east-1"]' in written


def test_consent_is_shown_and_kept_in_a_saved_plan(account) -> None:
    name = account.make("shop", Tags={"lamform:project": "other", "Owner": "us"})
    assert account("adopt", "shop", "--function", name, "--take-over").code == 0
    saved = account("plan", "--take-over", "--out", "x.plan")
    assert saved.code == 0, saved.err
    assert "Consented to: --take-over." in saved.out
    assert json.loads((account.root / "x.plan").read_bytes())["selection"]["consent"]["take_over"]
    refused = account("apply", "x.plan", "--no-adopt")
    assert refused.code == 1
    assert account("plan", "--no-adopt", "--take-over").code == 6
    assert account("apply", "x.plan", "--new-state").code == 0


def test_moved_and_removed_blocks_are_shown_and_act(account) -> None:
    first, second = account.make("one"), account.make("two")
    assert account("adopt", "one", "--function", first).code == 0
    assert account("adopt", "two", "--function", second).code == 0
    account.applied()
    text = (account.root / "one.lamform.hcl").read_text("utf-8")
    (account.root / "one.lamform.hcl").write_text(
        text.replace('release "one"', 'release "uno"')
        + "moved {\n  from = release.one\n  to   = release.uno\n}\n"
        + "removed {\n  from = release.two\n  lifecycle {\n    destroy = false\n  }\n}\n",
        "utf-8",
    )
    (account.root / "two.lamform.hcl").unlink()
    plan = account("plan", "--detailed-exitcode")
    assert plan.code == 2, plan.err
    assert "release.one becomes release.uno" in plan.out
    assert "release.two is forgotten, and its function is kept" in plan.out
    account.applied()
    assert account("plan", "--detailed-exitcode").code == 0
    assert account("state", "list", "--json").json["addresses"] == [
        "release.uno.function",
        "release.uno.tags",
    ]
    assert account.sandbox.simulator.call("GetFunction", FunctionName=second)


def test_going_back_to_another_name_takes_the_consent_of_any_deletion(account) -> None:
    first, second = account.make("one"), f"{account.name}-two"
    assert account("adopt", "shop", "--function", first).code == 0
    account.applied()
    path = account.root / "shop.lamform.hcl"
    path.write_text(path.read_text("utf-8").replace(f'"{first}"', f'"{second}"'), "utf-8")
    account.applied()
    account.sandbox.simulator.call(
        "CreateEventSourceMapping",
        FunctionName=second,
        EventSourceArn="arn:aws:sqs:us-east-1:123456789012:orders",
    )
    refused = account("revert", "previous", "--auto-approve")
    assert refused.code == 6
    assert "--leave-triggers" in refused.out
    assert account("revert", "previous", "--auto-approve", "--leave-triggers").code == 0
    assert account.sandbox.simulator.call("GetFunction", FunctionName=first)


def test_nothing_is_written_into_a_project_that_cannot_be_planned(account) -> None:
    name = account.make("shop")
    (account.root / "seed.lamform.hcl").write_text(
        'provisioner "shell" "seed" {\n  script = "true"\n}\n', "utf-8"
    )
    answer = account("adopt", "shop", "--function", name)
    assert answer.code == 1
    assert "Not supported yet" in answer.err
    assert not (account.root / "shop.lamform.hcl").exists()


def test_a_function_with_what_surrounds_it_keeps_that(account) -> None:
    name = account.make("shop")
    ask = account.sandbox.simulator.call
    ask("CreateFunctionUrlConfig", FunctionName=name, AuthType="NONE")
    ask("PutFunctionConcurrency", FunctionName=name, ReservedConcurrentExecutions=3)
    answer = account("adopt", "shop", "--function", name)
    assert "nothing else changes" in answer.out
    account.applied()
    assert ask("GetFunctionUrlConfig", FunctionName=name)["AuthType"] == "NONE"
    assert ask("GetFunctionConcurrency", FunctionName=name)["ReservedConcurrentExecutions"] == 3
    assert account("plan", "--detailed-exitcode").code == 0


def test_a_file_that_cannot_be_written_is_one_clear_error(account) -> None:
    name = account.make("shop")
    (account.root / "packages").write_text("in the way", "utf-8")
    answer = account("adopt", "shop", "--function", name)
    assert answer.code == 1
    assert "packages" in answer.err
    assert "Internal error" not in answer.err
