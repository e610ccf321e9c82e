"""The functions of one account and region, read and changed through Lambda's API."""

from __future__ import annotations

import base64
import hashlib
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, cast

from declarative.aws.answers import (
    alias_request,
    function_request,
    observed_alias,
    observed_configuration,
    observed_function,
    package,
    reconfiguration,
    secrets_of,
)
from declarative.aws.failures import NotFoundError, facts, required
from declarative.aws.retries import persist
from declarative.aws.setting_reader import SettingReader
from declarative.aws.setting_writer import SettingWriter
from declarative.errors import Diagnostic, RemoteError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_lambda.type_defs import (
        CreateAliasRequestTypeDef,
        CreateFunctionRequestTypeDef,
        PublishVersionRequestTypeDef,
        UpdateAliasRequestTypeDef,
        UpdateFunctionCodeRequestTypeDef,
        UpdateFunctionConfigurationRequestTypeDef,
    )
    from pydantic import JsonValue

    from declarative.aws.failures import Place
    from declarative.aws.retries import Pacing
    from declarative.engine.ports import Code, ObservedAlias, ObservedFunction


class LambdaReader(SettingReader):
    """Reads functions; the port is `declarative.engine.ports.FunctionReader`.

    Attributes:
        place: The connector and region, for messages.
        reading: Returns a client that may repeat a call by itself.
        tagging: Returns one of the tagging API, and where its calls go.
    """

    def __init__(
        self,
        place: Place,
        reading: Callable[[], LambdaClient],
        tagging: Callable[[], tuple[Any, Place]],
    ) -> None:
        self.place = place
        self.reading = reading
        self.tagging = tagging

    def function(self, name: str, qualifier: str | None = None) -> ObservedFunction | None:
        """Return the function (or the version or alias target), or None where there is none."""
        client = self.reading()
        try:
            with self.place.translating("GetFunction", name):
                if qualifier is None:
                    return observed_function(client.get_function(FunctionName=name))
                return observed_function(
                    client.get_function(FunctionName=name, Qualifier=qualifier)
                )
        except NotFoundError:
            return None

    def aliases(self, name: str) -> tuple[ObservedAlias, ...]:
        """Return all aliases by name; none where there is no such function."""
        client = self.reading()
        try:
            with self.place.translating("ListAliases", name):
                pages = client.get_paginator("list_aliases").paginate(FunctionName=name)
                found = [
                    observed_alias(alias) for page in pages for alias in required(page, "Aliases")
                ]
        except NotFoundError:
            return ()
        return tuple(sorted(found, key=lambda alias: alias.name))

    def download(self, function: ObservedFunction) -> bytes:
        """Return the package of a function or version, proven to be the one AWS names."""
        if function.code_location is None:
            raise self._no_package(
                function,
                function.unreadable.get("code", "AWS did not say where the package is"),
                "Grant lambda:GetFunction; the code of an image is in its repository, not here.",
            )
        with self.place.translating("GetFunction (package)", function.name):
            status, data = _fetch(function.code_location)
        if status != HTTPStatus.OK:
            raise self._no_package(
                function,
                f"the package's location answered HTTP {status}",
                "A location is good for ten minutes: read the function again.",
            )
        digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
        if digest != function.code_sha256:
            raise self._no_package(
                function,
                f"the package has the SHA-256 {digest}, not {function.code_sha256}",
                "The function has changed in the meantime, or a proxy altered the download: "
                "read the function again.",
            )
        return data

    def _no_package(self, function: ObservedFunction, what: str, advice: str) -> RemoteError:
        where = f"{function.name}, version {function.version}, {self.place.region}"
        detail = f"{where}: {what}. {advice}"
        summary = "The package cannot be downloaded"
        return RemoteError((Diagnostic(summary, detail, address=self.place.connector),))


