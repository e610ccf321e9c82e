"""``lamform explain``: which value won, where it was set, and what it overrode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, assert_never

import typer

from declarative.aws.answers import alias_request, function_request
from declarative.cli import options
from declarative.cli.loading import inputs_of, load, warn
from declarative.cli.session import Session
from declarative.engine.desired import normalise
from declarative.engine.ports import ImageCode, S3Code, ZipCode
from declarative.errors import ConfigurationError
from declarative.language.world import UnknownWorld
from declarative.model.address import select
from declarative.model.artifacts import ArtifactIdentity, EcrArtifact, LocalArtifact, S3Artifact
from declarative.model.values import Fingerprinter, is_secret, is_unknown
from declarative.render.documents import (
    AwsRequest,
    ExplainDocument,
    ExplainedItem,
    ExplainedOrigin,
    ExplainedRelease,
    Place,
    document,
)
from declarative.render.explanation import explanation_text, requests_text
from declarative.render.literals import SENSITIVE, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import JsonValue

    from declarative.engine.ports import Code
    from declarative.errors import SourceRange
    from declarative.language.explanation import Explained, Explanation, Origin
    from declarative.language.project import Project
    from declarative.model.artifacts import Artifact
    from declarative.model.bound import BoundRelease

_PUBLISHED: Final = "(the version that is published)"


def explain(
    context: typer.Context,
    releases: Annotated[
        list[str],
        typer.Argument(metavar="RELEASE...", help="checkout, 'checkout[dev]', 'check*'."),
    ],
    definition: Annotated[
        bool,
        typer.Option("--definition", help="Print the requests that would create the function."),
    ] = False,
    var: options.Variables = None,
    var_file: options.VariableFiles = None,
) -> None:
    """Show which value won, where it was set, and what it overrode; nothing is asked of AWS.

    Secrets are never shown.
    """
    session: Session = context.obj
    project = load(inputs_of(session, var, var_file))
    warn(session, project)
    chosen = select(project.releases(), releases)
    explained = project.explain(chosen)
    if definition:
        bound = {one.address: one for one in project.bind(UnknownWorld(), chosen)}
        found = tuple(_defined(one, bound.get(one.address), project) for one in explained)
    else:
        found = tuple(_explained(one) for one in explained)
    result = ExplainDocument(releases=found)
    if session.json:
        session.document(document(result))
    else:
        text = requests_text if definition else explanation_text
        session.show(text(result, session.look))


def _explained(one: Explanation) -> ExplainedRelease:
    return ExplainedRelease(
        address=one.address,
        service=one.service,
        environment=one.environment,
        infrastructure=one.infrastructure,
        items=tuple(_item(item) for item in one.items),
    )


def _item(item: Explained) -> ExplainedItem:
    return ExplainedItem(
        kind=item.kind,
        path=item.path,
        overridden=tuple(_origin(one) for one in item.overridden),
        **dict(_origin(item.winner)),
    )


def _origin(origin: Origin) -> ExplainedOrigin:
    return ExplainedOrigin(
        layer=origin.layer,
        place=_place(origin.place),
        value=origin.value,  # type: ignore[arg-type] # JSON
        sensitive=origin.sensitive,
        unknown=origin.unknown,
    )


def _place(place: SourceRange | None) -> Place | None:
    if place is None:
        return None
    start = place.start
    return Place(filename=place.filename, line=start.line, column=start.column)


def _defined(one: Explanation, bound: BoundRelease | None, project: Project) -> ExplainedRelease:
    if bound is None:
        raise ConfigurationError.of(
            "The request is not known without asking AWS",
            f"Something that must be known of {one.address} depends on its account or on what "
            "another release becomes. See it with lamform plan.",
            address=one.address,
        )
    return ExplainedRelease(
        address=one.address,
        service=one.service,
        environment=one.environment,
        infrastructure=one.infrastructure,
        requests=tuple(_requests(bound, project.settings.project)),
    )


def _requests(bound: BoundRelease, project: str) -> Iterator[AwsRequest]:
    """Yield what creating the release would send, by the code that sends it."""
    source = bound.source
    desired = normalise(
        bound,
        project=project,
        account_id="",
        artifact=ArtifactIdentity(source=source, identity=""),
        # Fingerprints are replaced below; the key has nothing to protect.
        fingerprinter=Fingerprinter(b"", stable=False),
    )
    code = _code(source)
    request = function_request(
        desired.function_name, desired.function, code, tags=desired.tags or {}, publish=True
    )
    sent = request["Code"]
    if isinstance(source, LocalArtifact) and isinstance(sent, dict):
        sent["ZipFile"] = f"(the package of {source.path})"
    yield AwsRequest(operation="CreateFunction", parameters=_without_marks(request))  # type: ignore[arg-type] # a mapping stays one
    for name, alias in desired.aliases.items():
        parameters = alias_request(
            desired.function_name,
            name,
            version=alias.function_version or _PUBLISHED,
            description=alias.description,
            routing=alias.routing,
        )
        yield AwsRequest(operation="CreateAlias", parameters=_without_marks(parameters))  # type: ignore[arg-type] # a mapping stays one


def _code(source: Artifact) -> Code:
    match source:
        case LocalArtifact():
            return ZipCode(b"")
        case S3Artifact(bucket=bucket, key=key, version_id=version_id):
            return S3Code(bucket, key, version_id)
        case EcrArtifact(uri=uri):
            return ImageCode(uri)
        case _:
            assert_never(source)


def _without_marks(value: object) -> JsonValue:
    if is_secret(value):  # type: ignore[arg-type] # anything may be asked
        return SENSITIVE
    if is_unknown(value):  # type: ignore[arg-type] # anything may be asked
        return UNKNOWN
    if isinstance(value, dict):
        return {name: _without_marks(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_marks(item) for item in value]
    return value  # type: ignore[return-value] # a scalar of JSON
