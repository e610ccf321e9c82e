"""What the evaluated content of the blocks inside services and releases must be.

Blocks inside a block are fields of its model, under the type of the block; blocks with a
label of their own are maps by that label, blocks that may be repeated are lists.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Final

from declarative.model.checks import (
    By,
    Filled,
    Flag,
    MarkedText,
    Plain,
    PlainList,
    Routing,
    matching,
    one_of,
    plain_items,
    refuse,
    whole_number,
)
from declarative.model.config import Config, Entity
from declarative.model.durations import Duration, duration

_MOST: Final = 1_000_000
"""More than any account may have: AWS judges by its quotas, which can be raised."""

AliasName = Annotated[
    str,
    matching(
        r"(?!\d+\Z)[A-Za-z0-9_-]{1,128}",
        'must be the name of an alias: letters, digits, "-" and "_", not digits alone',
    ),
]


class CorsConfig(Config):
    """``cors`` of a ``url``."""

    allow_credentials: Flag | None = None
    allow_headers: PlainList | None = None
    allow_methods: PlainList | None = None
    allow_origins: PlainList | None = None
    expose_headers: PlainList | None = None
    max_age: Annotated[int, whole_number(0, 86400, marked=False)] | None = None


class UrlConfig(Config):
    """``url``: an HTTPS address of the function or of one alias."""

    auth_type: Annotated[str, one_of("AWS_IAM", "NONE")]
    invoke_mode: Annotated[str, one_of("BUFFERED", "RESPONSE_STREAM")] | None = None
    cors: CorsConfig | None = None


class PermissionConfig(Config):
    """``permission``: one statement of the resource policy."""

    action: Filled = "lambda:InvokeFunction"
    principal: Filled
    source_arn: MarkedText | None = None
    source_account: MarkedText | None = None
    principal_org_id: Filled | None = None
    event_source_token: MarkedText | None = None
    function_url_auth_type: Annotated[str, one_of("AWS_IAM", "NONE")] | None = None
    invoked_via_function_url: Flag | None = None


class EventInvokeConfig(Config):
    """``event_invoke``: what becomes of asynchronous invocations."""

    maximum_retry_attempts: Annotated[int, whole_number(0, 2, marked=False)] | None = None
    maximum_event_age_in_seconds: Annotated[int, whole_number(60, 21600, marked=False)] | None = (
        None
    )
    on_success: MarkedText | None = None
    on_failure: MarkedText | None = None


class RuntimeManagementConfig(Config):
    """``runtime_management`` of a service."""

    update_runtime_on: Annotated[str, one_of("Auto", "FunctionUpdate", "Manual")]
    runtime_version_arn: MarkedText | None = None


def _percents(value: object) -> tuple[int, ...]:
    found = tuple(_percent(item) for item in plain_items(value))  # type: ignore[attr-defined]
    if not found or list(found) != sorted(set(found)):
        raise refuse("must ascend, such as [10, 50]; 100 follows by itself")
    return found


def _percent(value: object) -> int:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        number = Decimal(value)
        if number == number.to_integral_value() and 1 <= number <= 99:  # noqa: PLR2004 - percent
            return int(number)
    raise refuse("must hold whole percentages between 1 and 99")


class StrategyConfig(Config):
    """``strategy``: how an alias moves to the version that is released."""

    type: Annotated[str, one_of("all_at_once", "canary", "linear", "manual")] = "all_at_once"
    weights: Annotated[tuple[int, ...], By(_percents)] | None = None
    interval: Annotated[float, duration("1s")] | None = None
    step: Annotated[int, whole_number(1, 99, marked=False)] | None = None


class VerifyConfig(Config):
    """``verify``, apart from its condition, which reads the answer."""

    payload: MarkedText | None = None
    timeout: Annotated[float, duration("1s", "15m")] = 30.0
    attempts: Annotated[int, whole_number(1, 100, marked=False)] = 1
    each_step: Flag = False


def _amount(value: object) -> float:
    if isinstance(value, int | Decimal) and not isinstance(value, bool) and value >= 0:
        return float(value)
    raise refuse("must be a number that is not negative")


class MetricConfig(Config):
    """``metric`` of the new version, through the alias."""

    name: Annotated[str, one_of("error_rate", "duration_p99", "throttles")]
    max: Annotated[float, By(_amount)]
    period: Annotated[float, duration("10s", "1d")] = 60.0
    min_invocations: Annotated[int, whole_number(0, _MOST, marked=False)] | None = None
    on_no_data: Annotated[str, one_of("wait", "fail", "pass")] = "wait"


class RollbackConfig(Config):
    """``rollback``: what a failed release goes back to."""

    on_failure: Flag = True
    on_first: Annotated[str, one_of("keep", "remove")] = "keep"
    alias: AliasName | None = None


def _day(value: object) -> date:
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass  # such as February 30th: refused below, with everything else
    raise refuse('must be a date such as "2026-12-31"')


class IgnoreConfig(Config):
    """``ignore``: differences that neither plan nor drift shall see."""

    paths: PlainList
    until: Annotated[date, By(_day)] | None = None
    reason: Plain | None = None


class LifecycleConfig(Config):
    """``lifecycle`` of a release."""

    prevent_destroy: Flag = False
    ignore: tuple[IgnoreConfig, ...] = ()


class ServiceConfig(Entity):
    """``service``, apart from its function, artifacts, aliases and variables."""

    primary_artifact: Filled | None = None


class Settings(Config):
    """What surrounds a function or one of its aliases.

    Attributes:
        permission: The statements of the resource policy by id.
    """

    url: UrlConfig | None = None
    permission: dict[str, PermissionConfig] = {}
    event_invoke: EventInvokeConfig | None = None


class ServiceSettings(Settings):
    """What surrounds the function of a service."""

    tags_exclusive: Flag = False
    reserved_concurrent_executions: Annotated[int, whole_number(0, _MOST, marked=False)] | None = (
        None
    )
    code_signing_config_arn: Filled | None = None
    recursive_loop: Annotated[str, one_of("Allow", "Terminate")] | None = None
    runtime_management: RuntimeManagementConfig | None = None


class AliasConfig(Settings):
    """``alias``."""

    description: Plain = ""
    function_version: Filled | None = None
    routing: Routing = {}
    provisioned_concurrent_executions: (
        Annotated[int, whole_number(1, _MOST, marked=False)] | None
    ) = None
    strategy: StrategyConfig | None = None


class ReleaseConfig(Entity):
    """``release``, apart from its references, variables and conditions.

    Attributes:
        timeout: Seconds for all that comes before traffic moves, and for each rollback.
        bake: Seconds to watch after all traffic has moved.
    """

    alarms: PlainList = ()
    bake: Duration | None = None
    timeout: Annotated[float, duration("1s")] = 600.0
    keep_versions: Annotated[int, whole_number(1, _MOST, marked=False)] | None = None
    strategy: StrategyConfig | None = None
    verify: tuple[VerifyConfig, ...] = ()
    metric: tuple[MetricConfig, ...] = ()
    rollback: RollbackConfig | None = None
    lifecycle: LifecycleConfig | None = None


class GitDefinition(Config):
    """``git`` of a definition, apart from its connector."""

    repo: Filled | None = None
    branch: Filled | None = None
    tag: Filled | None = None
    commit: Filled | None = None
    path: Filled


class S3Definition(Config):
    """``s3`` of a definition, apart from its connector."""

    bucket: Filled
    key: Filled
    version_id: Filled | None = None


class DefinitionConfig(Config):
    """``definition`` and ``alias_definition``: a request that is kept elsewhere."""

    file: Filled | None = None
    inline: MarkedText | None = None
    git: GitDefinition | None = None
    s3: S3Definition | None = None
