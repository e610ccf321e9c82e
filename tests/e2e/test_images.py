"""A function from a container image, through the command line."""

from __future__ import annotations

import json

import boto3
import pytest

from tests.e2e.places import PLACE

PROJECT = (
    """
lamform {
  project = "images"
}

"""
    + PLACE
    + """
service "resize" {
  function {
    function_name = "resize"
    role          = "arn:aws:iam::123456789012:role/resize"
    image_config  = { command = ["app.handler"] }
  }

  artifact "ecr" {
    repository = "resize"
    tag        = "live"
  }

  alias "live" {}
}

release "resize" {
  service        = service.resize
  infrastructure = infrastructure.main
}
"""
)


@pytest.fixture
def push(user):
    ecr = boto3.session.Session(
        aws_access_key_id=user.environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=user.environment["AWS_SECRET_ACCESS_KEY"],
        region_name="us-east-1",
    ).client("ecr", endpoint_url=user.sandbox.url)
    ecr.create_repository(repositoryName="resize")

    def put(digit: str, *tags: str, media: str = "image.manifest") -> str:
        part = {"mediaType": "x", "size": 1, "digest": f"sha256:{digit * 64}"}
        manifest = {
            "schemaVersion": 2,
            "mediaType": f"application/vnd.oci.{media}.v1+json",
            "config": part,
            "layers": [part],
        }
        for tag in tags:
            answer = ecr.put_image(
                repositoryName="resize", imageManifest=json.dumps(manifest), imageTag=tag
            )
        return answer["image"]["imageId"]["imageDigest"].removeprefix("sha256:")

    user.write("lamform.hcl", PROJECT)
    yield put
    ecr.delete_repository(repositoryName="resize", force=True)


def served(user) -> str:
    found = user.aws.get_function_configuration(FunctionName="resize", Qualifier="live")
    return found["CodeSha256"]


def test_an_image_is_deployed_changed_and_taken_back(user, push) -> None:
    first = push("1", "1.0", "live")
    done = user.run("apply", "--auto-approve", "--new-state")
    assert done.returncode == 0, done.stderr
    assert served(user) == first
    assert user.run("plan", "--detailed-exitcode").returncode == 0
    second = push("2", "1.1", "live")
    shown = user.run("plan", "--detailed-exitcode")
    assert shown.returncode == 2
    assert second[:12] in shown.stdout
    assert user.run("apply", "--auto-approve").returncode == 0
    assert served(user) == second
    assert user.run("revert", "previous", "--auto-approve").returncode == 0
    assert served(user) == first
    assert user.run("drift").returncode == 0


def test_an_index_is_refused_before_anything_happens(user, push) -> None:
    push("3", "live", media="image.index")
    refused = user.run("apply", "--auto-approve", "--new-state")
    assert refused.returncode == 1
    assert "--provenance=false" in refused.stderr
    assert "resize" not in user.functions()


def test_the_request_can_be_seen_beforehand(user, push) -> None:
    done = user.run("explain", "resize", "--definition")
    assert done.returncode == 0, done.stderr
    assert '"PackageType": "Image"' in done.stdout
    assert "dkr.ecr" in done.stdout
