"""Services, overrides and releases: what their blocks take, what is refused, what is laid over."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from botocore.session import get_session
from hypothesis import given
from hypothesis import strategies as st

from declarative.errors import LamformError
from declarative.language.content import Written
from declarative.language.grammar_release import SERVICE_SETTINGS
from declarative.language.nesting import lay_nested
from declarative.language.project import VariableInputs, load_project
from declarative.language.world import UnknownWorld
from declarative.model.artifact_config import ARTIFACTS
from declarative.model.artifacts import EcrArtifact, LocalArtifact, S3Artifact
from declarative.model.bound import OtherArtifact
from declarative.model.traffic import Pause, Strategy
from declarative.model.values import Pending

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from declarative.language.project import Project
    from declarative.model.bound import BoundRelease, Connector

BASE = """
connector "aws" "main" {}

connector "nexus" "repo" {
  url     = "https://nexus.example.com"
  version = 3
}

connector "artifactory" "repo" {
  url = "https://artifactory.example.com"
}

connector "jenkins" "ci" {
  url = "https://jenkins.example.com"
}

connector "git" "hub" {
  url = "https://git.example.com"
}

environment "dev" {
  type = "PreProduction"
  %s
}

infrastructure "main" {
  environment = environment.dev
  connector   = connector.aws.main
  region      = "eu-west-1"
  %s
}
"""

SERVICE = """
service "app" {
  function {
    function_name = "app"
    %s
  }
%s
}
"""

RELEASE = """
release "app" {
  service        = service.app
  infrastructure = infrastructure.main
  %s
}
"""
CODE = '  artifact "local" {\n    path = "src"\n  }\n'
LIVE = '  alias "live" {\n    %s\n  }\n'


def project(
    directory: Path,
    *,
    function: str = "",
    service: str = LIVE % "",
    artifact: str = CODE,
    release: str = "",
    environment: str = "",
    infrastructure: str = "",
) -> Project:
    text = (
        BASE % (environment, infrastructure)
        + SERVICE % (function, artifact + service)
        + RELEASE % release
    )
    (directory / "main.lamform.hcl").write_text(text, "utf-8")
    return load_project(directory, variables=VariableInputs(), environ={})


def bound(directory: Path, **written: str) -> BoundRelease:
    (found,) = project(directory, **written).bind(UnknownWorld())
    return found


def refused(directory: Path, **written: str) -> list[str]:
    with pytest.raises(LamformError) as caught:
        bound(directory, **written)
    return [f"{item.summary}: {item.detail}" for item in caught.value.diagnostics]


def unsupported(directory: Path, **written: str) -> list[str]:
    found = project(directory, **written)
    found.bind(UnknownWorld())
    return [item.detail.partition(" is understood")[0] for item in found.unsupported]


SETTINGS = {
    'url {\n auth_type = "NONE"\n invoke_mode = "BUFFERED"\n cors {\n max_age = 5\n '
    'allow_credentials = true\n allow_headers = ["a"]\n allow_methods = ["GET"]\n '
    'allow_origins = ["*"]\n expose_headers = []\n }\n }': "url",
    'permission "x" {\n principal = "s3.amazonaws.com"\n action = "lambda:InvokeFunctionUrl"\n '
    'source_arn = "arn:aws:s3:::b"\n source_account = "111111111111"\n '
    'principal_org_id = "o-abcdefghij"\n event_source_token = "t"\n '
    'function_url_auth_type = "AWS_IAM"\n }': "permission",
    "event_invoke {\n maximum_retry_attempts = 0\n maximum_event_age_in_seconds = 60\n "
    'on_success = "arn:aws:sqs:eu-west-1:111111111111:a"\n '
    'on_failure = "arn:b"\n }': "event_invoke",
}
SIGNING = "arn:aws:lambda:eu-west-1:111111111111:code-signing-config:csc-0123456789abcdef0"
SERVICE_ONLY = {
    "tags_exclusive = true": "tags_exclusive",
    "reserved_concurrent_executions = 0": "reserved_concurrent_executions",
    f'code_signing_config_arn = "{SIGNING}"': "code_signing_config_arn",
    'recursive_loop = "Allow"': "recursive_loop",
    'runtime_management {\n update_runtime_on = "Auto"\n }': "runtime_management",
}
PARTS = {
    "permission": "permission.x",
    "reserved_concurrent_executions": "reserved_concurrency",
    "provisioned_concurrent_executions": "provisioned_concurrency",
    "code_signing_config_arn": "code_signing",
    "recursive_loop": "recursion",
}


@pytest.mark.parametrize(("text", "name"), {**SETTINGS, **SERVICE_ONLY}.items())
def test_settings_of_a_service_are_parts_of_its_release(
    tmp_path: Path, text: str, name: str
) -> None:
    expected = set() if name == "tags_exclusive" else {PARTS.get(name, name)}
    over = f'override "app" {{\n{text}\n}}'
    for written in ({"service": LIVE % "" + text}, {"service": LIVE % "", "environment": over}):
        assert unsupported(tmp_path, **written) == []
        found = bound(tmp_path, **written)
        assert found.surroundings.keys() == expected
        assert found.settings.tags_exclusive == (name == "tags_exclusive")


def test_a_definition_of_aliases_is_judged_and_refused_by_plan(tmp_path: Path) -> None:
    text = 'alias_definition {\n inline = "{}"\n }'
    assert unsupported(tmp_path, service=LIVE % "" + text) == ['"alias_definition" in service']
    over = f'override "app" {{\n{text}\n}}'
    assert unsupported(tmp_path, environment=over) == ['"alias_definition" in override']


@pytest.mark.parametrize(
    ("text", "name"),
    {
        **SETTINGS,
        "provisioned_concurrent_executions = 1": "provisioned_concurrent_executions",
    }.items(),
)
def test_settings_of_an_alias_are_parts_of_its_release(
    tmp_path: Path, text: str, name: str
) -> None:
    assert unsupported(tmp_path, service=LIVE % text) == []
    found = bound(tmp_path, service=LIVE % text)
    assert {*found.surroundings} == {f"alias.live.{PARTS.get(name, name)}"}


@pytest.mark.parametrize(
    "text",
    [
        "tags_exclusive = false",
        "reserved_concurrent_executions = null",
        "code_signing_config_arn = null",
    ],
)
def test_what_asks_for_nothing_is_no_reason_to_refuse(tmp_path: Path, text: str) -> None:
    assert unsupported(tmp_path, service=text) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('url {\n auth_type = "IAM"\n }', 'url.auth_type must be AWS_IAM or NONE (is "IAM")'),
        ("url {}", 'url needs the attribute "auth_type"'),
        ('url {\n auth_type = "NONE"\n cors {\n max_age = -1\n }\n }', "url.cors.max_age must be"),
        ('url {\n auth_type = "NONE"\n cors = {}\n }', "Unsupported attribute"),
        ('permission "x" {}', 'permission "x" needs the attribute "principal"'),
        ('permission {\n principal = "a"\n }', "Wrong number of labels"),
        ("event_invoke {\n maximum_retry_attempts = 3\n }", "between 0 and 2"),
        ("event_invoke {\n maximum_event_age_in_seconds = 1\n }", "between 60 and 21600"),
        ("event_invoke {\n on_failed = 1\n }", 'Did you mean "on_failure"?'),
        ("event_invoke {}\n event_invoke {}", "Too many blocks"),
        (
            'permission "x" {\n principal = "a"\n }\n permission "x" {\n principal = "b"\n }',
            "twice",
        ),
        ("url {\n auth_type = self.nothing\n }", "self"),
    ],
)
def test_a_wrong_setting_is_one_error(tmp_path: Path, text: str, said: str) -> None:
    (found,) = refused(tmp_path, service=text)
    assert said in found
    (found,) = refused(tmp_path, service=LIVE % text)
    assert said in found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("reserved_concurrent_executions = -1", "between 0"),
        ('recursive_loop = "Never"', "must be Allow or Terminate"),
        ('runtime_management {\n update_runtime_on = "Never"\n }', "Auto, FunctionUpdate or"),
        ("tags_exclusive = 1", "must be true or false"),
        ('definition {\n file = "f.json"\n }', "exactly one of function and definition"),
        ('definition {\n file = "f"\n inline = "i"\n }', "exactly one of file, inline, git and s3"),
        ("alias_definition {}", "needs exactly one of file, inline, git and s3"),
        ('alias_definition {\n git {\n path = "p"\n tag = "t"\n }\n }', '"connector"'),
        ("provisioned_concurrent_executions = 1", "provisioned_concurrent_executions"),
        ("alias_definition {\n file = self.nothing\n }", "nothing"),
        ('alias_definition {\n file = ["f"]\n }', "file must be a string"),
        (
            'alias_definition {\n git {\n connector = connector.aws.main\n tag = ""\n path = ""}}',
            "connector.git.NAME",
        ),
    ],
)
def test_a_wrong_setting_of_a_service(tmp_path: Path, text: str, said: str) -> None:
    assert any(said in one for one in refused(tmp_path, service=text))


def test_settings_reach_the_model_and_are_laid_over(tmp_path: Path) -> None:
    own = (
        'url {\n auth_type = "NONE"\n cors {\n max_age = 5\n allow_origins = ["a"]\n }\n }\n'
        'permission "a" {\n principal = "one"\n source_account = "111111111111"\n }\n'
        'permission "b" {\n principal = "two"\n }\n'
    )
    first = 'override "app" {\n url {\n cors {\n max_age = 6\n }\n }\n tags_exclusive = true\n }'
    second = (
        'override "app" {\n permission "a" {\n principal = "over"\n source_account = null\n }\n'
        ' permission "c" {\n principal = "new"\n }\n }'
    )
    found = bound(tmp_path, service=own, environment=first, infrastructure=second).settings
    assert found.url is not None
    assert found.url.cors is not None
    assert (found.url.auth_type, found.url.cors.max_age) == ("NONE", 6)
    assert found.url.cors.allow_origins == ("a",)
    assert {name: one.principal for name, one in found.permission.items()} == {
        "a": "over",
        "b": "two",
        "c": "new",
    }
    assert found.permission["a"].source_account == "1" * 12  # null is the same as not written
    assert found.tags_exclusive


def test_a_permission_that_only_an_override_has_must_be_whole(tmp_path: Path) -> None:
    over = 'override "app" {\n permission "a" {\n source_account = "1"\n }\n }'
    (said,) = refused(tmp_path, environment=over)
    assert "permission.a.principal" in said


def test_dynamic_makes_settings(tmp_path: Path) -> None:
    text = (
        'dynamic "permission" {\n for_each = ["s3", "sns"]\n labels = [permission.value]\n'
        ' content {\n principal = "${permission.value}.amazonaws.com"\n }\n }\n'
    )
    found = bound(tmp_path, service=text)
    assert {*found.settings.permission} == {"s3", "sns"}
    assert {*found.surroundings} == {"permission.s3", "permission.sns"}


# Laying over, as a law: whatever the later says counts, all else stays.

names = st.sampled_from(["a", "b"])
urls = st.fixed_dictionaries(
    {},
    optional={
        "auth_type": st.sampled_from(["NONE", "AWS_IAM"]),
        "cors": st.dictionaries(st.sampled_from(["max_age", "allow_origins"]), st.integers()),
    },
)
permissions = st.dictionaries(
    names, st.dictionaries(st.sampled_from(["principal", "action"]), st.integers())
)
contents = st.fixed_dictionaries(
    {},
    optional={
        "url": urls,
        "permission": permissions,
        "tags_exclusive": st.booleans(),
        "recursive_loop": st.sampled_from(["Allow", "Terminate"]),
    },
)


def leaves(value: object, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], object]:
    if not isinstance(value, dict):
        return {path: value}
    found: dict[tuple[str, ...], object] = {}
    for name, item in value.items():
        found |= leaves(item, (*path, name))
    return found


def written(content: Mapping[str, object]) -> Written:
    return Written(content=dict(content), nodes=dict.fromkeys(content))  # type: ignore[arg-type]


@given(st.lists(contents, max_size=4))
def test_the_later_wins_leaf_by_leaf(layers: list[dict[str, object]]) -> None:
    base, expected = Written(), {}
    for layer in layers:
        lay_nested(base, written(layer), SERVICE_SETTINGS)
        expected |= leaves(layer)
    found = leaves(base.content)
    assert {path: value for path, value in found.items() if path} == {
        path: value for path, value in expected.items() if path
    }


# Artifacts


def kind(name: str, body: str, label: str = "") -> str:
    return f'  artifact "{name}" {label} {{\n{body}\n  }}\n'


WHOLE = {
    "local": 'path = "src"\n exclude = ["*.md"]',
    "s3": 'bucket = "b"\n key = "k"\n version_id = "v"\n region = "eu-west-1"\n storage = "copy"',
    "ecr": 'repository = "r"\n tag = "t"\n registry_id = "111111111111"\n region = "eu-west-1"',
    "nexus": 'connector = connector.nexus.repo\n repository = "r"\n format = "maven"\n'
    ' group = "g"\n artifact = "a"\n package = "p"\n classifier = "c"\n extension = "zip"\n'
    ' version = "1"',
    "artifactory": 'connector = connector.artifactory.repo\n repository = "r"\n path_regex = "a.*"',
    "jenkins": 'connector = connector.jenkins.ci\n job = "j"\n path = "p"\n build = "5"',
    "custom": 'script = "s"\n versions_path = "v"\n version_path = "w"\n attributes = { a = 1 }\n'
    ' inputs = {}\n version_regex = "x"\n timeout = "1m"',
    "http": f'url = "https://example.com/a.zip"\n sha256 = "{"0" * 64}"',
}


@pytest.mark.parametrize("name", WHOLE)
def test_each_kind_of_artifact(tmp_path: Path, name: str) -> None:
    text = kind(name, WHOLE[name])
    later = [] if name in {"local", "s3", "ecr"} else [f'artifact "{name}"']
    assert unsupported(tmp_path, artifact=text) == later
    found = bound(tmp_path, artifact=text).artifact
    if not later:
        assert isinstance(found, LocalArtifact | S3Artifact | EcrArtifact)
        return
    assert isinstance(found, OtherArtifact)
    assert isinstance(found.config, ARTIFACTS[name])
    assert found.connector == {
        "nexus": "connector.nexus.repo",
        "artifactory": "connector.artifactory.repo",
        "jenkins": "connector.jenkins.ci",
    }.get(name)


def test_an_image_is_named_by_tag_or_digest(tmp_path: Path) -> None:
    digest = f"sha256:{'0' * 64}"
    for name, value in (("tag", "1.4.2"), ("digest", digest)):
        text = kind("ecr", f'repository = "r"\n {name} = "{value}"')
        assert bound(tmp_path, artifact=text).artifact == EcrArtifact(
            repository="r", **{name: value}
        )


def test_a_tag_that_a_person_chooses_is_refused(tmp_path: Path) -> None:
    text = kind("ecr", 'repository = "r"\n tag_regex = "1.*"')
    assert unsupported(tmp_path, artifact=text) == ['"tag_regex" in artifact']
    assert isinstance(bound(tmp_path, artifact=text).artifact, OtherArtifact)


def test_every_kind_of_artifact_is_tried() -> None:
    assert {*WHOLE} == {*ARTIFACTS}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (kind("s3", 'bucket = "b"'), "needs exactly one of key and key_regex"),
        (kind("s3", 'bucket = "b"\n key = "k"\n key_regex = "k"'), "exactly one of key and"),
        (kind("s3", 'bucket = "b"\n key_regex = "("'), "Invalid pattern"),
        (kind("s3", 'bucket = "b"\n key = "k"\n storage = "move"'), "must be copy or reference"),
        (kind("s3", 'bucket = "b"\n key = "k"\n region = "Europe"'), "must be a region"),
        (kind("s3", 'bucket = "b"\n key = "k"\n connector = connector.git.hub'), "connector.aws"),
        (kind("ecr", 'repository = "r"'), "exactly one of tag, tag_regex and digest"),
        (kind("ecr", 'repository = "r"\n digest = "x"'), "must be a digest"),
        (kind("ecr", 'repository = "team/app:1"\n tag = "1"'), "must be a repository's name"),
        (
            kind(
                "ecr",
                'repository = "111111111111.dkr.ecr.us-east-1.amazonaws.com/app"\n tag = "1"',
            ),
            "without the registry's address",
        ),
        (kind("ecr", 'repository = "team/app"\n tag = "a:b"'), "must be a tag"),
        (kind("nexus", 'repository = "r"\n format = "npm"\n version = "1"'), '"connector"'),
        (kind("http", 'url = "ftp://x"'), "must be a URL"),
        (kind("zip", ""), "no artifact of kind"),
        (kind("local", 'path = "a"\n connector = connector.aws.main'), "need no connector"),
        (CODE + CODE, "Declared twice"),
        (kind("local", 'path = "a"', '"x"') + kind("local", 'path = "b"', '"y"'), "2 artifacts"),
        (CODE + 'primary_artifact = "none"\n', "no artifact called"),
        ("", "needs a block of type artifact"),
    ],
)
def test_a_wrong_artifact(tmp_path: Path, text: str, said: str) -> None:
    found = refused(tmp_path, artifact=text)
    assert any(said in one for one in found)
    assert len(found) == 1


def test_the_primary_artifact_is_chosen_by_an_expression(tmp_path: Path) -> None:
    text = (
        kind("local", 'path = "a"', '"x"')
        + kind("s3", 'bucket = "b"\n key = "k"', '"y"')
        + 'primary_artifact = self.environment.type == "Production" ? "y" : "x"\n'
    )
    found = bound(tmp_path, artifact=text, function="description = self.artifact.path")
    assert found.artifact == LocalArtifact(path="a")
    assert found.function["description"] == "a"


@pytest.mark.parametrize(
    ("over", "path"),
    [
        (kind("local", 'path = "b"'), LocalArtifact(path="b", exclude=("*.md",))),
        (kind("local", 'exclude = ["x"]'), LocalArtifact(path="src", exclude=("x",))),
        (kind("s3", 'bucket = "b"\n key = "k"'), S3Artifact(bucket="b", key="k")),
    ],
)
def test_an_artifact_is_laid_over(tmp_path: Path, over: str, path: object) -> None:
    found = bound(
        tmp_path,
        artifact=kind("local", WHOLE["local"]),
        environment=f'override "app" {{\n{over}\n}}',
        function="description = self.artifact.kind",
    )
    assert found.artifact == path


def test_an_alternative_takes_the_place_of_the_other(tmp_path: Path) -> None:
    over = kind("s3", 'key_regex = "a.*"')
    found = bound(
        tmp_path,
        artifact=kind("s3", 'bucket = "b"\n key = "k"'),
        environment=f'override "app" {{\n{over}\n}}',
        function='description = self.artifact.key == null ? "hidden" : "there"',
    )
    assert isinstance(found.artifact, OtherArtifact)
    assert found.function["description"] == "hidden"


def test_another_kind_must_be_whole(tmp_path: Path) -> None:
    over = f'override "app" {{\n{kind("s3", "key = 1")}\n}}'
    assert any("bucket" in one for one in refused(tmp_path, environment=over))


# Releases


@pytest.mark.parametrize(
    ("text", "strategy"),
    [
        ("", None),
        ("strategy {}", Strategy()),
        ('strategy {\n type = "canary"\n weights = [10, 50]\n interval = "5m"\n }',
         Strategy(type="canary", weights=(10, 50), interval=300)),
        ('strategy {\n type = "linear"\n step = 30\n interval = "1m 30s"\n }',
         Strategy(type="canary", weights=(30, 60, 90), interval=90)),
        ('strategy {\n type = "manual"\n weights = [1]\n }', Strategy(type="manual", weights=(1,))),
        ('strategy {\n type = self.key == null ? "all_at_once" : "canary"\n weights = [5]\n }',
         Strategy()),
        ('dynamic "strategy" {\n for_each = [7]\n content {\n type = "manual"\nweights = [7]\n}\n}',
         Strategy(type="manual", weights=(7,))),
    ],
)  # fmt: skip
def test_strategies(tmp_path: Path, text: str, strategy: Strategy | None) -> None:
    assert bound(tmp_path, release=text).delivery.strategy == strategy
    found = bound(tmp_path, service=LIVE % text)
    assert found.aliases["live"].strategy == strategy
    assert unsupported(tmp_path, release=text) == []


def test_a_schedule_ends_with_all_of_the_traffic() -> None:
    schedule = Strategy(type="canary", weights=(10,), interval=60).schedule
    assert schedule == (Pause(weight=10, seconds=60), Pause(weight=100))
    assert Strategy().schedule == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('strategy {\n type = "blue"\n }', "must be all_at_once, canary"),
        ('strategy {\n type = "canary"\n weights = [10]\n }', "needs interval"),
        ('strategy {\n type = "manual"\n weights = []\n }', "must ascend"),
        ('strategy {\n type = "manual"\n weights = [50, 10]\n }', "must ascend"),
        ('strategy {\n type = "manual"\n weights = [100]\n }', "between 1 and 99"),
        ('strategy {\n type = "manual"\n weights = [0.5]\n }', "between 1 and 99"),
        ('strategy {\n type = "manual"\n weights = [5]\n step = 5\n }', "step does not belong"),
        ("strategy {\n weights = [5]\n }", "weights does not belong"),
        ('strategy {\n type = "linear"\n step = 5\n interval = "soon"\n }', "must be a duration"),
        ('strategy {\n type = "linear"\n step = 5\n interval = 5\n }', "must be a duration"),
        ("strategy {}\n strategy {}", "Too many blocks"),
    ],
)
def test_a_wrong_strategy(tmp_path: Path, text: str, said: str) -> None:
    (found,) = refused(tmp_path, release=text)
    assert said in found
    (found,) = refused(tmp_path, service=LIVE % text)
    assert said in found


def test_a_strategy_is_laid_over_and_judged_as_a_whole(tmp_path: Path) -> None:
    own = LIVE % 'strategy {\n type = "canary"\n weights = [10]\n interval = "5m"\n }'
    over = 'override "app" {\n alias "live" {\n strategy {\n interval = "1m"\n }\n }\n }'
    found = bound(tmp_path, service=own, environment=over).aliases["live"].strategy
    assert found == Strategy(type="canary", weights=(10,), interval=60)
    over = over.replace('interval = "1m"', 'type = "all_at_once"')
    assert any("does not belong" in one for one in refused(tmp_path, service=own, environment=over))


DELIVERY = {
    'alarms = ["a"]': "alarms",
    'bake = "10m"': "bake",
    "keep_versions = 3": "keep_versions",
    "verify {\n condition = result.payload.ok\n payload = jsonencode({})\n attempts = 2\n "
    'timeout = "5s"\n each_step = true\n }': "verify",
    'metric {\n name = "error_rate"\n max = 0.5\n period = "5m"\n min_invocations = 10\n '
    'on_no_data = "fail"\n }': "metric",
    'rollback {\n on_failure = false\n on_first = "remove"\n alias = "latest"\n }': "rollback",
}


@pytest.mark.parametrize(("text", "name"), DELIVERY.items())
def test_what_a_release_says_is_judged_and_refused_by_plan(
    tmp_path: Path, text: str, name: str
) -> None:
    assert unsupported(tmp_path, release=text) == [f'"{name}" in release']


def test_what_a_release_says_reaches_the_model(tmp_path: Path) -> None:
    text = "\n".join(DELIVERY) + '\ntimeout = "2m"\n verify {\n condition = true\n }\n'
    found = bound(tmp_path, release=text).delivery
    assert (found.alarms, found.bake, found.keep_versions) == (("a",), 600, 3)
    assert found.timeout == 120
    assert [one.condition for one in found.verify] == ["result.payload.ok", "true"]
    assert (found.metrics[0].max, found.metrics[0].period) == (0.5, 300)
    assert found.rollback is not None
    assert found.rollback.alias == "latest"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("verify {}", 'needs the attribute "condition"'),
        ("verify {\n condition = resutl.ok\n }", "resutl"),
        ("verify {\n condition = false\n }", "always false"),
        ('verify {\n condition = "yes"\n }', "must be true or false"),
        ("alarms = result.alarms", "result"),
        ('metric {\n name = "errors"\n max = 1\n }', "must be error_rate, "),
        ('metric {\n name = "throttles"\n max = -1\n }', "must be a number that is not negative"),
        ('rollback {\n alias = "7"\n }', "must be the name of an alias"),
        ("keep_versions = 0", "between 1"),
        ('timeout = "0s"', "must be at least 1s"),
        ('bake = "long"', "must be a duration"),
        ('lifecycle {\n ignore {\n paths = ["a"]\n until = "2026-02-30"\n }\n }', "must be a date"),
        ("lifecycle {\n ignore {}\n }", '"paths"'),
        ("precondition {\n condition = true\n }", "error_message"),
        ('precondition {\n condition = 5\n error_message = "m"\n }', "bool"),
    ],
)
def test_a_release_that_says_something_wrong(tmp_path: Path, text: str, said: str) -> None:
    (found,) = refused(tmp_path, release=text)
    assert said in found


def test_ignored_paths(tmp_path: Path) -> None:
    text = (
        'lifecycle {\n prevent_destroy = true\n ignore {\n paths = ["function.memory_size"]\n '
        'until = "2026-12-31"\n reason = "tuned by hand"\n }\n }'
    )
    found = bound(tmp_path, release=text)
    assert found.prevent_destroy
    (ignored,) = found.ignore
    assert (ignored.paths, ignored.until) == (("function.memory_size",), date(2026, 12, 31))
    assert unsupported(tmp_path, release=text) == ['"ignore" in lifecycle']


@pytest.mark.parametrize("text", ['alarms = ["a"]', 'bake = "1m"', *[
    'strategy {\n type = "manual"\n weights = [5]\n }', "verify {\n condition = result.ok\n }",
]])  # fmt: skip
def test_what_needs_an_alias_says_so(tmp_path: Path, text: str) -> None:
    (found,) = refused(tmp_path, release=text, service="")
    assert found.startswith("No alias: ")


def test_all_at_once_needs_no_alias(tmp_path: Path) -> None:
    assert bound(tmp_path, release="strategy {}", service="").delivery.strategy == Strategy()


CONDITION = 'precondition {\n condition = %s\n error_message = "Not ${self.environment.name}."\n }'


class Known:
    """A world in which only the account is known."""

    def account_id(self, connector: Connector) -> str | None:
        return "111111111111"

    def release_attribute(self, address: str, path: tuple[str, ...]) -> object | None:
        return None

    def secret(self, source: object, connector: object) -> None:
        return None


def test_a_precondition_that_does_not_hold_is_kept_for_the_plan(tmp_path: Path) -> None:
    found = bound(tmp_path, release=CONDITION % "false" + "\n" + CONDITION % "true")
    assert [one.detail for one in found.refusals] == ["Not dev."]


def test_a_precondition_must_be_known_when_the_plan_is_made(tmp_path: Path) -> None:
    account = 'self.infrastructure.account_id == "111111111111"'
    found = project(tmp_path, release=CONDITION % account)
    found.bind(UnknownWorld())  # validate cannot know it
    (release,) = found.bind(Known())  # type: ignore[arg-type] # as much as is asked
    assert release.refusals == ()
    unknown = project(tmp_path, release=CONDITION % "release.app.function.version == 1")
    with pytest.raises(LamformError):
        unknown.bind(Known())  # type: ignore[arg-type] # as much as is asked


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('tracing_config = { mode = "On" }', "must be Active or PassThrough"),
        ('architectures = ["arm"]', "must be arm64 or x86_64"),
        ('snap_start = { apply_on = "Published" }', "must be None or PublishedVersions"),
        ('logging_config = { log_format = "json" }', "must be JSON or Text"),
        ("durable_config {\n retention_period_in_days = 91\n }", "between 1 and 90"),
        ('tenancy_config = { tenant_isolation_mode = "ONE" }', "must be PER_TENANT"),
        ("capacity_provider_config {}", "lambda_managed_instances_capacity_provider_config"),
        ("reserved_concurrent_executions = 1", "setting of the service"),
    ],
)
def test_a_field_with_a_wrong_word(tmp_path: Path, text: str, said: str) -> None:
    (found,) = refused(tmp_path, function=text)
    assert said in found


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("durable_config {\n execution_timeout = 60\n }", {"execution_timeout": 60}),
        (
            'tenancy_config = { tenant_isolation_mode = "PER_TENANT" }',
            {"tenant_isolation_mode": "PER_TENANT"},
        ),
        (
            'runtime_config {\n runtime_arn = "arn"\n runtime_alias = "stable"\n }',
            {"runtime_arn": "arn", "runtime_alias": "stable"},
        ),
        (
            "accelerator_config {\n accelerator_memory_size = 24\n }",
            {"accelerator_memory_size": 24},
        ),
    ],
)
def test_structures_that_are_decided_at_creation(tmp_path: Path, text: str, value: object) -> None:
    assert unsupported(tmp_path, function=text) == []
    assert bound(tmp_path, function=text).function[text.split(maxsplit=1)[0]] == value


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("file_system_config {}", "file_system_configs"),
        ("durable_config {\n retention_period = 7\n }", "retention_period_in_days"),
        ('KMSKeyArn = "arn"', "kms_key_arn"),
        ("MemorySize = 128", "memory_size"),
    ],
)
def test_other_spellings_are_named_right(tmp_path: Path, text: str, name: str) -> None:
    found = refused(tmp_path, function=text)
    assert any(f'The field is called "{name}".' in one for one in found)


def enums(operation: str) -> dict[str, set[str]]:
    """Return the closed sets of words of an operation, by the name of the type."""
    model = get_session().get_service_model("lambda")
    found: dict[str, set[str]] = {}
    pending = [model.operation_model(operation).input_shape]
    while pending:
        shape = pending.pop()
        if shape.type_name == "structure":
            pending.extend(shape.members.values())
        elif shape.type_name == "list":
            pending.append(shape.member)
        elif getattr(shape, "enum", None):
            found[shape.name] = {*shape.enum}
    return found


@pytest.mark.parametrize(
    ("operation", "name", "words"),
    [
        ("CreateFunction", "Architecture", {"arm64", "x86_64"}),
        ("CreateFunction", "TracingMode", {"Active", "PassThrough"}),
        ("CreateFunction", "SnapStartApplyOn", {"None", "PublishedVersions"}),
        ("CreateFunction", "LogFormat", {"JSON", "Text"}),
        ("CreateFunctionUrlConfig", "FunctionUrlAuthType", {"AWS_IAM", "NONE"}),
        ("CreateFunctionUrlConfig", "InvokeMode", {"BUFFERED", "RESPONSE_STREAM"}),
        ("PutFunctionRecursionConfig", "RecursiveLoop", {"Allow", "Terminate"}),
        ("PutRuntimeManagementConfig", "UpdateRuntimeOn", {"Auto", "FunctionUpdate", "Manual"}),
    ],
)
def test_the_words_are_those_of_the_api(operation: str, name: str, words: set[str]) -> None:
    assert enums(operation)[name] == words


def test_the_url_of_a_release_is_known_later(tmp_path: Path) -> None:
    reader = """
