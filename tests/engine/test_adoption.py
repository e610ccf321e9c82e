"""Functions that exist, written down: what is written makes a plan with nothing but adopting."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from declarative.engine.adoption import Surroundings, choose, described, download, examine
from declarative.errors import RemoteError
from declarative.language.format import format_source
from declarative.language.writer import write_file
from declarative.model.values import Fingerprinter

ROLE = "arn:aws:iam::123456789012:role/lambda"


def package() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        member = zipfile.ZipInfo("app.py", date_time=(2026, 1, 1, 0, 0, 0))
        target.writestr(member, "def handler(event, context):\n    return 1\n")
    return buffer.getvalue()


@pytest.fixture
def account(world):
    """A world with functions that nobody declares."""

    def make(short: str, **settings: object) -> str:
        client = world.lambda_client()
        name = world.name(short)
        request = {
            "FunctionName": name,
            "Role": ROLE,
            "Runtime": "python3.13",
            "Handler": "app.handler",
            "Code": {"ZipFile": package()},
            **settings,
        }
        client.create_function(**request)
        client.get_waiter("function_active_v2").wait(FunctionName=name)
        return name

    world.make = make
    return world


@pytest.fixture
def reader(account):
    connector = account.release().connector
    return account.cloud().reader(connector, "us-east-1")


def around(world, **changes: object) -> Surroundings:
    settings = {
        "project": world.project,
        "place": "us-east-1 of account 123456789012",
        "taken": {},
        "default_tags": {},
        "take_over": False,
        "largest": 50_000_000,
        "fingerprinter": Fingerprinter(b"k" * 32, stable=True),
    }
    return Surroundings(**{**settings, **changes})


def text_of(candidate, world, **changes: object) -> str:
    blocks = described(
        candidate,
        "checkout",
        variable="checkout_environment",
        package="packages/checkout.zip",
        infrastructure='infrastructure.main["eu"]',
        around=around(world, **changes),
    )
    return write_file(blocks, "checkout.lamform.hcl").decode()


def one(world, reader, name: str, **changes: object):
    found = examine([name], reader, around(world, **changes), parallelism=2)
    assert not found.refused
    [candidate] = found.candidates
    return candidate


def test_only_what_differs_from_the_defaults_is_written(account, reader) -> None:
    name = account.make("plain")
    text = text_of(one(account, reader, name), account)
    assert text == (
        f"# {name} in us-east-1 of account 123456789012, as it was when it was adopted.\n"
        'service "checkout" {\n'
        "  function {\n"
        f'    function_name = "{name}"\n'
        '    runtime       = "python3.13"\n'
        '    handler       = "app.handler"\n'
        f'    role          = "{ROLE}"\n'
        "  }\n\n"
        '  artifact "local" {\n'
        '    path = "packages/checkout.zip"\n'
        "  }\n"
        "}\n\n"
        'release "checkout" {\n'
        "  service        = service.checkout\n"
        '  infrastructure = infrastructure.main["eu"]\n'
        "}\n"
    )


def test_values_of_the_environment_are_in_no_file_of_the_project(account, reader) -> None:
    name = account.make("secret", Environment={"Variables": {"API_KEY": "hunter2"}})
    candidate = one(account, reader, name)
    text = text_of(candidate, account)
    assert "hunter2" not in text
    assert "API_KEY" not in text
    assert (
        'variable "checkout_environment" {\n  type      = map(string)\n  sensitive = true' in text
    )
    assert candidate.environment == {"API_KEY": "hunter2"}


def test_what_is_written_is_in_the_layout_of_fmt(account, reader) -> None:
    name = account.make(
        "rich",
        Description='say "${x}" %{y} \\ and\n\ttab é',
        Tags={"a b": "a: =+-@/", "lamform:project": account.project},
        VpcConfig={"SubnetIds": ["subnet-2", "subnet-1"], "SecurityGroupIds": ["sg-1"]},
        TracingConfig={"Mode": "Active"},
        Architectures=["arm64"],
    )
    source = text_of(one(account, reader, name), account).encode()
    assert format_source(source, "x.lamform.hcl") == source
    assert b"lamform:project" not in source


def test_default_tags_are_not_written_again(account, reader) -> None:
    name = account.make("tagged", Tags={"Team": "a", "Stage": "dev"})
    candidate = one(account, reader, name)
    text = text_of(candidate, account, default_tags={"Team": "a", "Stage": "prod"})
    assert 'tags          = { Stage = "dev" }' in text


def test_an_alias_follows_only_where_its_version_is_what_latest_has(account, reader) -> None:
    name = account.make("aliased", Publish=True)
    client = account.lambda_client()
    client.create_alias(FunctionName=name, Name="old", FunctionVersion="1", Description="x")
    assert one(account, reader, name).pinned == frozenset()
    client.update_function_configuration(FunctionName=name, Timeout=9)
    client.get_waiter("function_updated_v2").wait(FunctionName=name)
    assert one(account, reader, name).pinned == {"old"}
    client.publish_version(FunctionName=name)
    client.create_alias(
        FunctionName=name,
        Name="new",
        FunctionVersion="2",
        RoutingConfig={"AdditionalVersionWeights": {"1": 0.1}},
    )
    candidate = one(account, reader, name)
    assert candidate.pinned == {"old"}
    text = text_of(candidate, account)
    assert 'function_version = "1"' in text
    assert 'routing = { "1" = 0.1 }' in text
    assert 'function_version = "2"' not in text


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({"lamform:project": "other"}, "lamform project other"),
        ({"aws:cloudformation:stack-name": "shop"}, "CloudFormation stack shop"),
    ],
)
def test_functions_of_others_are_taken_over_only_when_it_is_said(
    account, reader, tags, said
) -> None:
    name = account.make("owned")
    region = account.sandbox.simulator._region("123456789012", "us-east-1")
    region.functions[name].tags.update(tags)
    found = examine([name], reader, around(account), parallelism=1)
    assert said in found.refused[name].reason
    assert found.refused[name].liftable
    assert one(account, reader, name, take_over=True)


def test_what_cannot_be_adopted_says_why(account, reader) -> None:
    big, taken, gone = account.make("big"), account.make("taken"), account.name("gone")
    settings = around(account, taken={taken: "release.shop"}, largest=10)
    found = examine([big, taken, gone], reader, settings, parallelism=2)
    assert found.candidates == ()
    reasons = {name: one.reason for name, one in found.refused.items()}
    assert "more than Lambda takes with a call" in reasons[big]
    assert "release.shop has" in reasons[taken]
    assert "There is no function" in reasons[gone]
    assert not any(one.liftable for one in found.refused.values())


def test_an_image_is_written_down_by_its_digest(account, reader) -> None:
    ecr = account.sandbox.client("ecr")
    made = ecr.create_repository(repositoryName=account.name("app"))["repository"]
    layer = {"mediaType": "x", "size": 1, "digest": f"sha256:{'1' * 64}"}
    media = "application/vnd.docker.distribution.manifest.v2+json"
    manifest = {"schemaVersion": 2, "mediaType": media, "config": layer, "layers": [layer]}
    put = ecr.put_image(
        repositoryName=account.name("app"), imageManifest=json.dumps(manifest), imageTag="1"
    )
    name = account.name("image")
    account.sandbox.simulator.call(
        "CreateFunction",
        FunctionName=name,
        Role=ROLE,
        PackageType="Image",
        Code={"ImageUri": f"{made['repositoryUri']}:1"},
        ImageConfig={"Command": ["app.handler"]},
    )
    candidate = one(account, reader, name)
    text = text_of(candidate, account)
    digest = put["image"]["imageId"]["imageDigest"]
    assert (
        '  artifact "ecr" {\n'
        f'    repository = "{account.name("app")}"\n'
        f'    digest     = "{digest}"\n'
        "  }\n"
    ) in text
    assert 'command = ["app.handler"]' in text
    assert "runtime" not in text
    assert download([candidate], reader, parallelism=1) == {}


def test_functions_are_chosen_by_pattern_and_by_tag(account, reader) -> None:
    names = {
        account.make("a-one", Tags={"Team": "x"}),
        account.make("a-two", Tags={"Team": "y"}),
        account.make("b-one", Tags={"Team": "x", "Tier": "1"}),
    }
    prefix = account.name("")
    assert set(choose(reader, pattern=f"{prefix}*", tags={})) == names
    assert choose(reader, pattern=f"{prefix}a-*", tags={"Team": "x"}) == (account.name("a-one"),)
    assert choose(reader, pattern=None, tags={"Team": "x", "Tier": "1"}) == (account.name("b-one"),)
    assert choose(reader, pattern=f"{prefix}[ab]*", tags={}) == ()


def test_functions_that_may_not_be_listed_are_an_error_with_the_permission(account, reader) -> None:
    account.fail("ListFunctions", code="AccessDeniedException", status=403)
    with pytest.raises(RemoteError, match="lambda:ListFunctions"):
        choose(reader, pattern="*", tags={})


def test_the_package_is_the_one_that_aws_runs(account, reader) -> None:
    name = account.make("packed")
    candidate = one(account, reader, name)
    assert download([candidate], reader, parallelism=1) == {name: package()}
    assert download([], reader, parallelism=1) == {}
