"""Releases of container images, and the repository that they come from."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass, replace

import boto3

from declarative.model.artifacts import EcrArtifact

PLAIN = "application/vnd.docker.distribution.manifest.v2+json"


@dataclass
class Repository:
    """A repository of its own in the sandbox's ECR."""

    ecr: object
    name: str

    def push(self, content: str, tag: str, media: str = PLAIN) -> str:
        """Put an image with a tag and return its digest."""
        layer = f"sha256:{hashlib.sha256(content.encode()).hexdigest()}"
        manifest = {
            "schemaVersion": 2,
            "mediaType": media,
            "config": {"mediaType": "x", "size": 1, "digest": layer},
            "layers": [{"mediaType": "x", "size": 1, "digest": layer}],
        }
        # moto deletes an image that loses its last tag; ECR keeps it.
        for name in (f"kept-{layer[7:]}", tag):
            with suppress(self.ecr.exceptions.ImageAlreadyExistsException):
                self.ecr.put_image(
                    repositoryName=self.name, imageManifest=json.dumps(manifest), imageTag=name
                )
        [found] = self.ecr.describe_images(repositoryName=self.name, imageIds=[{"imageTag": tag}])[
            "imageDetails"
        ]
        return found["imageDigest"]

    def delete(self, digest: str) -> None:
        self.ecr.batch_delete_image(repositoryName=self.name, imageIds=[{"imageDigest": digest}])


def repository_of(world) -> Repository:
    """Return the repository of a world, which is made when it is first asked for."""
    # A session of its own: the default one keeps the endpoint it saw first.
    ecr = boto3.session.Session().client("ecr", region_name="us-east-1")
    with suppress(ecr.exceptions.RepositoryAlreadyExistsException):
        ecr.create_repository(repositoryName=world.name("app"))
    return Repository(ecr, world.name("app"))


def image(world, tag: str = "live", **changes: object):
    """Return a release of an image, which brings its own runtime and handler."""
    made = world.release(**changes)
    function = {name: made.function[name] for name in made.function.keys() - {"runtime", "handler"}}
    artifact = EcrArtifact(repository=world.name("app"), tag=tag)
    return replace(made, function=function, artifact=artifact)