service "reader" {
  function {
    function_name = "reader"
    environment   = { variables = { URL = release.app.url.url } }
  }

  artifact "local" {
    path = "src"
  }
}

release "reader" {
  service        = service.reader
  infrastructure = infrastructure.main
}
"""
    url = 'url {\n auth_type = "NONE"\n }'
    found = project(tmp_path, service=url, release="}\n" + reader.rstrip().removesuffix("}"))
    bound_reader = found.bind(UnknownWorld())[1]
    assert bound_reader.function["environment"] == {
        "variables": {"URL": Pending("release.app.url.url")}
    }
    assert bound_reader.depends_on == ("release.app",)
    with pytest.raises(LamformError, match='no "url"'):
        project(tmp_path, release="}\n" + reader.rstrip().removesuffix("}")).bind(UnknownWorld())


@pytest.mark.parametrize(
    "body",
    [
        'file = "definitions/${self.environment.name}.json"',
        'inline = "{}"',
        'git {\n connector = connector.git.hub\n branch = "main"\n path = "f.json"\n }',
        's3 {\n bucket = "b"\n key = "k"\n connector = connector.aws.main\n }',
    ],
)
def test_a_definition_is_taken_and_refused_by_plan(tmp_path: Path, body: str) -> None:
    text = (BASE % ("", "")) + RELEASE % ""
    service = f'service "app" {{\n definition {{\n {body}\n }}\n{CODE}}}\n'
    (tmp_path / "main.lamform.hcl").write_text(text + service, "utf-8")
    found = load_project(tmp_path, variables=VariableInputs(), environ={})
    found.bind(UnknownWorld())
    (refusal,) = found.unsupported
    assert refusal.detail.startswith('"definition" in service is understood')
