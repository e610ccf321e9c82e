"""Lambda's REST API: which request asks for which operation with which parameters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote

from declarative.sandbox.errors import ServiceError


class Route(NamedTuple):
    """One row of the API: method, status of a good answer, operation, path."""

    method: str
    status: int
    operation: str
    path: str


_SHORT = {
    "{F}": "functions/{FunctionName}",
    "{C}": "code-signing-configs/{CodeSigningConfigArn}",
    "{L}": "layers/{LayerName}",
}
_TABLE = """
GET    200 ListFunctions                      /2015-03-31/functions
POST   201 CreateFunction                     /2015-03-31/functions
GET    200 GetFunction                        /2015-03-31/{F}
DELETE 200 DeleteFunction                     /2015-03-31/{F}
PUT    200 UpdateFunctionCode                 /2015-03-31/{F}/code
GET    200 GetFunctionConfiguration           /2015-03-31/{F}/configuration
PUT    200 UpdateFunctionConfiguration        /2015-03-31/{F}/configuration
POST   201 PublishVersion                     /2015-03-31/{F}/versions
GET    200 ListVersionsByFunction             /2015-03-31/{F}/versions
POST   201 CreateAlias                        /2015-03-31/{F}/aliases
GET    200 ListAliases                        /2015-03-31/{F}/aliases
GET    200 GetAlias                           /2015-03-31/{F}/aliases/{Name}
PUT    200 UpdateAlias                        /2015-03-31/{F}/aliases/{Name}
DELETE 204 DeleteAlias                        /2015-03-31/{F}/aliases/{Name}
POST   200 Invoke                             /2015-03-31/{F}/invocations
POST   201 AddPermission                      /2015-03-31/{F}/policy
GET    200 GetPolicy                          /2015-03-31/{F}/policy
DELETE 204 RemovePermission                   /2015-03-31/{F}/policy/{StatementId}
GET    200 ListEventSourceMappings            /2015-03-31/event-source-mappings
POST   202 CreateEventSourceMapping           /2015-03-31/event-source-mappings
GET    200 GetEventSourceMapping              /2015-03-31/event-source-mappings/{UUID}
PUT    202 UpdateEventSourceMapping           /2015-03-31/event-source-mappings/{UUID}
DELETE 202 DeleteEventSourceMapping           /2015-03-31/event-source-mappings/{UUID}
GET    200 ListLayers                         /2018-10-31/layers
GET    200 GetLayerVersionByArn               /2018-10-31/layers?find=LayerVersion
GET    200 ListLayerVersions                  /2018-10-31/{L}/versions
POST   201 PublishLayerVersion                /2018-10-31/{L}/versions
GET    200 GetLayerVersion                    /2018-10-31/{L}/versions/{VersionNumber}
DELETE 204 DeleteLayerVersion                 /2018-10-31/{L}/versions/{VersionNumber}
POST   201 CreateCodeSigningConfig            /2020-04-22/code-signing-configs
GET    200 ListCodeSigningConfigs             /2020-04-22/code-signing-configs
GET    200 GetCodeSigningConfig               /2020-04-22/{C}
PUT    200 UpdateCodeSigningConfig            /2020-04-22/{C}
DELETE 204 DeleteCodeSigningConfig            /2020-04-22/{C}
GET    200 ListFunctionsByCodeSigningConfig   /2020-04-22/{C}/functions
PUT    200 PutResourcePolicy                  /2026-07-09/resource-policy/{ResourceArn}
GET    200 GetResourcePolicy                  /2026-07-09/resource-policy/{ResourceArn}
DELETE 204 DeleteResourcePolicy               /2026-07-09/resource-policy/{ResourceArn}
POST   204 TagResource                        /2017-03-31/tags/{Resource}
DELETE 204 UntagResource                      /2017-03-31/tags/{Resource}
GET    200 ListTags                           /2017-03-31/tags/{Resource}
GET    200 GetAccountSettings                 /2016-08-19/account-settings
PUT    200 PutFunctionConcurrency             /2017-10-31/{F}/concurrency
DELETE 204 DeleteFunctionConcurrency          /2017-10-31/{F}/concurrency
GET    200 GetFunctionConcurrency             /2019-09-30/{F}/concurrency
PUT    202 PutProvisionedConcurrencyConfig    /2019-09-30/{F}/provisioned-concurrency
GET    200 GetProvisionedConcurrencyConfig    /2019-09-30/{F}/provisioned-concurrency
DELETE 204 DeleteProvisionedConcurrencyConfig /2019-09-30/{F}/provisioned-concurrency
GET    200 ListProvisionedConcurrencyConfigs  /2019-09-30/{F}/provisioned-concurrency?List=ALL
PUT    200 PutFunctionEventInvokeConfig       /2019-09-25/{F}/event-invoke-config
GET    200 GetFunctionEventInvokeConfig       /2019-09-25/{F}/event-invoke-config
POST   200 UpdateFunctionEventInvokeConfig    /2019-09-25/{F}/event-invoke-config
DELETE 204 DeleteFunctionEventInvokeConfig    /2019-09-25/{F}/event-invoke-config
GET    200 ListFunctionEventInvokeConfigs     /2019-09-25/{F}/event-invoke-config/list
PUT    200 PutFunctionCodeSigningConfig       /2020-06-30/{F}/code-signing-config
GET    200 GetFunctionCodeSigningConfig       /2020-06-30/{F}/code-signing-config
DELETE 204 DeleteFunctionCodeSigningConfig    /2020-06-30/{F}/code-signing-config
PUT    200 PutRuntimeManagementConfig         /2021-07-20/{F}/runtime-management-config
GET    200 GetRuntimeManagementConfig         /2021-07-20/{F}/runtime-management-config
POST   201 CreateFunctionUrlConfig            /2021-10-31/{F}/url
GET    200 GetFunctionUrlConfig               /2021-10-31/{F}/url
PUT    200 UpdateFunctionUrlConfig            /2021-10-31/{F}/url
DELETE 204 DeleteFunctionUrlConfig            /2021-10-31/{F}/url
GET    200 ListFunctionUrlConfigs             /2021-10-31/{F}/urls
PUT    200 PutFunctionRecursionConfig         /2024-08-31/{F}/recursion-config
GET    200 GetFunctionRecursionConfig         /2024-08-31/{F}/recursion-config
"""


def _route(row: str) -> Route:
    method, status, operation, path = row.split()
    for short, long in _SHORT.items():
        path = path.replace(short, long)
    return Route(method, int(status), operation, path)


ROUTES = tuple(map(_route, _TABLE.strip().splitlines()))

_Pattern = tuple[str, ...]
_BY_LENGTH: dict[tuple[str, int], list[tuple[_Pattern, Route]]] = {}
for _one in ROUTES:
    if "?" not in _one.path:
        _pattern = tuple(_one.path.strip("/").split("/"))
        _BY_LENGTH.setdefault((_one.method, len(_pattern)), []).append((_pattern, _one))

# Routes that differ from another one by a word of the query alone, by that other's operation.
_VARIANTS = {
    plain.operation: (route.path.partition("?")[2], route)
    for route in ROUTES
    if "?" in route.path
    for plain in ROUTES
    if plain.method == route.method and plain.path == route.path.partition("?")[0]
}
DATES = frozenset(route.path.split("/")[1] for route in ROUTES)

_INVOKE_HEADERS = {
    "x-amz-invocation-type": "InvocationType",
    "x-amz-log-type": "LogType",
    "x-amz-client-context": "ClientContext",
}


def read_request(
    method: str, target: str, headers: Mapping[str, str], body: bytes
) -> tuple[Route, dict[str, Any]]:
    """Return the route of a request and the parameters it carries, named as boto3 names them.

    ``target`` is path and query, still percent-encoded; ``headers`` are by lower-case name.

    Raises:
        ServiceError: No such operation, or a body that cannot be read.
    """
    path, _, query = target.partition("?")
    route, parameters = _match(method, path.strip("/").split("/"))
    asked: dict[str, Any] = dict(parameters)
    if query:
        values = parse_qs(query, keep_blank_values=True)
        if "tagKeys" in values:
            asked["TagKeys"] = values.pop("tagKeys")
        if route.operation in _VARIANTS:
            word, variant = _VARIANTS[route.operation]
            key, _, value = word.partition("=")
            route = variant if values.pop(key, None) == [value] else route
        asked |= {name: found[0] for name, found in values.items()}
    if route.operation == "Invoke":
        asked["Payload"] = body
        asked |= {
            name: headers[header] for header, name in _INVOKE_HEADERS.items() if header in headers
        }
    elif body:
        asked |= _members(body)
    return route, asked


def _match(method: str, segments: list[str]) -> tuple[Route, dict[str, str]]:
    for pattern, route in _BY_LENGTH.get((method, len(segments)), ()):
        found: dict[str, str] = {}
        for expected, given in zip(pattern, segments, strict=True):
            if expected[0] == "{":
                found[expected[1:-1]] = unquote(given)
            elif expected != given:
                break
        else:
            return route, found
    raise ServiceError(
        "UnknownOperationException",
        f"The sandbox has no Lambda operation for {method} /{'/'.join(segments)}.",
        404,
    )


def _members(body: bytes) -> dict[str, Any]:
    try:
        members = json.loads(body)
    except ValueError:
        members = None
    if not isinstance(members, dict):
        raise ServiceError(
            "InvalidRequestContentException", "Could not parse request body into json", 400
        )
    return members
