"""Reading what surrounds a function: one thin method a setting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from declarative.aws.answers import observed_configuration
from declarative.aws.failures import DeniedError, NotFoundError, required
from declarative.aws.statements import observed_policy
from declarative.engine.setting_ports import (
    AccountSettings,
    EventSourceMapping,
    ObservedConcurrency,
    ObservedPolicy,
    ObservedUrl,
    Unreadable,
)
from declarative.model.fields import read
from declarative.model.setting_fields import EVENT_INVOKE, RUNTIME_MANAGEMENT, URL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mypy_boto3_lambda import LambdaClient

    from declarative.aws.failures import Place
    from declarative.engine.ports import ObservedFunction
    from declarative.model.field import Attributes

_T = TypeVar("_T")

_FUNCTIONS: Final = "lambda:function"
_TAGS_PER_PAGE: Final = 100


class SettingReader:
    """Reads settings; the port is `declarative.engine.setting_ports.SettingsReader`.

    Attributes:
        place: The connector and region, for messages.
        reading: Returns a client of Lambda that may repeat a call by itself.
        tagging: Returns one of the tagging API, and where its calls go.
    """

    place: Place
    reading: Callable[[], LambdaClient]
    tagging: Callable[[], tuple[Any, Place]]

    def url(self, name: str, qualifier: str | None = None) -> ObservedUrl | Unreadable | None:
        """Return the function URL."""
        return self._ask(
            "GetFunctionUrlConfig",
            name,
            lambda client: observed_url(client.get_function_url_config(**about(name, qualifier))),
        )

    def policy(self, name: str, qualifier: str | None = None) -> ObservedPolicy | Unreadable:
        """Return the resource policy; one without statements where there is none."""
        found = self._ask(
            "GetPolicy",
            name,
            lambda client: observed_policy(client.get_policy(**about(name, qualifier))),
        )
        return ObservedPolicy({}) if found is None else found

    def event_invoke(
        self, name: str, qualifier: str | None = None
    ) -> Attributes | Unreadable | None:
        """Return how asynchronous invocations are treated."""
        return self._ask(
            "GetFunctionEventInvokeConfig",
            name,
            lambda client: _event_invoke(
                client.get_function_event_invoke_config(**about(name, qualifier))
            ),
        )

    def provisioned_concurrency(
        self, name: str, qualifier: str
    ) -> ObservedConcurrency | Unreadable | None:
        """Return the provisioned concurrency of an alias or version."""
        return self._ask(
            "GetProvisionedConcurrencyConfig",
            f"{name}:{qualifier}",
            lambda client: observed_concurrency(
                client.get_provisioned_concurrency_config(**about(name, qualifier))
            ),
        )

    def code_signing_config(self, name: str) -> str | Unreadable | None:
        """Return the ARN of the code signing configuration."""
        return self._ask(
            "GetFunctionCodeSigningConfig",
            name,
            lambda client: _signing(client.get_function_code_signing_config(FunctionName=name)),
        )

    def recursive_loop(self, name: str) -> str | Unreadable | None:
        """Return ``Allow`` or ``Terminate``; None where there is no such function."""
        return self._ask(
            "GetFunctionRecursionConfig",
            name,
            lambda client: str(
                required(client.get_function_recursion_config(FunctionName=name), "RecursiveLoop")
            ),
        )

    def runtime_management(self, name: str) -> Attributes | Unreadable | None:
        """Return how runtimes are updated; None where there is no such function."""
        return self._ask(
            "GetRuntimeManagementConfig",
            name,
            lambda client: _management(client.get_runtime_management_config(FunctionName=name)),
        )

    def account_settings(self) -> AccountSettings | Unreadable:
        """Return limits and use of the account in this region."""
        client = self.reading()
        try:
            with self.place.translating("GetAccountSettings"):
                return _account(client.get_account_settings())
        except DeniedError as error:
            return unreadable(self.place, "GetAccountSettings", error)

    def event_source_mappings(
        self, name: str, qualifier: str | None = None
    ) -> tuple[EventSourceMapping, ...] | Unreadable:
        """Return the mappings that invoke exactly this function, or this alias of it."""
        target = name if qualifier is None else f"{name}:{qualifier}"

        def ask(client: LambdaClient) -> tuple[EventSourceMapping, ...]:
            pages = client.get_paginator("list_event_source_mappings").paginate(FunctionName=target)
            found = (
                _mapping(item) for page in pages for item in required(page, "EventSourceMappings")
            )
            return tuple(one for one in found if _qualifier(one.function_arn) == qualifier)

        found = self._ask("ListEventSourceMappings", target, ask)
        return () if found is None else found

    def functions(self) -> tuple[ObservedFunction, ...] | Unreadable:
        """Return all functions of the region, without tags and state."""

        def ask(client: LambdaClient) -> tuple[ObservedFunction, ...]:
            pages = client.get_paginator("list_functions").paginate()
            found = [
                observed_configuration(item)
                for page in pages
                for item in required(page, "Functions")
            ]
            return tuple(sorted(found, key=lambda one: one.name))

        found = self._ask("ListFunctions", "", ask)
        return () if found is None else found

    def tags_of_functions(
        self, wanted: Mapping[str, str] | None = None
    ) -> Mapping[str, Mapping[str, str]] | Unreadable:
        """Return the tags of all functions by ARN, or of those that have the ``wanted`` ones."""
        client, place = self.tagging()
        filters = [{"Key": key, "Values": [value]} for key, value in (wanted or {}).items()]
        found: dict[str, dict[str, str]] = {}
        try:
            with place.translating("GetResources"):
                pages = client.get_paginator("get_resources").paginate(
                    ResourceTypeFilters=[_FUNCTIONS],
                    ResourcesPerPage=_TAGS_PER_PAGE,
                    TagFilters=filters,
                )
                for page in pages:
                    for item in required(page, "ResourceTagMappingList"):
                        tags = {tag["Key"]: tag["Value"] for tag in item.get("Tags", ())}
                        found[required(item, "ResourceARN")] = tags
        except DeniedError as error:
            return unreadable(place, "GetResources", error)
        return found

    def _ask(
        self, operation: str, subject: str, call: Callable[[LambdaClient], _T]
    ) -> _T | Unreadable | None:
        client = self.reading()
        try:
            with self.place.translating(operation, subject):
                return call(client)
        except NotFoundError:
            return None
        except DeniedError as error:
            return unreadable(self.place, operation, error)


def about(name: str, qualifier: str | None) -> dict[str, Any]:
    """Return the members of a request that say what it is about."""
    named = {"FunctionName": name}
    return named if qualifier is None else {**named, "Qualifier": qualifier}


def unreadable(place: Place, operation: str, error: DeniedError) -> Unreadable:
    """Return what a reading call that was denied stands for."""
    return Unreadable(f"{place.service}:{operation}", error.diagnostics[0].detail)


def observed_url(answer: Mapping[str, Any]) -> ObservedUrl:
    """Return a function URL as all calls about one answer it."""
    return ObservedUrl(str(required(answer, "FunctionUrl")), read(URL, answer))


def observed_concurrency(answer: Mapping[str, Any]) -> ObservedConcurrency:
    """Return provisioned concurrency as all calls about it answer it."""
    return ObservedConcurrency(
        requested=int(required(answer, "RequestedProvisionedConcurrentExecutions")),
        available=int(answer.get("AvailableProvisionedConcurrentExecutions", 0)),
        status=str(required(answer, "Status")),
        reason=answer.get("StatusReason"),
    )


def _event_invoke(answer: Mapping[str, Any]) -> Attributes:
    required(answer, "FunctionArn")
    return read(EVENT_INVOKE, answer)


def _signing(answer: Mapping[str, Any]) -> str | None:
    required(answer, "FunctionName")
    return answer.get("CodeSigningConfigArn") or None


def _management(answer: Mapping[str, Any]) -> Attributes:
    required(answer, "UpdateRuntimeOn")
    found = read(RUNTIME_MANAGEMENT, answer)
    # AWS also says which version it chose itself; only a chosen one is a setting.
    return (
        found if found["update_runtime_on"] == "Manual" else {**found, "runtime_version_arn": None}
    )


def _account(answer: Mapping[str, Any]) -> AccountSettings:
    limit, usage = required(answer, "AccountLimit"), required(answer, "AccountUsage")
    return AccountSettings(
        code_size_limit=int(required(limit, "TotalCodeSize")),
        code_size_used=int(required(usage, "TotalCodeSize")),
        unzipped_limit=int(required(limit, "CodeSizeUnzipped")),
        zipped_limit=int(required(limit, "CodeSizeZipped")),
        concurrent_executions=int(required(limit, "ConcurrentExecutions")),
        unreserved=int(required(limit, "UnreservedConcurrentExecutions")),
        function_count=int(required(usage, "FunctionCount")),
    )


def _mapping(item: Mapping[str, Any]) -> EventSourceMapping:
    return EventSourceMapping(
        uuid=str(required(item, "UUID")),
        # One that Lambda does not reach by an ARN, such as a Kafka cluster of one's own.
        source_arn=str(item.get("EventSourceArn", "")),
        function_arn=str(required(item, "FunctionArn")),
        state=str(item.get("State", "")),
    )


def _qualifier(arn: str) -> str | None:
    _, _, named = arn.partition(":function:")
    return named.partition(":")[2] or None
