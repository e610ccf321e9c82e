"""The functions of one account and region, and what an operation may use besides them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from declarative.sandbox.clock import lambda_time
from declarative.sandbox.errors import ServiceError, function_not_found, invalid, mismatch
from declarative.sandbox.records import LATEST, Configuration, Function, Surroundings

if TYPE_CHECKING:
    from declarative.sandbox.clock import Clock
    from declarative.sandbox.conditions import Behaviour, Conditions, Limits, Timing
    from declarative.sandbox.packages import PackageStore, Sources

_NAME = re.compile(
    r"(?:arn:aws[a-zA-Z-]*:lambda:)?(?:(?P<region>[a-z]{2}(?:-[a-z]+)+-\d):)?"
    r"(?:(?P<account>\d{12}):)?(?:function:)?(?P<name>[a-zA-Z0-9-_]{1,64})"
    r"(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9-_]+))?"
)

DEFAULT_ACCOUNT = "123456789012"  # moto's, so that all services agree
DEFAULT_REGION = "us-east-1"

Answer = dict[str, Any]
Asked = Mapping[str, Any]


def partition_of(region: str) -> str:
    """Return the partition that a region belongs to."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


@dataclass(slots=True)
class Region:
    """One account's functions in one region, in the order of their creation."""

    account: str
    name: str
    functions: dict[str, Function] = field(default_factory=dict)
    around: Surroundings = field(default_factory=Surroundings)

    def arn(self, function: str, qualifier: str | None = None) -> str:
        """Return the ARN of a function, or of what a qualifier names of it."""
        base = (
            f"arn:{partition_of(self.name)}:lambda:{self.name}:{self.account}:function:{function}"
        )
        return f"{base}:{qualifier}" if qualifier else base

    def other_arn(self, kind: str, name: str) -> str:
        """Return the ARN of something of Lambda's that is no function."""
        return f"arn:{partition_of(self.name)}:lambda:{self.name}:{self.account}:{kind}:{name}"


@dataclass(frozen=True, slots=True)
class Services:
    """What all operations share: time, ids, packages and the world outside Lambda."""

    clock: Clock
    new_id: Callable[[], str]
    packages: PackageStore
    sources: Sources
    conditions: Conditions
    timing: Timing
    limits: Limits

    @property
    def behaviour(self) -> Behaviour:
        """What is not known of AWS, as it is set."""
        return self.conditions.behaviour

    def ready_at(self, seconds: float) -> float:
        """Return the monotonic time at which something that begins now will end."""
        return self.clock.monotonic() + seconds

    def stamp(self) -> str:
        """Return the present time as answers show it."""
        return lambda_time(self.clock.wall())


@dataclass(frozen=True, slots=True)
class Call:
    """One call under way: where it arrived and what it may use."""

    region: Region
    services: Services
    code_url: Callable[[str], str]

    def function(self, asked: Asked, key: str = "FunctionName") -> Function:
        """Return the function that the request names, whatever its qualifier."""
        name, qualifier = self.parse(asked[key], asked.get("Qualifier"))
        return self._existing(name, qualifier)

    def target(self, asked: Asked) -> tuple[Function, Configuration, str | None]:
        """Return the function, the configuration its qualifier selects, and the qualifier.

        Raises:
            ServiceError: The function, version or alias does not exist.
        """
        name, qualifier = self.parse(asked["FunctionName"], asked.get("Qualifier"))
        function = self._existing(name, qualifier)
        found = select(function, qualifier)
        if found is None:
            raise function_not_found(self.region.arn(name, qualifier))
        return function, found, qualifier

    def parse(self, named: str, asked_qualifier: str | None) -> tuple[str, str | None]:
        """Split a name, partial ARN or ARN into function name and qualifier."""
        match = _NAME.fullmatch(named)
        if match is None:
            raise mismatch(named, "functionName", _AWS_NAME_PATTERN)
        self._check_here(match["region"], match["account"])
        qualifier = match["qualifier"]
        if qualifier and asked_qualifier and qualifier != asked_qualifier:
            raise invalid(
                "The derived qualifier from the function name does not match "
                "the specified qualifier."
            )
        return match["name"], qualifier or asked_qualifier or None

    def _check_here(self, region: str | None, account: str | None) -> None:
        if region is not None and region != self.region.name:
            raise ServiceError(
                "ResourceNotFoundException",
                f"Functions from '{region}' are not reachable in this region "
                f"('{self.region.name}')",
                404,
            )
        if account is not None and account != self.region.account:
            raise ServiceError(
                "AccessDeniedException",
                f"User: {self.region.account} is not authorized to access functions of "
                f"account {account}",
                403,
            )

    def _existing(self, name: str, qualifier: str | None) -> Function:
        function = self.region.functions.get(name)
        if function is None:
            raise function_not_found(self.region.arn(name, qualifier))
        return function


# The service's own pattern, quoted in its messages.
_AWS_NAME_PATTERN = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?"
    r"(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?"
)


def select(function: Function, qualifier: str | None) -> Configuration | None:
    """Return what a qualifier (version number, alias, ``$LATEST``, None) selects."""
    if qualifier is None or qualifier == LATEST:
        return function.latest
    if qualifier.isdigit():
        return function.versions.get(qualifier)
    alias = function.aliases.get(qualifier)
    return select(function, alias.version) if alias else None


def require_settled(call: Call, function: Function) -> None:
    """Refuse a change while another one of the same function is under way."""
    state, update = function.latest.state, function.latest.update
    restorable = state == "Inactive" and call.services.behaviour.inactive_updates == "accepted"
    if state != "Active" and not restorable:
        raise _conflict(f"The function is currently in the following state: {state}")
    if update == "InProgress":
        arn = call.region.arn(function.name)
        raise _conflict(f"An update is in progress for resource: {arn}")


def _conflict(reason: str) -> ServiceError:
    return ServiceError(
        "ResourceConflictException",
        f"The operation cannot be performed at this time. {reason}",
        409,
    )


def page(items: list[Any], asked: Asked, *, most: int) -> tuple[list[Any], str | None]:
    """Return one page of ``items`` and the marker of the next page, if there is one."""
    try:
        start = int(asked.get("Marker") or 0)
    except ValueError as error:
        raise invalid("Invalid marker.") from error
    size = min(int(asked.get("MaxItems") or most), most)
    end = start + size
    return items[start:end], str(end) if end < len(items) else None


def paged(name: str, items: list[Any], asked: Asked, *, most: int = 50) -> Answer:
    """Return the answer of a list operation: one page under ``name``."""
    chosen, marker = page(items, asked, most=most)
    return {name: chosen, "NextMarker": marker} if marker else {name: chosen}