class LambdaFunctions(LambdaReader, SettingWriter):
    """Reads and changes functions; the port is `declarative.engine.ports.FunctionWriter`.

    Attributes:
        writing: Returns a client that sends each call once.
        pacing: How to wait before a call that AWS refused "for now" is sent again.
    """

    def __init__(
        self,
        place: Place,
        reading: Callable[[], LambdaClient],
        tagging: Callable[[], tuple[Any, Place]],
        *,
        writing: Callable[[], LambdaClient],
        pacing: Pacing,
    ) -> None:
        super().__init__(place, reading, tagging)
        self.writing = writing
        self.pacing = pacing

    def create_function(
        self,
        name: str,
        attributes: Mapping[str, JsonValue],
        code: Code,
        *,
        tags: Mapping[str, str],
        publish: bool,
    ) -> ObservedFunction:
        """Create the function; with ``publish``, version 1 as well."""
        request = cast(
            "CreateFunctionRequestTypeDef",
            function_request(name, attributes, code, tags=tags, publish=publish),
        )
        return self.change(
            "CreateFunction",
            name,
            lambda client: observed_configuration(client.create_function(**request)),
            secrets=secrets_of(attributes),
        )

    def update_configuration(
        self, name: str, attributes: Mapping[str, JsonValue], *, revision_id: str | None
    ) -> ObservedFunction:
        """Set the given top-level fields (structures whole) and leave the others."""
        request = cast(
            "UpdateFunctionConfigurationRequestTypeDef", reconfiguration(name, attributes)
        )
        if revision_id is not None:
            request["RevisionId"] = revision_id
        return self.change(
            "UpdateFunctionConfiguration",
            name,
            lambda client: observed_configuration(client.update_function_configuration(**request)),
            secrets=secrets_of(attributes),
        )

    def update_code(
        self,
        name: str,
        code: Code,
        *,
        publish: bool,
        revision_id: str | None,
        architectures: Sequence[JsonValue] | None = None,
        source_kms_key_arn: str | None = None,
    ) -> ObservedFunction:
        """Replace the code; with ``publish``, answer the version that was published."""
        request = cast(
            "UpdateFunctionCodeRequestTypeDef",
            {"FunctionName": name, "Publish": publish, **package(code)},
        )
        if revision_id is not None:
            request["RevisionId"] = revision_id
        if architectures is not None:
            request["Architectures"] = cast("list[str]", list(architectures))  # type: ignore[typeddict-item] # AWS checks the names
        if source_kms_key_arn is not None:
            request["SourceKMSKeyArn"] = source_kms_key_arn
        return self.change(
            "UpdateFunctionCode",
            name,
            lambda client: observed_configuration(client.update_function_code(**request)),
        )

    def publish_version(
        self, name: str, *, code_sha256: str | None, revision_id: str | None
    ) -> ObservedFunction:
        """Publish ``$LATEST`` and answer the version (an existing one when nothing changed)."""
        request: PublishVersionRequestTypeDef = {"FunctionName": name}
        if code_sha256 is not None:
            request["CodeSha256"] = code_sha256
        if revision_id is not None:
            request["RevisionId"] = revision_id
        return self.change(
            "PublishVersion",
            name,
            lambda client: observed_configuration(client.publish_version(**request)),
        )

    def wake(self, name: str, version: str) -> bool:
        """Invoke an inactive version, so that AWS begins to make it active.

        It is invoked synchronously: what is sent asynchronously AWS keeps, and runs later.
        """
        client = self.writing()
        with self.place.translating("Invoke", f"{name}:{version}", changing=True):
            return persist(lambda: _knock(client, name, version), self.pacing)

    def delete_function(self, name: str) -> None:
        """Delete the function with all its versions and aliases; a missing one is no error."""
        self.remove(
            "DeleteFunction", name, lambda client: client.delete_function(FunctionName=name)
        )

    def delete_version(self, name: str, version: str) -> None:
        """Delete one version, at which no alias may point; a missing one is no error."""
        self.remove(
            "DeleteFunction",
            f"{name}:{version}",
            lambda client: client.delete_function(FunctionName=name, Qualifier=version),
        )

    def create_alias(
        self, name: str, alias: str, *, version: str, description: str, routing: Mapping[str, float]
    ) -> ObservedAlias:
        """Create an alias."""
        request = cast(
            "CreateAliasRequestTypeDef",
            alias_request(name, alias, version=version, description=description, routing=routing),
        )
        return self.change(
            "CreateAlias",
            f"{name}:{alias}",
            lambda client: observed_alias(client.create_alias(**request)),
        )

    def update_alias(
        self,
        name: str,
        alias: str,
        *,
        version: str,
        description: str,
        routing: Mapping[str, float],
        revision_id: str | None,
    ) -> ObservedAlias:
        """Set all of an alias; an empty routing clears its weights."""
        request: UpdateAliasRequestTypeDef = {
            "FunctionName": name,
            "Name": alias,
            "FunctionVersion": version,
            "Description": description,
            "RoutingConfig": {"AdditionalVersionWeights": dict(routing)},
        }
        if revision_id is not None:
            request["RevisionId"] = revision_id
        return self.change(
            "UpdateAlias",
            f"{name}:{alias}",
            lambda client: observed_alias(client.update_alias(**request)),
        )

    def delete_alias(self, name: str, alias: str) -> None:
        """Delete an alias; a missing one is no error."""
        self.remove(
            "DeleteAlias",
            f"{name}:{alias}",
            lambda client: client.delete_alias(FunctionName=name, Name=alias),
        )

    def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        """Add or replace tags of a function (its unqualified ARN)."""
        self.change(
            "TagResource", arn, lambda client: client.tag_resource(Resource=arn, Tags=dict(tags))
        )

    def untag(self, arn: str, keys: Sequence[str]) -> None:
        """Remove tags of a function; a missing key is no error."""
        self.change(
            "UntagResource",
            arn,
            lambda client: client.untag_resource(Resource=arn, TagKeys=list(keys)),
        )


_WAKING: Final = frozenset(
    {"ResourceConflictException", "ResourceNotReadyException", "SnapStartNotReadyException"}
)
"""How AWS refuses to invoke what is not active yet."""


_SHUT_OFF: Final = "ReservedFunctionConcurrentInvocationLimitExceeded"
"""Why AWS throttles a function for which no concurrency is reserved, besides one that is busy."""


def _knock(client: LambdaClient, name: str, version: str) -> bool:
    from botocore.exceptions import ClientError

    try:
        client.invoke(FunctionName=name, Qualifier=version, Payload=b"{}")
    except ClientError as error:
        if error.response.get("Reason") == _SHUT_OFF:
            # One that is busy is awake, and another that is busy keeps this one asleep.
            return False
        if facts(error)[0] not in _WAKING:
            raise
    return True


def _fetch(url: str) -> tuple[int, bytes]:
    # The SDK's own HTTP session: it knows the proxies and the CA bundle of this machine.
    from botocore.awsrequest import AWSRequest
    from botocore.httpsession import URLLib3Session
    from botocore.utils import get_environ_proxies

    session = URLLib3Session(proxies=get_environ_proxies(url), timeout=60)
    try:
        response = session.send(AWSRequest(method="GET", url=url).prepare())
        return response.status_code, response.content
    finally:
        session.close()
