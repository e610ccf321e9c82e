"""Packages in a bucket, and secrets in any field, through the command line."""

from __future__ import annotations

import io
import subprocess
import zipfile

import boto3
import pytest

from tests.e2e.places import PLACE

PROJECT = (
    """
lamform {
  project = "bucket"
}

variable "note" {
  type      = string
  sensitive = true
  default   = "nothing"
}

"""
    + PLACE
    + """
service "job" {
  function {
    function_name = "job"
    runtime       = "python3.13"
    handler       = "app.handler"
    role          = "arn:aws:iam::123456789012:role/job"
    description   = var.note
    environment   = { variables = sensitive({ NOTE = var.note, PLACE = "here" }) }
  }

  artifact "s3" {
    bucket = "builds"
    key    = "job.zip"
  }

  alias "live" {}
}

release "job" {
  service        = service.job
  infrastructure = infrastructure.main
}
"""
)


def package(answer: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("app.py", f"def handler(event, context):\n    return {answer!r}\n")
    return content.getvalue()


@pytest.fixture
def bucket(user):
    s3 = boto3.session.Session(
        aws_access_key_id=user.environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=user.environment["AWS_SECRET_ACCESS_KEY"],
        region_name="us-east-1",
    ).client("s3", endpoint_url=user.sandbox.url)
    s3.create_bucket(Bucket="builds")
    s3.put_object(Bucket="builds", Key="job.zip", Body=package("one"))
    user.write("lamform.hcl", PROJECT)
    yield s3
    s3.delete_object(Bucket="builds", Key="job.zip")
    s3.delete_bucket(Bucket="builds")


def test_an_object_is_deployed_and_its_overwriting_noticed(user, bucket) -> None:
    done = user.run("apply", "--auto-approve", "--new-state")
    assert done.returncode == 0, done.stderr
    assert user.invoke("job") == "one"
    assert user.run("plan", "--detailed-exitcode").returncode == 0
    bucket.put_object(Bucket="builds", Key="job.zip", Body=package("two"))
    assert user.run("plan", "--out", "a.plan").returncode == 0
    bucket.put_object(Bucket="builds", Key="job.zip", Body=package("nobody reviewed this"))
    refused = user.run("apply", "a.plan")
    assert refused.returncode == 3
    assert "other code" in refused.stderr
    assert user.invoke("job") == "one"
    assert user.run("apply", "--auto-approve").returncode == 0
    assert user.invoke("job") == "nobody reviewed this"


def test_a_secret_in_any_field_stays_out_of_every_file(user, bucket) -> None:
    secret = "correct-horse-battery"
    user.environment = {**user.environment, "LAMFORM_VAR_note": secret}
    outputs = [user.run("apply", "--auto-approve", "--new-state", "--json")]
    assert outputs[0].returncode == 0, outputs[0].stdout
    assert user.run("plan", "--detailed-exitcode").returncode == 0
    user.environment = {**user.environment, "LAMFORM_VAR_note": "another"}
    outputs += [
        user.run("plan", "--out", "b.plan"),
        user.run("plan", "--json"),
        user.run("apply", "b.plan"),
    ]
    user.aws.update_function_configuration(FunctionName="job", Description="by hand")
    outputs += [user.run("drift"), user.run("state", "show", "release.job")]
    outputs += [user.run("revert", "1", "--auto-approve"), user.run("history", "--json")]
    assert [one.returncode for one in outputs] == [0, 0, 0, 0, 2, 0, 0, 0]
    for one in outputs:
        assert secret not in one.stdout + one.stderr
    found = subprocess.run(
        ["grep", "-rl", secret, str(user.directory)], capture_output=True, check=False
    )
    assert found.stdout == b""
    latest = user.aws.get_function_configuration(FunctionName="job")
    assert latest["Description"] == secret
    assert latest["Environment"]["Variables"] == {"NOTE": secret, "PLACE": "here"}


def test_a_package_is_kept_in_a_bucket_and_taken_back_from_there(user) -> None:
    s3 = user.sandbox.client("s3", account=user.environment["AWS_ACCESS_KEY_ID"])
    s3.create_bucket(Bucket="kept")
    staging = '  staging {\n    bucket = "kept"\n    keep   = true\n  }\n}\n\nservice'
    local = 'artifact "local" {\n    path = "src"\n  }'
    text = PROJECT.replace('"us-east-1"\n}\n\nservice', f'"us-east-1"\n{staging}')
    start, end = text.index('artifact "s3"'), text.index('alias "live"')
    user.write("lamform.hcl", f"{text[:start]}{local}\n\n  {text[end:]}")
    user.code("one")
    done = user.run("apply", "--auto-approve", "--new-state")
    assert done.returncode == 0, done.stderr
    assert "is staged in s3://kept and kept there" in done.stdout
    user.code("two")
    assert user.run("apply", "--auto-approve").returncode == 0
    user.aws.delete_function(FunctionName="job", Qualifier="1")
    done = user.run("revert", "previous", "--auto-approve")
    assert done.returncode == 0, done.stderr
    assert user.invoke("job") == "one"
    assert s3.list_objects_v2(Bucket="kept")["KeyCount"] == 2


def test_what_a_run_leaves_in_the_bucket_is_a_warning(user) -> None:
    """Nobody may delete there: the apply is done all the same, and says what stays."""
    client = user.sandbox.client("s3", account=user.environment["AWS_ACCESS_KEY_ID"])
    client.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    lock = {"Mode": "GOVERNANCE", "Days": 1}
    client.put_object_lock_configuration(
        Bucket="locked",
        ObjectLockConfiguration={
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": lock},
        },
    )
    with zipfile.ZipFile(user.directory / "big.zip", "w", zipfile.ZIP_STORED) as package:
        package.writestr("app.py", "def handler(event, context):\n    return 'big'\n")
        package.writestr("model.bin", bytes(51 * 1024 * 1024))
    staging = '  staging {\n    bucket = "locked"\n  }\n}\n\nservice'
    local = 'artifact "local" {\n    path = "big.zip"\n  }'
    text = PROJECT.replace('"us-east-1"\n}\n\nservice', f'"us-east-1"\n{staging}')
    start, end = text.index('artifact "s3"'), text.index('alias "live"')
    user.write("lamform.hcl", f"{text[:start]}{local}\n\n  {text[end:]}")
    done = user.run("apply", "--auto-approve", "--new-state")
    assert done.returncode == 0, done.stderr
    assert "A staged package was left behind" in done.stderr
    assert user.invoke("job") == "big"
