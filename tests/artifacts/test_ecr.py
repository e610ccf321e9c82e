"""Images in ECR: tag to digest, and one clear error for each way in which that fails."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.loaders import create_loader
from botocore.session import Session

from declarative.artifacts.sources import ArtifactSources
from declarative.engine.ports import ImageCode
from declarative.errors import ConfigurationError, RemoteError
from declarative.model.artifacts import ArtifactIdentity, EcrArtifact
from declarative.model.bound import Connector
from declarative.model.regions import REGIONS, domain_of

CONNECTOR = Connector("connector.aws.main")
REGION = "eu-west-1"
ACCOUNT = "111111111111"
DIGEST = f"sha256:{'ab' * 32}"
IMAGE = EcrArtifact(repository="team/app", tag="1.4.2")
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)


class Registry:
    """ECR's answer to every question, and what was asked."""

    def __init__(self, answer: dict[str, object] | Exception) -> None:
        self.answer = answer
        self.asked: list[dict[str, object]] = []

    def describe_images(self, **request: object) -> dict[str, object]:
        self.asked.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def sources(self) -> ArtifactSources:
        return ArtifactSources(
            "unused", SimpleNamespace(s3=None, ecr=lambda connector, region: self)
        )

    def identify(self, artifact: EcrArtifact = IMAGE) -> ArtifactIdentity:
        return self.sources().identify(artifact, CONNECTOR, REGION)


def details(**changes: object) -> dict[str, object]:
    found = {
        "registryId": ACCOUNT,
        "repositoryName": "team/app",
        "imageDigest": DIGEST,
        "imageSizeInBytes": 100,
        "imageManifestMediaType": MANIFEST,
    }
    return {"imageDetails": [{**found, **changes}]}


def refusal(code: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "DescribeImages")


def test_a_tag_becomes_a_digest() -> None:
    registry = Registry(details())
    found = registry.identify()
    assert found.identity == DIGEST
    assert found.code_sha256 == "ab" * 32
    assert found.package_type == "Image"
    assert found.source == EcrArtifact(
        repository="team/app", digest=DIGEST, registry_id=ACCOUNT, region=REGION
    )
    assert registry.asked == [{"repositoryName": "team/app", "imageIds": [{"imageTag": "1.4.2"}]}]
    uri = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/team/app@{DIGEST}"
    assert registry.sources().code(found) == ImageCode(uri)
    assert registry.sources().is_still(found, CONNECTOR, REGION)


def test_what_is_pinned_is_looked_up_by_its_digest_where_it_was_found() -> None:
    registry = Registry(details())
    first = registry.identify()
    assert registry.identify(first.source) == first
    assert registry.asked[-1] == {
        "repositoryName": "team/app",
        "registryId": ACCOUNT,
        "imageIds": [{"imageDigest": DIGEST}],
    }


def test_a_thousand_releases_ask_once() -> None:
    registry = Registry(details())
    sources = registry.sources()
    for _ in range(3):
        sources.identify(IMAGE, CONNECTOR, REGION)
    assert len(registry.asked) == 1


@pytest.mark.parametrize("media", INDEXES)
def test_an_index_is_refused_with_the_command_that_helps(media: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Registry(details(imageManifestMediaType=media)).identify()
    [problem] = caught.value.diagnostics
    assert problem.summary == "Image for several platforms"
    assert "team/app:1.4.2" in problem.detail
    assert "docker buildx build --platform linux/arm64 --provenance=false" in problem.detail


def test_an_image_that_is_too_large_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"has 11\.0 GB"):
        Registry(details(imageSizeInBytes=11 * 1024**3)).identify()


def test_a_repository_said_to_be_elsewhere_is_refused_unasked() -> None:
    registry = Registry(details())
    with pytest.raises(ConfigurationError, match="is in us-east-1, the function in eu-west-1"):
        registry.identify(IMAGE.model_copy(update={"region": "us-east-1"}))
    assert registry.asked == []


@pytest.mark.parametrize(
    ("artifact", "answer", "said"),
    [
        (IMAGE, refusal("RepositoryNotFoundException"), "no such repository in eu-west-1"),
        (IMAGE, refusal("RepositoryNotFoundException"), "from its own region only"),
        (
            IMAGE.model_copy(update={"registry_id": ACCOUNT}),
            refusal("RepositoryNotFoundException"),
            f"account {ACCOUNT} has no such repository",
        ),
        (IMAGE, refusal("ImageNotFoundException"), "no image with this tag"),
        (
            EcrArtifact(repository="team/app", digest=DIGEST),
            refusal("ImageNotFoundException"),
            "no image with this digest",
        ),
        (IMAGE, refusal("AccessDeniedException", "User: x"), "Grant ecr:DescribeImages."),
        (
            IMAGE.model_copy(update={"registry_id": ACCOUNT}),
            refusal("AccessDeniedException", "User: x"),
            "let the repository's policy do so",
        ),
        (IMAGE, refusal("ExpiredTokenException", "expired"), "ECR answered ExpiredTokenException"),
        (IMAGE, EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), "Could not connect"),
        (IMAGE, {"imageDetails": []}, "names no image"),
        (IMAGE, {}, "names no image"),
    ],
)
def test_one_error_says_what_to_do(artifact: EcrArtifact, answer: object, said: str) -> None:
    with pytest.raises(RemoteError) as caught:
        Registry(answer).identify(artifact)
    [problem] = caught.value.diagnostics
    assert said in problem.detail
    assert "team/app" in problem.detail
    assert problem.address == "connector.aws.main"


def test_registries_are_named_as_the_sdk_names_services() -> None:
    partitions = create_loader().load_data("endpoints")["partitions"]
    domains = {one["partition"]: one["dnsSuffix"] for one in partitions}
    session = Session()
    for region in REGIONS:
        assert domain_of(region) == domains[session.get_partition_for_region(region)], region
