"""The code that a step sends: from the artifact or a version, at once or by way of a bucket."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from declarative.engine.ports import ImageCode, ZipCode
from declarative.engine.workplace import Staged, Workplace
from declarative.errors import PackageMissingError, RemoteError

if TYPE_CHECKING:
    from pydantic import JsonValue

    from declarative.engine.ports import Code, ObservedFunction, S3Code
    from declarative.model.steps import StagePackage


def stage(step: StagePackage, place: Workplace) -> dict[str, JsonValue]:
    """Put the package into its bucket; the steps that follow take it from there."""

    def package() -> bytes:
        version = step.from_version
        code = artifact_code(place) if version is None else version_code(place, version)
        if not isinstance(code, ZipCode):
            raise RemoteError.of(
                "There is no package to stage",
                f"The code of {place.name} is not on this machine. Plan again.",
            )
        return code.data

    def put(*, afresh: bool) -> S3Code:
        place.progress.staged = None  # otherwise the package would be what is staged
        code = place.stage(step.staged, package, afresh)
        place.progress.staged = Staged(code, step.staged.code_sha256, lambda: put(afresh=True))
        return code

    code = put(afresh=False)
    return {"object": f"s3://{code.bucket}/{code.key}"}


def artifact_code(place: Workplace) -> Code:
    """Return the artifact's code, as it was planned."""
    if place.desired is None:
        raise RemoteError.of("There is no code to deploy", f"{place.name} is to be deleted.")
    if place.progress.staged is not None:
        return place.progress.staged.code
    return place.artifacts.code(place.desired.artifact)


def version_code(place: Workplace, version: str) -> Code:
    """Return the code of a published version."""
    if place.progress.staged is not None:
        return place.progress.staged.code
    function = version_of(place, version)
    if function.image_uri is not None:
        return ImageCode(function.image_uri)
    return ZipCode(place.writer.download(function))


def version_of(place: Workplace, version: str) -> ObservedFunction:
    """Return a version that the plan takes something from, or moves traffic to.

    Raises:
        RemoteError: it is gone.
    """
    function = place.writer.function(place.name, version)
    if function is None:
        raise RemoteError.of(
            "A version is gone",
            f"Version {version} of {place.name} was deleted since the plan was made. Plan again.",
        )
    return function


def send(
    place: Workplace, code: Code, call: Callable[[Code], ObservedFunction]
) -> ObservedFunction:
    """Make a call with code; where what was staged is gone by then, stage it once more.

    Another run that shares the bucket may have cleared it away.
    """
    try:
        return call(code)
    except PackageMissingError:
        if place.progress.staged is None:
            raise
        return call(place.progress.staged.again())


def check_staged(place: Workplace, answer: ObservedFunction) -> None:
    """Refuse what somebody put into the bucket instead; no alias has moved yet."""
    staged = place.progress.staged
    if staged is None or answer.code_sha256 == staged.code_sha256:
        return
    raise RemoteError.of(
        "The staged package is not what was planned",
        f"{place.name} was given code that nobody reviewed: its object in the bucket was "
        "overwritten during the apply. See who may write there, and apply again.",
    )
